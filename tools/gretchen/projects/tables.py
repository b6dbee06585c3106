"""A team's own rows, from a file: CSV, TSV, JSON, JSON lines, Parquet, Excel or OpenDocument.

    table = read_table(Path("rows.csv"))
    table.kind          -> "CSV, delimiter ';', encoding cp1252"
    table.records[0]    -> Record(line=2, values={"Frage": "Was ist Wasser?", "Antwort": "H2O"})

Cells become what rows need: strings without blanks around them, "" for an empty cell (NaN and null too); lists and
mappings of JSON and Parquet stay. Which column is which: columns.py. The whole table is held in memory, so that larger
files are refused. delimited.py reads CSV, pyarrow Parquet, calamine Excel and OpenDocument.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.projects.delimited import read_delimited, read_text
from gretchen.projects.rows import Fault

MAX_MB = 100
MAX_ROWS = 500_000
# How numpy, pandas, R, Excel and SQL write a cell without a value. Not "none" and "n/a": they may be answers.
EMPTY = {"", "nan", "null", "#n/a", "<na>"}
# Keys under which a JSON object holds its rows.
ROWS_KEYS = ("data", "rows", "train", "examples")


@dataclass(frozen=True)
class Record:
    """A row of a table: its line in the file, from 1 (its number where a file has no lines), and {column: value}."""

    line: int
    values: dict[str, Any]  # JSON values: strings, but lists and mappings in JSON and Parquet


@dataclass(frozen=True)
class Table:
    """A file's rows; `kind` is what the file is, in words, and `faults` are lines that could not be read."""

    file: Path
    kind: str
    columns: tuple[str, ...]
    records: tuple[Record, ...]
    faults: tuple[Fault, ...] = ()


def read_table(file: Path) -> Table:
    """Return the rows of a file.

    Raises UserError where it is missing, a folder, empty, too large, binary, or of a kind that is not read.
    """
    reader = READERS.get(file.suffix.lower())
    require_readable(file)
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise UserError(f"{file}: files of the kind '{file.suffix or file.name}' are not read", f"known: {known}")
    kind, rows = reader(file)
    records, faults = [], []
    for row in rows:
        if isinstance(row, Fault):
            faults.append(row)
        else:
            records.append(Record(row.line, {column: cell(value) for column, value in row.values.items()}))
        if len(records) > MAX_ROWS:
            raise too_large(file, f"more than {MAX_ROWS:,} rows")
    columns = tuple(dict.fromkeys(column for record in records for column in record.values))
    if not records and not faults:
        raise UserError(f"{file} holds no rows", "the first line names the columns, each further line is a row")
    return Table(file, kind, columns, tuple(records), tuple(faults))


def require_readable(file: Path) -> None:
    """Raise UserError for a file that is missing, a folder, empty or too large."""
    if file.is_dir():
        raise UserError(f"{file} is a folder", "name a file in it")
    if not file.is_file():
        near = [path.name for path in file.parent.glob("*") if path.suffix.lower() in READERS][:5]
        raise UserError(f"there is no file {file}", f"in {file.parent}: {', '.join(sorted(near))}" if near else "")
    size = file.stat().st_size
    if not size:
        raise UserError(f"{file} is empty", "the first line names the columns, each further line is a row")
    if size > MAX_MB * 1e6:
        raise too_large(file, f"{size / 1e6:,.0f} MB")


def too_large(file: Path, size: str) -> UserError:
    """Return the error for a table that does not fit."""
    hint = "a sample of some thousand rows trains a small model as well; write it to a file of its own"
    return UserError(f"{file} has {size}; at most {MAX_MB} MB and {MAX_ROWS:,} rows are read", hint)


