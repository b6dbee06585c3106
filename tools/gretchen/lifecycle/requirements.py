"""Installs the requirements of projects into .venv, when make first uses a project.

    python -m gretchen.lifecycle.requirements      the requirements of all projects (`make lint`, `make test`)

A stamp for each project, .venv/.gretchen-project-<slug>, holds the hash of its card and of constraints.txt: while
neither changes and the requirements are installed, uv is not run. Versions are those of constraints.txt; a package
that `make lock` has not pinned yet gets the newest version that fits the pinned ones.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

from gretchen import paths
from gretchen.errors import GretchenError, UserError, WorkError
from gretchen.files import text_hash, write_text
from gretchen.lifecycle import installer
from gretchen.lifecycle.constraints import constraints_file, pinned_version
from gretchen.projects.card import card_file, project_slugs
from gretchen.projects.requirements import missing, project_requirements


def install_requirements(projects: Iterable[str]) -> None:
    """Install what these projects require, where it is not installed yet.

    Raises UserError for requirements that do not fit the pinned versions, WorkError where installing fails.
    """
    for project in projects:
        requirements = project_requirements(project)
        stamp, current = Path(sys.prefix) / f".gretchen-project-{project}", fingerprint(project)
        stamped = stamp.is_file() and stamp.read_text(encoding="utf-8") == current
        if requirements and (not stamped or missing(requirements)):
            install(project, requirements)
        if not stamped:
            write_text(stamp, current)


def fingerprint(project: str) -> str:
    """Return a hash of all that decides what a project needs installed: its card and constraints.txt."""
    files = (card_file(project), constraints_file())
    return text_hash(*(file.read_text(encoding="utf-8") if file.is_file() else "" for file in files)) + "\n"


def install(project: str, requirements: list[str]) -> None:
    """Install requirements with the versions of constraints.txt; prints a line where anything was installed."""
    command = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--python", sys.executable]
    if constraints_file().is_file():
        command += ["--constraints", str(constraints_file())]
    try:
        output = installer.run([*command, *requirements], quiet=True)
    except WorkError as failure:
        if "No solution found" in failure.problem:
            card = paths.shown(card_file(project))
            reason = failure.problem.partition("No solution found")[2].partition(":")[2].strip()
            raise UserError(f"{card}: no versions of the requirements fit together: {reason}", f"edit {card}") from None
        raise WorkError(f"the requirements of {project} are not installed: {failure.problem}", failure.hint) from None
    installed = re.findall(r"^ \+ (\S+)", output, re.MULTILINE)
    if installed:
        print(f"installed for {project}: {', '.join(installed)}", flush=True)
    if unpinned := [text for text in requirements if pinned_version(Requirement(text).name) is None]:
        print(f"constraints.txt does not pin {', '.join(unpinned)} yet: make lock", flush=True)


def main() -> int:
    """Install the requirements of all projects and return the exit code."""
    try:
        install_requirements(project_slugs())
    except GretchenError as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
