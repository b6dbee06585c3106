"""Supervised fine-tuning: full, LoRA, QLoRA, DoRA, rsLoRA, as the recipe says, by TRL's SFTTrainer.

The same recipe runs under `trl sft --config`. Ours refuses unknown keys, resumes, and saves into adapter/ or model/.
"""

from pathlib import Path

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import SFTConfig, SFTTrainer

    return stage.train_by(SFTTrainer, SFTConfig, recipe, resume)
