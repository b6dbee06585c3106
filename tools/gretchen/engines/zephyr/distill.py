"""Distillation: the teacher's distribution over each next token trains a smaller student, by TRL's GKDTrainer.

`lmbda` is the share of batches whose answers the student generates itself (Agarwal et al. 2024); the others are the
rows' own. Teacher (`teacher_model_name_or_path`) and student need the same vocabulary. TRL has no command for it.
"""

from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.stage import Hooks, train_stage
from gretchen.recipes.stages import find_stage


def train(recipe: Path, stage: str = "distill", resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    return train_stage(find_stage("zephyr", stage), recipe, resume, Hooks(extra_kwargs=_teacher_kwargs))


def _teacher_kwargs(script: Any, config: Any, model: Any) -> dict[str, Any]:  # keyword arguments of TRL's trainer
    """Return the teacher, loaded as the student is, and the tokenizer, which this trainer's collator needs at once."""
    from transformers import AutoTokenizer

    config.teacher_model_init_kwargs = dict(config.model_init_kwargs)
    tokenizer = AutoTokenizer.from_pretrained(model.model_name_or_path, revision=model.model_revision)
    return {"teacher_model": config.teacher_model_name_or_path, "processing_class": tokenizer}
