"""The card, projects/<slug>/project.yaml: what a project is, which models it trains, how it is measured.

    load_card("genome-chatbot").models["tiny"]      -> "base", the embedded base model

Every key is checked, and all faults are listed at once, each with its line.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gretchen import paths
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.names import nearest, unknown

Profile = Literal["tiny", "laptop", "gpu-16gb", "gpu-24gb", "gpu-80gb", "cluster"]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
# No underscores: a project's package is its slug with underscores for hyphens, and two must never share one.
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_SLUG = 40


class CardModel(BaseModel):
    """A part of the card: unknown keys are errors, and nothing is changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Metric(CardModel):
    """A metric of evaluation.py; `.inf` in YAML leaves a side of the range open.

    `interval: false` is for a metric that counts what differs among all answers, as distinct-n does: the bootstrap
    draws answers twice, and finds less that differs.
    """

    unit: Text
    better: Literal["higher", "lower"]
    range: Annotated[list[float], Field(min_length=2, max_length=2)]
    interval: bool = True


class Evaluation(CardModel):
    """How answers are generated and scored: `samples` answers a row, at most `max_new_tokens` tokens each.

    `during_training` validation rows are answered at each evaluation of a training; 0 answers none.
    """

    main: Text
    metrics: dict[str, Metric]
    samples: Count = 1
    max_new_tokens: Count
    stop: list[Text] = []
    during_training: Annotated[int, Field(ge=0)] = 16

    @model_validator(mode="after")
    def _main_is_a_metric(self) -> "Evaluation":
        if self.main not in self.metrics:
            problem, hint = unknown("metric", self.main, self.metrics)
            raise ValueError(f"main: {problem} ({hint})")
        if not self.metrics[self.main].interval:
            raise ValueError(
                f"main: '{self.main}' has no interval (interval: false), so models cannot be compared by it"
            )
        return self


class Rows(CardModel):
    """How many rows of each format: on tiny, on laptop, with a GPU; and documents for the embedded base."""

    tiny: Count = 2000
    laptop: Count = 1500
    full: Count
    base: Count = 1


class Forms(CardModel):
    """Which forms of rows a profile has; all of them where nothing is said."""

    tiny: list[Text] | None = None
    laptop: list[Text] | None = None
    full: list[Text] | None = None


class Source(CardModel):
    """Where a part of the data comes from, under which licence."""

    name: Text
    licence: Text
    url: Text | None = None
    use: Text


class Forked(CardModel):
    """Which project this one was forked from, and at which commit ("" outside a checkout); `make fork` writes it."""

    from_: Text = Field(alias="from")
    commit: str = ""


class Card(CardModel):
    """A project's card; `models.tiny` is missing where the project has no embedded base.

    `depends_on` names files in the project's build folder that the rows depend on, where they are there: of a compiler
    that a user installs. Data is built anew when one of them comes, changes or goes.
    """

    title: Text
    task: Text
    team: list[Text] = []
    engine: Literal["axolotl", "zephyr"]
    languages: Annotated[list[Text], Field(min_length=1)]
    models: dict[Profile, Text]
    rows: Rows
    forms: Forms = Forms()
    closed: list[Text] = []
    requirements: list[Text] = []
    depends_on: list[Text] = []
    evaluation: Evaluation
    sources: Annotated[list[Source], Field(min_length=1)]
    forked: Forked | None = None

    @property
    def profiles(self) -> list[str]:
        """Return the profiles that the project has a model for; the first is the default."""
        return [profile for profile in PROFILES if profile in self.models]

    @model_validator(mode="after")
    def _a_model_for_each_profile(self) -> "Card":
        missing = [profile for profile in PROFILES[1:] if profile not in self.models]  # tiny: the embedded base's
        if missing:
            raise ValueError(f"models: no model for profile '{missing[0]}'")
        return self

    @model_validator(mode="after")
    def _requirements_are_packages(self) -> "Card":
        for requirement in self.requirements:
            if not is_package(requirement):
                raise ValueError(f"requirements: '{requirement}' is not a package's name, with or without versions")
        return self


def is_package(requirement: str) -> bool:
    """Return whether a requirement is one that constraints.txt can pin: a package's name, no address."""
    try:
        return Requirement(requirement).url is None
    except InvalidRequirement:
        return False


