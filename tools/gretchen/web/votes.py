"""Votes of the blind mode: which of several answers a person finds best, one line of JSON each.

    append(runs/<project>/labels/votes.jsonl, Vote(…))

A line is on the disk before the page shows the names. Votes are opinions on single answers: nothing is computed of
them here.
"""

import fcntl
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from gretchen.web.settings import Settings


class VotedAnswer(BaseModel):
    """An answer that stood to vote: the model's name and its folder or hub id (a run's, from the root)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    source: str
    text: str


class Vote(BaseModel):
    """One vote: the answers in the order in which they were shown; `best` is a position, None for none of them.

    `tie`: all are equally good. `rater` is the name that a person gave, or "". `at` is ISO 8601 in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    at: str
    rater: str
    project: str
    settings: Settings
    answers: tuple[VotedAnswer, ...]
    best: int | None = None
    tie: bool = False


def append(file: Path, vote: Vote) -> None:
    """Append a vote; it is on the disk when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    line = vote.model_dump_json() + "\n"
    with file.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # two playgrounds may run at once
        stream.write(line.encode())
        stream.flush()
        os.fsync(stream.fileno())


def read(file: Path) -> list[Vote]:
    """Return the votes of a file, oldest first; [] where there is none. Raises pydantic's ValidationError."""
    return [Vote.model_validate_json(line) for line in file.read_bytes().splitlines()] if file.is_file() else []
