"""The forms of profile `tiny`: a report excerpt, a question, the answer in JSON, and what scoring needs.

    FORMS[form](rng, language, split, hard) -> Problem

texts() and chats() only word it differently. Hard problems show a table in a layout × locale pairing that training
never shows. The larger forms are in analysis.py, wordings in wordings.py.

Not covered: several statements in one excerpt, units other than currencies.
"""

import json
import random
from dataclasses import dataclass, field
from decimal import Decimal

from gretchen.scoring.metrics.numbers import read_number

from .concepts import BALANCE, BY_STATEMENT, CASH_FLOW, CONCEPTS, INCOME, is_derivable
from .ledger import FIRST_YEAR, LAST_YEAR, Company, draw_company, ledger
from .locales import LOCALES, OF_LANGUAGE, SCALE_NAMES, SCALES
from .prose import amount_in_words, sentence
from .tables import HARD_PAIRS, LAYOUTS, Row, Style, Table, read_back, render

# Power of ten and digits behind the mark by a company's size.
SCALES_OF_SIZE = {"small": ((0, 0),), "medium": ((3, 0), (3, 1)), "large": ((6, 0), (6, 1))}
NOTATION = {"en": "Number format {x}", "de": "Zahlenformat {x}"}


@dataclass(frozen=True)
class Problem:
    """A question without its wording; `slots` fill a wording of `task`, `line` is the same as a document says it."""

    form: str
    task: str
    report: str
    answer: str
    slots: dict[str, str]
    line: str
    keys: list[str]
    meta: dict = field(default_factory=dict)
    others: tuple[dict, ...] = ()  # per fact or number asked for: what stands in another "row" or "year" (pairs.py)


@dataclass(frozen=True)
class Excerpt:
    """A rendered table with all that was drawn for it."""

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

    def meta(self) -> dict:
        """What scoring and the data card's breakdowns need to know of the excerpt."""
        return {"language": self.table.language, "locale": self.style.locale, "layout": self.layout}


def compact(value: object) -> str:
    """Return JSON without blanks; Decimals print all their digits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> int | float:
    """Return a Decimal as JSON's number; raises TypeError for anything else."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return int(value) if value == value.to_integral_value() else float(value)


def fact(concept: str, value: Decimal | None, unit: str, period: str) -> dict:
    """Return a fact as an answer states it."""
    return {"concept": concept, "value": value, "unit": unit, "period": period}


def facts_of(excerpt: Excerpt, asked: list[tuple[str, str]]) -> list[dict]:
    """Return the facts of (concept, period) pairs; a concept that the table does not show has the value None."""
    rows = {row.concept: row for row in excerpt.table.rows}
    found = []
    for concept, period in asked:
        row = rows.get(concept)
        cents = row.cents[excerpt.table.columns.index(period)] if row else None
        value = None if cents is None else excerpt.style.value(cents)
        found.append(fact(concept, value, excerpt.unit, period))
    return found


def others_of(rng: random.Random, excerpt: Excerpt, concept: str, period: str) -> dict[str, int]:
    """Return the cents that stand beside a cell: in another row of its column, in another year of its row."""
    names = [row.concept for row in excerpt.table.rows]
    column = excerpt.table.columns.index(period)
    beside = [row for row in excerpt.table.rows if row.concept != concept]
    found = {"row": rng.choice(beside).cents[column]} if beside else {}
    if concept in names and len(excerpt.table.columns) > 1:
        cents = list(excerpt.table.rows[names.index(concept)].cents)
        del cents[column]
        found["year"] = rng.choice(cents)
    return found


def facts_meta(facts: list[dict], half_digit: Decimal) -> dict:
    """Return the reference facts as scoring reads them, with half of the last printed digit."""
    return {"facts": [f | {"value": None if f["value"] is None else str(f["value"])} for f in facts],
            "half_digit": str(half_digit)}  # fmt: skip


def draw_style(rng: random.Random, company: Company, locale: str, **noise: object) -> Style:
    """Return a style that fits the company's size."""
    scale, decimals = rng.choice(SCALES_OF_SIZE[company.size])
    return Style(locale, scale, decimals, **noise)


def draw_pair(rng: random.Random, language: str, hard: bool, layouts: tuple[str, ...] = LAYOUTS) -> tuple[str, str]:
    """Return a layout and a locale that belong to training, or (hard) that training never pairs."""
    while True:
        pair = rng.choice(layouts), rng.choice(OF_LANGUAGE[language])
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
    table = Table(language, tuple(map(str, years)), rows, style)
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


def report_of(rng: random.Random, excerpt: Excerpt, scale_below: bool = False) -> str:
    """Return heading, table and notes. The number format is stated wherever the digits leave it open."""
    language, locale = excerpt.table.language, LOCALES[excerpt.style.locale]
    scale = rng.choice(SCALES[language][excerpt.style.scale]).format(c=excerpt.unit)
    heading = [excerpt.company.name]
    if not scale_below:
        heading.append(scale)
    if is_ambiguous(excerpt) or rng.random() < 0.1:
        heading.append(NOTATION[language].format(x=locale.number(123456, 1)))
    lines = [", ".join(heading), excerpt.text]
    if scale_below:
        lines.append(
            f"{rng.choice(('Amounts', 'All figures') if language == 'en' else ('Angaben', 'Beträge'))} {scale}"
        )
    return "\n".join(lines)


