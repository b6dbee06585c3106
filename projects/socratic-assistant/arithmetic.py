"""Word problems as graphs of steps, evaluated exactly, with the typical wrong answers of a student.

    problem = draw(rng, "eggs")             numbers, the value of every step, mistakes that give another answer
    evaluate("boxes * each", {"boxes": Fraction(3), "each": Fraction(6)})       -> Fraction(18)

Stories are in data/problems.yaml (two to four steps) and data/problems-long.yaml (five to eight). Each problem is
computed twice: step by step in fractions, and as one nested expression in floating point; where the two differ, it is
dropped.
"""

import ast
import operator
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import yaml

from gretchen.projects.splits import split_of

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
OTHER_OPERATORS = {"*": "+", "+": "-", "-": "+", "/": "*"}
TRIES = 600
LARGEST = 200_000  # number of a student who goes wrong: with more they would have noticed
CONVERSIONS = ("hundred", "thousand", "sixty")  # constants by which units are converted: nobody adds those
_DROPPED: Counter[str] = Counter()


@dataclass(frozen=True)
class Step:
    """One step of a solution: what it is called, how it is computed, what it finds out, how questions name it."""

    name: str
    expression: str
    clause: Mapping[str, str]
    keys: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Story:
    """A problem without its numbers."""

    name: str
    entry: Mapping  # as data/problems*.yaml has it
    steps: tuple[Step, ...]

    @property
    def key(self) -> str:
        """The group key that holds the story out."""
        return f"story/{self.name}"


@dataclass(frozen=True)
class Mistake:
    """A misconception at one step (two in a hard row), and the wrong answer that it leads to."""

    kinds: tuple[str, ...]  # operation, skip, unit, order, percent
    steps: tuple[int, ...]
    expressions: Mapping[str, str]  # of the steps as the student computes them
    answer: Fraction


@dataclass(frozen=True)
class Problem:
    """A story with numbers: the value of each name, and the mistakes that give another answer than the right one."""

    story: Story
    given: Mapping[str, int]
    values: Mapping[str, Fraction]  # of given numbers, constants and steps
    mistakes: tuple[Mistake, ...]

    @property
    def answer(self) -> Fraction:
        """The value of the last step."""
        return self.values[self.story.steps[-1].name]


def dropped() -> dict[str, int]:
    """Return how many drawn problems were dropped since the module was loaded, by reason."""
    return dict(_DROPPED)


@cache
def stories() -> dict[str, Story]:
    """Return all stories by name."""
    files = sorted((Path(__file__).parent / "data").glob("problems*.yaml"))
    entries = {k: v for file in files for k, v in yaml.safe_load(file.read_text(encoding="utf-8")).items()}
    return {
        name: Story(name, entry, tuple(
            Step(step, expression, {"en": en, "de": de}, {"en": _keys(keys_en), "de": _keys(keys_de)})
            for step, expression, en, de, keys_en, keys_de in entry["steps"]
        ))
        for name, entry in entries.items()
    }  # fmt: skip


def _keys(groups: list[str]) -> tuple[str, ...]:
    """Return groups of alternatives as anchors."""
    return tuple(str(group).strip() for group in groups)


@cache
def stories_in(split: str, has_unit: bool = False) -> tuple[str, ...]:
    """Return the names of a split's stories, or of those alone in which a unit is converted."""
    return tuple(
        name
        for name, story in stories().items()
        if split_of(story.key) == split and (not has_unit or "unit" in story.entry)
    )


def evaluate(expression: str, values: Mapping[str, Fraction]) -> Fraction:
    """Return the exact value of an expression over named numbers. Raises ZeroDivisionError, KeyError."""
    return _value(_parsed(expression), values)


@cache
def _parsed(expression: str) -> ast.AST:
    """Return an expression's syntax tree; the stories have a few hundred."""
    return ast.parse(expression, mode="eval").body


def _value(node: ast.AST, values: Mapping[str, Fraction]) -> Fraction:
    """Return the value of a node of an expression."""
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
    return Fraction(node.value) if isinstance(node, ast.Constant) else values[node.id]


