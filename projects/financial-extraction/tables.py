"""Tables of a statement: rows of a ledger, rendered in four layouts, and read back with Decimal.

`render` prints, `read_back` is the second route: it parses the text (html.parser, csv, columns) and reads each cell
with gretchen.scoring.metrics.numbers; what does not equal the ledger, rounded to the printed digits, is dropped.

Not covered: merged cells, nested tables, tables that run over pages.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

from gretchen.scoring.metrics.numbers import read_number

from .locales import LOCALES

LAYOUTS = ("markdown", "csv", "fixed", "html")
ITEM = {"en": "Item", "de": "Posten"}
# Layout × locale that training never shows: the hard set. Each layout and each locale is trained in other pairings.
HARD_PAIRS = frozenset(
    {("markdown", "fr-FR"), ("markdown", "en-IN"), ("csv", "de-CH"), ("csv", "es-ES"), ("fixed", "de-AT"),
     ("fixed", "en-GB"), ("html", "en-US"), ("html", "de-DE")}
)  # fmt: skip


class Mismatch(Exception):
    """A rendered table that, read back, does not hold the ledger's amounts."""


@dataclass(frozen=True)
class Style:
    """How amounts are printed: locale, power of ten of the scale, digits behind the decimal mark, negative numbers."""

    locale: str
    scale: int
    decimals: int
    negative: str = "minus"  # minus, true-minus (U+2212), parentheses, trailing
    zero: str = "digit"  # digit, dash
    symbol: bool = False  # a currency symbol before the first row's amounts

    def printed(self, cents: int) -> int:
        """Return an amount in units of the last printed digit, half to even."""
        size = 10 ** (2 + self.scale - self.decimals) if 2 + self.scale >= self.decimals else 1
        half, rest = divmod(abs(cents), size)
        half += 2 * rest > size or (2 * rest == size and half % 2 == 1)
        return half if cents >= 0 else -half

    def value(self, cents: int) -> Decimal:
        """Return the amount that the printed number stands for, in full units of the currency."""
        return Decimal(self.printed(cents)).scaleb(self.scale - self.decimals)

    def half_digit(self) -> Decimal:
        """Return half of the last printed digit, in full units."""
        return Decimal(5).scaleb(self.scale - self.decimals - 1)

    def cell(self, cents: int) -> str:
        """Return an amount as it is printed."""
        units = self.printed(cents)
        if units == 0 and self.zero == "dash":
            return "–"
        text = LOCALES[self.locale].number(units, self.decimals)
        if units >= 0:
            return text
        signed = {
            "minus": f"-{text}",
            "true-minus": f"\u2212{text}",
            "parentheses": f"({text})",
            "trailing": f"{text}-",
        }
        return signed[self.negative]


@dataclass(frozen=True)
class Row:
    """A line of a table: concept, label, amounts in cents by column."""

    concept: str
    label: str
    cents: tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """Rows under column headings."""

    language: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    style: Style
    overrides: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column) -> another text in the cell

    def cell(self, row: int, column: int) -> str:
        """Return the text of a cell."""
        if (row, column) in self.overrides:
            return self.overrides[row, column]
        text = self.style.cell(self.rows[row].cents[column])
        if row == 0 and self.style.symbol and text != "–":
            return f"{LOCALES[self.style.locale].symbol} {text}"
        return text

    def grid(self) -> list[list[str]]:
        """Return all cells as strings, the heading first."""
        body = [[row.label, *(self.cell(i, j) for j in range(len(self.columns)))] for i, row in enumerate(self.rows)]
        return [[ITEM[self.language], *self.columns], *body]


def render(table: Table, layout: str) -> str:
    """Return the table as text in one of LAYOUTS."""
    grid = table.grid()
    if layout == "markdown":
        lines = [f"| {' | '.join(cells)} |" for cells in grid]
        return "\n".join([lines[0], f"|{' --- |' * len(grid[0])}", *lines[1:]])
    if layout == "csv":
        stream = io.StringIO()
        csv.writer(stream, delimiter=_delimiter(table), lineterminator="\n").writerows(grid)
        return stream.getvalue().rstrip("\n")
    if layout == "html":
        rows = ["".join(f"<td>{cell}</td>" for cell in cells) for cells in grid]
        return "\n".join(["<table>", *(f"<tr>{cells}</tr>" for cells in rows), "</table>"])
    widths = [max(len(cells[i]) for cells in grid) for i in range(len(grid[0]))]
    lines = []
    for cells in grid:
        amounts = [f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True)]
        lines.append("  ".join([f"{cells[0]:<{widths[0]}}", *amounts]))
    return "\n".join(lines)


def _delimiter(table: Table) -> str:
    """Return the separator of a CSV: a semicolon where the comma is the decimal mark."""
    return ";" if LOCALES[table.style.locale].decimal == "," else ","


class _Cells(HTMLParser):
    """Collects the cells of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.grid: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """Open a row or a cell."""
        if tag == "tr":
            self.grid.append([])
        elif tag == "td":
            self.grid[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        """Close a cell."""
        self.inside = self.inside and tag != "td"

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self.inside:
            self.grid[-1][-1] += data


def parse(text: str, layout: str, delimiter: str = ",") -> list[list[str]]:
    """Return the cells of a rendered table, the heading first."""
    if layout == "html":
        reader = _Cells()
        reader.feed(text)
        return reader.grid
    if layout == "csv":
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    lines = text.split("\n")
    if layout == "markdown":
        return [[cell.strip(" ") for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]
    return [re.split(r" {2,}", line.strip(" ")) for line in lines]


def read_back(table: Table, layout: str, text: str) -> None:
    """Raise Mismatch where the text, read with Decimal, holds other labels or amounts than the table."""
    decimal = LOCALES[table.style.locale].decimal
    grid = parse(text, layout, _delimiter(table))
    if [cells[0] for cells in grid[1:]] != [row.label for row in table.rows] or grid[0][1:] != list(table.columns):
        raise Mismatch(f"labels of a {layout} table: {grid}")
    for i, (row, cells) in enumerate(zip(table.rows, grid[1:], strict=True)):
        for j, (cents, cell) in enumerate(zip(row.cents, cells[1:], strict=True)):
            value = read_number(cell, decimal)
            if (i, j) not in table.overrides and (
                value is None or value.scaleb(table.style.scale) != table.style.value(cents)
            ):
                raise Mismatch(f"{row.label} is {cents} cents, printed {cell!r} ({table.style})")
