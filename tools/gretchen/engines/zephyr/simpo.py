"""Preference training without a reference model: SimPO, CPO and kin by `loss_type`, by TRL's CPOTrainer.

SimPO (Meng et al. 2024) is `loss_type: simpo` with `cpo_alpha: 0`; above 0 the chosen answer's own loss is added.
TRL has no command for it.
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return stage.train_by(CPOTrainer, CPOConfig, recipe, resume)
