"""axolotl's own rows and batches for the first rows of an axolotl recipe.

    tokenize_rows(values, 200)                             each row in full, before length limit and packing
    build_trainer(values, 200).get_train_dataloader()      the batches that would be trained

The recipe goes through axolotl's validation, its data set preparation and its trainer builder. Only settings that no
token depends on are changed: precision, device, tracking. No weights are loaded; prepared data are not kept.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from gretchen.engines.axolotl.capabilities import H100
from gretchen.inspecting.sequences import IGNORE_INDEX, TokenSequence, sequences_of
from gretchen.inspecting.stub_model import stub_model

# Nothing is trained, whatever the machine.
NO_TRAINING = {
    "bf16": False, "fp16": False, "tf32": False, "use_wandb": False, "gradient_checkpointing": False,
    "eval_strategy": "no", "save_strategy": "no", "val_set_size": 0, "dataloader_num_workers": 0,
    "lora_mlp_kernel": False, "lora_qkv_kernel": False, "lora_o_kernel": False, "load_best_model_at_end": False,
}  # fmt: skip
REMOVED_KEYS = (
    "test_datasets", "deepspeed", "fsdp", "fsdp_config", "evals_per_epoch", "eval_steps", "save_steps",
    "saves_per_epoch", "early_stopping_patience", "load_in_4bit", "load_in_8bit", "eval_sample_packing",
)  # fmt: skip
# Every row in full: not packed, not dropped for its length, in the file's order.
UNCUT = {
    "sequence_len": 1_000_000, "sample_packing": False, "pad_to_sequence_len": False,
    "shuffle_merged_datasets": False, "shuffle_before_merging_datasets": False,
}  # fmt: skip


def build_trainer(values: dict[str, Any], num_rows: int) -> Any:
    """Return the recipe's trainer on the first rows of each data set."""
    with tempfile.TemporaryDirectory() as folder, _single_process():
        return _trainer(_config(values, num_rows, folder))


def tokenize_rows(values: dict[str, Any], num_rows: int) -> list[list[TokenSequence]]:
    """Return the sequences of each of the first rows in full: one, or the two sides of a pair."""
    with tempfile.TemporaryDirectory() as folder, _single_process():
        cfg = _config(values | UNCUT, num_rows, folder)
        if cfg.rl:
            cfg.skip_prepare_dataset = True  # all that is left to skip: dropping long rows, and saving to disk
            trainer = _trainer(cfg)
            return [sequences_of(trainer.data_collator([row])) for row in trainer.train_dataset]
        return [sequences for dataset in cfg.datasets for sequences in _tokenized(cfg, dataset)]


@contextlib.contextmanager
def _single_process() -> Iterator[None]:
    """Let axolotl prepare its rows in this process: each worker would import everything again for 200 rows."""
    name = "AXOLOTL_DATASET_NUM_PROC"
    before = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def _config(values: dict[str, Any], num_rows: int, folder: str) -> Any:
    """Return the recipe as axolotl's own config, validated, on the first rows; `folder` is for what it writes."""
    from axolotl.utils.config import normalize_cfg_datasets, normalize_config, validate_config
    from axolotl.utils.dict import DictDefault

    changed = {key: value for key, value in values.items() if key not in REMOVED_KEYS} | NO_TRAINING
    changed |= {"output_dir": folder, "dataset_prepared_path": folder, "dataset_num_proc": 0}
    if values.get("adapter") == "qlora":
        changed["adapter"] = "lora"
    changed["datasets"] = [_first_rows(dataset, num_rows) for dataset in values.get("datasets") or []]
    # Validated as on a machine that runs every recipe: this one only reads rows.
    cfg = validate_config(DictDefault(changed), capabilities=H100, env_capabilities={"torch_version": "2.13.0"})
    normalize_config(cfg)
    normalize_cfg_datasets(cfg)
    return cfg


def _first_rows(dataset: dict[str, Any], num_rows: int) -> dict[str, Any]:
    """Return a data set's entry limited to its first rows, in the slice syntax of `datasets`."""
    split = str(dataset.get("split") or "train")
    return dataset | {"split": split if "[" in split else f"{split}[:{num_rows}]"}


def _trainer(cfg: Any) -> Any:
    """Return axolotl's trainer for a config, around a stub for the model."""
    from axolotl.common.datasets import load_datasets, load_preference_datasets
    from axolotl.loaders import load_tokenizer
    from axolotl.monkeypatch.data.batch_dataset_fetcher import apply_multipack_dataloader_patch
    from axolotl.utils.trainer import setup_trainer

    if cfg.sample_packing:
        apply_multipack_dataloader_patch()  # axolotl does so where it loads a model
    data = (load_preference_datasets if cfg.rl else load_datasets)(cfg=cfg)
    tokenizer = load_tokenizer(cfg)
    model = stub_model(tokenizer, cfg.base_model, reward=bool(cfg.reward_model))
    reference = stub_model(tokenizer, cfg.base_model) if cfg.rl in ("dpo", "ipo", "kto") else None
    steps = data.total_num_steps or 1
    return setup_trainer(cfg, data.train_dataset, None, model, tokenizer, None, steps, model_ref=reference)


def _tokenized(cfg: Any, dataset: Any) -> list[list[TokenSequence]]:
    """Return the sequences of a data set's rows as axolotl's strategy for its `type` tokenizes them."""
    from axolotl.loaders import load_tokenizer
    from axolotl.utils.data.shared import load_dataset_with_config
    from axolotl.utils.data.wrappers import get_dataset_wrapper

    base, _, style = str(dataset.type).partition(":")
    rows, _ = get_dataset_wrapper(
        dataset_config=dataset,
        tokenizer=load_tokenizer(cfg),
        cfg=cfg,
        dataset_base_type=base,
        dataset=load_dataset_with_config(dataset, False),
        dataset_prompt_style=style or None,
    )
    return [_sequences(row) for row in rows]


def _sequences(row: dict[str, Any]) -> list[TokenSequence]:
    """Return a tokenized row's sequences: one with labels, or the two sides that a reward model scores."""
    if "labels" in row:
        return [TokenSequence(row["input_ids"], [label != IGNORE_INDEX for label in row["labels"]])]
    sides = {side: row.get(f"{side}_ids") or row[f"input_ids_{side}"] for side in ("chosen", "rejected")}
    return [TokenSequence(ids, [True] * len(ids), side=side) for side, ids in sides.items()]
