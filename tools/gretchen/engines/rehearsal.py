"""A rehearsal before the first step: the longest batch forward and backward, and one evaluation batch.

    trainer.add_callback(LongestFirst(trainer))

A training that runs out of memory does so within its first minute. The rehearsal costs the time of one step and of one
evaluation batch. Gradients, random states and the trainer's counters are restored: the losses are those of a training
without it, bit by bit. Not rehearsed: resumed runs, streamed rows, DeepSpeed and FSDP (their backward pass counts as a
step), and trainers whose model generates what it is trained on.
"""

import contextlib
import copy
import gc
import re
import time
from collections.abc import Iterator
from typing import Any

import pyarrow.compute
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from gretchen.engines.randomness import same_randomness
from gretchen.errors import WorkError
from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE
from gretchen.recipes.schema import MAX_LENGTH

TOKEN_COLUMN = re.compile(r"(^|_)ids$")  # columns of token ids: input_ids, prompt_ids, chosen_input_ids …
GENERATING = re.compile(r"GRPO|RLOO|PPO|GKD|Online|XPO|Nash|EBFT|MiniLLM|GOLD")
OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)


class LongestFirst(TrainerCallback):
    """Rehearse a trainer's longest batch and one evaluation batch when its training begins."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Rehearse once, before the first step. Raises WorkError where a batch does not fit into memory."""
        if state.global_step == 0 and can_be_rehearsed(self.trainer):
            started = time.monotonic()
            batches = rehearse(self.trainer)
            print(f"{batches} fit in memory ({time.monotonic() - started:.1f} s)", flush=True)


def can_be_rehearsed(trainer: Any) -> bool:
    """Return whether a trainer's longest batch is known before it trains."""
    columns = getattr(trainer.train_dataset, "column_names", None) or []
    has_lengths = hasattr(trainer.train_dataset, "__len__") and any(map(TOKEN_COLUMN.search, columns))
    is_plain = not trainer.is_deepspeed_enabled and not trainer.is_fsdp_enabled
    return bool(has_lengths and is_plain and not GENERATING.search(type(trainer).__name__))


def rehearse(trainer: Any) -> str:
    """Train on the longest batch and evaluate the longest one, undo both, and return what was rehearsed, in words.

    Raises WorkError where a batch does not fit into memory.
    """
    with restored(trainer):
        batches = _train_longest(trainer)
        rows = trainer.eval_dataset
        if trainer.args.eval_strategy != "no" and hasattr(rows, "column_names"):
            batches += f" and {_evaluate_longest(trainer, rows)}"
    return batches


def _train_longest(trainer: Any) -> str:
    """Compute the gradients of the longest batch, and return its name and size."""
    batch = longest_batch(trainer, trainer.train_dataset, trainer.args.train_batch_size)
    name = f"the longest batch ({size_text(batch)})"
    with out_of_memory_reported(trainer, name), optimizer_memory(trainer):
        trainer.training_step(trainer.model_wrapped, batch)
    return name


def _evaluate_longest(trainer: Any, rows: Any) -> str:
    """Compute the loss of the longest evaluation batch, and return its name and size."""
    batch = longest_batch(trainer, rows, trainer.args.eval_batch_size)
    name = f"one evaluation batch ({size_text(batch)})"
    with out_of_memory_reported(trainer, name):
        trainer.model.eval()
        trainer.prediction_step(trainer.model_wrapped, batch, prediction_loss_only=True)
    return name


@contextlib.contextmanager
def out_of_memory_reported(trainer: Any, batch: str) -> Iterator[None]:
    """Turn an error of memory into a WorkError that names the batch and what would make it smaller."""
    try:
        yield
    except (RuntimeError, MemoryError) as failure:
        if not isinstance(failure, MemoryError) and not OUT_OF_MEMORY.search(str(failure)):
            raise
        raise out_of_memory(trainer, batch) from None


