"""The forms of profile `laptop` and above: restated years, segments, ratios, earnings per share, totals with parts,
TAT-QA's spans, counts and arithmetic, a sum that does not add up, and synonyms of HGB, IFRS and US-GAAP.

Like tasks.py: FORMS[form](rng, language, split, hard) -> Problem. Ratios and segments are asked as programs.

Not covered: restatements of the balance sheet, segments of more than one statement line.
"""

import random
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from .concepts import BALANCE, CONCEPTS, IDENTITIES
from .excerpts import Excerpt, draw_concepts, draw_excerpt, draw_pair, draw_style, draw_years, report_of, shown
from .ledger import draw_company, ledger
from .locales import LOCALES, SCALE_NAMES
from .programs import checked, digits, plain
from .tables import Mismatch, Row, Style, Table
from .tasks import Problem, compact, fact, facts_meta, facts_problem

RESTATED = {"en": "restated", "de": "angepasst"}
SEGMENTS = {"en": ("Europe", "Americas", "Asia", "Services", "Retail", "Industry"),
            "de": ("Europa", "Amerika", "Asien", "Dienste", "Handel", "Industrie")}  # fmt: skip
ELIMINATIONS = {"en": ("Eliminations", "Consolidation"), "de": ("Eliminierungen", "Konsolidierung")}
SEGMENT_REVENUE = {"en": "Segment revenue", "de": "Segmentumsatz"}
PER_SHARE = {"en": ("Earnings per share", "Basic earnings per share"),
             "de": ("Ergebnis je Aktie", "Unverwässertes Ergebnis je Aktie")}  # fmt: skip
EXCEPT = {"en": ", except per share", "de": ", außer je Aktie"}
# name: (numerator, denominator), as a question names it.
RATIOS = {
    ("Equity", "Assets"): {"en": "the equity ratio", "de": "die Eigenkapitalquote"},
    ("ProfitLoss", "Revenue"): {"en": "the net profit margin", "de": "die Umsatzrendite"},
    ("GrossProfit", "Revenue"): {"en": "the gross margin ratio", "de": "die Bruttomarge"},
    ("CurrentAssets", "CurrentLiabilities"): {"en": "the current ratio", "de": "die Liquidität dritten Grades"},
    ("Cash", "CurrentLiabilities"): {"en": "the cash ratio", "de": "die Liquidität ersten Grades"},
    ("Liabilities", "Equity"): {"en": "the debt to equity ratio", "de": "den statischen Verschuldungsgrad"},
    ("ProfitLoss", "Equity"): {"en": "the return on equity", "de": "die Eigenkapitalrendite"},
}
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Reading:
    """An answer in TAT-QA's form, with the cells (row, column) that it rests on."""

    answer: list[str]
    scale: str
    answer_type: str
    cells: list[tuple[int, int]]


def reading(rng: random.Random, excerpt: Excerpt, form: str, task: str, read: Reading, **slots: str) -> Problem:
    """Return a problem that TAT-QA's answer form answers."""
    given = {"answer": read.answer, "scale": read.scale}
    answer = {"quote": [excerpt.quote(*cell) for cell in read.cells]} | given
    meta = excerpt.meta() | {"kind": "reading", "answer_type": read.answer_type} | given
    return Problem(form, task, report_of(rng, excerpt), compact(answer), slots, "", [excerpt.company.key], meta)


@dataclass(frozen=True)
class Computation:
    """A program with the cells (row, column) that it takes its numbers from, and its value by exact arithmetic."""

    steps: str
    value: Decimal
    cells: list[tuple[int, int]]


def computed(rng: random.Random, excerpt: Excerpt, form: str, how: Computation, asked: str) -> Problem:
    """Return a problem that a program answers; raises Mismatch where its execution gives another value."""
    answer = {"quote": [excerpt.quote(*cell) for cell in how.cells], "program": how.steps}
    reference = {"program": how.steps, "result": checked(how.steps, how.value)}
    meta = excerpt.meta() | {"kind": "program", "computation": form} | reference
    return Problem(form, "program", report_of(rng, excerpt), compact(answer), {"x": asked}, "",
                   [excerpt.company.key], meta)  # fmt: skip


