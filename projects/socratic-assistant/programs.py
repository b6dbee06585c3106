"""Buggy functions with the facts of their traces: what fails, where the runs part, what the student would see.

    bugs("largest")     -> every mutant of a function that fails one of its calls
    dropped()           -> {"equivalent": …, "no fact": …}: mutants that no call tells from the function, and the like

Functions are in data/functions*.yaml. Mutants are traced in the sandbox (tracing.py) beside the function: the first
step where the two runs differ is the fact that a tutor's questions lead to.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

import yaml

from gretchen.projects.splits import split_of

from .mutators import HELD_OUT, SEEN, mutants, written
from .tracing import ENDLESS, Comparison, Step, trace_all

_DROPPED: Counter[str] = Counter()
LONGEST_RESULT, LONGEST_VALUE = 40, 24
ERROR = re.compile("[A-Z][A-Za-z]*Error")
Kind = Literal["variable", "branch", "loop", "result"]


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
    parting = _parting(source, function.code, comparison)
    if parting is None or len(parting[4]) > LONGEST_VALUE or not _is_at(source, lines, parting[0], parting[-1]):
        return "no fact"
    kind, variable, at_pass, right_value, value, place, _ = parting
    values = [step.variables[variable] for step in comparison.steps if variable in step.variables]
    line = parting[-1] if parting[-1] in lines else lines[0]
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


def _parting(
    source: str, right_source: str, comparison: Comparison
) -> tuple[Kind, str, int, str, str, int, int] | None:
    """Return (kind, variable, pass, right value, value, step, line) where the two runs first differ."""
    right, steps = comparison.right_steps, comparison.steps
    for i, (ours, theirs) in enumerate(zip(right, steps, strict=False)):
        names = [name for name in theirs.variables if ours.variables.get(name) != theirs.variables[name]]
        if names and i:
            values = ours.variables.get(names[0], "?"), theirs.variables[names[0]]
            is_target = isinstance(_statement(source, steps[i - 1].line), ast.For)
            return (
                "loop" if is_target else "variable",
                names[0],
                _passes(source, steps[:i]),
                *values,
                i,
                steps[i - 1].line,
            )
        if ours.line != theirs.line and i:
            is_choice = source.split("\n")[steps[i - 1].line - 1].strip().startswith(("if", "elif"))
            line = steps[i - 1].line if is_choice else _loop_line(source)
            name = _watched(source, line, steps[i - 1], right_source)
            value = steps[i - 1].variables.get(name or "")
            kind = "branch" if is_choice else "loop"
            return value and (kind, name, _passes(source, steps[:i]), value, value, i, line)
    name = _watched(source, steps[-2].line, steps[-2], right_source) or _locals_first(source, steps[-1].variables)[0]
    if comparison.results[comparison.failing] == ENDLESS:
        return None
    value = steps[-1].variables[name]
    return "result", name, 0, value, value, len(steps) - 1, steps[-2].line


def _loop_line(source: str) -> int:
    """Return the number of the first loop's line, 0 where there is none."""
    loops = [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.For | ast.While)]
    return min(loops, default=0)


def _is_at(source: str, changed: list[int], kind: Kind, line: int) -> bool:
    """Return whether the runs part at a changed line: a fact elsewhere (in a recursive call) leads nowhere."""
    if kind != "loop":
        return line in changed
    return line in changed or source.split("\n")[changed[0] - 1].strip().startswith("return")


def _watched(source: str, line: int, step: Step, right_source: str) -> str | None:
    """Return the variable that a line is about: a loop's, or one in the smallest part that the right code lacks."""
    statement = _statement(source, line)
    if isinstance(statement, ast.For):
        parts: list[ast.AST] = [statement.target]
    elif statement is None:
        return None
    else:
        right = {ast.dump(node) for node in ast.walk(ast.parse(right_source))}
        parts = [node for node in ast.walk(statement) if ast.dump(node) not in right][::-1] + [statement]
    names = [node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)]
    names = _locals_first(source, (name for name in names if name in step.variables))
    return names[0] if names else None


def _locals_first(source: str, names: Iterable[str]) -> list[str]:
    """Return names with a function's parameters behind the others: its own variables are what a run is about."""
    parameters = {argument.arg for argument in ast.parse(source).body[0].args.args}
    return sorted(names, key=lambda name: name in parameters)


def _statement(source: str, line: int) -> ast.stmt | None:
    """Return the statement of a line without its body, None where it is not one by itself."""
    text = source.split("\n")[line - 1].strip().removeprefix("el")
    try:
        return ast.parse(f"{text} pass" if text.endswith(":") else text).body[0]
    except SyntaxError:
        return None


def _passes(source: str, steps: tuple[Step, ...]) -> int:
    """Return in which pass of the outermost loop the last of these steps is, 0 where it is in none."""
    tree = ast.parse(source)
    loops = [node for node in tree.body[0].body if isinstance(node, ast.For | ast.While)]
    last = steps[-1].line
    for loop in loops:
        if loop.lineno < last <= (loop.end_lineno or 0):
            entries = [after.line for before, after in pairwise(steps) if before.line == loop.lineno]
            return sum(loop.lineno < line <= (loop.end_lineno or 0) for line in entries)
    return 0
