"""What every stage does around its trainer: parse strictly, load the data, save what was trained.

A run's folder is the recipe's `output_dir`; the trained weights go to `adapter/` (LoRA and its kin) or `model/`.
"""

import contextlib
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.engines.four_bits import keep_trainable
from gretchen.engines.tools import keep_tools
from gretchen.engines.zephyr.inputs import load_rows, parse, split_of
from gretchen.engines.zephyr.new_tokens import with_embeddings
from gretchen.recipes.stages import Stage, config_classes, load_object
from gretchen.runs.folder import latest_checkpoint
from gretchen.tracking.run import curve_callbacks


@dataclass(frozen=True)
class Hooks:
    """What a stage does otherwise than passing model and rows to its trainer as they are.

    `load_model(name, config)` returns the model to train, or its name. `extra_kwargs(script, config, model)` returns
    more arguments of the trainer, among them `callbacks` instead of a checkpoint every few minutes. `prepare_rows(rows,
    model)` returns the rows in the trainer's form. `script`, `config` and `model` are TRL's dataclasses.
    """

    load_model: Callable[[str, Any], Any] = lambda name, config: name
    extra_kwargs: Callable[[Any, Any, Any], dict[str, Any]] = lambda script, config, model: {}
    prepare_rows: Callable[[Any, Any], Any] = lambda rows, model: rows


def train_stage(stage: Stage, recipe: Path, resume: bool, hooks: Hooks = Hooks()) -> Path:  # noqa: B008 (frozen)
    """Train a recipe by its stage's trainer, and return the folder of what was trained.

    It does what TRL's own scripts do, strictly: unknown keys are refused, and `resume` goes on from the newest
    checkpoint.
    """
    from transformers import set_seed
    from trl import get_peft_config

    from gretchen.engines.answers import AnswersWhileTraining
    from gretchen.engines.callbacks import SaveEvery, run_callbacks
    from gretchen.engines.rehearsal import LongestFirst

    script, config, model, mixture = parse(recipe, *config_classes(stage))
    trainer_class = load_object(stage.trainer)
    rows = hooks.prepare_rows(load_rows(script, mixture), model)
    run = Path(config.output_dir)
    config.model_init_kwargs, quantization = load_kwargs(trainer_class, model, config)
    extra = hooks.extra_kwargs(script, config, model)
    tokenizer = tokenizer_of(run)
    set_seed(config.seed)  # TRL seeds only after the adapter's weights are initialized
    start = hooks.load_model(model.model_name_or_path, config)
    if isinstance(start, str) and tokenizer is not None:
        start = with_embeddings(start, tokenizer, config, model)
    trainer = trainer_class(
        model=start,
        args=config,
        train_dataset=split_of(rows, script.dataset_train_split),
        eval_dataset=split_of(rows, script.dataset_test_split) if config.eval_strategy != "no" else None,
        peft_config=get_peft_config(model),
        callbacks=[*run_callbacks(run), *curve_callbacks(run), *extra.pop("callbacks", [SaveEvery()])],
        **(quantization if isinstance(start, str) else {}),
        **{"processing_class": tokenizer} | extra,
    )
    trainer.create_model_card = no_draft
    keep_trainable(trainer.model)
    keep_tools(trainer)
    trainer.add_callback(LongestFirst(trainer))
    trainer.add_callback(AnswersWhileTraining(trainer))
    trainer.train(resume_from_checkpoint=latest_checkpoint(run) if resume else None)
    return save(trainer, run)


def no_draft(*args: Any, **kwargs: Any) -> None:
    """Write no draft of a model card, as TRL does with each checkpoint: the finished run gets its own."""


def tokenizer_of(run: Path) -> Any:
    """Return the tokenizer in the run's folder, where a standalone recipe names another than the model's; else None."""
    from transformers import AutoTokenizer

    tokenizer_dir = run / "tokenizer"
    return AutoTokenizer.from_pretrained(tokenizer_dir) if tokenizer_dir.is_dir() else None


def save(trainer: Any, run: Path) -> Path:
    """Save what was trained, with tokenizer and generation config, and return the folder: adapter/ or model/."""
    from peft import PeftModel

    model = getattr(trainer.model, "policy", trainer.model)  # PPO trains its value model too, which is not saved
    target = run / ("adapter" if isinstance(model, PeftModel) else "model")
    temporary = run / f".{target.name}"
    generation = getattr(model, "generation_config", None)
    if generation is not None and generation.eos_token_id is None:
        generation.eos_token_id = trainer.processing_class.eos_token_id
    trainer.save_model(str(temporary))
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero():
        with contextlib.suppress(FileNotFoundError):
            (temporary / "training_args.bin").unlink()  # a pickle; recipe.yaml says the same
        os.replace(temporary, target)
    return target


# Keyword arguments of transformers' from_pretrained.
def load_kwargs(trainer_class: type, model: Any, config: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what `from_pretrained` gets besides the model's name, as TRL's own scripts set it, and the quantization.

    The latter is an argument of the trainer where the trainer has one; TRL's experimental trainers quantize only what
    `from_pretrained` quantizes.
    """
    from trl import get_quantization_config

    quantization = {"quantization_config": get_quantization_config(model)}
    kwargs = {
        "revision": model.model_revision,
        "trust_remote_code": getattr(config, "trust_remote_code", False),  # PPO has no such key
        "attn_implementation": model.attn_implementation,
        "dtype": model.dtype,
    }
    if "quantization_config" in inspect.signature(trainer_class.__init__).parameters:
        return kwargs, quantization
    return kwargs | {key: value for key, value in quantization.items() if value is not None}, {}
