"""The progress line of a training, read from the run's metrics.jsonl.

    step 120/396 · loss 0.412 · validation loss 0.398, exact 0.812 on 16 rows · 2,310 tokens/s · 0:41 left

Beside the losses it shows the stage's own metric (preference accuracy, margin or reward), and the project's main metric
on the rows that are answered while training.

On a terminal the line is rewritten; elsewhere a new line is printed every ten seconds at most.
"""

import sys
import time
from pathlib import Path

from gretchen.projects.card import load_card
from gretchen.runs.metrics import LOSSES, MetricsReader, Row, first_logged, newest_answers
from gretchen.runs.record import read_record
from gretchen.safe_text import visible
from gretchen.terminal import QUIET_SECONDS, clock
from gretchen.training.gates import GateReader
from gretchen.training.process import Process

POLL_SECONDS = 0.25
WINDOW = 6  # logs over which throughput is averaged
# A stage's own metric under the names that trainers log; the first one present is shown.
STAGE_METRICS = {
    "reward": "reward",  # GRPO, RLOO
    "objective/scores": "reward",  # PPO
    "rewards/accuracies": "preference accuracy",  # DPO, ORPO, SimPO
    "accuracy": "preference accuracy",  # a reward model
    "rewards/margins": "margin",  # KTO
}
THROUGHPUTS = {"num_tokens": "tokens/s", "tokens/trainable": "trained tokens/s"}


def line(rows: list[Row], main_metric: str = "") -> str:
    """Return the progress line for the metrics so far, the newest last."""
    steps = [row for row in rows if first_logged(LOSSES, row)]
    if not steps:
        return "starting: loading libraries, model and rows"
    last = steps[-1]
    parts = [f"step {last['step']}/{last['steps']}", f"loss {last[first_logged(LOSSES, last)]:.3f}"]
    parts += stage_metric(last)
    evaluations = [row for row in rows if "eval_loss" in row]
    if evaluations:
        newest = evaluations[-1]
        validation = [f"validation loss {newest['eval_loss']:.3f}", *stage_metric(newest, "eval_")]
        if answers := newest_answers(rows, main_metric):
            validation.append("{} {:.3f} on {} rows".format(main_metric, *answers))
        parts.append(", ".join(validation))
    return " · ".join(parts + pace(steps[max(0, len(steps) - WINDOW)], last))


def pace(first: Row, last: Row) -> list[str]:
    """Return throughput and remaining time, measured between two logs; [] where no time lies between them."""
    seconds, num_steps = last["seconds"] - first["seconds"], last["step"] - first["step"]
    if seconds <= 0 or num_steps <= 0:
        return []
    rates = [
        f"{(last[name] - first[name]) / seconds:,.0f} {unit}"
        for name, unit in THROUGHPUTS.items()
        if name in last and name in first
    ]
    return [*rates, f"{clock((last['steps'] - last['step']) * seconds / num_steps)} left"]


def stage_metric(row: Row, prefix: str = "") -> list[str]:
    """Return the stage's own metric in a row: ["reward 0.812"], [] where it logs none."""
    name = first_logged((f"{prefix}{known}" for known in STAGE_METRICS), row)
    return [f"{STAGE_METRICS[name.removeprefix(prefix)]} {row[name]:.3f}"] if name else []


def watch(process: Process, run_dir: Path) -> int:
    """Show the progress line until the process ends, warning and gates above it, and return its exit code."""
    display, metrics, gates, warnings = Display(), MetricsReader(run_dir), GateReader(run_dir), ""
    main_metric = main_metric_of(run_dir)
    while process.poll() is None:
        warnings = show_warnings(run_dir, display, warnings)
        show_gates(gates, display)
        display.update(line(metrics.poll(), main_metric))
        time.sleep(POLL_SECONDS)
    show_warnings(run_dir, display, warnings)
    show_gates(gates, display)
    display.write(line(metrics.poll(), main_metric))
    return process.returncode or 0


def main_metric_of(run_dir: Path) -> str:
    """Return the main metric of the run's project, "" for a standalone recipe."""
    record = read_record(run_dir)
    return load_card(record.project).evaluation.main if record.kind == "project" else ""


def show_gates(gates: GateReader, display: "Display") -> None:
    """Show what a pretraining has measured since the last look."""
    for text in gates.poll():
        display.write(text)


class Display:
    """One line on stderr: rewritten on a terminal, repeated every ten seconds at most elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.text = ""
        self.printed_at = float("-inf")

    def update(self, text: str) -> None:
        """Show a new text of the line."""
        if text == self.text:
            return
        if self.terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
        elif time.monotonic() - self.printed_at >= QUIET_SECONDS:
            sys.stderr.write(f"{text}\n")
            self.printed_at = time.monotonic()
        else:
            return
        self.text = text
        sys.stderr.flush()

    def write(self, text: str) -> None:
        """Write a line that stays on the screen."""
        sys.stderr.write(f"\r\x1b[K{text}\n" if self.terminal else f"{text}\n")
        sys.stderr.flush()


def show_warnings(run_dir: Path, display: Display, shown: str) -> str:
    """Show the warnings that the training process has added to those already shown in run.json; return all of them."""
    warnings = read_record(run_dir).warning or ""
    if added := warnings.removeprefix(shown).strip("\n"):
        display.write(visible(added))
    return warnings
