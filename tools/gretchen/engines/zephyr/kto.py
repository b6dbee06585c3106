"""Training from verdicts on single answers (thumb up or down) by KTO, by TRL's KTOTrainer.

The same recipe runs under `trl kto --config`. Rows hold `prompt`, `completion` and `label`; each batch needs two rows
at least, since the reference point of KTO's loss comes from prompts with other rows' answers (Ethayarajh et al. 2024).
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import KTOConfig, KTOTrainer

    return stage.train_by(KTOTrainer, KTOConfig, recipe, resume)
