"""The rejected side of a preference pair: one typed error in an answer that is otherwise right.

Errors: the scale (a thousandfold, up or down), zeros (a tenfold, up or down), the sign (lost or added), two digits
exchanged, the amount of another row (label swap), of the neighbouring year, the label of what the report does not state
with another row's amount, null for what it states, another currency; in programs exchanged operands, another row's
amount, one amount twice, another operation; in cells another scale, row or year. Every error is wrong for certain: the
value is off by more than half a printed digit, and a rejected answer that equals the right one is no pair. Lengths
differ by two thirds at most.

Not covered: errors of form (broken JSON); the chosen side is always the builder's answer.
"""

import json
import random
import re
from decimal import Decimal
from typing import Any

from .tasks import Problem, compact

# What can go wrong in each kind of answer; an error that a problem does not allow gives no pair.
ERRORS = {
    "facts": ("scale", "zeros", "sign", "digits", "row", "row", "currency"),
    "absent": ("filled", "nulled", "nulled"),  # as often an amount for what is absent as null for what is stated
    "program": ("operands", "row", "operation", "twice", "twice"),
    "reading": ("scale", "row"),
}
YEARS = 0.6  # of answers that are read from one of several columns: the other year's amount
OPERATIONS = ("add", "subtract", "multiply", "divide")
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "INR")


def rejected(rng: random.Random, problem: Problem) -> tuple[str, str] | None:
    """Return a wrong answer of like length and its error; None where this problem allows none."""
    kind = problem.meta["kind"]
    error = _draw_error(rng, problem)
    spoil = {"facts": _spoiled_facts, "program": _spoiled_program, "reading": _spoiled_reading}[kind]
    answer = spoil(rng, problem, error)
    if answer is None or answer == problem.answer:
        return None
    shorter, longer = sorted((len(answer), len(problem.answer)))
    return (answer, error) if shorter >= 0.6 * longer else None


def _draw_error(rng: random.Random, problem: Problem) -> str:
    """Return an error of the problem's kind of answer."""
    if any("year" in beside for beside in problem.others) and rng.random() < YEARS:
        return "year"
    return rng.choice(ERRORS["absent" if problem.form == "absent" else problem.meta["kind"]])


def _spoiled_facts(rng: random.Random, problem: Problem, error: str) -> str | None:
    """Return facts of which one has the error."""
    facts = json.loads(problem.answer, parse_float=Decimal, parse_int=Decimal)["facts"]
    candidates = [i for i, fact in enumerate(facts) if (fact["value"] is None) == (error == "filled")]
    if not candidates:
        return None
    index = rng.choice(candidates)
    if error == "currency":
        unit = facts[index]["unit"]
        other = rng.choice([name for name in CURRENCIES if name != unit[:3]])
        facts[index] |= {"unit": unit.replace(unit[:3], other)}
        return compact({"facts": facts})
    quote, value = _wrong_reading(rng, facts[index], error, problem.others[index] if problem.others else {})
    right, half = facts[index]["value"], Decimal(problem.meta["facts"][index]["half_digit"])
    if value is ... or (value is not None and right is not None and abs(value - right) <= half):
        return None
    facts[index] |= {"quote": quote, "value": value}
    return compact({"facts": facts})


def _wrong_reading(rng: random.Random, right: dict[str, Any], error: str, others: dict[str, Any]) -> tuple[Any, Any]:
    """Return quote and value with the error; the value is `...` where it cannot be planted.

    Another row's or year's amount is quoted and read right, an absent line with another row's amount; a wrong scale or
    sign stands beside the right quote.
    """
    quote, value = right["quote"], right["value"]
    if error in ("row", "year", "filled"):
        return others.get(error, (quote, ...))
    if error == "nulled":
        return None, None
    if not value:
        return quote, ...
    if error == "sign":
        return quote, -value
    if error == "digits":
        return quote, _exchanged(rng, value)
    wrong = value.scaleb(rng.choice((3, -3) if error == "scale" else (1, -1)))
    return quote, wrong if wrong == wrong.to_integral_value() else ...


def _exchanged(rng: random.Random, value: Decimal) -> Any:
    """Return a number with two different digits beside each other exchanged; `...` where it has none."""
    digits = str(int(value))
    positions = [
        i for i in range(len(digits) - 1) if digits[i] != digits[i + 1] and digits[i + 1] != "0" and digits[i] != "-"
    ]
    if not positions or value != value.to_integral_value():
        return ...
    i = rng.choice(positions)
    return Decimal(digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :])


def _spoiled_program(rng: random.Random, problem: Problem, error: str) -> str | None:
    """Return the program with exchanged operands, another row's amount, one twice, or another operation, first step."""
    answer = json.loads(problem.answer)
    operation, a, b, rest = re.fullmatch(r"(\w+)\(([^,]+), ([^)]+)\)(.*)", answer["program"]).groups()
    if error == "operands":
        if operation == "add":
            return None
        a, b = b, a
    elif error == "row":
        quote, number = problem.others[0]["row"] if problem.others else ("", a)
        if number in (a, b):
            return None
        a, answer["quote"][0] = number, quote
    elif error == "twice":
        if a == b:
            return None
        b, answer["quote"][1] = a, answer["quote"][0]
    else:
        operation = rng.choice([name for name in OPERATIONS if name != operation])
    return compact(answer | {"program": f"{operation}({a}, {b}){rest}"})


def _spoiled_reading(rng: random.Random, problem: Problem, error: str) -> str | None:
    """Return a cell's answer with another scale, or another row's or year's amount."""
    answer = json.loads(problem.answer)
    if error == "scale":
        scales = [scale for scale in ("", "thousand", "million") if scale != answer["scale"]]
        return compact(answer | {"scale": rng.choice(scales)})
    other = problem.others[0].get(error) if problem.others else None
    return None if other is None else compact(answer | {"quote": [other[0]], "answer": [other[1]]})
