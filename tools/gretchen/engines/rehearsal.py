"""A training's first minute: its longest batch, forward and backward, and one evaluation batch, before the first step.

    trainer.add_callback(LongestFirst(trainer))

So it runs out of memory at once or never. It costs the time of one step and of one evaluation batch. Then gradients,
random states and the trainer's counters are as before: losses are those of a training without it, bit by bit. Not
rehearsed: a resumed run, streamed rows, DeepSpeed and FSDP (their backward pass counts as a step), and trainers that
write their answers themselves.
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

TOKENS = re.compile(r"(^|_)ids$")  # columns of token ids: input_ids, prompt_ids, chosen_input_ids …
OWN_ANSWERS = re.compile(r"GRPO|RLOO|PPO|GKD|Online|XPO|Nash|EBFT|MiniLLM|GOLD")
OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)


class LongestFirst(TrainerCallback):
    """Rehearse a trainer's longest batch and one evaluation batch when its training begins."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Rehearse once, before the first step; raise WorkError where the memory does not suffice."""
        if state.global_step == 0 and can_be_rehearsed(self.trainer):
            started = time.monotonic()
            told = rehearse(self.trainer)
            print(f"{told} fit in memory ({time.monotonic() - started:.1f} s)", flush=True)


def can_be_rehearsed(trainer: Any) -> bool:
    """Return whether a trainer's longest batch is known before it trains."""
    columns = getattr(trainer.train_dataset, "column_names", None) or []
    known = hasattr(trainer.train_dataset, "__len__") and any(map(TOKENS.search, columns))
    alone = not trainer.is_deepspeed_enabled and not trainer.is_fsdp_enabled
    return bool(known and alone and not OWN_ANSWERS.search(type(trainer).__name__))


def rehearse(trainer: Any) -> str:
    """Train on the longest batch and evaluate the longest one, undo both, and return what was rehearsed, in words.

    Raises WorkError where the memory does not suffice.
    """
    told = "the longest batch"
    with as_before(trainer):
        batch = longest_batch(trainer, trainer.train_dataset, trainer.args.train_batch_size)
        what = f"the longest batch ({sizes(batch)})"
        try:
            with room_for_optimizer(trainer):
                trainer.training_step(trainer.model_wrapped, batch)
            told = what
            rows = trainer.eval_dataset
            if trainer.args.eval_strategy != "no" and hasattr(rows, "column_names"):
                batch = longest_batch(trainer, rows, trainer.args.eval_batch_size)
                what = f"one evaluation batch ({sizes(batch)})"
                trainer.model.eval()
                trainer.prediction_step(trainer.model_wrapped, batch, prediction_loss_only=True)
                told += f" and {what}"
        except (RuntimeError, MemoryError) as failure:
            if not isinstance(failure, MemoryError) and not OUT_OF_MEMORY.search(str(failure)):
                raise
            raise out_of_memory(trainer, what) from None
    return told


@contextlib.contextmanager
def as_before(trainer: Any) -> Iterator[None]:
    """Undo what a step that is not taken leaves behind: gradients, random states, counters, metrics, cached memory."""
    state = copy.deepcopy(vars(trainer.state))
    # What trainers count and collect from step to step: _metrics, _stored_metrics, _total_train_tokens.
    counted = {
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
        vars(trainer).update(counted)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


@contextlib.contextmanager
def room_for_optimizer(trainer: Any) -> Iterator[None]:
    """Keep the memory taken that the optimizer takes at its first step: Adam keeps two numbers for each trained one."""
    name = str(trainer.args.optim)
    copies = 2 if "adam" in name.lower() else 0
    room = []
    for parameter in trainer.model.parameters():
        if copies and parameter.requires_grad:
            dtype = torch.uint8 if "8bit" in name else parameter.dtype
            room.append(torch.empty(copies * parameter.numel(), dtype=dtype, device=parameter.device))
    yield
    room.clear()


# A batch as the trainer's collator returns it: its keys are the trainer's.
def longest_batch(trainer: Any, rows: Any, count: int) -> dict[str, Any]:
    """Return the largest batch that the trainer's collator can be given of a data set's rows, `count` rows a batch.

    Rows that axolotl packs come in batches of its own making, each about full: there it is the first one.
    """
    if getattr(trainer.args, "sample_packing", False):
        loader = trainer.get_train_dataloader()
        batch = next(iter(loader))
        trainer.accelerator._dataloaders.remove(loader)  # the training makes its own
        return dict(batch)
    wanted = sorted(longest(rows, count))
    known = trainer._remove_unused_columns(rows, description="training")
    return dict(trainer.data_collator([known[number] for number in wanted]))


def longest(rows: Any, count: int) -> list[int]:
    """Return the numbers of the `count` rows with the most tokens."""
    columns = [name for name in rows.column_names if TOKENS.search(name)]
    lengths: list[int] = []
    for table in rows.select_columns(columns).with_format("arrow").iter(batch_size=10_000):
        counts = [pyarrow.compute.list_value_length(table[name]).to_pylist() for name in columns]
        lengths += [sum(row) for row in zip(*counts, strict=True)]
    return sorted(range(len(lengths)), key=lambda number: -lengths[number])[:count]


def sizes(batch: dict[str, Any]) -> str:
    """Return a batch's size in words: 32 × 214 tokens."""
    tensors = [
        value for name, value in batch.items() if TOKENS.search(name) and getattr(value, "dim", lambda: 0)() == 2
    ]
    rows, width = max((tuple(tensor.shape) for tensor in tensors), key=lambda shape: shape[0] * shape[1])
    return f"{rows} × {width} tokens"


def out_of_memory(trainer: Any, what: str) -> WorkError:
    """Return the error for a batch that does not fit, with what would make it smaller, in the recipe's own keys."""
    engine = "axolotl" if type(trainer).__module__.startswith("axolotl") else "zephyr"
    args = trainer.args
    size, steps = args.per_device_train_batch_size, args.gradient_accumulation_steps
    ways = []
    if what.startswith("one evaluation"):
        key = {"axolotl": "eval_batch_size", "zephyr": "per_device_eval_batch_size"}[engine]
        ways.append(f"{key}={max(1, args.per_device_eval_batch_size // 2)}")
    elif size > 1:
        smaller = next(half for half in range(size // 2, 0, -1) if size % half == 0)
        ways.append(
            f"{PER_DEVICE[engine]}={smaller} {ACCUMULATION}={steps * size // smaller} (the same effective batch)"
        )
    if not args.gradient_checkpointing:
        ways.append("gradient_checkpointing=true (slower)")
    ways.append(f"a smaller {MAX_LENGTH[engine]}")
    return WorkError(f"out of memory on {what}, before the first step", f"SET: {', or '.join(ways)}")
