"""Where a mutant's run parts from the right one: the fact that a tutor's questions lead to.

parting = part(mutant, function, comparison)    -> Parting("variable", "total", at_pass=2, …)
is_at(mutant, changed_lines, kind, line)        whether the runs part where the mistake is
is_clear(mutant, steps, parting)                whether a question on it has one answer
"""

import ast
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, NamedTuple

from .tracing import ENDLESS, Comparison, Step

Kind = Literal["variable", "branch", "loop", "result"]


class Parting(NamedTuple):
    """The first difference of two runs."""

    kind: Kind  # a variable, the way through an `if`, the loop's end, or only the result
    variable: str
    at_pass: int  # in which pass of the loop, from 1; 0 outside of loops
    right_value: str
    value: str  # of the variable, in the buggy run
    step: int  # its number in the trace
    line: int


def part(source: str, right_source: str, comparison: Comparison) -> Parting | None:
    """Return where the two runs first differ, None where no variable tells it."""
    right, steps = comparison.right_steps, comparison.steps
    for i, (ours, theirs) in enumerate(zip(right, steps, strict=False)):
        names = [name for name in theirs.variables if ours.variables.get(name) != theirs.variables[name]]
        if names and i:
            values = ours.variables.get(names[0], "?"), theirs.variables[names[0]]
            is_target = isinstance(_statement(source, steps[i - 1].line), ast.For)
            is_over = is_target and ours.line != theirs.line
            at_pass = _passes(source, steps[: i + 1] if is_target else steps[:i])
            return Parting("loop" if is_over else "variable", names[0], at_pass, *values, i, steps[i - 1].line)
        if ours.line != theirs.line and i:
            is_choice = source.split("\n")[steps[i - 1].line - 1].strip().startswith(("if", "elif"))
            line = steps[i - 1].line if is_choice else _loop_line(source)
            name = _watched(source, line, steps[i - 1], right_source)
            value = steps[i - 1].variables.get(name or "")
            kind = "branch" if is_choice else "loop"
            return Parting(kind, name, _passes(source, steps[:i]), value, value, i, line) if name and value else None
    name = _watched(source, steps[-2].line, steps[-2], right_source) or _locals_first(source, steps[-1].variables)[0]
    if comparison.results[comparison.failing] == ENDLESS:
        return None
    value = steps[-1].variables[name]
    return Parting("result", name, 0, value, value, len(steps) - 1, steps[-2].line)


def is_clear(source: str, steps: tuple[Step, ...], parting: Parting) -> bool:
    """Return whether a question on a parting has one answer: it names a pass, or a variable's first value.

    In loops within loops a variable may change again before the pass ends, and a condition be met several times.
    """
    if parting.kind == "variable" and not parting.at_pass:
        return parting.variable not in steps[parting.step - 1].variables
    if parting.kind not in ("variable", "branch") or not parting.at_pass:
        return True
    loop = next(loop for loop in _loops(source) if loop.lineno <= parting.line <= (loop.end_lineno or 0))
    first = max(k for k in range(parting.step) if steps[k].line == loop.lineno)
    after = (k for k in range(parting.step, len(steps)) if not loop.lineno < steps[k].line <= (loop.end_lineno or 0))
    end = next(after, len(steps) - 1)
    if parting.kind == "branch":
        return sum(step.line == parting.line for step in steps[first:end]) == 1
    return steps[end].variables.get(parting.variable) == parting.value


def _loops(source: str) -> list[ast.For | ast.While]:
    """Return a function's outermost loops."""
    return [node for node in ast.parse(source).body[0].body if isinstance(node, ast.For | ast.While)]


def _loop_line(source: str) -> int:
    """Return the number of the first loop's line, 0 where there is none."""
    loops = [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.For | ast.While)]
    return min(loops, default=0)


def is_at(source: str, changed: list[int], kind: Kind, line: int) -> bool:
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
    last = steps[-1].line
    for loop in _loops(source):
        if loop.lineno < last <= (loop.end_lineno or 0):
            entries = [after.line for before, after in pairwise(steps) if before.line == loop.lineno]
            return sum(loop.lineno < line <= (loop.end_lineno or 0) for line in entries)
    return 0