def draw(rng: random.Random, name: str) -> Problem:
    """Return a problem with numbers for which all steps are positive whole numbers, and at least one mistake."""
    story = stories()[name]
    for _ in range(TRIES):
        given = {key: _drawn(rng, range_) for key, range_ in story.entry["given"].items()}
        start = {key: Fraction(n) for key, n in (given | story.entry.get("constants", {})).items()}
        values = _solved(story, start, {})
        numbers = [*given.values(), *(values[step.name] for step in story.steps)]
        if any(values[step.name] <= 0 or values[step.name].denominator > 1 for step in story.steps):
            _DROPPED["no whole number"] += 1
        elif len(set(numbers)) < len(numbers):
            _DROPPED["a number twice"] += 1  # a harmless number would equal a later value
        elif abs(_nested(story, start) - float(values[story.steps[-1].name])) > 1e-9:
            _DROPPED["routes disagree"] += 1
        elif mistakes := _mistakes(story, start, values):
            return Problem(story, given, values, mistakes)
    raise AssertionError(f"{name}: no numbers fit, widen its ranges in data/problems.yaml")


def _drawn(rng: random.Random, range_: str | list[int]) -> int:
    """Return a number from a range `3-9` or a list."""
    if isinstance(range_, list):
        return rng.choice(range_)
    low, high = map(int, range_.split("-"))
    return rng.randint(low, high)


def _solved(story: Story, start: Mapping[str, Fraction], changed: Mapping[str, str]) -> dict[str, Fraction]:
    """Return all values, with some steps computed by other expressions."""
    values = dict(start)
    for step in story.steps:
        values[step.name] = evaluate(changed.get(step.name, step.expression), values)
    return values


def _nested(story: Story, start: Mapping[str, Fraction]) -> float:
    """Return the answer by the second route: all steps put into one expression, in floating point."""
    nested = {name: repr(float(value)) for name, value in start.items()}
    for step in story.steps:
        nested[step.name] = "(" + re.sub(r"[a-z_]+", lambda match: nested[match[0]], step.expression) + ")"
    return float(eval(nested[story.steps[-1].name], {"__builtins__": {}}))


def _mistakes(story: Story, start: Mapping[str, Fraction], values: Mapping[str, Fraction]) -> tuple[Mistake, ...]:
    """Return the misconceptions that give positive whole numbers, and as the answer none of the right values."""
    single = [(kind, i, wrong) for i, step in enumerate(story.steps) for kind, wrong in _wrong_ways(story, step)]
    double = [(first, second) for first in single for second in single if first[1] < second[1]]
    combined = [((k,), (i,), {story.steps[i].name: w}) for k, i, w in single]
    combined += [((a[0], b[0]), (a[1], b[1]), {story.steps[x[1]].name: x[2] for x in (a, b)}) for a, b in double]
    made = []
    for kinds, steps, changed in combined:
        solved = _solved(story, start, changed)
        shown_numbers = [solved[step.name] for step in story.steps[steps[0] :]]
        answer, later = shown_numbers[-1], {values[step.name] for step in story.steps[steps[0] :]}
        are_fine = all(0 < n <= LARGEST and n.denominator == 1 for n in shown_numbers)
        if are_fine and answer not in later and answer not in start.values():
            made.append(Mistake(kinds, steps, changed, answer))
    return tuple(made)


def _wrong_ways(story: Story, step: Step) -> list[tuple[str, str]]:
    """Return (kind, expression) of the mistakes at a step: the story's own, else another operator of arithmetic."""
    own = list((story.entry["wrong"].get(step.name) or {}).items())
    simple = re.fullmatch(r"(\w+) ([*+/-]) (\w+)", step.expression)
    is_conversion = simple and simple[3] in CONVERSIONS
    if simple and not is_conversion and not any(kind == "operation" for kind, _ in own):
        own.append(("operation", f"{simple[1]} {OTHER_OPERATORS[simple[2]]} {simple[3]}"))
    return own


def numeric(expression: str, values: Mapping[str, Fraction]) -> str:
    """Return an expression with numbers for names: `3 * 12`."""
    return re.sub(r"[a-z_]+", lambda match: shown(values[match[0]]), expression)


def shown(value: Fraction) -> str:
    """Return a whole number as text."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
