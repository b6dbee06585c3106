"""A run's metrics.jsonl: what its trainer logged, one JSON object per line."""

import json
import os
from pathlib import Path
from typing import Any

FILE = "metrics.jsonl"
Row = dict[str, Any]  # the trainer's own log: its keys differ from stage to stage


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
