"""Tables of strings, and the cells in them: an estimate with its interval, a difference with its p-value."""

from typing import NamedTuple

from gretchen.scoring.evaluation import Difference, Estimate

NONE = "–"


class Table(NamedTuple):
    """A table's header and rows, as they are printed."""

    header: list[str]
    rows: list[list[str]]


def aligned(table: Table, indent: str = "") -> list[str]:
    """Return a table as lines of aligned columns, the first to the left, the others to the right."""
    header, rows = table
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def markdown(table: Table) -> list[str]:
    """Return a table as Markdown lines."""
    header, rows = table
    return [f"| {' | '.join(row)} |" for row in [header, ["---", *["--:"] * (len(header) - 1)], *rows]]


def number(value: float | None, digits: int = 3) -> str:
    """Return a value with `digits` decimals below 10, one above."""
    if value is None:
        return NONE
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:,.1f}"


def estimate(score: Estimate | None, digits: int = 3) -> str:
    """Return an estimate with its interval: 0.913 [0.876, 0.941]."""
    if score is None or score.value is None:
        return NONE
    value = number(score.value, digits)
    return value if score.low is None else f"{value} [{number(score.low, digits)}, {number(score.high, digits)}]"


def difference(test: Difference | None) -> str:
    """Return a difference with its p-value: +0.913, p < 0.001."""
    if test is None:
        return NONE
    sign = "+" if test.difference >= 0 else "−"
    p_value = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
    return f"{sign}{number(abs(test.difference))}, {p_value}"


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NONE if value is None else f"{value:.0%}"
