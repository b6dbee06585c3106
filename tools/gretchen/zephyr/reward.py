"""A reward model from preference pairs: a score per conversation (Bradley-Terry), by TRL's RewardTrainer.

    python -m gretchen.zephyr reward runs/<project>/reward.zephyr/<run>/recipe.yaml

The same recipe runs under `trl reward --config`. What it trains scores answers and writes none: PPO and `make eval` ask it
how often it finds the right answer of a held-out pair the better one.
"""

from pathlib import Path

from gretchen.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import RewardConfig, RewardTrainer

    return stage.train_by(RewardTrainer, RewardConfig, recipe, resume)