def facts_problem(
    rng: random.Random, form: str, excerpt: Excerpt, asked: list[tuple[str, str]], scale_below: bool = False
) -> Problem:
    """Return the problem that asks for (concept, period) pairs of an excerpt; years are named where there are several."""
    facts = facts_of(excerpt, asked)
    names = ", ".join(dict.fromkeys(concept for concept, _ in asked))
    several = len(excerpt.table.columns) > 1
    years = ", ".join(dict.fromkeys(period for _, period in asked))
    word = "Facts" if excerpt.table.language == "en" else "Fakten"
    line = f"{word} {years}: {names}" if several else f"{word}: {names}"
    beside = [others_of(rng, excerpt, *pair) for pair in asked]
    others = tuple({key: excerpt.style.value(cents) for key, cents in one.items()} for one in beside)
    return Problem(
        form, "facts-years" if several else "facts", report_of(rng, excerpt, scale_below), compact({"facts": facts}),
        {"x": names, "y": years}, line, [excerpt.company.key],
        excerpt.meta() | {"kind": "facts"} | facts_meta(facts, excerpt.style.half_digit()), others,
    )  # fmt: skip


def table_facts(rng: random.Random, language: str, split: str, hard: bool, form: str = "table-facts") -> Problem:
    """One or two facts of a table of one year; in form scale-note the scale stands below the table."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((2, 3, 3, 4)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 1))
    asked = rng.sample(concepts, rng.choice((1, 2)))
    period = excerpt.table.columns[0]
    return facts_problem(rng, form, excerpt, [(name, period) for name in asked], scale_below=form == "scale-note")


def scale_note(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """As table-facts, with the scale in a note below the table."""
    return table_facts(rng, language, split, hard, "scale-note")


def two_years(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A table of two years: one concept in both, or one or two concepts in one of them."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((2, 2, 3)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 2))
    if rng.random() < 0.4:
        name = rng.choice(concepts)
        return facts_problem(rng, "two-years", excerpt, [(name, year) for year in excerpt.table.columns])
    period = rng.choice(excerpt.table.columns)
    asked = rng.sample(concepts, rng.choice((1, 2)))
    return facts_problem(rng, "two-years", excerpt, [(name, period) for name in asked])


def signs(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A cash flow statement or a loss: what is asked for is negative or zero, with a positive amount beside it or not."""
    while True:
        company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
        years, statement = draw_years(rng, 1), rng.choice((CASH_FLOW, CASH_FLOW, INCOME))
        amounts = ledger(company, years[0])
        concepts = draw_concepts(rng, rng.choice((2, 3)), statement)
        negative = [name for name in concepts if amounts[name] <= 0]
        if not negative:
            continue
        excerpt = draw_excerpt(rng, language, company, pair, concepts, years)
        asked = rng.sample(concepts, rng.choice((1, 2)))
        if set(asked) & set(negative):
            return facts_problem(rng, "signs", excerpt, [(name, excerpt.table.columns[0]) for name in asked])


def absent(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """One or two concepts, of which one is not in the table; where both are absent nothing could be copied."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((2, 3, 3)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 1))
    missing = rng.choice([name for name in CONCEPTS if name not in concepts and not is_derivable(name, concepts)])
    asked = [missing] if rng.random() < 0.3 else rng.sample([missing, rng.choice(concepts)], 2)
    return facts_problem(rng, "absent", excerpt, [(name, excerpt.table.columns[0]) for name in asked])


def prose_facts(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """One or two facts of one or two sentences that name two or three amounts; hard: locales under other words."""
    company, locale = draw_company(rng, language, split), rng.choice(OF_LANGUAGE[language])
    concepts = draw_concepts(rng, rng.choice((2, 2, 3)), rng.choice((INCOME, BALANCE)))
    (year,) = draw_years(rng, 1)
    style = draw_style(rng, company, locale, negative=rng.choice(("minus", "true-minus")))
    amounts = ledger(company, year)
    words = {name: amount_in_words(rng, style, amounts[name], language) for name in concepts}
    text = sentence(rng, company.name, str(year), [(name, words[name]) for name in concepts], language)
    cells = [style.cell(amounts[name]) for name in concepts]
    readings = [[read_number(cell, mark) for cell in cells] for mark in ".,"]
    if all(None not in values for values in readings) and readings[0] != readings[1]:
        text += f"\n{NOTATION[language].format(x=LOCALES[locale].number(123456, 1))}"
    unit = LOCALES[locale].currency
    asked = rng.sample(concepts, rng.choice((1, 2)))
    facts = [fact(name, style.value(amounts[name]), unit, str(year)) for name in asked]
    names = ", ".join(asked)
    line = f"{'Facts' if language == 'en' else 'Fakten'}: {names}"
    meta = {"language": language, "locale": locale, "layout": "prose", "kind": "facts"}
    beside = [rng.choice([other for other in concepts if other != name]) for name in asked]
    others = tuple({"row": style.value(amounts[name])} for name in beside)
    return Problem("prose-facts", "facts", text, compact({"facts": facts}), {"x": names}, line, [company.key],
                   meta | facts_meta(facts, style.half_digit()), others)  # fmt: skip


def cell(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """TAT-QA's span of one cell: the amount as printed, and its scale."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((2, 2, 3)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, rng.choice((1, 2))))
    i, j = rng.randrange(len(concepts)), rng.randrange(len(excerpt.table.columns))
    name, year = concepts[i], excerpt.table.columns[j]
    printed, scale = excerpt.style.cell(excerpt.table.rows[i].cents[j]), SCALE_NAMES[excerpt.style.scale]
    answer = {"answer": [printed], "scale": scale}
    meta = excerpt.meta() | {"kind": "reading", "answer_type": "span"} | answer
    line = f"{'Cell' if language == 'en' else 'Zelle'}: {name} {year}"
    others = {key: excerpt.style.cell(cents) for key, cents in others_of(rng, excerpt, name, year).items()}
    return Problem("cell", "cell", report_of(rng, excerpt), compact(answer), {"x": name, "y": year}, line,
                   [company.key], meta, (others,))  # fmt: skip