@contextlib.contextmanager
def restored(trainer: Any) -> Iterator[None]:
    """Restore what a step changes: gradients, random states, counters, metrics, cached memory."""
    state = copy.deepcopy(vars(trainer.state))
    # What trainers accumulate over steps: _metrics, _stored_metrics, _total_train_tokens.
    counters = {
        name: copy.deepcopy(value)
        for name, value in vars(trainer).items()
        if name.startswith("_") and isinstance(value, dict | int | float)
    }
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
    was_training = trainer.model.training
    try:
        with same_randomness():
            yield
    finally:
        trainer.model.zero_grad(set_to_none=True)
        trainer.model.train(was_training)
        vars(trainer.state).clear()
        vars(trainer.state).update(state)
        vars(trainer).update(counters)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


@contextlib.contextmanager
def optimizer_memory(trainer: Any) -> Iterator[None]:
    """Reserve the memory of the optimizer's states, allocated at its first step: Adam keeps two per parameter."""
    name = str(trainer.args.optim)
    num_states = 2 if "adam" in name.lower() else 0
    reserved = []
    for parameter in trainer.model.parameters():
        if num_states and parameter.requires_grad:
            dtype = torch.uint8 if "8bit" in name else parameter.dtype
            reserved.append(torch.empty(num_states * parameter.numel(), dtype=dtype, device=parameter.device))
    yield
    reserved.clear()


def longest_batch(trainer: Any, rows: Any, batch_size: int) -> dict[str, Any]:  # the collator's own tensors
    """Return the largest batch that the trainer's collator can make of a data set's rows.

    Rows that axolotl packs come in batches of its own, each about full: there the first batch is returned.
    """
    if getattr(trainer.args, "sample_packing", False):
        loader = trainer.get_train_dataloader()
        batch = next(iter(loader))
        trainer.accelerator._dataloaders.remove(loader)  # the training creates its own
        return dict(batch)
    used = trainer._remove_unused_columns(rows, description="training")
    return dict(trainer.data_collator([used[number] for number in sorted(longest_rows(rows, batch_size))]))


def longest_rows(rows: Any, count: int) -> list[int]:
    """Return the indices of the `count` rows with the most tokens."""
    columns = [name for name in rows.column_names if TOKEN_COLUMN.search(name)]
    lengths: list[int] = []
    for table in rows.select_columns(columns).with_format("arrow").iter(batch_size=10_000):
        counts = [pyarrow.compute.list_value_length(table[name]).to_pylist() for name in columns]
        lengths += [sum(row) for row in zip(*counts, strict=True)]
    return sorted(range(len(lengths)), key=lambda number: -lengths[number])[:count]


def size_text(batch: dict[str, Any]) -> str:
    """Return a batch's size as text: "32 × 214 tokens"."""
    tensors = [value for name, value in batch.items() if TOKEN_COLUMN.search(name)]
    shapes = [tuple(tensor.shape) for tensor in tensors if getattr(tensor, "dim", lambda: 0)() == 2]
    rows, width = max(shapes, key=lambda shape: shape[0] * shape[1])
    return f"{rows} × {width} tokens"


def out_of_memory(trainer: Any, batch: str) -> WorkError:
    """Return the error for a batch that does not fit, with changes of the recipe's keys that make it smaller."""
    engine = "axolotl" if type(trainer).__module__.startswith("axolotl") else "zephyr"
    args = trainer.args
    size, steps = args.per_device_train_batch_size, args.gradient_accumulation_steps
    changes = []
    if batch.startswith("one evaluation"):
        key = {"axolotl": "eval_batch_size", "zephyr": "per_device_eval_batch_size"}[engine]
        changes.append(f"{key}={max(1, args.per_device_eval_batch_size // 2)}")
    elif size > 1:
        smaller = next(half for half in range(size // 2, 0, -1) if size % half == 0)
        changes.append(
            f"{PER_DEVICE[engine]}={smaller} {ACCUMULATION}={steps * size // smaller} (the same effective batch)"
        )
    if not args.gradient_checkpointing:
        changes.append("gradient_checkpointing=true (slower)")
    changes.append(f"a smaller {MAX_LENGTH[engine]}")
    return WorkError(f"out of memory on {batch}, before the first step", f"SET: {', or '.join(changes)}")
