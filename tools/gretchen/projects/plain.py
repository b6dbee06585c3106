"""Rows of a plain table, a file whose columns have usual names, as `make data SOURCE=rows.csv` reads it in any project.

plain_rows(Path("rows.csv"))     -> chats of the form "rows", and a Fault for each line that makes none
"""

import re
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.columns import choose_columns
from gretchen.projects.rows import Fault, Row
from gretchen.projects.table_rows import rows_of
from gretchen.projects.tables import read_table


def plain_rows(file: Path) -> list[Row | Fault]:
    """Return a table's rows and faults; their form is the file's name. Raises UserError as the reader does."""
    table = read_table(file)
    form = re.sub(r"[\W_]+", "-", file.stem.casefold()).strip("-") or "rows"
    result = rows_of(table, choose_columns(table), form)
    return [*result.rows, *result.faults]


def plain_rows_or_none(file: Path) -> list[Row | Fault] | None:
    """Return a table's rows and faults, None for a file that is no plain table, or holds no valid row."""
    try:
        rows = plain_rows(file)
    except UserError:
        return None
    return rows if any(isinstance(row, dict) for row in rows) else None
