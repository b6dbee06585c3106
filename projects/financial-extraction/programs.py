"""FinQA-style questions: the answer is the program that computes it, in FinQA's notation.

    {"program":"subtract(1204.5, 1100), divide(#0, 1100)"}

Numbers stand as printed, without group marks and with a decimal point; `#0` is the first step's result, `const_2` the
number 2. The program is executed, and its result compared with Decimal arithmetic on the ledger's printed amounts.

Not covered: table operations (table_sum …) and exp, which the metric knows; percentages.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from .concepts import BALANCE, INCOME
from .excerpts import Excerpt, draw_concepts, draw_excerpt, draw_pair, draw_years, report_of
from .finqa import execute, rounded
from .ledger import draw_company
from .tables import Mismatch
from .tasks import Problem, compact


@dataclass(frozen=True)
class Kind:
    """A computation: the concepts and years it needs, its program, its value, and how it is asked for."""

    concepts: int
    years: int
    program: str
    value: Callable[[Decimal, Decimal], Decimal | str]
    names: dict[str, str]
    phrases: dict[str, tuple[str, ...]]


KINDS = {
    "change": Kind(1, 2, "subtract({a}, {b})", lambda a, b: a - b,
                   {"en": "change of {x}, {v} to {w}", "de": "Änderung von {x}, {v} bis {w}"},
                   {"en": ("the change in {x} from {v} to {w}",), "de": ("die Änderung von {x} von {v} bis {w}",)}),
    "growth": Kind(1, 2, "subtract({a}, {b}), divide(#0, {b})", lambda a, b: (a - b) / b,
                   {"en": "growth of {x}, {v} to {w}", "de": "Wachstum von {x}, {v} bis {w}"},
                   {"en": ("the growth rate of {x} from {v} to {w}", "the relative change in {x} from {v} to {w}"),
                    "de": ("die Wachstumsrate von {x} von {v} bis {w}",
                           "die relative Änderung von {x} von {v} bis {w}")}),
    "average": Kind(1, 2, "add({a}, {b}), divide(#0, const_2)", lambda a, b: (a + b) / 2,
                    {"en": "average of {x}, {v} and {w}", "de": "Mittel von {x}, {v} und {w}"},
                    {"en": ("the average of {x} in {v} and {w}",), "de": ("das Mittel von {x} aus {v} und {w}",)}),
    "greater": Kind(1, 2, "greater({a}, {b})", lambda a, b: "yes" if a > b else "no",
                    {"en": "greater {x}, {w} than {v}", "de": "größer {x}, {w} als {v}"},
                    {"en": ("the test whether {x} was greater in {w} than in {v}",),
                     "de": ("den Vergleich, ob {x} {w} größer war als {v}",)}),
    "sum": Kind(2, 1, "add({a}, {b})", lambda a, b: a + b,
                {"en": "sum of {x} and {z}, {w}", "de": "Summe von {x} und {z}, {w}"},
                {"en": ("the sum of {x} and {z} in {w}",), "de": ("die Summe von {x} und {z} im Jahr {w}",)}),
    "share": Kind(2, 1, "divide({a}, {b})", lambda a, b: a / b,
                  {"en": "ratio of {x} to {z}, {w}", "de": "Verhältnis von {x} zu {z}, {w}"},
                  {"en": ("the ratio of {x} to {z} in {w}",), "de": ("das Verhältnis von {x} zu {z} im Jahr {w}",)}),
}  # fmt: skip


def plain(excerpt: Excerpt, row: int, column: int) -> Decimal:
    """Return a cell's printed number, before scaling."""
    return excerpt.style.value(excerpt.table.rows[row].cents[column]).scaleb(-excerpt.style.scale)


def digits(number: Decimal, decimals: int) -> str:
    """Return a number as a program writes it: the printed digits."""
    return f"{number:.{decimals}f}"


def program(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A table of one or two years and a computation on two of its amounts; raises Mismatch where the routes differ."""
    name = rng.choice(list(KINDS))
    kind = KINDS[name]
    while True:
        company, pair = draw_company(rng, language, split), draw_pair(rng, language, hard)
        concepts = draw_concepts(rng, rng.choice((2, 2, 3)), rng.choice((INCOME, BALANCE)))
        excerpt = draw_excerpt(rng, language, company, pair, concepts, draw_years(rng, kind.years))
        years = sorted(excerpt.table.columns)
        x, z = rng.sample(range(len(concepts)), 2)
        columns = [excerpt.table.columns.index(year) for year in (years[-1], years[0])]
        cells = (x, columns[0]), ((z, columns[0]) if kind.concepts == 2 else (x, columns[1]))
        a, b = (plain(excerpt, *cell) for cell in cells)
        if a > 0 and b > 0:
            break
    slots = {"x": concepts[x], "z": concepts[z], "v": years[0], "w": years[-1]}
    steps = kind.program.format(a=digits(a, excerpt.style.decimals), b=digits(b, excerpt.style.decimals))
    result = checked(steps, kind.value(a, b))
    line = f"{'Program' if language == 'en' else 'Programm'}: {kind.names[language].format(**slots)}"
    asked = {"x": rng.choice(kind.phrases[language]).format(**slots)}
    meta = excerpt.meta() | {"kind": "program", "computation": name, "program": steps, "result": result}
    beside = [i for i in range(len(concepts)) if i not in (x, z)]
    third = (beside or [z])[0]
    other = plain(excerpt, third, columns[0])
    others = ({"row": (excerpt.quote(third, columns[0]), digits(other, excerpt.style.decimals))},) if other > 0 else ()
    answer = {"quote": [excerpt.quote(*cell) for cell in cells], "program": steps}
    return Problem("program", "program", report_of(rng, excerpt), compact(answer), asked, line,
                   [company.key], meta, others)  # fmt: skip


def checked(steps: str, expected: Decimal | str) -> float | str:
    """Return the program's executed result; raises Mismatch where exact arithmetic gives another."""
    result = execute(steps)
    expected = expected if isinstance(expected, str) else rounded(float(expected))
    if isinstance(result, str) or isinstance(expected, str):
        agree = result == expected
    else:
        agree = result is not None and abs(result - expected) <= 1e-5
    if not agree:
        raise Mismatch(f"{steps} gives {result}, exact arithmetic {expected}")
    return result
