"""Lines that a team still has to make its own: `TODO(team)` in a project's card, programs and texts.

    todo_lines("plant-genomics")      -> ["projects/plant-genomics/project.yaml:2", …]

`make fork` and `make new` write them. Data, base and results are not searched.
"""

from pathlib import Path

from gretchen import paths
from gretchen.checks.report import Outcome, outcome

MARK = "TODO(team)"
SUFFIXES = (".py", ".yaml", ".md")
NOT_SEARCHED = ("base", "data", "__pycache__")
SHOWN = 5


def todo_lines(project: str) -> list[str]:
    """Return file and line of each mark, in the order of the files' names."""
    folder = paths.projects() / project
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and is_searched(path, folder))
    return [
        f"{paths.shown(file)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if MARK in line
    ]


def is_searched(path: Path, folder: Path) -> bool:
    """Return whether a file of a project is one that a team writes itself."""
    return path.is_file() and path.relative_to(folder).parts[0] not in NOT_SEARCHED


def team_lines(project: str) -> Outcome:
    """Count the lines that are still the origin's, or a template's, and name the first ones."""
    lines = todo_lines(project)
    if not lines:
        return outcome()
    more = f", and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    shown = ", ".join(lines[:SHOWN])
    return outcome(notes=[f"{len(lines)} {MARK} lines to make your own: {shown}{more}"])
