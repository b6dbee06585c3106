"""TRL's own rows and batches of the first rows of a zephyr recipe.

    rows_of(values, "sft", rows=200)                              each row as it stands, before length and packing
    trainer_of(values, "sft", rows=200).get_train_dataloader()    the batches that would be trained

Only what no token depends on is changed: precision, device, tracking. No weights are loaded.
"""

import tempfile
from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.stage import load_rows, parse
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.inspecting.sequences import Sequence, sequences_of
from gretchen.inspecting.standin import stand_in
from gretchen.recipes.resolve import dump
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import config_classes, find_stage, load_object

# Here nothing is trained, on whatever machine.
CALM = {
    "bf16": False, "fp16": False, "use_cpu": True, "report_to": "none", "eval_strategy": "no", "save_strategy": "no",
    "load_best_model_at_end": False, "gradient_checkpointing": False, "torch_compile": False, "push_to_hub": False,
    "use_liger_kernel": False, "dataloader_num_workers": 0,
}  # fmt: skip
ELSEWHERE = ("tf32", "deepspeed", "fsdp", "fsdp_config", "ddp_find_unused_parameters", "precompute_ref_log_probs")
# Every row as it stands: not packed, not cut.
WHOLE = {"max_length": "none", "packing": False, "padding_free": False, "shuffle_dataset": False}


def trainer_of(values: dict[str, Any], stage: str, rows: int) -> Any:
    """Return the stage's trainer on the first `rows` training rows.

    Raises UserError for a stage that writes its answers itself, and for a key that TRL does not know.
    """
    from transformers import AutoTokenizer

    row = find_stage("zephyr", stage)
    if row.row_format == "prompts" or stage == "distill":
        raise UserError(f"{stage} trains on answers that it writes itself: there are no rows to show before it does")
    classes = config_classes(row)
    script, config, model, mixture = _parsed(values, classes)
    data = load_rows(script, mixture)[script.dataset_train_split]
    data = data.take(rows) if script.dataset_streaming else data.select(range(min(rows, len(data))))
    name = model.model_name_or_path
    tokenizer = AutoTokenizer.from_pretrained(name, revision=model.model_revision)
    models = {"model": stand_in(tokenizer, name, reward=stage == "reward")}
    if stage in ("dpo", "kto"):
        models["ref_model"] = stand_in(tokenizer, name)
    return load_object(row.trainer)(args=config, train_dataset=data, processing_class=tokenizer, **models)


def rows_of(values: dict[str, Any], stage: str, rows: int) -> list[list[Sequence]]:
    """Return the sequences of each of the first rows as it stands: one, or the two sides of a pair."""

    known = load_schema("zephyr", stage)["properties"]
    trainer = trainer_of(values | {key: value for key, value in WHOLE.items() if key in known}, stage, rows)
    return [sequences_of(trainer.data_collator([row])) for row in trainer.train_dataset]


def _parsed(values: dict[str, Any], classes: tuple[type, ...]) -> tuple[Any, ...]:
    """Return the recipe's values as instances of TRL's dataclasses, fit for this machine."""

    changed = {key: value for key, value in values.items() if key not in ELSEWHERE} | CALM
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "recipe.yaml"
        write_text(file, dump(changed | {"output_dir": place}))
        return parse(file, *classes)
