"""Votes of the blind mode: which of several answers a person finds best, one line of JSON each.

    append(runs/<project>/labels/votes.jsonl, Vote(…))
    label_of(vote, rows, "rater-3fa91c")        a vote is a label: the best answer has rank 1, the others rank 2

A line is on the disk before the page shows the names. A vote on a question of a held-out row is no label, and neither
is one in completion mode, where models continued a text.
"""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from gretchen.feedback.labels import CandidateAnswer, Judgement, Label, task_of
from gretchen.files import text_hash
from gretchen.projects.rows import Row, normalised_prompt, row_fault
from gretchen.projects.splits import official_key, split_of


class VotedSettings(BaseModel):
    """The prompt of a vote and how it was sent; the sampling settings stand beside them as the playground has them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    mode: Literal["chat", "completion"] = "chat"
    system: str = ""
    prompt: str = ""


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
    settings: VotedSettings
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


def label_of(vote: Vote, rows: Mapping[str, Row], rater: str) -> Label | None:
    """Return a vote as a label, None where it is none; `rows` are a project's built rows by their normalised prompts.

    A question that no row asks counts as a training row's.
    """
    if vote.settings.mode != "chat" or not all(answer.text.strip() for answer in vote.answers):
        return None
    answers = [CandidateAnswer(text=answer.text, models=(answer.model,)) for answer in vote.answers]
    row = prompt_row(vote.settings)
    row |= {key: known[key] for key in ("id", "form", "group")} if (known := rows.get(normalised_prompt(row))) else {}
    if split_of(row["group"]) != "train" or row_fault(row, "prompts"):
        return None
    task = task_of(row, answers)
    best = vote.answers[vote.best].text if vote.best is not None else None
    # No best answer: all are equally good, or none is.
    judged = [Judgement(rank=1 if answer.text == best else 2) for answer in task.answers]
    if best is None:
        judged = [Judgement(rank=1, good=vote.tie)] * len(answers)
    return Label(task=task, rater=rater, at=vote.at, judgements=tuple(judged))


# A row of TRL's format.
def prompt_row(settings: VotedSettings) -> dict[str, Any]:
    """Return the prompt of a vote as a training row of its own."""
    prompt = [{"role": "system", "content": settings.system}] if settings.system else []
    prompt.append({"role": "user", "content": settings.prompt})
    name = f"vote-{text_hash(settings.system, settings.prompt)}"
    return {"id": name, "form": "playground", "group": [official_key(name, "train")], "prompt": prompt}
