"""Tables of strings, and the cells in them: an estimate with its interval, a difference with its p-value."""

from typing import NamedTuple

from gretchen.safe_text import markdown_cell, visible
from gretchen.scoring.evaluation import Difference, Estimate, FormDifference

NONE = "–"
CI = "[95 %]"


class Table(NamedTuple):
    """A table's header and rows, as they are printed."""

    header: list[str]
    rows: list[list[str]]


def aligned(table: Table, indent: str = "") -> list[str]:
    """Return a table as lines of aligned columns, the first to the left, the others to the right."""
    header, *rows = [[visible(" ".join(cell.split())) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def markdown(table: Table) -> list[str]:
    """Return a table as Markdown lines."""
    header, *rows = [[markdown_cell(cell) for cell in row] for row in (table.header, *table.rows)]
    return [f"| {' | '.join(row)} |" for row in [header, ["---", *["--:"] * (len(header) - 1)], *rows]]


def number(value: float | None, digits: int = 3) -> str:
    """Return a value with `digits` decimals below 10, one above."""
    if value is None:
        return NONE
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:,.1f}"


def estimate(score: Estimate | None, digits: int = 3, seeds: bool = True) -> str:
    """Return an estimate with its interval: 0.913 [0.876, 0.941].

    The mean of several training seeds is followed by the least and the most, unless `seeds` is False:
    0.913 [0.876, 0.941] (0.904–0.921).
    """
    if score is None or score.value is None:
        return NONE
    text = number(score.value, digits)
    if score.low is not None:
        text += f" [{number(score.low, digits)}, {number(score.high, digits)}]"
    known = [value for value in score.by_seed if value is not None] if seeds else []
    return f"{text} ({number(min(known), digits)}–{number(max(known), digits)})" if known else text


def difference(test: Difference | None) -> str:
    """Return a difference with its p-value, in a form the corrected one: +0.913, p < 0.001."""
    if test is None:
        return NONE
    p_value = test.p_holm if isinstance(test, FormDifference) else test.p_value
    sign = "+" if test.difference >= 0 else "−"
    return f"{sign}{number(abs(test.difference))}, " + ("p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}")


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NONE if value is None else f"{value:.0%}"
