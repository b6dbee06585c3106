"""Presets of the playground: named settings, with the answers to them, in one file that a team shares by git.

    save(presets_file("genome-chatbot"), "complement", preset)      writes projects/<slug>/playground.json
    presets(file)["complement"].prompt

A report shows them. Answers are those that the page showed when the preset was saved; nothing is generated here.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.serving.api_requests import MAX_ANSWERS, MAX_SEED, MAX_STOPS

MAX_NAME = 60


class Settings(BaseModel):
    """One state of the playground's controls; the page writes into it."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    mode: Literal["chat", "completion"] = "chat"
    system: str = ""
    prompt: str = ""
    models: list[str] = Field(default_factory=list)
    temperature: float = Field(0.0, ge=0, le=2)
    top_p: float = Field(1.0, ge=0, le=1)
    frequency_penalty: float = Field(0.0, ge=-2, le=2)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    best_of: int = Field(1, ge=1, le=MAX_ANSWERS)
    max_tokens: int = Field(128, ge=1, le=32_768)
    stop: list[str] = Field(default_factory=list, max_length=MAX_STOPS)
    seed: int = Field(0, ge=0, lt=MAX_SEED)


class PresetAnswer(BaseModel):
    """A model's answer to a preset: how the model was prompted, and the sum of its tokens' log probabilities."""

    model_config = ConfigDict(extra="forbid")

    model: str
    prompting: str
    text: str
    summary: str


class Preset(Settings):
    """Settings with the models' answers to them, [] where none were shown."""

    answers: list[PresetAnswer] = Field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings alone."""
        return Settings(**{key: getattr(self, key) for key in Settings.model_fields})


class PresetFile(BaseModel):
    """The file of presets."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    presets: dict[str, Preset] = Field(default_factory=dict)


def presets_file(project: str) -> Path:
    """Return the path of a project's presets."""
    return paths.projects() / project / "playground.json"


def presets(file: Path) -> dict[str, Preset]:
    """Return {name: preset}. Raises UserError for a file that holds something else, with its first problem."""
    if not file.is_file():
        return {}
    try:
        return PresetFile.model_validate_json(file.read_bytes()).presets
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        problem = f"{paths.shown(file)}: {key + ': ' if key else ''}{first['msg']}"
        raise UserError(problem, "mend the file, or remove it") from None


def save(file: Path, name: str, preset: Preset) -> None:
    """Add a preset, or replace the one of that name. Raises UserError for an empty or long name, and as `presets`."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise UserError(f"a preset's name has 1 to {MAX_NAME} characters", "name it after what it shows")
    every = presets(file) | {name: preset}
    write_text(file, PresetFile(presets=dict(sorted(every.items()))).model_dump_json(indent=2) + "\n")
