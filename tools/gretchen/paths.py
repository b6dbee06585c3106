"""The folders of the repository.

`GRETCHEN_ROOT` names another root: tests use it to work on a copy.
"""

import os
from functools import lru_cache
from pathlib import Path

MAX_LENGTH, MAX_PART = 1_000, 255  # characters of a path; bytes of a file's name
CHECKOUT = Path(__file__).resolve().parents[2]


def root() -> Path:
    """Return the repository's root as an absolute path."""
    named = os.environ.get("GRETCHEN_ROOT")
    return _as_path(named) if named else CHECKOUT


@lru_cache(maxsize=16)
def _as_path(text: str) -> Path:
    """Return a path, made once: a check asks for the root ten thousand times."""
    return Path(text)


def projects() -> Path:
    """Return the folder that holds one folder per project."""
    return root() / "projects"


def shared_recipes() -> Path:
    """Return the folder of what recipes extend."""
    return root() / "shared_recipes"


def build(project: str) -> Path:
    """Return the folder of a project's built data."""
    return root() / "build" / project


def runs(project: str) -> Path:
    """Return the folder of a project's runs and evaluations."""
    return root() / "runs" / project


def cache() -> Path:
    """Return the folder of what is fetched once for all clones: XDG_CACHE_HOME/gretchen, else ~/.cache/gretchen."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gretchen"


def is_path(text: str) -> bool:
    """Return whether a text can be a path at all: the system raises errors of its own for one that is too long."""
    return (
        len(text) <= MAX_LENGTH
        and "\0" not in text
        and all(len(part) <= MAX_PART for part in text.encode("utf-8", "replace").split(b"/"))
    )


def shown(path: Path) -> str:
    """Return `path` for a message: relative to the root where it lies below it."""
    try:
        return str(Path(path).relative_to(root()))
    except ValueError:
        return str(path)