def restated(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Two years of which the earlier stands twice, as first reported and restated: one of both is asked for."""
    company, (layout, locale) = draw_company(rng, language, split), draw_pair(rng, language, hard)
    year = draw_years(rng, 2)[0]
    now, before = ledger(company, year), ledger(company, year - 1)
    moved = int(before["CostOfSales"] * rng.uniform(0.03, 0.2))
    after = before | {
        "CostOfSales": before["CostOfSales"] + moved, "GrossProfit": before["GrossProfit"] - moved,
        "OperatingExpense": before["OperatingExpense"] - moved,
    }  # fmt: skip
    columns = (str(year), f"{year - 1} {RESTATED[language]}", str(year - 1))
    names = ["CostOfSales", "GrossProfit", *(["OperatingExpense"] if rng.random() < 0.5 else [])]
    rows = tuple(
        Row(name, rng.choice(CONCEPTS[name].labels[language]), (now[name], after[name], before[name])) for name in names
    )
    style = draw_style(rng, company, locale, negative="parentheses")
    excerpt = shown(company, Table(language, columns, rows, style), layout)
    column = rng.choice(columns[1:])
    asked = rng.sample(names, rng.choice((1, 2)))
    problem = facts_problem(rng, "restated", excerpt, [(name, column) for name in asked])
    first = {"en": f"{year - 1} as first reported", "de": f"{year - 1} wie zuerst berichtet"}[language]
    again = {"en": f"{year - 1} as restated", "de": f"{year - 1} nach Anpassung"}[language]
    return _with_period(problem, column, str(year - 1), first if column == columns[2] else again)


def _with_period(problem: Problem, column: str, period: str, words: str) -> Problem:
    """Return a problem whose facts have the fiscal year as period, and not the heading of their column."""
    facts = [item | {"period": period} for item in problem.meta["facts"]]
    answer = problem.answer.replace(f'"period":"{column}"', f'"period":"{period}"')
    return replace(problem, answer=answer, slots=problem.slots | {"y": words}, meta=problem.meta | {"facts": facts})


def segments(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Revenue by segment with eliminations: the group's revenue, which the table does not show, as a program."""
    company, (layout, locale) = draw_company(rng, language, split), draw_pair(rng, language, hard)
    (year,) = draw_years(rng, 1)
    group, names = ledger(company, year)["Revenue"], rng.sample(SEGMENTS[language], rng.choice((2, 3)))
    between = int(group * rng.uniform(0.02, 0.2))
    cuts = sorted(int((group + between) * rng.uniform(0.1, 0.9)) for _ in names[1:])
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, group + between], strict=True)]
    lines = [*zip(names, parts, strict=True), (rng.choice(ELIMINATIONS[language]), -between)]
    rows = tuple(Row(name, name, (cents,)) for name, cents in lines)
    style = draw_style(rng, company, locale, negative=rng.choice(("parentheses", "minus", "true-minus")))
    excerpt = shown(company, Table(language, (f"{SEGMENT_REVENUE[language]} {year}",), rows, style), layout)
    values = [plain(excerpt, i, 0) for i in range(len(rows))]
    if min(values[:-1]) <= 0 or values[-1] >= 0:
        raise Mismatch("a segment without printed revenue")
    texts = [digits(abs(value), style.decimals) for value in values]
    steps = [f"add({texts[0]}, {texts[1]})"]
    steps += [f"add(#{i}, {text})" for i, text in enumerate(texts[2:-1])]
    steps.append(f"subtract(#{len(steps) - 1}, {texts[-1]})")
    asked = {
        "en": f"the group revenue in {year} after eliminations",
        "de": f"den Konzernumsatz {year} nach Eliminierung",
    }
    cells = [(i, 0) for i in range(len(rows))]
    return computed(rng, excerpt, "segments", Computation(", ".join(steps), sum(values), cells), asked[language])


