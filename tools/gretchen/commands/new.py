"""`make new PROJECT=… [FROM_FILE=rows.csv] [QUESTION=col ANSWER=col] [TEAM="…"]`: a new project from your own rows.

    make new PROJECT=chemistry-tutor FROM_FILE=rows.csv

Reads CSV, TSV, JSON, JSON lines, Parquet, Excel or OpenDocument; finds the columns by their usual names; counts what it
leaves out, with line numbers; flags what may be personal data; and writes a small project that checks, trains and
evaluates at once: card, dataset.py, evaluation.py, README, one recipe, tests. Without FROM_FILE the rows are twenty
examples. It trains nothing, changes no row, and overwrites nothing.
"""

import re
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.lifecycle.creation import CreatedProject, NewProject, create_project
from gretchen.projects.table_rows import LONG, shown_lines

FEW_TEST_ROWS = 30


def new(
    project: Annotated[str, typer.Option(help="the new project's name: small letters, digits, hyphens")],
    from_file: Annotated[str, typer.Option(help="your rows; without it twenty examples")] = "",
    question: Annotated[str, typer.Option(help="the column with the question, where its name is not a usual one")] = "",
    answer: Annotated[str, typer.Option(help="the column with the answer")] = "",
    team: Annotated[str, typer.Option(help="your names, separated by commas")] = "",
) -> None:
    """Start a new project from a file of questions and answers."""
    if (question or answer) and not from_file:
        raise UserError(
            "QUESTION and ANSWER name columns of FROM_FILE", f"make new PROJECT={project} FROM_FILE=rows.csv"
        )
    names = tuple(name for part in re.split(r"[,;]", team) if (name := part.strip()))
    file = Path(from_file).expanduser() if from_file else None
    print("\n".join(report(create_project(NewProject(project, file, question, answer, names)))))


def report(created: CreatedProject) -> list[str]:
    """Return the lines that say what was read, what was left out and written, and what comes next."""
    slug, table, result = created.folder.name, created.table, created.result
    lines = [f"read {table.file.name}: {table.kind}, {len(table.records) + len(table.faults):,} rows"]
    lines.append(f"  {created.columns}")
    lines += [f"  left out: {reason}: {shown_lines(where)}" for reason, where in result.reasons().items()]
    if long := result.long_lines():
        lines.append(f"  longer than {LONG:,} characters, so that training truncates it: {shown_lines(long)}")
    lines += [f"  {kind}? {shown_lines(where)}: look before you publish" for kind, where in created.personal.items()]
    sizes = ", ".join(f"{size:,} {split}" for split, size in created.splits.items())
    lines.append(f"  {len(result.rows):,} rows kept: {sizes}")
    if created.splits["test"] < FEW_TEST_ROWS:
        lines.append(f"  {created.splits['test']} test rows show only large differences: more rows, narrower intervals")
    lines.append(f"  metric: {created.shape.sentence}")
    lines.append(f"wrote {paths.shown(created.folder)}: {created.num_files} files")
    lines += [f"next: make check PROJECT={slug}", f"      make train PROJECT={slug}", f"      make eval PROJECT={slug}"]
    card = paths.shown(created.folder / "project.yaml")
    return [*lines, f"then: the TODO(team) lines, the course's two questions in {card} first; all the files are yours"]
