"""What a person says of several answers to one prompt, as projects/<slug>/data/labels.jsonl holds it, a label a line.

    read_labels(file)                   -> [Label(task=Task(…), rater="rater-3fa91c", judgements=(…))]
    write_labels(file, labels)          sorted, so that git merges what several people exported

A judgement belongs to the answer of the same position. Raters have pseudonyms; their names stay in the store.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from gretchen import paths
from gretchen.errors import line_problems
from gretchen.files import parse_line, text_hash, write_jsonl
from gretchen.projects.rows import prompt_of, row_fault, tools_of

FILE = "labels.jsonl"
Flag = Literal["spam", "no_answer", "wrong_language", "inappropriate", "personal_data", "hate", "sexual"]
Scale = Literal["quality", "helpful", "creative", "humorous", "polite", "harmless"]
FLAGS: tuple[Flag, ...] = get_args(Flag)
SCALES: tuple[Scale, ...] = get_args(Scale)
TOP = 5  # of a scale, whose lowest value is 1
MIN_ANSWERS, MAX_ANSWERS = 2, 4  # that a person ranks at once


class Document(BaseModel):
    """A part of a label: unknown keys are errors, and nothing is changed after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CandidateAnswer(Document):
    """An answer to judge, and the models that gave it."""

    text: str = Field(pattern=r"\S")
    models: tuple[str, ...] = ()


class Task(Document):
    """A prompt with the answers to rank; `row_id`, `form` and `group` are those of the row that it comes from."""

    id: str
    row_id: str
    form: str
    group: tuple[str, ...] = Field(min_length=1)
    prompt: tuple[dict[str, JsonValue], ...] = Field(min_length=1)
    tools: tuple[dict[str, JsonValue], ...] | None = None
    answers: tuple[CandidateAnswer, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def prompt_of_a_row(self) -> "Task":
        """Require a prompt that a row may have."""
        row = {"id": self.row_id, "form": self.form, "group": list(self.group), "prompt": list(self.prompt)}
        if fault := row_fault(row | ({"tools": list(self.tools)} if self.tools else {}), "prompts"):
            raise ValueError(fault)
        return self

    @property
    def is_rankable(self) -> bool:
        """Return whether people can rank its answers; a vote may have had more of them, or one."""
        return MIN_ANSWERS <= len(self.answers) <= MAX_ANSWERS


class Judgement(Document):
    """What a rater says of one answer: its rank (1 is the best; equal ranks are a tie), and more where it was said.

    `good`: whether the answer will do. A scale goes from 1 to 5.
    """

    rank: int = Field(ge=1)
    good: bool | None = None
    flags: tuple[Flag, ...] = ()
    scales: dict[Scale, Annotated[int, Field(ge=1, le=TOP)]] = Field(default_factory=dict)


class Label(Document):
    """One rater's judgements of one task; `at` is ISO 8601 in UTC."""

    row_prefix: ClassVar[str] = "label"

    schema_version: Literal[1] = 1
    task: Task
    rater: str
    at: str
    judgements: tuple[Judgement, ...]

    @model_validator(mode="after")
    def one_judgement_an_answer(self) -> "Label":
        """Require as many judgements as answers."""
        if len(self.judgements) != len(self.task.answers):
            raise ValueError(f"{len(self.judgements)} judgements of {len(self.task.answers)} answers")
        return self


AnyLabel = TypeVar("AnyLabel", bound=Label)


def task_of(row: dict[str, Any], answers: Iterable[CandidateAnswer]) -> Task:
    """Return the task to judge these answers to a row; its id is a hash of prompt and texts."""
    prompt, ordered = prompt_of(row), sorted(answers, key=lambda answer: text_hash(answer.text))
    group = [row["group"]] if isinstance(row["group"], str) else row["group"]
    key = text_hash(row["id"], *(str(turn.get("content")) for turn in prompt), *(answer.text for answer in ordered))
    return Task(
        id=key,
        row_id=row["id"],
        form=row["form"],
        group=tuple(group),
        prompt=tuple(prompt),
        tools=tuple(tools_of(row) or ()) or None,
        answers=tuple(ordered),
    )


def labels_file(project: str) -> Path:
    """Return the file of a project's exported labels."""
    return paths.projects() / project / "data" / FILE


def read_labels(file: Path, kind: type[AnyLabel] = Label) -> list[AnyLabel]:  # type: ignore[assignment]
    """Return the labels of a file, [] where there is none. Raises UserError with all problems, each with its line."""
    if not file.is_file():
        return []
    labels, problems = [], []
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            labels.append(kind.model_validate(parse_line(line)))
        except ValidationError as invalid:
            first = invalid.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            problems.append(f"{paths.shown(file)}:{number}: {key + ': ' if key else ''}{first['msg']}")
        except ValueError as fault:
            problems.append(f"{paths.shown(file)}:{number}: {fault}")
    if problems:
        hint = f"mend or remove these lines; `make {kind.row_prefix} … EXPORT=1` writes what it holds anew"
        raise line_problems(problems, hint)
    return labels


def write_labels(file: Path, labels: Iterable[Label]) -> int:
    """Write labels sorted by row, task and rater, the whole file or nothing; return their number."""
    ordered = sorted(labels, key=lambda label: (label.task.row_id, label.task.id, label.rater))
    return write_jsonl(file, (label.model_dump(mode="json", exclude_none=True) for label in ordered))
