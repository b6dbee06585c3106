"""Callbacks of transformers' Trainer, for both engines: metrics, finite losses, freed memory, checkpoints by time."""

import json
import math
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from gretchen.engines.freed_memory import keep_freed_memory, return_freed_memory
from gretchen.errors import WorkError
from gretchen.files import write_jsonl
from gretchen.models.finite import SMALLER_STEPS, non_finite, weight_problem
from gretchen.projects.build import files_hash
from gretchen.runs.metrics import FILE, read_metrics
from gretchen.runs.record import find_record

Logs = dict[str, Any]
# In addition to the recipe's own checkpoints (one per epoch): an epoch of a large model takes hours.
CHECKPOINT_MINUTES = 15.0
TRIM_STEPS = 10
# The losses among a trainer's logs: loss, eval_loss, eval_<data set>_loss, train_loss, PPO's loss/policy_avg.
LOSS = re.compile(r"(^|_)loss($|/)")


class Metrics(TrainerCallback):
    """Append each log of the trainer to `<run>/metrics.jsonl`, which the progress line and reports read."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.path = run_dir / FILE
        self.started = time.monotonic()
        self.seconds_before = self.tokens_before = 0.0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Drop what a resumed run logged after its checkpoint, and continue its counts of seconds and tokens."""
        if not state.is_world_process_zero:
            return
        rows = [row for row in read_metrics(self.run_dir) if row["step"] <= state.global_step]
        write_jsonl(self.path, rows)
        self.seconds_before = max((row["seconds"] for row in rows), default=0.0)
        self.started = time.monotonic() - self.seconds_before
        self.tokens_before = max((row["num_tokens"] for row in rows if "num_tokens" in row), default=0.0)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Logs | None = None, **_: Any
    ) -> None:
        """Write one line: step, total steps, seconds of training, and what the trainer logged."""
        if not state.is_world_process_zero:
            return
        row = {"step": state.global_step, "steps": state.max_steps, "seconds": time.monotonic() - self.started}
        row |= logs or {}
        if "num_tokens" in row:
            row["num_tokens"] += self.tokens_before
        if "train_runtime" in row:  # the trainer's own, since it was resumed
            row["train_runtime"] += self.seconds_before
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Have the last step logged too, whatever `logging_steps` is: its count of tokens is that of the training."""
        if state.global_step >= state.max_steps:
            control.should_log = True

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Write the peak memory of this process and of its GPU, in GiB."""
        unit = 2**30 if sys.platform == "darwin" else 2**20  # ru_maxrss: bytes on macOS, KiB on Linux
        logs = {"peak_memory_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)}
        if torch.cuda.is_available():
            logs["peak_gpu_memory_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        self.on_log(args, state, control, logs)


class RequireFinite(TrainerCallback):
    """End the training where the model it starts from, or a logged loss, is not finite."""

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any) -> None:
        """Raise WorkError where the model's weights hold NaN or infinity."""
        # Otherwise the trainer logs the mean of earlier losses in place of NaN, and 0 where there is none.
        args.logging_nan_inf_filter = False
        if names := non_finite(kw["model"].named_parameters()):
            problem = f"the weights that the training starts from are not finite: {weight_problem(names)}"
            raise WorkError(problem, "start from another model, or train or download this one anew")

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Logs | None = None, **_: Any
    ) -> None:
        """Raise WorkError for a training or validation loss that is NaN or infinite."""
        for name, value in (logs or {}).items():
            if LOSS.search(name) and isinstance(value, float) and not math.isfinite(value):
                kind = "validation loss" if name.startswith("eval_") else "loss"
                step = f"step {state.global_step} of {state.max_steps}"
                rows = "; or rows without a trained token" if kind == "validation loss" else ""
                raise WorkError(
                    f"the {kind} is {value} at {step}: the training diverged",
                    f"{SMALLER_STEPS} (learning_rate is {args.learning_rate:g}){rows}",
                )


class RequireSameData(TrainerCallback):
    """End the training of a project's run where the rows have changed since its record was written."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Raise WorkError where the built files, read by now, are not those whose hash run.json holds."""
        record = find_record(self.run_dir)
        if record and record.kind == "project" and record.data != files_hash(record.project):
            problem = f"the data of {record.project} were built or changed while the training started"
            raise WorkError(problem, "run the same command again, without RESUME=1")


class ReturnFreedMemory(TrainerCallback):
    """Give memory that the C library keeps free back to the system, on processors, every few steps.

    In between it is kept: bench/freed_memory.py has what that saves. Batches of many lengths leave holes in glibc's
    heap, which grows with them.
    """

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Keep what is freed from now on."""
        if args.device.type == "cpu":
            keep_freed_memory()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Return what is free after every tenth step."""
        if args.device.type == "cpu" and state.global_step % TRIM_STEPS == 0:
            return_freed_memory()


class SaveEvery(TrainerCallback):
    """Ask for a checkpoint whenever `minutes` have passed since the last one."""

    def __init__(self, minutes: float = CHECKPOINT_MINUTES) -> None:
        self.seconds = minutes * 60
        self.last = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Set `should_save` once the time has passed."""
        if time.monotonic() - self.last >= self.seconds:
            control.should_save = True
            self.last = time.monotonic()


def run_callbacks(run_dir: Path) -> list[TrainerCallback]:
    """Return the callbacks of every training: metrics.jsonl, finite weights and losses, data of the record, memory."""
    return [Metrics(run_dir), RequireFinite(), RequireSameData(run_dir), ReturnFreedMemory()]
