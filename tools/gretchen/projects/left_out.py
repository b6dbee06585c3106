"""Rows that a build leaves out: their counts by reason, and the first rows of each reason, for people to look at.

    tally.leave_out("exact duplicate", row, repeats="row-17")

build/<project>/left-out.jsonl holds them, the page of the data shows them. Nothing is trained or evaluated on them.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from gretchen import paths
from gretchen.files import read_jsonl
from gretchen.projects.rows import Row

FILE = "left-out.jsonl"
MAX_KEPT = 1_000  # rows of a format that are kept for each reason; all are counted


@dataclass(frozen=True)
class LeftOut:
    """A row that was left out, why, and the id of the row that it repeats ("" where it repeats none)."""

    reason: str
    row: Row
    repeats: str = ""


@dataclass
class Tally:
    """What was left out of a format: counts by reason, the first rows of each, an external source's faulty rows.

    `exhausted` says that the generator went on without new rows, and was stopped; "" where it was not.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    rows: list[LeftOut] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    exhausted: str = ""

    def leave_out(self, reason: str, row: Row, repeats: str = "") -> None:
        """Count a row that is left out, and keep it where few of its reason are kept so far."""
        self.left_out[reason] += 1
        if self.left_out[reason] <= MAX_KEPT:
            self.rows.append(LeftOut(reason, row, repeats))


class LeftOutRow(BaseModel):
    """A line of left-out.jsonl: the row as its format's files would hold it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    reason: str
    repeats: str
    row: dict[str, Any]  # the columns of its format


def load_left_out(project: str) -> list[LeftOutRow]:
    """Return the rows that the last build left out, the first ones of each format and reason."""
    file = paths.build(project) / FILE
    return [LeftOutRow.model_validate(line) for line in read_jsonl(file)] if file.is_file() else []
