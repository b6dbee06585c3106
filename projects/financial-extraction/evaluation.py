"""The metrics, and the answer's form: what a model must return is `Answer`.

    fact_f1            F1 of facts, keyed by (concept, period, unit); a value counts within half the last printed digit.
                       Where one number is asked for (a program, a cell), it is one fact: 1 or 0. The main metric.
    json_valid         the answer is one JSON object of the expected form, with nothing around it
    scale_errors       share of facts that are right but for a power of ten of 3, 6 or 9
    invented_facts     share of the answer's facts whose concept, period or unit the reference does not have
    identity_errors    1 where facts that add up in the reference (gross profit, balance sheet …) do not in the answer
    execution          FinQA's execution accuracy of a program
    program            FinQA's program accuracy
    exact_match, f1, scale    TAT-QA's metrics of a span or number

None where a metric does not apply. Nothing raises on an answer: what is no JSON, too long or of another form is wrong.

Not covered: facts in prose; a right value under a synonym of the concept (the question names the concepts).
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gretchen.projects.rows import meta_of
from gretchen.scoring.metrics.fields import field_scores
from gretchen.scoring.metrics.json_answers import is_json, json_of

from . import finqa, tatqa
from .concepts import IDENTITIES

MOST_FACTS = 200


class Strict(BaseModel):
    """A part of an answer: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Strict):
    """One fact: `quote` is the line as printed, `value` is in full units; both are None where the report has none."""

    period: str = Field(max_length=40)
    concept: str = Field(max_length=100)
    quote: str | None = Field(default=None, max_length=300)  # not scored: it shows where the value comes from
    value: Decimal | None
    unit: str = Field(max_length=20)


class Facts(Strict):
    """The facts of a report."""

    facts: list[Fact] = Field(max_length=MOST_FACTS)


class Program(Strict):
    """A computation in FinQA's notation, with the lines that it takes its numbers from."""

    quote: list[str] = Field(default=[], max_length=20)
    program: str = Field(max_length=finqa.LONGEST)


class Reading(Strict):
    """Spans of the report as printed, or a computed number, with their scale, as TAT-QA has them."""

    quote: list[str] = Field(default=[], max_length=20)
    answer: list[str] = Field(max_length=tatqa.MOST_SPANS)
    scale: Literal["", "thousand", "million", "billion", "percent"]


Answer = Facts | Program | Reading
FORMS: dict[str, type[Facts] | type[Program] | type[Reading]] = {"facts": Facts, "program": Program, "reading": Reading}
_ADAPTERS = {kind: TypeAdapter(model) for kind, model in FORMS.items()}
Key = tuple[str, str, str]


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of one answer against its row."""
    meta = meta_of(row)
    scores: dict[str, float | None] = dict.fromkeys(METRICS)
    answer = parsed(prediction, meta["kind"])
    scores["json_valid"] = float(answer is not None and is_json(prediction))
    return scores | _SCORERS[meta["kind"]](answer, meta)


def reward(prediction: str, row: dict[str, Any]) -> float:
    """Return GRPO's reward, 0 to 1: the form 0.2, the facts 0.6 with part marks for digits, the identities 0.2."""
    meta = meta_of(row)
    scores = score(prediction, row)
    answer = parsed(prediction, meta["kind"])
    if answer is None:
        return 0.0
    near = max(scores["fact_f1"] or 0.0, 0.5 * _closeness(answer, meta))
    identity = 1.0 - (scores["identity_errors"] or 0.0) if scores["fact_f1"] else 0.0
    return 0.2 * (scores["json_valid"] or 0.0) + 0.6 * near + 0.2 * identity


@lru_cache(maxsize=10_000)
def parsed(prediction: str, kind: str) -> Answer | None:
    """Return the answer in its form, None where it is not of this form."""
    value = json_of(prediction)
    if not isinstance(value, dict):
        return None
    try:
        return _ADAPTERS[kind].validate_python(_plain(value) if kind == "reading" else value)
    except (ValidationError, ValueError, RecursionError):
        return None


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Return a reading with numbers as strings: TAT-QA's computed answers are numbers, its spans strings."""
    answer = value.get("answer")
    spans = answer if isinstance(answer, list) else [answer]
    return value | {"answer": [_as_python_prints(span) if isinstance(span, Decimal) else span for span in spans]}


def _as_python_prints(number: Decimal) -> str:
    """Return a JSON number as str() prints it once json.loads() has read it, which is what TAT-QA's scorer compares."""
    return str(int(number)) if number.as_tuple().exponent == 0 else str(float(number))


@dataclass(frozen=True)
class Printed:
    """A reference value, None where the report does not state it, and half of its last printed digit, in full units."""

    value: Decimal | None
    half_digit: Decimal

    def is_met(self, value: Decimal | None) -> bool:
        """Return whether a value is within half of the last printed digit; null is right where null is expected."""
        if value is None or self.value is None:
            return value is self.value
        return abs(value - self.value) <= self.half_digit

    def is_off_by_scale(self, value: Decimal | None) -> bool:
        """Return whether a value is right but for a factor of 10^3, 10^6 or 10^9."""
        if value is None or not self.value or self.is_met(value):
            return False
        return any(self.is_met(value.scaleb(power)) for power in (-9, -6, -3, 3, 6, 9))


