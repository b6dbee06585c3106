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

from .concepts import BALANCE, CASH_FLOW, CONCEPTS, INCOME, is_derivable
from .excerpts import NOTATION, Excerpt, draw_concepts, draw_excerpt, draw_pair, draw_style, draw_years, report_of
from .ledger import draw_company, ledger
from .locales import LOCALES, OF_LANGUAGE, SCALE_NAMES
from .prose import sentence, stated_amount


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
    others: tuple[dict, ...] = ()  # per fact or number asked for: what another "row" or "year" holds (pairs.py)


def compact(value: object) -> str:
    """Return JSON without blanks; Decimals print all their digits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> int | float:
    """Return a Decimal as JSON's number; raises TypeError for anything else."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return int(value) if value == value.to_integral_value() else float(value)


def fact(period: str, concept: str, quote: str | None, value: Decimal | None, unit: str) -> dict:
    """Return a fact as an answer states it."""
    return {"period": period, "concept": concept, "quote": quote, "value": value, "unit": unit}


def facts_of(excerpt: Excerpt, asked: list[tuple[str, str]]) -> list[dict]:
    """Return the facts of (concept, period) pairs; what the table does not show has neither quote nor value."""
    names, columns = [row.concept for row in excerpt.table.rows], excerpt.table.columns
    facts = []
    for concept, period in asked:
        shown = concept in names
        read = excerpt.reading(names.index(concept), columns.index(period)) if shown else (None, None)
        facts.append(fact(period, concept, *read, excerpt.unit))
    return facts


def others_of(excerpt: Excerpt, concept: str, period: str) -> dict[str, tuple[int, int]]:
    """Return cells beside the fact's own, as (row, column): another row of its column, another year of its row."""
    rng = random.Random(f"beside {excerpt.company.name} {concept} {period}")
    names, column = [row.concept for row in excerpt.table.rows], excerpt.table.columns.index(period)
    beside = [i for i, name in enumerate(names) if name != concept]
    others = {"row": (rng.choice(beside), column)} if beside else {}
    years = [j for j in range(len(excerpt.table.columns)) if j != column]
    if concept in names and years:
        others["year"] = (names.index(concept), rng.choice(years))
    return others


def _readings_beside(excerpt: Excerpt, concept: str, period: str) -> dict[str, tuple[str, Decimal]]:
    """Return what is read in cells beside the fact's own; of an absent concept also its label with another's amount."""
    cells = others_of(excerpt, concept, period)
    readings = {key: excerpt.reading(*cell) for key, cell in cells.items()}
    if "row" in cells and concept not in [row.concept for row in excerpt.table.rows]:
        label = CONCEPTS[concept].labels[excerpt.table.language][0]
        readings["filled"] = (f"{label} {excerpt.table.cell(*cells['row'])}", readings["row"][1])
    return readings


def facts_meta(facts: list[dict], half_digit: Decimal) -> dict:
    """Return the reference facts as scoring reads them, each with half of its last printed digit."""
    plain = [f | {"value": None if f["value"] is None else str(f["value"])} for f in facts]
    return {"facts": [f | {"half_digit": str(half_digit)} for f in plain]}


def facts_problem(
    rng: random.Random, form: str, excerpt: Excerpt, asked: list[tuple[str, str]], scale_below: bool = False
) -> Problem:
    """Return the problem that asks for (concept, period) pairs; years are named where the excerpt has several."""
    facts = facts_of(excerpt, asked)
    names = ", ".join(dict.fromkeys(concept for concept, _ in asked))
    several = len(excerpt.table.columns) > 1
    years = ", ".join(dict.fromkeys(period for _, period in asked))
    word = "Facts" if excerpt.table.language == "en" else "Fakten"
    line = f"{word} {years}: {names}" if several else f"{word}: {names}"
    others = tuple(_readings_beside(excerpt, *pair) for pair in asked)
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
    """A cash flow statement or a loss: at least one amount that is asked for is negative or zero."""
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
    stated = {name: stated_amount(rng, style, name, amounts[name], language) for name in concepts}
    text = sentence(rng, company.name, str(year), list(stated.values()), language)
    cells = [style.cell(amounts[name]) for name in concepts]
    readings = [[read_number(cell, mark) for cell in cells] for mark in ".,"]
    if all(None not in values for values in readings) and readings[0] != readings[1]:
        text += f"\n{NOTATION[language].format(x=LOCALES[locale].number(123456, 1))}"
    unit = LOCALES[locale].currency
    asked = rng.sample(concepts, rng.choice((1, 2)))
    facts = [fact(str(year), name, stated[name], style.value(amounts[name]), unit) for name in asked]
    names = ", ".join(asked)
    line = f"{'Facts' if language == 'en' else 'Fakten'}: {names}"
    meta = {"language": language, "locale": locale, "layout": "prose", "kind": "facts"}
    beside = [next(other for other in concepts if other != name) for name in asked]
    others = tuple({"row": (stated[name], style.value(amounts[name]))} for name in beside)
    return Problem("prose-facts", "facts", text, compact({"facts": facts}), {"x": names}, line, [company.key],
                   meta | facts_meta(facts, style.half_digit()), others)  # fmt: skip


def cell(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """TAT-QA's span of one cell: the amount as printed, and its scale."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((2, 2, 3)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, rng.choice((1, 2))))
    i, j = rng.randrange(len(concepts)), rng.randrange(len(excerpt.table.columns))
    name, year = concepts[i], excerpt.table.columns[j]
    printed, scale = excerpt.table.cell(i, j), SCALE_NAMES[excerpt.style.scale]
    reference = {"answer": [printed], "scale": scale}
    answer = {"quote": [excerpt.quote(i, j)]} | reference
    meta = excerpt.meta() | {"kind": "reading", "answer_type": "span"} | reference
    line = f"{'Cell' if language == 'en' else 'Zelle'}: {name} {year}"
    others = {
        key: (excerpt.quote(*beside), excerpt.table.cell(*beside))
        for key, beside in others_of(excerpt, name, year).items()
    }
    return Problem("cell", "cell", report_of(rng, excerpt), compact(answer), {"x": name, "y": year}, line,
                   [company.key], meta, (others,))  # fmt: skip
