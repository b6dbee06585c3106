"""The second route: an excerpt of a manual, read back from its text alone.

    parsed = parse("Manual …\n§4.2 …", "en")
    parsed.causes                   -> {"F2": 40, "K3": 60}
    parsed.possible({"MP1": True})  -> the parts before MP1, by walking the printed chains backwards

No device is at hand here: what an answer needs must stand in the text. Raises Unreadable where a section or row is of
no known form.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from .manual import ARROWS, BATTERY, MISSING, ROW_ENDS, ROWS, STYLES, SUPPLIES, TITLES
from .quantities import AT_MOST, NUMBER, TO, Limit

SECTION = re.compile(r"(?:^|\n)§(\d\.\d) ")
SLOTS = {
    "code": r"[A-Z]+-\d+", "id": r"[A-Z]{1,2}\d+", "ids": r"[A-Z0-9, ]+", "percent": r"\d+", "step": r"\d+",
    "page": r"\d+",
}  # fmt: skip


class Unreadable(Exception):
    """A part of the text is of no known form."""


@dataclass(frozen=True)
class Parsed:
    """The tables of an excerpt, and the sections' numbers by key."""

    numbers: dict[str, str]
    codes: dict[str, str] = field(default_factory=dict)
    causes: dict[str, int] = field(default_factory=dict)
    code: str = ""
    chains: list[list[str]] = field(default_factory=list)
    limits: dict[str, Limit] = field(default_factory=dict)
    parts: dict[str, tuple[str, str]] = field(default_factory=dict)
    steps: dict[int, str] = field(default_factory=dict)
    safety: dict[str, str] = field(default_factory=dict)

    def before(self, name: str) -> set[str]:
        """Return everything that must work for a point to read right: what the chains print before it."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            name = waiting.pop()
            for chain in self.chains:
                for i in range(1, len(chain)):
                    if chain[i] == name and chain[i - 1] not in seen:
                        seen.add(chain[i - 1])
                        waiting.append(chain[i - 1])
        return seen

    def possible(self, readings: Mapping[str, bool]) -> set[str]:
        """Return the causes that explain each reading (True: outside its limit)."""
        left = set(self.causes)
        for test, is_bad in readings.items():
            explaining = self.before(test) if test.startswith("MP") else {test}
            left = left & explaining if is_bad else left - explaining
        return left

    def is_bad(self, test: str, value: Decimal | None) -> bool:
        """Return whether a reading is outside the printed limit."""
        limit = self.limits[test]
        return value is None or not limit.low <= value <= limit.high


def parse(text: str, language: str) -> Parsed:
    """Return the tables of an excerpt. Raises Unreadable."""
    pieces = SECTION.split(text)[1:]
    numbers, tables = {}, {"limits": {}}
    for number, body in zip(pieces[::2], pieces[1::2], strict=True):
        section, style, found, rest = _section(body, language)
        numbers[section] = number
        rows = _rows(rest, style, language)
        if section == "wiring":
            arrow, sources = ARROWS[style].strip(), (SUPPLIES[language], BATTERY[language])
            chains = [[part.strip() for part in row.split(arrow)] for row in rows]
            tables["chains"] = [[name for name in chain if name not in sources] for chain in chains]
            continue
        template = ROWS[section][language][STYLES.index(style)]
        matches = [match for row in rows if (match := _match(template, row, language))]
        _add(tables, section, matches, found, language)
    return Parsed(numbers, **tables)


def _section(body: str, language: str) -> tuple[str, str, dict[str, str], str]:
    """Return a section's key, style, the slots of its title, and its rows as text. Raises Unreadable."""
    for section, titles in TITLES.items():
        for style, title in zip(STYLES, titles[language], strict=True):
            end = "\n" if style == "table" else ": " if style == "list" else ". "
            match = _regex(title + end).match(body)
            if match:
                return section, style, match.groupdict(), body[match.end() :]
    raise Unreadable(body[:60])


def _rows(text: str, style: str, language: str) -> list[str]:
    """Return a section's rows, without the note of a missing page."""
    text = text.strip() if style == "table" else text.strip().removesuffix(".")
    rows = [row.strip() for row in text.split(ROW_ENDS[style])]
    return [row for row in rows if row and not _regex(MISSING[language]).fullmatch(row)]


def _match(template: str, row: str, language: str) -> dict[str, str]:
    """Return a row's slots. Raises Unreadable."""
    match = _regex(template).fullmatch(row)
    if not match:
        raise Unreadable(f"{row!r} is not like {template!r} ({language})")
    return match.groupdict()


@cache
def _regex(template: str) -> re.Pattern[str]:
    """Return the pattern of a template."""
    pieces = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(
            f"(?P<{piece}>{SLOTS.get(piece, '[^|;]+?')})" if i % 2 else re.escape(piece)
            for i, piece in enumerate(pieces)
        )
    )


def _add(tables: dict, section: str, rows: list[dict[str, str]], title: dict[str, str], language: str) -> None:
    """Add a section's rows to the tables."""
    if section == "codes":
        tables["codes"] = {row["code"]: row["symptom"] for row in rows}
    elif section == "causes":
        tables["causes"], tables["code"] = {row["id"]: int(row["percent"]) for row in rows}, title["code"]
    elif section in ("points", "components"):
        tables["limits"] |= {row["id"]: limit_of(row["limit"], language) for row in rows}
    elif section == "parts":
        tables["parts"] = {row["id"]: (row["remedy"], row["spec"]) for row in rows}
    elif section == "repair":
        tables["steps"] = {int(row["step"]): row["work"] for row in rows}
    elif section == "safety":
        tables["safety"] = {name: row["measure"] for row in rows for name in row["ids"].split(", ")}


def limit_of(text: str, language: str) -> Limit:
    """Return a printed limit: "230 V ± 10 %", "4 to 6 bar" or "at most 1 Ω". Raises Unreadable."""
    printed = text.rpartition(" ")[0] if "±" not in text else text  # a unit may hold a figure: 1/min
    numbers = [Decimal(found.replace(",", ".")) for found in re.findall(NUMBER, printed)]
    if "±" in text and len(numbers) == 2:
        nominal, percent = numbers
        unit = text.split("±")[0].split()[-1]
        return Limit(nominal * (100 - percent) / 100, nominal * (100 + percent) / 100, unit)
    if text.startswith(AT_MOST[language]) and len(numbers) == 1:
        return Limit(Decimal(0), numbers[0], text.split()[-1])
    if f" {TO[language]} " in text and len(numbers) == 2:
        return Limit(numbers[0], numbers[1], text.split()[-1])
    raise Unreadable(text)
