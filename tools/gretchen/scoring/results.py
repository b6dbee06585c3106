"""A project's recorded result: results.json, and the table in its README between two markers.

results.json is the one result file in git: README tables and reviews read it. A README without the markers stays as
it is.
"""

from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_json, write_text
from gretchen.scoring.table import markdown_table

START, END = "<!-- results -->", "<!-- /results -->"


def record(told: dict[str, Any]) -> list[Path]:
    """Write results.json and the README's table, and return the files that were written.

    Raises UserError, before anything is written, where the README has one marker and not the other.
    """
    project = paths.projects() / told["project"]
    readme = project / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    filled = with_table(text, markdown_table(told), paths.shown(readme))
    write_json(project / "results.json", told)
    if filled == text:
        return [project / "results.json"]
    write_text(readme, filled)
    return [project / "results.json", readme]


def with_table(text: str, table: str, name: str = "README.md") -> str:
    """Return the text with the table between its markers; the text itself where it has none."""
    if START not in text and END not in text:
        return text
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        raise UserError(f"{name} does not hold {START} and then {END}, each once", "put both on lines of their own")
    head, rest = text.split(START)
    return f"{head}{START}\n{table.strip()}\n{END}{rest.split(END)[1]}"
