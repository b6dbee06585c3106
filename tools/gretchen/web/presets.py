"""Presets of the playground: named settings in one file, projects/<slug>/playground.json, which a team shares by git.

save(file, "complement", settings);  presets(file)["complement"]
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.web.settings import Settings

MAX_NAME = 60


class PresetFile(BaseModel):
    """The file of presets."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    presets: dict[str, Settings] = Field(default_factory=dict)


def presets(file: Path) -> dict[str, Settings]:
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


def save(file: Path, name: str, settings: Settings) -> None:
    """Add a preset, or replace the one of that name. Raises UserError for an empty or long name, and as `presets`."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise UserError(f"a preset's name has 1 to {MAX_NAME} characters", "name it after what it shows")
    every = presets(file) | {name: settings}
    write_text(file, PresetFile(presets=dict(sorted(every.items()))).model_dump_json(indent=2) + "\n")
