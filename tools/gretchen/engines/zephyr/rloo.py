"""Reinforcement learning from the project's own reward, by RLOO: each answer against the others' mean.

The same recipe runs under `trl rloo --config`. `reward_funcs: [${reward}]` is evaluation.py's, see
gretchen/rewards.py. Without vLLM the model itself writes the answers.
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import RLOOConfig, RLOOTrainer
    from trl.scripts.rloo import RLOOScriptArguments

    return stage.train_by(RLOOTrainer, RLOOConfig, recipe, resume, RLOOScriptArguments, more=stage.rewards)