def _reference(facts: list[dict[str, Any]]) -> dict[Key, Printed]:
    """Return the reference facts by key."""
    return {
        (fact["concept"], fact["period"], fact["unit"]): Printed(
            None if fact["value"] is None else Decimal(fact["value"]), Decimal(fact["half_digit"])
        )
        for fact in facts
    }


def _facts(answer: Facts | None, meta: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of facts."""
    reference = _reference(meta["facts"])
    given = [((f.concept, f.period, f.unit), f.value) for f in answer.facts] if answer else []
    counts = field_scores(given, list(reference.items()), lambda value, printed: printed.is_met(value))
    shared = [(value, reference[key]) for key, value in dict(given).items() if key in reference]
    numbers = max(1, sum(printed.value is not None for printed in reference.values()))
    return {
        "fact_f1": counts.f1,
        "scale_errors": sum(printed.is_off_by_scale(value) for value, printed in shared) / numbers,
        "invented_facts": sum(key not in reference for key, _ in given) / len(given) if given else 0.0,
        "identity_errors": _identity_errors(dict(given), reference),
    }


def _identity_errors(given: dict[Key, Decimal | None], reference: dict[Key, Printed]) -> float | None:
    """Return 1 where the answer breaks an identity that its facts should keep; None where none can be checked.

    Each printed amount may be off by half a digit, so the parts of a sum may be off by as many halves.
    """
    checked = broken = 0
    for period, unit in sorted({(period, unit) for _, period, unit in reference}):
        for total, parts in IDENTITIES:
            keys = [(name, period, unit) for name in (total, *parts)]
            if any(key not in reference or reference[key].value is None for key in keys):
                continue
            checked += 1
            slack = sum(reference[key].half_digit for key in keys)
            broken += not _adds_up([given.get(key) for key in keys], list(parts.values()), slack)
    return float(broken > 0) if checked else None


def _adds_up(values: list[Decimal | None], signs: list[int], slack: Decimal) -> bool:
    """Return whether the first value is the sum of the others with their signs; a missing one says no."""
    if any(value is None for value in values):
        return False
    return abs(values[0] - sum(sign * value for sign, value in zip(signs, values[1:], strict=True))) <= slack


def _program(answer: Program | None, meta: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of a program; the executed result is the one fact that was asked for."""
    table = tuple(map(tuple, meta.get("table", ())))
    right = answer is not None and finqa.is_executed_right(answer.program, meta["result"], table)
    equal = answer is not None and finqa.programs_equal(meta["program"], answer.program)
    return {"fact_f1": float(right), "execution": float(right), "program": float(equal)}


def _reading(answer: Reading | None, meta: dict[str, Any]) -> dict[str, float | None]:
    """Return TAT-QA's scores; the exact match with the right scale is the one fact that was asked for."""
    if answer is None:
        return {"fact_f1": 0.0, "exact_match": 0.0, "f1": 0.0, "scale": 0.0}
    gold = tatqa.Gold(meta["answer"], meta["scale"], meta["answer_type"])
    em, f1 = tatqa.em_and_f1(answer.answer, answer.scale, gold)
    scale = tatqa.scale_match(answer.answer, answer.scale, gold)
    return {"fact_f1": em * scale, "exact_match": em, "f1": f1, "scale": scale}


_SCORERS = {"facts": _facts, "program": _program, "reading": _reading}
METRICS = ("fact_f1", "json_valid", "scale_errors", "invented_facts", "identity_errors", "execution", "program",
           "exact_match", "f1", "scale")  # fmt: skip


def _closeness(answer: Answer, meta: dict[str, Any]) -> float:
    """Return how near wrong values come, 0 to 1: equal digits from the left, keys right; so that rewards are graded."""
    if isinstance(answer, Facts):
        given = {(f.concept, f.period, f.unit): f.value for f in answer.facts}
        expected = _reference(meta["facts"])
        marks = [_same_digits(given[key], printed.value) for key, printed in expected.items() if key in given]
        return sum(marks) / max(len(expected), len(answer.facts), 1)
    if isinstance(answer, Program):
        return _same_prefix(answer.program, meta["program"])
    return _same_prefix(" ".join(answer.answer), " ".join(meta["answer"]))


def _same_digits(value: Decimal | None, right: Decimal | None) -> float:
    """Return the share of equal leading characters of two numbers."""
    if value is None or right is None:
        return float(value is right)
    return _same_prefix(f"{value:f}", f"{right:f}") if math.isfinite(value) else 0.0


def _same_prefix(text: str, right: str) -> float:
    """Return the length of the common beginning over that of the longer string."""
    common = next((i for i, (a, b) in enumerate(zip(text, right, strict=False)) if a != b), min(len(text), len(right)))
    return common / max(len(text), len(right), 1)