def project_slugs() -> list[str]:
    """Return the names of all project folders, sorted."""
    return sorted(file.parent.name for file in paths.projects().glob("*/project.yaml"))


def slug_fault(slug: str) -> tuple[str, str] | None:
    """Return (problem, hint) for a word that cannot be a project's name, else None."""
    if SLUG.fullmatch(slug) and len(slug) <= LONGEST_SLUG:
        return None
    close = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-0123456789")[:LONGEST_SLUG].rstrip("-")
    hint = f"small letters, digits and hyphens, a letter first, at most {LONGEST_SLUG} characters"
    return f"'{slug}' cannot be a project's name", hint + (f": {close}" if close else "")


def card_file(project: str) -> Path:
    """Return the card's file. Raises UserError for an unknown project, naming the nearest."""
    file = paths.projects() / project / "project.yaml"
    if project not in project_slugs():
        raise UserError(*unknown("project", project, project_slugs()))
    return file


def load_card(project: str) -> Card:
    """Return a project's card. Raises UserError with all its faults, or for an unknown project."""
    card = read_card(project)
    if isinstance(card, Card):
        return card
    raise UserError("\n".join(card), f"edit {paths.shown(card_file(project))}; `make check PROJECT={project}`")


def model_of(project: str, profile: str) -> str:
    """Return the model that the card names for a profile: the embedded base's folder, from the root, or a hub id."""
    model = load_card(project).models[profile]
    return f"projects/{project}/base" if model == "base" else model


def card_faults(project: str) -> list[str]:
    """Return a card's faults, each "file:line: what is wrong", [] for a valid card."""
    card = read_card(project)
    return [] if isinstance(card, Card) else card


def read_card(project: str) -> Card | list[str]:
    """Return the card, or its faults."""
    return card_in(card_file(project))


def card_in(file: Path) -> Card | list[str]:
    """Return the card in a file of any checkout, or its faults."""
    marked = load_marked(file)
    return marked.problems or _validated(marked)


@lru_cache(maxsize=64)
def _validated(marked: MarkedYaml) -> Card | list[str]:
    """Return the card in a file, or its faults: validated once, as a check asks for it with each recipe."""
    try:
        return Card.model_validate(marked.values)
    except ValidationError as wrong:
        return [fault(marked, dict(error)) for error in wrong.errors()]


def fault(marked: MarkedYaml, error: dict[str, Any]) -> str:
    """Return an error of pydantic's as a sentence with file and line."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    key = ".".join(map(str, path))
    location = marked.location(path)
    if error["type"] == "extra_forbidden":
        known = fields(path[:-1])
        return f"{location}: unknown key '{key}'{suggestion(str(path[-1]), known)}"
    if error["loc"][-1:] == ("[key]",):
        return f"{location}: unknown profile '{path[-1]}'{suggestion(str(path[-1]), PROFILES)}"
    if error["type"] == "missing":
        return f"{location}: key '{key}' is missing"
    message = error["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if error["type"] == "value_error":  # raised by the validators above: begins with the key that is wrong
        return f"{marked.location((*path, message.split(':')[0]))}: {message}"
    return f"{location}: {key}: {message}, not {error['input']!r}"


def fields(path: tuple[Any, ...]) -> list[str]:
    """Return the keys of the part of the card at `path`."""
    part: type[BaseModel] = Card
    inner = {
        "evaluation": Evaluation,
        "rows": Rows,
        "forms": Forms,
        "sources": Source,
        "metrics": Metric,
        "forked": Forked,
    }
    for name in path:
        part = inner.get(name, part)
    return [field.alias or name for name, field in part.model_fields.items()]


def suggestion(word: str, known: Any) -> str:
    """Return ", did you mean 'x'?", or the known names where none is near."""
    close = nearest(word, known)
    return f", did you mean '{close}'?" if close else f" (known: {', '.join(known)})"


def missing_option(verb: str, name: str) -> UserError:
    """Return the error for a missing option that the verb needs, named as make names it."""
    hint = f"make {verb} {name}=…"
    if name == ("FROM" if verb == "fork" else "PROJECT"):
        hint += f" (projects: {', '.join(project_slugs())})"
    return UserError(f"make {verb} needs {name}", hint)
