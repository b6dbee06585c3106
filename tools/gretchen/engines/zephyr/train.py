"""A resolved zephyr recipe, trained in this process by the TRL trainer of its stage.

    train(run / "recipe.yaml", "dpo")      -> run / "adapter"

Where TRL has a command for the stage, it takes the same recipe: `trl dpo --config recipe.yaml`.
"""

from pathlib import Path

from gretchen.engines.zephyr.stage import train_stage
from gretchen.recipes.stages import find_stage, load_object


def train(recipe: Path, stage: str, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model.

    `resume` goes on from the newest checkpoint in the run's folder. Raises UserError for an unknown stage.
    """
    row = find_stage("zephyr", stage)
    if row.train:
        return load_object(row.train)(recipe, stage, resume)
    return train_stage(row, recipe, resume)
