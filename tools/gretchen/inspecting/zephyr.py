"""TRL's own rows and batches for the first rows of a zephyr recipe.

    tokenize_rows(values, "sft", 200)                             each row in full, before length limit and packing
    build_trainer(values, "sft", 200).get_train_dataloader()      the batches that would be trained

Only settings that no token depends on are changed: precision, device, tracking. No weights are loaded.
"""

import tempfile
from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.inputs import load_rows, parse
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.inspecting.sequences import TokenSequence, sequences_of
from gretchen.inspecting.stub_model import stub_model
from gretchen.recipes.resolve import dump
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import config_classes, find_stage, load_object

# Nothing is trained, whatever the machine.
NO_TRAINING = {
    "bf16": False, "fp16": False, "use_cpu": True, "report_to": "none", "eval_strategy": "no", "save_strategy": "no",
    "load_best_model_at_end": False, "gradient_checkpointing": False, "torch_compile": False, "push_to_hub": False,
    "use_liger_kernel": False, "dataloader_num_workers": 0,
}  # fmt: skip
REMOVED_KEYS = ("tf32", "deepspeed", "fsdp", "fsdp_config", "ddp_find_unused_parameters", "precompute_ref_log_probs")
# Every row in full: not packed, not cut.
UNCUT = {"max_length": "none", "packing": False, "padding_free": False, "shuffle_dataset": False}


def build_trainer(values: dict[str, Any], stage: str, num_rows: int) -> Any:
    """Return the stage's trainer on the first training rows.

    Raises UserError for a stage whose model generates what it is trained on, and for a key that TRL does not know.
    """
    from transformers import AutoTokenizer

    trained = find_stage("zephyr", stage)
    if trained.row_format == "prompts" or stage == "distill":
        problem = f"{stage} trains on completions that the model generates: there are no rows to show before it does"
        raise UserError(problem)
    script, config, model, mixture = _parse(values, config_classes(trained))
    rows = load_rows(script, mixture)[script.dataset_train_split]
    rows = rows.take(num_rows) if script.dataset_streaming else rows.select(range(min(num_rows, len(rows))))
    name = model.model_name_or_path
    tokenizer = AutoTokenizer.from_pretrained(name, revision=model.model_revision)
    models = {"model": stub_model(tokenizer, name, reward=stage == "reward")}
    if stage in ("dpo", "kto"):
        models["ref_model"] = stub_model(tokenizer, name)
    return load_object(trained.trainer)(args=config, train_dataset=rows, processing_class=tokenizer, **models)


def tokenize_rows(values: dict[str, Any], stage: str, num_rows: int) -> list[list[TokenSequence]]:
    """Return the sequences of each of the first rows in full: one, or the two sides of a pair."""
    known = load_schema("zephyr", stage)["properties"]
    uncut = {key: value for key, value in UNCUT.items() if key in known}
    trainer = build_trainer(values | uncut, stage, num_rows)
    return [sequences_of(trainer.data_collator([row])) for row in trainer.train_dataset]


def _parse(values: dict[str, Any], classes: tuple[type, ...]) -> tuple[Any, ...]:
    """Return the recipe's values as instances of TRL's dataclasses, for this machine."""
    changed = {key: value for key, value in values.items() if key not in REMOVED_KEYS} | NO_TRAINING
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recipe.yaml"
        write_text(file, dump(changed | {"output_dir": folder}))
        return parse(file, *classes)
