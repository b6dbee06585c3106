"""Buggy functions with the facts of their traces: what fails, where the runs part, what the student would see.

    bugs("largest")     -> every mutant of a function that fails one of its calls
    dropped()           -> {"equivalent": …, "no fact": …}: mutants that no call tells from the function, and the like

Functions are in data/functions*.yaml. Mutants are traced in the sandbox (tracing.py) beside the function: the first
step where the two runs differ is the fact that a tutor's questions lead to.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml

from gretchen.projects.splits import split_of

from .mutators import HELD_OUT, SEEN, mutants, written
from .partings import Kind, is_at, is_clear, part
from .tracing import Comparison, trace_all

_DROPPED: Counter[str] = Counter()
LONGEST_RESULT, LONGEST_VALUE = 40, 24
ERROR = re.compile("[A-Z][A-Za-z]*Error")


@dataclass(frozen=True)
class Function:
    """A function, what it should do in each language, and calls (their arguments as source)."""

    name: str
    code: str  # as mutators.written() has it
    purpose: dict[str, str]
    calls: tuple[str, ...]

    @property
    def key(self) -> str:
        """The group key that holds the function out."""
        return f"bug:{self.name}"


@dataclass(frozen=True)
class Bug:
    """A mutant that fails a call, and where its run parts from the right one."""

    function: Function
    mutators: tuple[str, ...]  # two of them in a hard row
    code: str
    line: int  # the line that is wrong, counted from 1; of two, the one where the runs part
    call: str  # arguments of the failing call with the shortest run
    expected: str
    actual: str
    failing: tuple[str, ...]  # the arguments of every call that is wrong
    passing: tuple[str, str] | None  # arguments and result of a call that is right
    all_passing: tuple[str, ...]  # the arguments of every call that is right
    kind: Kind  # what differs first: a variable, the way through an `if`, the loop's end, or only the result
    variable: str
    at_pass: int  # in which pass of the loop, from 1; 0 outside of loops
    right_value: str
    value: str  # of the variable where the runs part, in the buggy run
    is_taken: bool  # the way through an `if`: whether its condition is true in the buggy run
    history: tuple[str, ...]  # the variable's values in the buggy run, one after the other
    fixed: str  # the function's own line, in place of the wrong one


def dropped() -> dict[str, int]:
    """Return how many mutants were dropped since the module was loaded, by reason."""
    return dict(_DROPPED)


@cache
def functions() -> dict[str, Function]:
    """Return all functions by name."""
    found: dict[str, Function] = {}
    for file in sorted((Path(__file__).parent / "data").glob("functions*.yaml")):
        for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            assert name not in found, f"{file.name}: there is a {name} already"
            code, purpose = written(ast.parse(entry["code"])), {"en": entry["en"], "de": entry["de"]}
            found[name] = Function(name, code, purpose, tuple(entry["calls"]))
    return found


@cache
def functions_in(split: str) -> tuple[str, ...]:
    """Return the names of a split's functions."""
    return tuple(name for name, function in functions().items() if split_of(function.key) == split)


@cache
def bugs(name: str) -> tuple[Bug, ...]:
    """Return a function's mutants that fail a call, each with its facts; those of held-out mutators are hard_bugs."""
    function = functions()[name]
    return _compared(function, [((mutator,), code) for mutator, code in mutants(function.code, SEEN)])


@cache
def hard_bugs(name: str) -> tuple[Bug, ...]:
    """Return mutants of held-out mutators, and mutants of mutants: two mistakes, in different lines."""
    function = functions()[name]
    made = [((mutator,), code) for mutator, code in mutants(function.code, HELD_OUT)]
    for bug in bugs(name)[:4]:
        doubled = [((*bug.mutators, mutator), code) for mutator, code in mutants(bug.code, SEEN)]
        made += [(names, code) for names, code in doubled if len(_changed_lines(function.code, code)) == 2][:8]
    return _compared(function, made)


def _compared(function: Function, made: list[tuple[tuple[str, ...], str]]) -> tuple[Bug, ...]:
    """Return the bugs among mutants; the others are counted in `dropped()`."""
    compared = trace_all(function.code, [source for _, source in made], function.name, list(function.calls))
    found = []
    for (names, source), comparison in zip(made, compared, strict=True):
        bug = _bug(function, names, source, comparison)
        if isinstance(bug, Bug):
            found.append(bug)
        else:
            _DROPPED[bug] += 1
    return tuple(found)


def _bug(function: Function, names: tuple[str, ...], source: str, comparison: Comparison) -> Bug | str:
    """Return a mutant's facts, or why there are none."""
    if comparison.failing is None:
        return "equivalent"
    number = comparison.failing
    expected, actual = comparison.right[number], comparison.results[number]
    if ERROR.fullmatch(actual):
        return "exception"  # Python names the line itself
    if max(len(expected), len(actual)) > LONGEST_RESULT:
        return "long result"
    lines = _changed_lines(function.code, source)
    if not lines:
        return "no line"
    outcomes = list(zip(function.calls, comparison.results, comparison.right, strict=True))
    failing = tuple(call for call, result, right in outcomes if result != right)
    right_calls = [(call, result) for call, result, right in outcomes if result == right]
    parting = part(source, function.code, comparison)
    if parting is None or len(parting.value) > LONGEST_VALUE or not is_at(source, lines, parting.kind, parting.line):
        return "no fact"
    if not is_clear(source, comparison.steps, parting):
        return "no clear fact"
    kind, variable, at_pass, right_value, value, place, _ = parting
    values = [step.variables[variable] for step in comparison.steps if variable in step.variables]
    line = parting.line if parting.line in lines else lines[0]
    return Bug(
        function, names, source, line, function.calls[number], expected, actual, failing,
        right_calls[0] if right_calls else None, tuple(call for call, _ in right_calls), kind, variable, at_pass,
        right_value, value, is_taken=comparison.steps[place].line == comparison.steps[place - 1].line + 1,
        history=tuple(name for name, _ in groupby(values)), fixed=function.code.split("\n")[line - 1].strip(),
    )  # fmt: skip


def _changed_lines(code: str, mutant: str) -> list[int]:
    """Return the numbers of the mutant's lines that differ; of a moved line, where it stands now."""
    old, new = code.split("\n"), mutant.split("\n")
    if len(old) != len(new):
        return []
    changed = [number for number, pair in enumerate(zip(old, new, strict=True), start=1) if pair[0] != pair[1]]
    return changed
