"""`make answers PROJECT=… [RECIPE=…] [FORM=…] [FIXED=1] [BROKEN=1] [WRONG=1] [N=20]`: stored answers, side by side.

    make answers PROJECT=genome-chatbot FIXED=1
    make answers PROJECT=genome-chatbot RECIPE=sft FORM=transcription N=5

Question, reference, the base's answer and each trained model's, with the main metric, from what `make eval` stored.
FIXED, BROKEN and WRONG choose rows by the newest model: better than the base, worse, not fully right. In a terminal it
is paged, in a pipe plain. It loads no model; `make eval` makes answers.
"""

import json
import shutil
import sys
from typing import Annotated

import click
import typer

from gretchen.errors import UserError
from gretchen.hardware import machine
from gretchen.projects.card import load_card
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile
from gretchen.safe_text import visible
from gretchen.scoring.cells import number
from gretchen.scoring.samples import MAX_WIDTH, MIN_WIDTH, wrapped
from gretchen.scoring.side_by_side import ComparedRow, compare_answers, select_changes


def answers(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="only this recipe's model beside the base: sft, dpo.axolotl …")] = "",
    form: Annotated[str, typer.Option(help="only rows of this task form")] = "",
    fixed: Annotated[bool, typer.Option(help="rows that the newest model answers better than the base")] = False,
    broken: Annotated[bool, typer.Option(help="rows that it answers worse than the base")] = False,
    wrong: Annotated[bool, typer.Option(help="rows that it does not answer fully right")] = False,
    n: Annotated[int, typer.Option("--n", help="rows at most, 0 = all")] = 20,
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    json_: Annotated[bool, typer.Option("--json", help="print the rows as JSON")] = False,
) -> None:
    """Show stored answers side by side."""
    if n < 0:
        raise UserError(f"N={n} is below 0", "N=0 shows all rows")
    evaluation = load_card(project).evaluation
    profile = chosen_profile(project, profile, machine())
    every = compare_answers(project, profile, recipe, form)
    changes = [name for name, given in (("fixed", fixed), ("broken", broken), ("wrong", wrong)) if given]
    rows = select_changes(every, changes, evaluation.metrics[evaluation.main])
    shown = rows[:n] if n else rows
    if json_:
        print(visible(json.dumps([row.to_json() for row in shown], indent=2, ensure_ascii=False)))
        return
    title = f"{len(rows)} of {len(every)} rows are {' or '.join(changes)}" if changes else f"{len(rows)} rows"
    head = f"{project}, {profile}: {title}, {len(shown)} shown; score: {evaluation.main}"
    text = visible("\n".join([head, *page(shown)]))
    if sys.stdout.isatty():
        click.echo_via_pager(text + "\n")
    else:
        print(text)


def page(rows: list[ComparedRow]) -> list[str]:
    """Return the rows as lines."""
    width = max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size((100, 24)).columns))
    return [line for row in rows for line in ("", *row_lines(row, width))]


def row_lines(row: ComparedRow, width: int) -> list[str]:
    """Return one row as lines of at most `width` characters."""
    cells = [("reference", row.reference)]
    for answer in row.answers:
        label = f"{answer.model} {number(answer.score, 2)}" + ("" if answer.ended else ", no EOS")
        cells.append((label, answer.answer.strip() or "(nothing)"))
    margin = max(len(label) for label, _ in cells) + 4
    lines = wrapped(f"[{row.form}] {row.question}", width)
    for label, text in cells:
        first, *rest = wrapped(text, width - margin, max_lines=8)
        lines += [f"  {label}".ljust(margin) + first, *(" " * margin + line for line in rest)]
    return [line.rstrip() for line in lines]
