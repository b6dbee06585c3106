"""Distillation: a teacher's distribution over each next token teaches a smaller student, by TRL's GKDTrainer.

`lmbda` is the share of batches whose answers the student writes itself (Agarwal et al. 2024); the others are the rows'
own. Teacher (`teacher_model_name_or_path`) and student need one vocabulary. TRL has no command for it.
"""

from pathlib import Path
from typing import Any

from gretchen.engines.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl.experimental.gkd import GKDConfig, GKDTrainer

    return stage.train_by(GKDTrainer, GKDConfig, recipe, resume, more=_more)


def _more(script: Any, config: Any, model: Any) -> dict[str, Any]:
    """Return the teacher, loaded as the student is, and the tokenizer, which this trainer's collator wants at once."""
    from transformers import AutoTokenizer

    config.teacher_model_init_kwargs = dict(config.model_init_kwargs)
    tokenizer = AutoTokenizer.from_pretrained(model.model_name_or_path, revision=model.model_revision)
    return {"teacher_model": config.teacher_model_name_or_path, "processing_class": tokenizer}
