"""Numbers as documents print them, read with Decimal: `1.204,5`, `(1,204.5)`, `1 204,5`, `12,34,567`, `–`.

    read_number("(1.204,5)", decimal=",")     -> Decimal("-1204.5")
    read_number("2,35 €", decimal=",")        -> Decimal("2.35")
    read_number("n/a", decimal=".")           -> None

Read are: an apostrophe, blank, point or comma between groups of digits (whatever is not the decimal mark), a hyphen,
U+2212 or parentheses for a negative number, a minus behind the number, a lone dash for zero, a currency before or
behind. Nothing raises: what is no number is None.

Not covered: guessing the decimal mark (`1.204` alone is ambiguous), words for numbers, percent signs.
"""

import re
from decimal import Decimal, InvalidOperation

BLANKS = "\u0020\u00a0\u202f\u2009"
GROUP_MARKS = f".,'\u2019{BLANKS}"
MINUS = "-\u2212\u2013\u2014"
LONGEST = 60  # characters; a longer string is no amount of money
_CURRENCY = re.compile(r"[€$£₹¥]|\b(?:EUR|USD|GBP|CHF|INR|JPY|Rs)\b\.?", re.IGNORECASE)
_GROUPS = re.compile(rf"\d{{1,3}}(?:([{re.escape(GROUP_MARKS)}])\d{{3}})(?:\1\d{{3}})*|\d+", re.ASCII)
_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})*,\d{3}", re.ASCII)


def read_number(text: str, decimal: str) -> Decimal | None:
    """Return the number that a cell prints; `decimal` is its decimal mark, "." or ","."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    bare = _CURRENCY.sub("", text.replace("&nbsp;", "\u00a0")).strip(f"{BLANKS}\t")
    if bare and set(bare) <= set(MINUS):
        return Decimal(0)
    sign, bare = _sign(bare)
    whole, mark, fraction = bare.partition(decimal)
    digits = _digits(whole, decimal)
    if digits is None or (mark and not re.fullmatch(r"\d+", fraction, re.ASCII)):
        return None
    try:
        return sign * Decimal(f"{digits}.{fraction or 0}" if mark else digits)
    except InvalidOperation:
        return None


def _sign(text: str) -> tuple[int, str]:
    """Return the sign of a cell, and the cell without it."""
    if text.startswith("(") and text.endswith(")"):
        return -1, text[1:-1].strip(BLANKS)
    if text[:1] in MINUS and text:
        return -1, text[1:].strip(BLANKS)
    if text[-1:] in MINUS and text:
        return -1, text[:-1].strip(BLANKS)
    return 1, text


def _digits(whole: str, decimal: str) -> str | None:
    """Return the digits before the decimal mark without their group marks; None where the groups are no groups."""
    grouped = _GROUPS.fullmatch(whole)
    if (grouped and grouped[1] != decimal) or (decimal == "." and _LAKHS.fullmatch(whole)):
        return re.sub(rf"[{re.escape(GROUP_MARKS)}]", "", whole)
    return None


def decimals_of(text: str, decimal: str) -> int:
    """Return how many digits a printed number has behind its decimal mark."""
    return len(re.sub(r"\D", "", text.rpartition(decimal)[2])) if decimal in text else 0
