"""A new project from a file of rows: `make new PROJECT=… FROM_FILE=rows.csv`.

    create_project(NewProject("chemistry-tutor", Path("rows.csv")))     -> CreatedProject(folder, examined, shape, …)

The file is read and counted (projects/tables.py, table_rows.py), the metric chosen by the answers' length
(answers_shape.py), and the files of project_files/ filled in: card, dataset.py, evaluation.py, README, one recipe,
tests. The file itself is copied into data/. The folder is written whole or not at all, and nothing is overwritten.
Without a file the rows are twenty examples.
"""

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder
from gretchen.lifecycle.answers_shape import AnswerShape, shape_of
from gretchen.lifecycle.forking import require_free, taken
from gretchen.lifecycle.project_texts import EXAMPLE, ProjectContent, data_name, project_texts
from gretchen.projects.columns import Columns, choose_columns
from gretchen.projects.personal_data import personal_data
from gretchen.projects.splits import split_of
from gretchen.projects.table_rows import TableRows, rows_of, text_of
from gretchen.projects.tables import Table, read_table

# A project's file stands in git.
MAX_MB = 10


@dataclass(frozen=True)
class NewProject:
    """What is to be made: the slug, the file (None: example rows), the columns as named, and the team's names."""

    slug: str
    file: Path | None = None
    question: str = ""
    answer: str = ""
    team: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreatedProject:
    """A new project: its folder, what was read, the splits' sizes, and {kind: lines} of what may be personal data."""

    folder: Path
    num_files: int
    table: Table
    columns: Columns
    result: TableRows
    shape: AnswerShape
    splits: dict[str, int]
    personal: dict[str, list[int]]


def create_project(new: NewProject) -> CreatedProject:
    """Write a new project's folder, whole or not at all, and return what was read and written.

    Raises UserError for a name that cannot be a project's or is taken, and for a file that gives no rows to train and
    test on; WorkError where the folder cannot be written.
    """
    require_free(new.slug)
    source = new.file or EXAMPLE
    table = read_table(source)
    require_small(source)
    columns = choose_columns(table, new.question, new.answer)
    result = rows_of(table, columns, "question")
    splits = split_sizes(table, result)
    shape = shape_of(answered(result), columns.answer_is_class)
    texts = project_texts(ProjectContent(new.slug, new.team, source.name, columns, shape, splits))
    folder = paths.projects() / new.slug
    write_project(folder, texts, source)
    return CreatedProject(folder, len(texts) + 1, table, columns, result, shape, splits, flagged(result))


def require_small(file: Path) -> None:
    """Raise UserError for a file that is too large for git."""
    size = file.stat().st_size / 1e6
    if size > MAX_MB:
        hint = "make new from a sample of it; then make data PROJECT=… SOURCE=the whole file"
        raise UserError(f"{file} has {size:,.0f} MB; a project's own file stands in git: at most {MAX_MB} MB", hint)


def split_sizes(table: Table, result: TableRows) -> dict[str, int]:
    """Return {split: rows}. Raises UserError where there is no row, or none in one of the splits."""
    if not result.rows:
        reason, lines = next(iter(result.reasons().items()))
        raise UserError(
            f"{table.file}: no row can be used; line {lines[0]}: {reason}", "QUESTION=… ANSWER=… name columns"
        )
    counts = Counter(split_of(row["group"]) for row in result.rows)
    sizes = {split: counts[split] for split in ("train", "validation", "test")}
    if empty := [split for split, size in sizes.items() if not size]:
        raise UserError(
            f"{table.file}: none of {len(result.rows)} rows is in the {empty[0]} split (of the questions 85 % are for "
            "training, 5 % for validation, 10 % for the test, by their hash)",
            "add rows: a hundred are enough in practice",
        )
    return sizes


def answered(result: TableRows) -> list[dict]:
    """Return the rows with an answer to learn: all but those with a bad one."""
    return [row for row in result.rows if row.get("label", True)] or result.rows


def flagged(result: TableRows) -> dict[str, list[int]]:
    """Return {kind of personal data: lines of the rows that seem to hold it}."""
    kinds: dict[str, list[int]] = {}
    for line, row in zip(result.lines, result.rows, strict=True):
        for kind in sorted(personal_data(text_of(row))):
            kinds.setdefault(kind, []).append(line)
    return kinds


def write_project(folder: Path, texts: dict[str, str], source: Path) -> None:
    """Write a project's folder, the card last: a folder with a card is a project. Raises as `create_project` does."""
    try:
        with whole_folder(folder) as new_folder:
            (new_folder / "data").mkdir()
            shutil.copyfile(source, new_folder / "data" / data_name(source.name))
            for name in sorted(texts, key=lambda name: name == "project.yaml"):
                target = new_folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(texts[name], encoding="utf-8")
            if folder.exists():
                raise taken(folder.name)
    except OSError as failure:
        problem = f"{paths.shown(folder)} cannot be written: {failure.strerror}"
        raise WorkError(problem, "nothing was left behind") from None
