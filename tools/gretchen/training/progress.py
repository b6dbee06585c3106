"""The one line that a training shows, read from the run's metrics.jsonl.

    step 120/396 · loss 0.412 · pairs right 0.906 · validation loss 0.398, pairs right 0.913 · 0:41 left

Beside the loss stands what the stage is about: the share of pairs told apart, a margin, a reward.

On a terminal the line rewrites itself; elsewhere a new line comes every ten seconds at most.
"""

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gretchen.runs.metrics import MetricsReader
from gretchen.runs.record import read_record
from gretchen.terminal import QUIET_SECONDS, clock

POLL_SECONDS = 0.25
LOSSES = ("loss", "loss/policy_avg")  # the second one is PPO's
# What a stage is about, by the names under which trainers log it; the first that is there is shown.
OWN = {
    "reward": "reward",  # GRPO, RLOO
    "objective/scores": "reward",  # PPO
    "rewards/accuracies": "pairs right",  # DPO, ORPO, SimPO
    "accuracy": "pairs right",  # a reward model
    "rewards/margins": "margin",  # KTO
}


def line(rows: list[dict[str, Any]]) -> str:
    """Return the progress line for the metrics so far, the newest last."""
    steps = [row for row in rows if first_of(LOSSES, row)]
    if not steps:
        return "starting: loading libraries, model and rows"
    first, last = steps[max(0, len(steps) - 6)], steps[-1]
    parts = [f"step {last['step']}/{last['steps']}", f"loss {last[first_of(LOSSES, last)]:.3f}", *own(last)]
    evaluated = [row for row in rows if "eval_loss" in row]
    if evaluated:
        parts.append(", ".join([f"validation loss {evaluated[-1]['eval_loss']:.3f}", *own(evaluated[-1], "eval_")]))
    seconds = last["seconds"] - first["seconds"]
    if seconds > 0 and last["step"] > first["step"]:
        for name, unit in (("num_tokens", "tokens/s"), ("tokens/trainable", "trained tokens/s")):
            if name in last and name in first:
                parts.append(f"{(last[name] - first[name]) / seconds:,.0f} {unit}")
        left = (last["steps"] - last["step"]) * seconds / (last["step"] - first["step"])
        parts.append(f"{clock(left)} left")
    return " · ".join(parts)


def first_of(names: Iterable[str], row: dict[str, Any]) -> str:
    """Return the first of some names that a row has a number for, "" for none."""
    return next((name for name in names if isinstance(row.get(name), int | float)), "")


def own(row: dict[str, Any], prefix: str = "") -> list[str]:
    """Return what a row says of the stage's own quantity: ["reward 0.812"], [] where it logs none."""
    name = first_of((f"{prefix}{known}" for known in OWN), row)
    return [f"{OWN[name.removeprefix(prefix)]} {row[name]:.3f}"] if name else []


def watch(process: "subprocess.Popen[bytes]", run: Path) -> int:
    """Show the line until the process ends, the run's warning above it, and return its exit code."""
    terminal = sys.stderr.isatty()
    metrics = MetricsReader(run)
    shown, told_at, warned = "", 0.0, False
    while process.poll() is None:
        warned = warned or warn(run, terminal)
        text = line(metrics.poll())
        now = time.monotonic()
        if terminal and text != shown:
            sys.stderr.write(f"\r\x1b[K{text}")
        elif not terminal and text != shown and now - told_at >= QUIET_SECONDS:
            sys.stderr.write(f"{text}\n")
            told_at = now
        else:
            text = shown
        shown = text
        sys.stderr.flush()
        time.sleep(POLL_SECONDS)
    if not warned:
        warn(run, terminal)
    last = line(metrics.poll())
    sys.stderr.write(f"\r\x1b[K{last}\n" if terminal else f"{last}\n")
    return process.returncode


def warn(run: Path, terminal: bool) -> bool:
    """Show the warning that the engine's process left in run.json; return whether there is one."""
    warning = read_record(run).warning
    if warning:
        sys.stderr.write(f"\r\x1b[K{warning}\n" if terminal else f"{warning}\n")
    return bool(warning)
