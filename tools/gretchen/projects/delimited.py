"""CSV and its kin: which encoding, which delimiter, and the lines as lists of cells.

    read_delimited(Path("rows.csv")).kind     -> "CSV, delimiter ';', encoding cp1252"

UTF-8 (with or without BOM) is what decodes as UTF-8, UTF-16 what has its BOM; anything else is guessed by
charset-normalizer. The delimiter is guessed by Python's csv.Sniffer **from the first line alone**, which names the
columns, among , ; | and tab. On 34 files with prose in their cells the first line is right in all; the same Sniffer on
the whole text fails on 8, clevercsv 0.8 on 10, DuckDB 2.0's sniffer on 7 and pandas' `sep=None` on 6, since commas and
semicolons of prose look like delimiters (docs/log.md). A line `sep=;`, as Excel writes it, counts.

Not covered: files without a line that names the columns; other quotation marks than "…".
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gretchen.errors import UserError

DELIMITERS = ",;\t|"
NAMES = {"\t": "tab"}
BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
MAX_CELL = 1_000_000  # characters; csv's own limit is 131,072
# Below so many bytes outside of ASCII a guess is worth less than the habit: Excel in Western Europe writes cp1252.
ENOUGH = 64
SAMPLE = 200_000
QUOTE_HINT = (
    'a cell that holds a delimiter, a line break or a quotation mark stands in "…", marks in it doubled: "", not \\"'
)


@dataclass(frozen=True)
class Delimited:
    """A delimited file: what it is in words, the first line's cells, and (line, cells) of the others."""

    kind: str
    header: list[str]
    lines: Iterator[tuple[int, list[str]]]


def read_delimited(file: Path) -> Delimited:
    """Return a file's header and lines. Raises UserError for a binary file, one column, an open quotation mark."""
    text, encoding = read_text(file)
    first, _, rest = text.partition("\n")
    skipped = 0
    delimiter = first.strip()[4:5] if first.lower().startswith("sep=") else ""
    if delimiter:
        text, skipped = rest, 1
    else:
        delimiter = delimiter_of(first)
    if not delimiter:
        problem = f"{file} has one column ('{first.strip()[:60]}'): a question and its answer need two"
        raise UserError(problem, "the first line names the columns, separated by a comma, a semicolon, a tab or |")
    lines = _lines(file, text, delimiter, skipped)
    _, header = next(lines, (0, []))
    kind = f"{'TSV' if delimiter == chr(9) else 'CSV'}, delimiter '{NAMES.get(delimiter, delimiter)}'"
    return Delimited(f"{kind}, encoding {encoding}", header, lines)


def delimiter_of(line: str) -> str:
    """Return the delimiter of a line that names columns, "" where it names one."""
    try:
        return csv.Sniffer().sniff(line.rstrip("\r\n") + "\n", DELIMITERS).delimiter
    except csv.Error:
        return ""


def _lines(file: Path, text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where it begins, cells) of each row, without blank lines; `skipped` lines stand above the text.

    Raises UserError where a quotation mark stays open, with the line where the row begins.
    """
    csv.field_size_limit(MAX_CELL)
    # No newline translation: csv sees \r, \n and \r\n in cells as they are.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        begin = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"{file}:{begin}: {_quote_problem(str(error))}", QUOTE_HINT) from None
        if cells:
            yield begin, cells


def _quote_problem(error: str) -> str:
    """Return an error of csv's in words."""
    if error == "unexpected end of data":
        return "a quotation mark opens here and never closes"
    return "a quotation mark stands inside a quoted cell" if error.endswith("expected after '\"'") else error


def read_text(file: Path) -> tuple[str, str]:
    """Return a file's text, with \\n at the end of each line, and its encoding. Raises UserError for a binary file."""
    data = file.read_bytes()
    encoding = next((name for bom, name in BOMS.items() if data.startswith(bom)), "") or _encoding(file, data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{file}:{line}: not {encoding}: {error.reason}", "save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def _encoding(file: Path, data: bytes) -> str:
    """Return the encoding of text without a BOM. Raises UserError for a binary file, and for two encodings in one."""
    if b"\0" in data:
        hint = "a spreadsheet's file name ends with .xlsx, .xls or .ods; else export it as CSV in UTF-8"
        raise UserError(f"{file} is binary, no text", hint)
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        refuse_two_encodings(file, data)
    from charset_normalizer import from_bytes

    special = b"\n".join(line for line in data.splitlines() if not line.isascii())[:SAMPLE]
    guess = from_bytes(special).best()
    is_short = sum(byte > 127 for byte in special) < ENOUGH
    if guess is None or is_short or "cp1252" in guess.could_be_from_charset:
        return "cp1252"
    return guess.encoding


def refuse_two_encodings(file: Path, data: bytes) -> None:
    """Raise UserError where some lines are UTF-8 and some are not: a file put together from two."""
    utf8 = other = 0
    for number, line in enumerate(data.splitlines(), 1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            utf8 = utf8 or number
        except UnicodeDecodeError:
            other = other or number
    if utf8 and other:
        problem = f"{file}: two encodings in one file: line {utf8} is UTF-8, line {other} is not"
        raise UserError(problem, "convert the part that is not, and save all of it as UTF-8")