def cell(value: Any) -> Any:
    """Return a cell as rows need it: a stripped string, "" where it is empty; lists and mappings as they are."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel knows no integers
    if isinstance(value, list | dict):
        return value
    text = str(value).replace("\r\n", "\n").strip()
    return "" if text.casefold() in EMPTY else text


Rows = tuple[str, Iterable[Record | Fault]]


def _csv(file: Path) -> Rows:
    """Return (kind, rows) of a CSV or TSV file."""
    delimited = read_delimited(file)
    return delimited.kind, numbered(file, delimited.header, delimited.lines)


def numbered(file: Path, header: list[str], lines: Iterable[tuple[int, list[Any]]]) -> Iterator[Record | Fault]:
    """Yield the rows of a table with a header, each with its line; a line with more cells than columns is a Fault."""
    names = [str(name).strip() or f"column {number}" for number, name in enumerate(header, 1)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"{file}: two columns are named '{twice}'", "rename one of them in the first line")
    for line, cells in lines:
        if any(cell(value) for value in cells[len(names) :]):
            reason = f"{len(cells)} cells, the first line names {len(names)} columns: quote text that holds delimiters"
            yield Fault(str(file), line, reason)
        else:
            yield Record(line, dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=False)))


def _json(file: Path) -> Rows:
    """Return (kind, rows) of a JSON file: a list of objects, or an object that holds one."""
    text, encoding = read_text(file)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # several values: JSON lines under another name
            return _json_lines(file)
        raise UserError(f"{file}:{error.lineno}: not JSON: {error.msg}", "a list of objects is read") from None
    if isinstance(value, dict):
        value = next((value[key] for key in ROWS_KEYS if isinstance(value.get(key), list)), None)
    if not isinstance(value, list):
        raise UserError(f"{file} holds no list of objects", '[{"question": "…", "answer": "…"}, …]')
    return f"JSON, encoding {encoding}", (_object(file, number, row) for number, row in enumerate(value, 1))


def _object(file: Path, line: int, value: Any) -> Record | Fault:
    """Return a JSON value as a row."""
    if isinstance(value, dict):
        return Record(line, value)
    return Fault(str(file), line, f"a row is an object, not {type(value).__name__}")


def _json_lines(file: Path) -> Rows:
    """Return (kind, rows) of a file with one JSON object per line."""
    text, encoding = read_text(file)

    def rows() -> Iterator[Record | Fault]:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield _object(file, number, json.loads(line))
                except json.JSONDecodeError as error:
                    yield Fault(str(file), number, f"not JSON: {error.msg}")

    return f"JSON lines, encoding {encoding}", rows()


def _parquet(file: Path) -> Rows:
    """Return (kind, rows) of a Parquet file; a row's line is its number."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{file} is no Parquet file: {str(error).splitlines()[0]}", "export it again") from None
    if table.metadata.num_rows > MAX_ROWS:
        raise too_large(file, f"{table.metadata.num_rows:,} rows")
    rows = (row for batch in table.iter_batches() for row in batch.to_pylist())
    return "Parquet", (Record(number, row) for number, row in enumerate(rows, 1))


def _sheet(file: Path) -> Rows:
    """Return (kind, rows) of the first sheet of an Excel or OpenDocument file; a row's line is the sheet's."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(file))
        sheet = workbook.get_sheet_by_index(0)
        lines = [(number, row) for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1) if any(row)]
    except CalamineError as error:
        raise UserError(f"{file} is no spreadsheet: {error}", "export it again, or as CSV") from None
    if not lines:
        raise UserError(f"{file}: sheet '{sheet.name}' is empty", "the first sheet is read")
    names = ", ".join(f"'{name}'" for name in workbook.sheet_names[1:])
    others = f"; not read: {names}" if names else ""
    return f"spreadsheet, sheet '{sheet.name}'{others}", numbered(file, lines[0][1], lines[1:])


READERS: dict[str, Callable[[Path], Rows]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".tab"), _csv),
    ".json": _json,
    **dict.fromkeys((".jsonl", ".ndjson"), _json_lines),
    ".parquet": _parquet,
    **dict.fromkeys((".xlsx", ".xls", ".xlsb", ".ods"), _sheet),
}
