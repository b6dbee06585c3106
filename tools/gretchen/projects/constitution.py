"""The constitution, projects/<slug>/constitution.yaml: by what a judge model judges answers, in plain words.

    load_constitution("genome-chatbot").rules["computed"]       -> "A sequence, a number … is the one that …"

`make check` reads it where a project has one; `make judge` (docs/judge.md) needs it. All faults are listed at once,
each with its line.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import text_hash
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.projects.card import fault, suggestion

FILE = "constitution.yaml"
MAX_RULES = 12  # a judge that reads more keeps none of them in mind
Text = Annotated[str, Field(pattern=r"\S")]
RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Constitution(BaseModel):
    """Who answers (`assistant`), what matters, most important first (`values`), and rules by their names."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    assistant: Text
    values: Annotated[list[Text], Field(min_length=1, max_length=MAX_RULES)]
    rules: Annotated[dict[RuleName, Text], Field(min_length=1, max_length=MAX_RULES)]

    @property
    def hash(self) -> str:
        """A hash of its content: verdicts by an earlier one do not count."""
        return text_hash(self.model_dump_json())


def constitution_file(project: str) -> Path:
    """Return the file of a project's constitution."""
    return paths.projects() / project / FILE


def load_constitution(project: str) -> Constitution:
    """Return a project's constitution. Raises UserError with all its faults, or where there is none."""
    file = constitution_file(project)
    if not file.is_file():
        hint = f"write {paths.shown(file)}: docs/judge.md has one to begin with"
        raise UserError(f"{project} has no {FILE}, which says by what its answers are judged", hint)
    constitution = read_constitution(file)
    if isinstance(constitution, Constitution):
        return constitution
    raise UserError("\n".join(constitution), f"edit {paths.shown(file)}; docs/judge.md shows one")


def constitution_faults(project: str) -> list[str]:
    """Return the faults of a project's constitution, each "file:line: what is wrong"; [] where it has none."""
    file = constitution_file(project)
    constitution = read_constitution(file) if file.is_file() else []
    return constitution if isinstance(constitution, list) else []


def read_constitution(file: Path) -> Constitution | list[str]:
    """Return the constitution in a file, or its faults."""
    marked = load_marked(file)
    if marked.problems:
        return marked.problems
    try:
        return Constitution.model_validate(marked.values)
    except ValidationError as wrong:
        return [sentence(marked, dict(error)) for error in wrong.errors()]


def sentence(marked: MarkedYaml, error: dict[str, Any]) -> str:
    """Return an error of pydantic's as a sentence with file and line."""
    path = error["loc"]
    if error["type"] == "extra_forbidden":
        return f"{marked.location(path)}: unknown key '{path[-1]}'{suggestion(path[-1], Constitution.model_fields)}"
    if path[-1] == "[key]":
        expected = "small letters, digits, - and _, a letter first, at most 40"
        return f"{marked.location(path[:-1])}: rules: '{path[1]}' is no name of a rule: expected {expected}"
    return fault(marked, error)