def ratio(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A ratio by its name; the table shows what it needs, and a line or two beside."""
    (top, bottom), asked = rng.choice(list(RATIOS.items()))
    while True:
        company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
        needed = {top, bottom, *rng.sample(list(CONCEPTS)[:17], 2)}
        concepts = [name for name in CONCEPTS if name in needed]
        excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 1))
        a, b = (plain(excerpt, concepts.index(name), 0) for name in (top, bottom))
        if a > 0 and b > 0:
            break
    style, year = excerpt.style, excerpt.table.columns[0]
    steps = f"divide({digits(a, style.decimals)}, {digits(b, style.decimals)})"
    words = f"{asked[language]} {'in' if language == 'en' else 'im Jahr'} {year}"
    cells = [(concepts.index(name), 0) for name in (top, bottom)]
    return computed(rng, excerpt, "ratio", Computation(steps, a / b, cells), words)


def per_share(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Net profit in thousands or millions and earnings per share, which the scale does not hold for."""
    while True:
        company, (layout, locale) = draw_company(rng, language, split), draw_pair(rng, language, hard)
        (year,) = draw_years(rng, 1)
        profit, style = ledger(company, year)["ProfitLoss"], draw_style(rng, company, locale, negative="parentheses")
        cents = rng.randint(5, 2500) * (1 if profit > 0 else -1)
        if company.is_listed and style.scale and style.printed(profit):
            break
    label = rng.choice(CONCEPTS["ProfitLoss"].labels[language])
    once = replace(style, scale=0, decimals=2)
    rows = (Row("ProfitLoss", label, (profit,)), Row("EarningsPerShare", rng.choice(PER_SHARE[language]), (cents,)))
    table = Table(language, (str(year),), rows, style, {(1, 0): once.cell(cents)})
    excerpt = shown(company, table, layout)
    unit = excerpt.unit
    items = [(fact(str(year), "ProfitLoss", *excerpt.reading(0, 0), unit), style),
             (fact(str(year), "EarningsPerShare", excerpt.quote(1, 0), once.value(cents), f"{unit}/share"),
              once)]  # fmt: skip
    asked = rng.sample(items, 2) if rng.random() < 0.6 else [items[1]]
    facts = [item for _, how in asked for item in facts_meta([_], how.half_digit())["facts"]]
    names = ", ".join(f"{item['concept']} ({item['unit']})" for item in facts)
    report = report_of(rng, excerpt, note=EXCEPT[language])
    meta = excerpt.meta() | {"kind": "facts", "facts": facts}
    return Problem("per-share", "facts", report, compact({"facts": [item for item, _ in asked]}), {"x": names}, "",
                   [company.key], meta)  # fmt: skip


def synonyms(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A longer table under the long labels of HGB, IFRS and US-GAAP statements."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((3, 4, 5)))
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 1))
    rows = tuple(replace(row, label=CONCEPTS[row.concept].labels[language][2]) for row in excerpt.table.rows)
    excerpt = shown(company, replace(excerpt.table, rows=rows), pair[0])
    asked = rng.sample(concepts, 2)
    return facts_problem(rng, "synonyms", excerpt, [(name, excerpt.table.columns[0]) for name in asked])


