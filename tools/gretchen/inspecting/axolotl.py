"""axolotl's own rows and batches of the first rows of an axolotl recipe.

    rows_of(values, rows=200)                              each row as it stands, before length and packing
    trainer_of(values, rows=200).get_train_dataloader()    the batches that would be trained

The recipe goes through axolotl's validation, its preparation of data sets and its trainer builder. Only what no token
depends on is changed: precision, device, tracking. No weights are loaded; what is prepared is not kept.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from gretchen.engines.axolotl.capabilities import H100
from gretchen.inspecting.sequences import IGNORED, Sequence, sequences_of
from gretchen.inspecting.standin import stand_in

# Here nothing is trained, on whatever machine.
CALM = {
    "bf16": False, "fp16": False, "tf32": False, "use_wandb": False, "gradient_checkpointing": False,
    "eval_strategy": "no", "save_strategy": "no", "val_set_size": 0, "dataloader_num_workers": 0,
    "lora_mlp_kernel": False, "lora_qkv_kernel": False, "lora_o_kernel": False, "load_best_model_at_end": False,
}  # fmt: skip
ELSEWHERE = (
    "test_datasets", "deepspeed", "fsdp", "fsdp_config", "evals_per_epoch", "eval_steps", "save_steps",
    "saves_per_epoch", "early_stopping_patience", "load_in_4bit", "load_in_8bit", "eval_sample_packing",
)  # fmt: skip
# Every row as it stands: not packed, not left out for its length, in the file's order.
WHOLE = {
    "sequence_len": 1_000_000, "sample_packing": False, "pad_to_sequence_len": False,
    "shuffle_merged_datasets": False, "shuffle_before_merging_datasets": False,
}  # fmt: skip


def trainer_of(values: dict[str, Any], rows: int) -> Any:
    """Return the recipe's trainer on the first `rows` rows of each data set."""
    with tempfile.TemporaryDirectory() as place, _in_this_process():
        return _built(_configured(values, rows, place))


def rows_of(values: dict[str, Any], rows: int) -> list[list[Sequence]]:
    """Return the sequences of each of the first rows as it stands: one, or the two sides of a pair."""
    with tempfile.TemporaryDirectory() as place, _in_this_process():
        cfg = _configured(values | WHOLE, rows, place)
        if cfg.rl:
            cfg.skip_prepare_dataset = True  # what is left of the preparation: leaving out by length, keeping on disk
            trainer = _built(cfg)
            return [sequences_of(trainer.data_collator([row])) for row in trainer.train_dataset]
        return [sequences for one in cfg.datasets for sequences in _tokenized(cfg, one)]


@contextlib.contextmanager
def _in_this_process() -> Iterator[None]:
    """Let axolotl prepare its rows without processes of their own: each would import everything anew for 200 rows."""
    name = "AXOLOTL_DATASET_NUM_PROC"
    kept = os.environ.get(name)
    os.environ[name] = "0"
    try:
        yield
    finally:
        os.environ.pop(name)
        if kept is not None:
            os.environ[name] = kept


def _configured(values: dict[str, Any], rows: int, place: str) -> Any:
    """Return the recipe as axolotl's own config, validated, on the first rows, with `place` for what it writes."""
    from axolotl.utils.config import normalize_cfg_datasets, normalize_config, validate_config
    from axolotl.utils.dict import DictDefault

    changed = {key: value for key, value in values.items() if key not in ELSEWHERE} | CALM
    changed |= {"output_dir": place, "dataset_prepared_path": place, "dataset_num_proc": 0}
    if values.get("adapter") == "qlora":
        changed["adapter"] = "lora"
    changed["datasets"] = [_first(one, rows) for one in values.get("datasets") or []]
    # As on a machine on which every recipe runs: this one only reads rows.
    cfg = validate_config(DictDefault(changed), capabilities=H100, env_capabilities={"torch_version": "2.13.0"})
    normalize_config(cfg)
    normalize_cfg_datasets(cfg)
    return cfg


def _first(dataset: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return a data set's entry cut to its first rows, in the slices that `datasets` knows."""
    split = str(dataset.get("split") or "train")
    return dataset | {"split": split if "[" in split else f"{split}[:{rows}]"}


def _built(cfg: Any) -> Any:
    """Return axolotl's trainer for a config, around a stand-in for the model."""
    from axolotl.common.datasets import load_datasets, load_preference_datasets
    from axolotl.loaders import load_tokenizer
    from axolotl.monkeypatch.data.batch_dataset_fetcher import apply_multipack_dataloader_patch
    from axolotl.utils.trainer import setup_trainer

    if cfg.sample_packing:
        apply_multipack_dataloader_patch()  # axolotl does so where it loads a model
    made = (load_preference_datasets if cfg.rl else load_datasets)(cfg=cfg)
    tokenizer = load_tokenizer(cfg)
    model = stand_in(tokenizer, cfg.base_model, reward=bool(cfg.reward_model))
    reference = stand_in(tokenizer, cfg.base_model) if cfg.rl in ("dpo", "ipo", "kto") else None
    steps = made.total_num_steps or 1
    return setup_trainer(cfg, made.train_dataset, None, model, tokenizer, None, steps, model_ref=reference)


def _tokenized(cfg: Any, dataset: Any) -> list[list[Sequence]]:
    """Return the sequences of a data set's rows as axolotl's strategy for its `type` tokenizes them."""
    from axolotl.loaders import load_tokenizer
    from axolotl.utils.data.shared import load_dataset_with_config
    from axolotl.utils.data.wrappers import get_dataset_wrapper

    base, _, style = str(dataset.type).partition(":")
    found, _ = get_dataset_wrapper(
        dataset_config=dataset,
        tokenizer=load_tokenizer(cfg),
        cfg=cfg,
        dataset_base_type=base,
        dataset=load_dataset_with_config(dataset, False),
        dataset_prompt_style=style or None,
    )
    return [_sequences(row) for row in found]


def _sequences(row: dict[str, Any]) -> list[Sequence]:
    """Return a tokenized row's sequences: one with labels, or the two sides that a reward model judges."""
    if "labels" in row:
        return [Sequence(row["input_ids"], [label != IGNORED for label in row["labels"]])]
    sides = {side: row.get(f"{side}_ids") or row[f"input_ids_{side}"] for side in ("chosen", "rejected")}
    return [Sequence(ids, [True] * len(ids), side=side) for side, ids in sides.items()]
