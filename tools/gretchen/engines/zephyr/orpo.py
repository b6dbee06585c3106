"""Instruction and preference training in one, without a reference model: ORPO, by TRL's ORPOTrainer.

The loss is the chosen answer's own and an odds ratio against the rejected one (Hong et al. 2024), so it may start from
a base that has seen no SFT. TRL has no command for it.
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    return stage.train_by(ORPOTrainer, ORPOConfig, recipe, resume)
