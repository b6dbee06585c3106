"""The answers of an evaluation as a W&B table: a test row in each line, with every model's answer and score.

    predictions(evaluation).columns     -> ["id", "set", "form", "language", "question", "reference", "base", …]

The answers are those that `make eval` stored on this machine. What a row or a model says is text: unsafe characters are
visible, formulas do nothing in a spreadsheet, API keys are taken out.
"""

import json
from dataclasses import dataclass

from gretchen.errors import GretchenError
from gretchen.safe_text import spreadsheet_cell
from gretchen.scoring.asked_rows import asked_rows
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.side_by_side import ComparedRow, compare_stored, stored_answers
from gretchen.tracking.secrets import redacted

ROW_COLUMNS = ("id", "set", "form", "language", "question", "reference")
MAX_ROWS = 5_000
MAX_TEXT = 4_000  # characters of a cell


@dataclass(frozen=True)
class Predictions:
    """The table; for each model a column of its name with the answer, and `<model>: score`, `<model>: finished`."""

    columns: list[str]
    rows: list[list[str | float | bool | None]]


def predictions(evaluation: Evaluation) -> Predictions | None:
    """Return the answers of an evaluation's base and runs; None where they or the data are not on this machine."""
    asked = asked_rows(evaluation)
    stored = {name: answers for name, answers in stored_answers(evaluation).items() if answers}
    if not stored or asked is None:
        return None
    try:
        rows = compare_stored(evaluation.project, list(stored.values()), asked)
    except GretchenError:
        return None
    answer_columns = [column for name in stored for column in (name, f"{name}: score", f"{name}: finished")]
    cells = redacted(json.dumps([table_row(row) for row in rows[:MAX_ROWS]]))
    return Predictions([*ROW_COLUMNS, *answer_columns], json.loads(cells)) if rows else None


def table_row(row: ComparedRow) -> list[str | float | bool | None]:
    """Return a row's cells."""
    cells: list[str | float | bool | None] = [cell(str(getattr(row, column))) for column in ROW_COLUMNS]
    for answer in row.answers:
        cells += [cell(answer.answer), answer.score, answer.ended]
    return cells


def cell(text: str) -> str:
    """Return a text as a cell holds it."""
    return spreadsheet_cell(text[:MAX_TEXT])
