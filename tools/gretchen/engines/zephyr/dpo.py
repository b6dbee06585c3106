"""Preference training by DPO and its other losses (IPO and more, by `loss_type`), by TRL's DPOTrainer.

The same recipe runs under `trl dpo --config`. The reference is the model that the training starts from: with an
adapter, the model without it.
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import DPOConfig, DPOTrainer

    return stage.train_by(DPOTrainer, DPOConfig, recipe, resume)
