"""Checks of data: do the files that recipes name exist, are built rows well-formed, do they hold common mistakes?

Files are looked up on this disk; a data set on the hub is not.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

from gretchen import paths
from gretchen.checks.mistakes.rows import find_mistakes
from gretchen.checks.report import Outcome, outcome, outcome_of, skipped
from gretchen.files import parse_line
from gretchen.names import nearest
from gretchen.projects.definitions import offered_formats
from gretchen.projects.rows import FORMATS, row_fault
from gretchen.recipes.placeholders import SPLITS
from gretchen.recipes.references import files_of
from gretchen.recipes.resolve import Resolved

NUM_ROWS = 200  # of each file


def data_files(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check that the files which recipes name exist; built data may be built later."""
    errors, unbuilt, existing = [], set(), set()
    for recipe in resolved:
        for name in files_of(recipe.values):
            if paths.is_path(name) and (paths.root() / name).exists():
                existing.add(name)
            elif name.startswith(f"build/{project}/") and (row_format := name.split("/")[2]) in FORMATS:
                if row_format not in offered_formats(project):
                    errors.append(
                        f"no {row_format}() in projects/{project}/dataset.py: RECIPE={recipe.name} needs it (or remove "
                        f"projects/{project}/recipes/{recipe.name}.yaml)"
                    )
                else:
                    unbuilt.add(row_format)
            else:
                errors.append(f"{name}: no such file{_similar_file(name)} (named by {recipe.name})")
    if not errors and unbuilt:
        formats = ", ".join(sorted(unbuilt))
        return skipped(f"build/{project} has no {formats} yet: make data PROJECT={project}")
    return outcome(errors, scope=", ".join(sorted(existing)))


def row_formats(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check the form of the first rows of every built file."""
    built = [paths.build(project) / name / f"{split}.jsonl" for name in FORMATS for split in SPLITS]
    files = [file for file in built if file.is_file()]
    if not files:
        return skipped(f"nothing is built: make data PROJECT={project}")
    errors, num_rows = [], 0
    for file in files:
        with file.open("rb") as stream:
            for number, line in enumerate(itertools.islice(stream, NUM_ROWS), start=1):
                num_rows += 1
                if fault := _line_fault(line, file.parent.name):
                    errors.append(f"{paths.shown(file)}:{number}: {fault}")
    return outcome(errors, scope=f"{num_rows} rows of {len(files)} files")


def row_mistakes(project: str, resolved: Sequence[Resolved]) -> Outcome:
    """Check a project's built rows for what spoils a training."""
    if not paths.build(project).is_dir():
        return skipped(f"nothing is built: make data PROJECT={project}")
    return outcome_of(find_mistakes(project))


def _line_fault(line: bytes, row_format: str) -> str | None:
    """Return what is wrong with one line of a built file, or None."""
    try:
        return row_fault(parse_line(line), row_format)
    except ValueError as failure:
        return str(failure)


def _similar_file(name: str) -> str:
    """Return ", did you mean 'x'?" for a file of a similar name in the same folder."""
    if not paths.is_path(name):
        return ""
    folder = (paths.root() / name).parent
    close = nearest(Path(name).name, [p.name for p in folder.iterdir()]) if folder.is_dir() else None
    return f", did you mean '{Path(name).with_name(close)}'?" if close else ""
