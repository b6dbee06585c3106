"""A folder of loose recipes, the handbook's or axolotl's: for each file whether it is fine, translated or refused.

    for told in check_folder(Path("recipes")): print(told.text())

Every YAML file below the folder is looked at. Nothing is dropped: a file that is no recipe is said to be none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.check import check_file, validated
from gretchen.errors import GretchenError, UserError
from gretchen.recipes.standalone import read_standalone

SUFFIXES = (".yaml", ".yml")
VERDICTS = ("fine", "translated", "refused", "no recipe")


@dataclass(frozen=True)
class Told:
    """One file: its verdict, what it is ("zephyr, sft"), and the lines that say why."""

    file: Path
    verdict: str
    what: str
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the verdict as people read it, the lines below."""
        head = f"{self.file}: {self.what} … {self.verdict}" if self.what else f"{self.file} … {self.verdict}"
        here = f"{paths.shown(self.file)}:"
        lines = [line for told in self.lines for line in told.splitlines()]
        lines = [re.sub(r"^(\d+):", r"line \1:", line.removeprefix(here).strip()) for line in lines]
        return "\n".join([head, *(f"      {line}" for line in lines)])

    def plain(self) -> dict[str, Any]:
        """Return the verdict as plain values, for JSON."""
        return {"file": str(self.file), "verdict": self.verdict, "what": self.what, "lines": self.lines}


def check_folder(folder: Path, deep: bool = False) -> list[Told]:
    """Return the verdict on each YAML file below a folder, by name. Raises UserError where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise UserError(f"there is no YAML file in {folder}", "gretchen check takes recipes, and folders of recipes")
    return [verdict(file, deep) for file in files]


def verdict(file: Path, deep: bool = False) -> Told:
    """Return the verdict on one file."""
    try:
        loose = read_standalone(file)
        if "extends" in loose.marked.values or not loose.engine:
            return Told(file, loose.verdict, loose.other_kind, loose.mistakes) if not loose.engine else of_project(file)
        checked = validated(file, loose, deep)
    except GretchenError as failure:
        return Told(file, "refused", "", [failure.problem])
    what = f"{loose.engine}, {loose.stage}"
    if loose.mistakes or checked.state == "failed":
        return Told(file, "refused", what, loose.mistakes or checked.lines)
    return Told(file, loose.verdict, what, loose.notes)


def of_project(file: Path) -> Told:
    """Return the verdict on a recipe of a project, which `make check` knows how to check."""
    report = check_file(file)
    return Told(file, "refused" if report.failed else "fine", report.subject, report.failed)


def summary(told: Sequence[Told], deep: bool) -> str:
    """Return the last line: how many of each, and what was not asked."""
    counts = Counter(one.verdict for one in told)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    asked = "" if deep else "; rules that span several keys are the engines' own: --deep asks them"
    return f"{len(told)} files: {', '.join(parts)}{asked}"