def total(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A total and its two parts, all asked for: the facts must add up."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    name, parts = rng.choice([identity for identity in IDENTITIES if len(identity[1]) == 2])
    excerpt = draw_excerpt(rng, language, company, pair, [*parts, name], draw_years(rng, 1))
    period = excerpt.table.columns[0]
    return facts_problem(rng, "total", excerpt, [(concept, period) for concept in (*parts, name)])


def _threshold(rng: random.Random, excerpt: Excerpt) -> tuple[Decimal, list[int]]:
    """Return a printed amount that no row equals, and the rows above it; raises Mismatch where none parts them."""
    values = [plain(excerpt, i, 0) for i in range(len(excerpt.table.rows))]
    order = sorted(set(values))
    if len(order) < 2:
        raise Mismatch("all rows are equal")
    at = rng.randrange(1, len(order))
    middle = ((order[at - 1] + order[at]) / 2).quantize(Decimal(1).scaleb(-excerpt.style.decimals), ROUND_HALF_EVEN)
    if middle in values or middle <= 0:
        raise Mismatch("no amount between the rows")
    return middle, [i for i, value in enumerate(values) if value > middle]


def spans(rng: random.Random, language: str, split: str, hard: bool, form: str = "spans") -> Problem:
    """Which lines exceed an amount (their labels, TAT-QA's multi-span), or how many (its count)."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, rng.choice((3, 4)), BALANCE)
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 1))
    amount, above = _threshold(rng, excerpt)
    locale = LOCALES[excerpt.style.locale]
    text = locale.number(int(amount.scaleb(excerpt.style.decimals)), excerpt.style.decimals)
    cells, labels = [(i, 0) for i in above], [excerpt.table.rows[i].label for i in above]
    if form == "count":
        read = Reading([str(len(above))], "", "count", cells)
    else:
        read = Reading(labels, "", "span" if len(labels) == 1 else "multi-span", cells)
    return reading(rng, excerpt, form, form, read, x=text, y=excerpt.table.columns[0])


def count(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """How many lines exceed an amount."""
    return spans(rng, language, split, hard, "count")


def arithmetic(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """The change between two years as a number with its scale, or in percent with two digits."""
    company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
    concepts = draw_concepts(rng, 2, BALANCE)
    excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, 2))
    first, last = sorted(excerpt.table.columns)
    a, b = (plain(excerpt, 0, excerpt.table.columns.index(year)) for year in (last, first))
    if b <= 0:
        raise Mismatch("no base to compare with")
    slots = {"x": concepts[0], "v": first, "w": last}
    cells = [(0, excerpt.table.columns.index(year)) for year in (last, first)]
    if rng.random() < 0.5:
        percent = ((a - b) / b * 100).quantize(HUNDREDTH, ROUND_HALF_EVEN)
        read = Reading([str(percent)], "percent", "arithmetic", cells)
        return reading(rng, excerpt, "arithmetic", "percent", read, **slots)
    change, scale = digits(a - b, excerpt.style.decimals), SCALE_NAMES[excerpt.style.scale]
    return reading(rng, excerpt, "arithmetic", "difference", Reading([change], scale, "arithmetic", cells), **slots)


def broken_sum(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Three years of a total and its parts; in one the total is off by more than rounding explains: which year?"""
    company, (layout, locale) = draw_company(rng, language, split), draw_pair(rng, language, hard)
    total, parts = rng.choice([pair for pair in IDENTITIES if len(pair[1]) <= 3])
    years = draw_years(rng, 3)
    style = draw_style(rng, company, locale, negative="parentheses")
    amounts = [ledger(company, year) for year in years]
    rows = [
        Row(name, rng.choice(CONCEPTS[name].labels[language][:2]), tuple(a[name] for a in amounts))
        for name in (*parts, total)
    ]
    wrong = rng.randrange(3)
    cents = list(rows[-1].cents)
    cents[wrong] += rng.choice((-1, 1)) * _slip(rng, style, len(rows), abs(cents[wrong]))
    rows[-1] = replace(rows[-1], cents=tuple(cents))
    excerpt = shown(company, Table(language, tuple(map(str, years)), tuple(rows), style), layout)
    read = Reading([excerpt.table.columns[wrong]], "", "span", [(len(rows) - 1, wrong)])
    return reading(rng, excerpt, "broken-sum", "broken-sum", read, x=total)


def _slip(rng: random.Random, style: Style, terms: int, cents: int) -> int:
    """Return an error in cents that rounding cannot explain: beyond a whole printed digit for each term."""
    least = int(style.half_digit() * 100) * 2 * (terms + 1)
    return max(least, int(cents * rng.uniform(0.05, 0.4)))


FORMS = {
    "restated": restated, "segments": segments, "ratio": ratio, "per-share": per_share, "synonyms": synonyms,
    "total": total, "spans": spans, "count": count, "arithmetic": arithmetic, "broken-sum": broken_sum,
}  # fmt: skip
