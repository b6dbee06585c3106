"""What a judge says, and the file that keeps all of it: runs/<project>/judge/verdicts.jsonl, a verdict a line.

    append(file, verdict)       on the disk when it returns
    read_verdicts(file)         -> {key: Verdict}, the newest of each key

A verdict's key is a hash of the judge and of all that it was shown, so that a rerun asks what is missing and nothing
else. A line that a killed process left unfinished is passed over. Nothing is ever rewritten.
"""

import fcntl
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.feedback.judge_labels import Judge
from gretchen.feedback.labels import TOP, Document, Task

Mode = Literal["compare", "rate", "revise"]
Kind = Literal["comparison", "rating", "revision"]
MAX_REASON, MAX_REVISION = 300, 4000  # characters; a model that may write on does


def words(text: str) -> str:
    """Return a text. Raises ValueError for the "…" of the form, which small models copy."""
    if text.strip() in ("…", "..."):
        raise ValueError("that is the form's own placeholder, write what you mean")
    return text


Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON), AfterValidator(words)]


class Comparison(Document):
    """Which of two answers is better, the rule that decides, and why; A is the one shown first."""

    reason: Reason
    rule: str
    better: Literal["A", "B", "tie"]


class Rating(Document):
    """How well one answer keeps each rule, from 1 to 5, and why."""

    reason: Reason
    ratings: dict[str, Annotated[int, Field(ge=1, le=TOP)]] = Field(min_length=1)

    @property
    def mean(self) -> float:
        """The mean over the rules."""
        return sum(self.ratings.values()) / len(self.ratings)


class Revision(Document):
    """A critique of one answer, the rules that it breaks, and the answer as it should be."""

    critique: Reason
    broken: tuple[str, ...]
    revision: Annotated[str, Field(max_length=MAX_REVISION), AfterValidator(words)]


Value = Comparison | Rating | Revision


class Verdict(Document):
    """One question to a judge with its reply.

    `order`: the positions of the task's answers as they were shown. `replies` are raw, more than one where the first
    did not fit; `problems` says what was wrong with each that did not. `value` is None where none fitted.
    """

    schema_version: Literal[1] = 1
    key: str
    at: str
    judge: Judge
    kind: Kind
    constitution: str
    task: Task
    order: tuple[int, ...]
    messages: tuple[dict[str, str], ...]
    replies: tuple[str, ...]
    problems: tuple[str, ...]
    value: Value | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float

    @property
    def winner(self) -> int | None:
        """The position in the task of the better answer; None for a tie, and for what is no comparison."""
        if not isinstance(self.value, Comparison) or self.value.better == "tie":
            return None
        return self.order["AB".index(self.value.better)]


def verdicts_file(project: str) -> Path:
    """Return the file of all verdicts on a project's answers."""
    return paths.runs(project) / "judge" / "verdicts.jsonl"


def append(file: Path, verdict: Verdict) -> None:
    """Append a verdict; it is on the disk when this returns. Raises WorkError where it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)  # two judges may write at once
            line = verdict.model_dump_json() + "\n"
            stream.write((line if ends_with_a_line(stream.fileno()) else "\n" + line).encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as failure:
        problem = f"{paths.shown(file)} cannot be written: {failure.strerror}"
        raise WorkError(problem, "the verdicts before are kept; is the disk full?") from None


def ends_with_a_line(descriptor: int) -> bool:
    """Return whether a file is empty or ends with a whole line: a killed process may have left half of one."""
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def read_verdicts(file: Path) -> dict[str, Verdict]:
    """Return {key: verdict} of a file; {} where there is none. Lines that are no verdict are passed over."""
    verdicts = {}
    for line in file.read_bytes().split(b"\n") if file.is_file() else []:
        try:
            verdict = Verdict.model_validate_json(line)
        except ValidationError:  # half a line, or of a later version: its question is asked again
            continue
        verdicts[verdict.key] = verdict
    return verdicts
