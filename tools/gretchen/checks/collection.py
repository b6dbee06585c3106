"""A folder of standalone recipes, such as the handbook's or axolotl's: is each file fine, translated or refused?

    for verdict in check_folder(Path("recipes")): print(verdict.text())

Every YAML file below the folder is listed, also those that are no recipe.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.report import State
from gretchen.checks.runner import check_file
from gretchen.checks.standalone import run_validators
from gretchen.errors import GretchenError, UserError
from gretchen.recipes.standalone import read_standalone
from gretchen.safe_text import visible

SUFFIXES = (".yaml", ".yml")
VERDICTS = ("fine", "translated", "refused", "no recipe")


@dataclass(frozen=True)
class FileVerdict:
    """The verdict on one file: what it is ("zephyr, sft"), and the lines that give the reasons."""

    file: Path
    verdict: str
    what: str = ""
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the verdict as people read it, the reasons below."""
        head = f"{self.file}: {self.what} … {self.verdict}" if self.what else f"{self.file} … {self.verdict}"
        prefix = f"{paths.shown(self.file)}:"
        lines = [part for line in self.lines for part in line.splitlines()]
        lines = [re.sub(r"^(\d+):", r"line \1:", line.removeprefix(prefix).strip()) for line in lines]
        return visible("\n".join([head, *(f"      {line}" for line in lines)]))

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the verdict for JSON."""
        return asdict(self) | {"file": str(self.file)}


def check_folder(folder: Path, deep: bool = False) -> list[FileVerdict]:
    """Return the verdict on each YAML file below a folder, by name. Raises UserError where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise UserError(f"there is no YAML file in {folder}", "gretchen check takes recipes, and folders of recipes")
    return [file_verdict(file, deep) for file in files]


def file_verdict(file: Path, deep: bool = False) -> FileVerdict:
    """Return the verdict on one file; `deep` also runs the engine's own validators."""
    try:
        recipe = read_standalone(file)
        if not recipe.engine:
            return FileVerdict(file, recipe.verdict, recipe.other_kind, recipe.mistakes)
        if "extends" in recipe.marked.values:
            return _project_verdict(file)
        validated = run_validators(file, recipe, deep)
    except GretchenError as failure:
        return FileVerdict(file, "refused", lines=[failure.problem])
    what = f"{recipe.engine}, {recipe.stage}"
    if recipe.mistakes or validated.state == State.FAILED:
        return FileVerdict(file, "refused", what, recipe.mistakes or list(validated.errors))
    return FileVerdict(file, recipe.verdict, what, recipe.notes)


def _project_verdict(file: Path) -> FileVerdict:
    """Return the verdict on a project's recipe, which is checked with the project."""
    report = check_file(file)
    return FileVerdict(file, "refused" if report.failed else "fine", report.subject, report.errors)


def summary(verdicts: Sequence[FileVerdict], deep: bool) -> str:
    """Return the last line: how many files of each verdict, and which rules were not checked."""
    counts = Counter(verdict.verdict for verdict in verdicts)
    parts = [f"{counts[name]} {name}" for name in VERDICTS if counts[name]]
    unchecked = "" if deep else "; rules that span several keys are not checked: --deep runs the engines' validators"
    return f"{len(verdicts)} files: {', '.join(parts)}{unchecked}"
