"""What every stage's script does before and after its trainer: parse strictly, load the data, save what was trained.

A run's folder is the recipe's `output_dir`; the trained weights go to `adapter/` (LoRA and its kin) or `model/`.
"""

import contextlib
import importlib
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gretchen.engines.four_bits import keep_trainable
from gretchen.engines.zephyr.mixing import chats_alone
from gretchen.errors import UserError
from gretchen.runs.folder import latest_checkpoint
from gretchen.tracking.run import curves

Start = Callable[[str, Any], Any]
# What a stage's trainer takes beyond model and rows, made from the script's arguments, the trainer's and the model's.
More = Callable[[Any, Any, Any], dict[str, Any]]
# Rows as a stage's trainer wants them, made from the data set's and the model's arguments.
Shape = Callable[[Any, Any], Any]


def train_by(
    trainer_class: type,
    config_class: type,
    recipe: Path,
    resume: bool,
    script_class: type | None = None,
    start: Start = lambda name, config: name,
    more: More = lambda script, config, model: {},
    shape: Shape = lambda rows, model: rows,
) -> Path:
    """Train a recipe by one of TRL's trainers on a model and rows, and return the folder of what was trained.

    It does what TRL's own scripts do, strictly: unknown keys are refused, and a checkpoint is gone on from. `start`
    makes the model from the recipe's name of it, `shape` the rows from the data set's, `more` the arguments that only
    this stage's trainer takes, among them `callbacks` instead of a checkpoint every few minutes.
    """
    from transformers import set_seed
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, get_peft_config

    from gretchen.engines.callbacks import Metrics, SaveEvery
    from gretchen.engines.rehearsal import LongestFirst

    classes = script_class or ScriptArguments, config_class, ModelConfig, DatasetMixtureConfig
    script, config, model, mixture = parse(recipe, *classes)
    rows = shape(load_rows(script, mixture), model)
    run = Path(config.output_dir)
    config.model_init_kwargs, quantization = loading(trainer_class, model, config)
    own = more(script, config, model)
    set_seed(config.seed)  # TRL seeds only after the adapter was drawn
    trainer = trainer_class(
        model=start(model.model_name_or_path, config),
        args=config,
        train_dataset=split_of(rows, script.dataset_train_split),
        eval_dataset=split_of(rows, script.dataset_test_split) if config.eval_strategy != "no" else None,
        peft_config=get_peft_config(model),
        callbacks=[Metrics(run), *curves(run), *own.pop("callbacks", [SaveEvery()])],
        **quantization,
        **{"processing_class": tokenizer_of(run)} | own,
    )
    keep_trainable(trainer.model)
    trainer.add_callback(LongestFirst(trainer))
    trainer.train(resume_from_checkpoint=latest_checkpoint(run) if resume else None)
    return save(trainer, run)


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
    rows = load_dataset(script.dataset_name, name=script.dataset_config, streaming=script.dataset_streaming)
    return chats_alone(rows)


def split_of(rows: Any, split: str) -> Any:
    """Return one split of the rows. Raises UserError for one that is not there."""
    if split not in rows:
        told = f"the data have no split '{split}', but {', '.join(rows)}"
        raise UserError(told, "dataset_train_split, dataset_test_split name them; eval_strategy: 'no' needs no test")
    return rows[split]


def tokenizer_of(run: Path) -> Any:
    """Return the tokenizer in the run's folder, where a loose recipe named another than the model's; else None."""
    from transformers import AutoTokenizer

    place = run / "tokenizer"
    return AutoTokenizer.from_pretrained(place) if place.is_dir() else None


def save(trainer: Any, run: Path) -> Path:
    """Save what was trained, with tokenizer and generation config, and return the folder: adapter/ or model/."""
    from peft import PeftModel

    model = getattr(trainer.model, "policy", trainer.model)  # PPO trains its value model too, which is not kept
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


def loading(trainer_class: type, model: Any, config: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what `from_pretrained` gets besides the model's name, as TRL's own scripts set it, and the quantization.

    The latter is the trainer's argument where it has one; TRL's experimental trainers load a quantized model only as
    `from_pretrained` is told.
    """
    from trl import get_quantization_config

    told = {"quantization_config": get_quantization_config(model)}
    arguments = {
        "revision": model.model_revision,
        "trust_remote_code": getattr(config, "trust_remote_code", False),  # PPO has no such key
        "attn_implementation": model.attn_implementation,
        "dtype": model.dtype,
    }
    if "quantization_config" in inspect.signature(trainer_class.__init__).parameters:
        return arguments, told
    return arguments | {key: value for key, value in told.items() if value is not None}, {}


def rewards(script: Any, *_: Any) -> dict[str, list[Any]]:
    """Return {"reward_funcs": rewards}: TRL's own by name, others by their import path, a reward model's folder.

    Raises UserError for one that cannot be imported.
    """
    from trl import rewards as named_by_trl

    found = [script.reward_model_name_or_path] if script.reward_model_name_or_path else []
    for name in script.reward_funcs or []:
        module, _, function = name.rpartition(".")
        try:
            found.append(getattr(importlib.import_module(module) if module else named_by_trl, function))
        except (ImportError, AttributeError) as fault:
            hint = "reward_funcs: [${reward}] is the project's own"
            raise UserError(f"reward_funcs: '{name}' cannot be imported: {fault}", hint) from None
    return {"reward_funcs": found}
