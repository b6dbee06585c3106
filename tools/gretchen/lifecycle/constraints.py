"""constraints.txt, the one tested set of versions: what it pins. `make lock` writes it (lifecycle/locking.py).

Set-up reads it on the bare `python3`: this module imports the standard library alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError


def constraints_file() -> Path:
    """Return the file, present or not."""
    return paths.root() / "constraints.txt"


def pinned_version(package: str) -> str | None:
    """Return the version that constraints.txt pins for a package, None where it pins none."""
    file = constraints_file()
    pins = file.read_text(encoding="utf-8") if file.is_file() else ""
    name = re.sub(r"[-_.]+", "-", package).lower()  # as PEP 503 writes names
    match = re.search(rf"^{re.escape(name)}==([^\s;]+)", pins, re.MULTILINE)
    return match.group(1) if match else None


def pinned(package: str) -> str:
    """Return the version that constraints.txt pins for a package. Raises UserError where it pins none."""
    version = pinned_version(package)
    if version is None:
        raise UserError(f"constraints.txt pins no {package}", "restore the file from git, or run `make lock`")
    return version
