"""Excerpts of a report: a table of a company's ledgers with its heading, scale and notes.

The number format stands in the heading wherever the printed digits leave it open ("1.204" alone is ambiguous).

Not covered: excerpts of more than one table.
"""

import random
from dataclasses import dataclass
from decimal import Decimal

from gretchen.scoring.metrics.numbers import read_number

from .concepts import BALANCE, BY_STATEMENT, CASH_FLOW, CONCEPTS, INCOME
from .ledger import FIRST_YEAR, LAST_YEAR, Company, ledger
from .locales import LOCALES, OF_LANGUAGE, SCALES
from .tables import HARD_PAIRS, Row, Style, Table, read_back, render

# Power of ten and digits behind the mark by a company's size.
SCALES_OF_SIZE = {"small": ((0, 0),), "medium": ((3, 0), (3, 0), (3, 1)), "large": ((6, 0), (6, 0), (6, 1))}
# Layouts as often as they come: a table in HTML is half as long again.
OFTEN = ("markdown", "markdown", "csv", "csv", "fixed", "fixed", "html")
NOTATION = {"en": "Number format {x}", "de": "Zahlenformat {x}"}


@dataclass(frozen=True)
class Excerpt:
    """A rendered table with its company and layout."""

    company: Company
    table: Table
    layout: str
    text: str

    @property
    def style(self) -> Style:
        """How its amounts are printed."""
        return self.table.style

    @property
    def unit(self) -> str:
        """The currency's ISO code."""
        return LOCALES[self.style.locale].currency

    def quote(self, row: int, column: int) -> str:
        """Return a line's label and one of its amounts as printed."""
        return f"{self.table.rows[row].label} {self.table.cell(row, column)}"

    def reading(self, row: int, column: int) -> tuple[str, Decimal]:
        """Return what a fact takes from a cell: the quote, and the value in full units."""
        return self.quote(row, column), self.style.value(self.table.rows[row].cents[column])

    def meta(self) -> dict:
        """What scoring and the data card's breakdowns need to know of the excerpt."""
        return {"language": self.table.language, "locale": self.style.locale, "layout": self.layout}


def draw_style(rng: random.Random, company: Company, locale: str, **noise: object) -> Style:
    """Return a style that fits the company's size."""
    scale, decimals = rng.choice(SCALES_OF_SIZE[company.size])
    return Style(locale, scale, decimals, **noise)


def draw_pair(rng: random.Random, language: str, hard: bool) -> tuple[str, str]:
    """Return a layout and a locale that belong to training, or (hard) that training never pairs."""
    while True:
        pair = rng.choice(OFTEN), rng.choice(OF_LANGUAGE[language])
        if (pair in HARD_PAIRS) == hard:
            return pair


def draw_years(rng: random.Random, count: int) -> tuple[int, ...]:
    """Return consecutive years, the newest first in two of three tables."""
    last = rng.randint(FIRST_YEAR + count - 1, LAST_YEAR)
    years = tuple(range(last, last - count, -1))
    return years if rng.random() < 0.67 else years[::-1]


def draw_excerpt(
    rng: random.Random,
    language: str,
    company: Company,
    pair: tuple[str, str],
    concepts: list[str],
    years: tuple[int, ...],
) -> Excerpt:
    """Return these concepts' rows of the company's ledgers as a table; raises Mismatch where it does not read back."""
    layout, locale = pair
    noise = {
        "negative": rng.choice(("minus", "true-minus", "parentheses", "parentheses", "trailing")),
        "zero": rng.choice(("digit", "dash", "dash")),
        "symbol": rng.random() < 0.1,
    }
    style = draw_style(rng, company, locale, **noise)
    ledgers = [ledger(company, year) for year in years]
    rows = tuple(
        Row(name, rng.choice(CONCEPTS[name].labels[language][:2]), tuple(amounts[name] for amounts in ledgers))
        for name in concepts
    )
    return shown(company, Table(language, tuple(map(str, years)), rows, style), layout)


def shown(company: Company, table: Table, layout: str) -> Excerpt:
    """Return a table rendered in a layout; raises Mismatch where it does not read back."""
    text = render(table, layout)
    read_back(table, layout, text)
    return Excerpt(company, table, layout, text)


def draw_concepts(rng: random.Random, count: int, statement: str = "") -> list[str]:
    """Return concepts of one statement in its order."""
    names = BY_STATEMENT[statement or rng.choice((INCOME, BALANCE, BALANCE, CASH_FLOW))]
    return sorted(rng.sample(names, min(count, len(names))), key=names.index)


def is_ambiguous(excerpt: Excerpt) -> bool:
    """Return whether all cells could be read with the other decimal mark too, to other amounts."""
    cells = [cell for line in excerpt.table.grid()[1:] for cell in line[1:]]
    point, comma = ([read_number(cell, mark) for cell in cells] for mark in ".,")
    return None not in point and None not in comma and point != comma


def report_of(rng: random.Random, excerpt: Excerpt, scale_below: bool = False, note: str = "") -> str:
    """Return heading, table and notes; `note` follows the scale. An ambiguous number format is stated."""
    language, locale = excerpt.table.language, LOCALES[excerpt.style.locale]
    scale = rng.choice(SCALES[language][excerpt.style.scale]).format(c=excerpt.unit)
    heading = [excerpt.company.name]
    if not scale_below:
        heading.append(f"{scale}{note}")
    if is_ambiguous(excerpt) or rng.random() < 0.1:
        heading.append(NOTATION[language].format(x=locale.number(123456, 1)))
    lines = [", ".join(heading), excerpt.text]
    if scale_below:
        lines.append(
            f"{rng.choice(('Amounts', 'All figures') if language == 'en' else ('Angaben', 'Beträge'))} {scale}"
        )
    return "\n".join(lines)
