"""`make lint [PROJECT=…]`: ruff, and pre-commit's checks: the package's layers, YAML, secrets, large files …

    make lint PROJECT=genome-chatbot

With PROJECT ruff alone, on that project's programs: errors, unused names, imports in order, lines of 120 characters.
It changes nothing; the last line says what would.
"""

import os
import subprocess
import sys
from typing import Annotated

import typer

from gretchen import paths
from gretchen.projects.card import card_file

RUFF = (sys.executable, "-m", "ruff")


def lint(project: Annotated[str, typer.Option(help="one project; without it everything")] = "") -> None:
    """Check the form of all programs, or of one project's."""
    folder = paths.shown(card_file(project).parent) if project else "."
    commands = [[*RUFF, "check", folder], [*RUFF, "format", "--check", folder]]
    failed = any([not succeeds(command) for command in commands])  # noqa: C419 (both are shown)
    if failed:
        print(f"ruff mends most of it: .venv/bin/ruff check --fix {folder} && .venv/bin/ruff format {folder}")
    if not project:
        pre_commit = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        failed = not succeeds(pre_commit, SKIP="ruff-check,ruff-format") or failed
    if failed:
        raise typer.Exit(1)


def succeeds(command: list[str], **variables: str) -> bool:
    """Run a command in the repository's root and return whether it succeeded."""
    environment = os.environ | variables
    return subprocess.run(command, cwd=paths.root(), env=environment, check=False).returncode == 0
