"""What every stage's script does before and after its trainer: parse strictly, load the data, save what was trained.

A run's folder is the recipe's `output_dir`; the trained weights go to `adapter/` (LoRA and its kin) or `model/`.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gretchen.errors import UserError


def parse(recipe: Path, *config_classes: type) -> tuple[Any, ...]:
    """Return the recipe's values as instances of TRL's dataclasses, in the order given.

    Raises UserError for a key that none of them knows: TRL's own scripts would ignore it in silence.
    """
    from trl import TrlParser

    try:
        return TrlParser(config_classes).parse_args_and_config(["--config", str(recipe)], fail_with_unknown_args=True)
    except ValueError as fault:
        raise UserError(f"{recipe}: {fault}", "`gretchen check` names the line") from None


def load_rows(script: Any, mixture: Any) -> Any:
    """Return the recipe's DatasetDict: `datasets:` (TRL's mixture) or `dataset_name:` (a folder or a hub id)."""
    from datasets import load_dataset
    from trl import get_dataset

    if mixture.datasets:
        return get_dataset(mixture)
    return load_dataset(script.dataset_name, name=script.dataset_config, streaming=script.dataset_streaming)


def checkpoint(run: Path) -> str | None:
    """Return the newest checkpoint folder of a run, or None."""
    from transformers.trainer_utils import get_last_checkpoint

    return get_last_checkpoint(str(run)) if run.is_dir() else None


def save(trainer: Any, run: Path) -> Path:
    """Save what was trained, with tokenizer and generation config, and return the folder: adapter/ or model/."""
    from peft import PeftModel

    target = run / ("adapter" if isinstance(trainer.model, PeftModel) else "model")
    temporary = run / f".{target.name}"
    generation = getattr(trainer.model, "generation_config", None)
    if generation is not None and generation.eos_token_id is None:
        generation.eos_token_id = trainer.processing_class.eos_token_id
    trainer.save_model(str(temporary))
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero():
        with contextlib.suppress(FileNotFoundError):
            (temporary / "training_args.bin").unlink()  # a pickle; recipe.yaml says the same
        os.replace(temporary, target)
    return target


def columns(rows: Any, kept: Sequence[str]) -> Any:
    """Return the data with only the columns that the trainer reads: `meta`, `group`, `form` are for scoring."""
    return rows.select_columns([name for name in kept if name in rows.column_names])


def model_arguments(model: Any, config: Any) -> dict[str, Any]:
    """Return what `from_pretrained` gets besides the model's name, as TRL's own script sets it."""
    return {
        "revision": model.model_revision,
        "trust_remote_code": config.trust_remote_code,
        "attn_implementation": model.attn_implementation,
        "dtype": model.dtype,
    }
