"""A run's metrics.jsonl: what its trainer logged, one JSON object per line."""

import json
import os
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "metrics.jsonl"
Row = dict[str, Any]  # the trainer's own log: its keys differ from stage to stage
LOSSES = ("loss", "loss/policy_avg")  # the second one is PPO's
# Answers while training: a row of their own with the project's metrics, how many rows were answered, and the seconds.
ANSWERS, ANSWERS_RUNTIME = "eval_answers", "eval_answers_runtime"


@dataclass(frozen=True)
class LastLosses:
    """The last training loss and the last validation loss that a run has logged; None for one that it has not."""

    loss: float | None
    validation_loss: float | None


class MetricsReader:
    """The rows of a run's metrics.jsonl while it is being written; each `poll` reads on from the last offset.

    A file that became shorter (a resumed run drops what was logged after its checkpoint) is read from its start again.
    """

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / FILE
        self.rows: list[Row] = []
        self.offset = 0
        self.inode = 0

    def poll(self) -> list[Row]:
        """Return all rows so far; a last line that is not complete yet is left for the next call."""
        try:
            with self.path.open("rb") as stream:
                self._start_again_if_replaced(stream.fileno())
                stream.seek(self.offset)
                complete, newline, _ = stream.read().rpartition(b"\n")
        except FileNotFoundError:
            return self.rows
        self.offset += len(complete) + len(newline)
        self.rows += [json.loads(line) for line in complete.splitlines()]
        return self.rows

    def _start_again_if_replaced(self, descriptor: int) -> None:
        """Drop the rows where the file was replaced or became shorter."""
        status = os.fstat(descriptor)
        if status.st_ino != self.inode or status.st_size < self.offset:
            self.rows, self.offset = [], 0
        self.inode = status.st_ino


def read_metrics(run_dir: Path) -> list[Row]:
    """Return the complete rows of a run's metrics.jsonl so far."""
    return MetricsReader(run_dir).poll()


def first_logged(names: Iterable[str], row: Row) -> str:
    """Return the first of some names that a row has a number for, "" for none."""
    return next((name for name in names if isinstance(row.get(name), int | float)), "")


def answers_key(metric: str, logged: Container[str]) -> str:
    """Return the name under which a project's metric is logged; another one where the trainer logs that name itself."""
    name = f"eval_{metric}"
    return f"{ANSWERS}_{metric}" if name in logged else name


def newest_answers(rows: Sequence[Row], metric: str) -> tuple[float, int] | None:
    """Return a project's metric in the newest answers while training, and how many rows were answered."""
    for row in reversed(rows):
        if ANSWERS in row and (name := first_logged((f"{ANSWERS}_{metric}", f"eval_{metric}"), row)):
            return row[name], row[ANSWERS]
    return None


def answers_by_step(rows: Sequence[Row], metric: str) -> list[tuple[int, float]]:
    """Return (optimizer step, value) of a project's metric in the answers while training."""
    steps = []
    for row in rows:
        if newest := newest_answers([row], metric):
            steps.append((int(row.get("step", 0)), newest[0]))
    return steps


def readable_metrics(run_dir: Path) -> list[Row]:
    """Return a run's rows; [] of a file that was cut or edited by hand."""
    try:
        return read_metrics(run_dir)
    except ValueError:
        return []


def last_losses(run_dir: Path) -> LastLosses:
    """Return the last losses of a run; none of a file that was cut or edited by hand."""
    rows = readable_metrics(run_dir)
    losses = [row[name] for row in rows if (name := first_logged(LOSSES, row))]
    evaluations = [row["eval_loss"] for row in rows if first_logged(("eval_loss",), row)]
    return LastLosses(losses[-1] if losses else None, evaluations[-1] if evaluations else None)
