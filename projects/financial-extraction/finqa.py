"""FinQA's program language and its two metrics (Chen et al. 2021, EMNLP), reimplemented from the paper and the
documented behaviour of the official scorer.

    execute("subtract(120, 100), divide(#0, 100)")                  -> 0.2
    programs_equal("add(1, 2)", "add(2, 1)")                        -> True

A program is a list of steps `operation(a, b)`; an argument is a number (percent signs count as hundredths), a
constant `const_100`, `const_m1` (-1), an earlier result `#0`, or, for table operations, the name of a table row.
Results are rounded to five digits; `greater` gives yes or no. Two programs are equal where their formulas are, with
every distinct number a symbol; a prediction that uses a number or table row which the reference does not is another.

Not covered: the nested notation (program_re).
"""

import operator
import re
from functools import lru_cache
from typing import Any

OPERATIONS = ("add", "subtract", "multiply", "divide", "exp", "greater")
TABLE_OPERATIONS = ("table_max", "table_min", "table_sum", "table_average")
LONGEST = 2000  # characters
MOST_STEPS = 20
Table = tuple[tuple[str, ...], ...]
Step = tuple[str, str, str]


def steps_of(program: str) -> list[Step] | None:
    """Return the complete steps of a program, None where it is none.

    Tokens come in fours: `operation(`, two arguments parted by a comma and a blank, `)`. A last step that was cut off
    is left out, as the official scorer does.
    """
    if not isinstance(program, str) or len(program) > LONGEST:
        return None
    tokens = [token for piece in program.split(", ") for token in re.findall(r"[^()]*\(|\)|[^()]+", piece)]
    steps: list[Step] = []
    for start in range(0, len(tokens), 4):
        operation, *rest = tokens[start : start + 4]
        if operation.strip("(") not in OPERATIONS + TABLE_OPERATIONS or len(steps) == MOST_STEPS:
            return None
        if len(rest) < 3:
            break
        if rest[2] != ")" or any(mark in text for text in rest[:2] for mark in "()") or operation[-1] != "(":
            return None
        steps.append((operation.strip("("), rest[0].strip(), rest[1].strip()))
    return steps or None


def number(text: str) -> float | None:
    """Return the number that an argument or a table cell stands for."""
    bare = text.replace(",", "")
    try:
        if bare.startswith("const_"):
            return -1.0 if bare == "const_m1" else float(bare.removeprefix("const_"))
        return float(bare.replace("%", "")) / 100 if "%" in bare else float(bare)
    except (ValueError, OverflowError):
        return None


def rounded(value: float) -> float:
    """Return a result as it is compared: five digits."""
    return round(value, 5)


def execute(program: str, table: Table = ()) -> float | str | None:
    """Return the result of the last step, "yes" or "no" for a comparison, None where the program cannot be run."""
    steps = steps_of(program)
    if steps is None:
        return None
    results: list[Any] = []
    try:
        for step in steps:
            results.append(_run(step, results, table))
        last = results[-1]
        return last if isinstance(last, str) else rounded(last)
    except (ValueError, TypeError, IndexError, OverflowError, ArithmeticError, KeyError):
        return None


def _run(step: Step, results: list[Any], table: Table) -> float | str:
    """Return one step's result; raises ValueError, TypeError, KeyError or ArithmeticError where it has none."""
    operation, first, second = step
    if operation in TABLE_OPERATIONS:
        return _table_result(operation, first, table)
    a, b = (_argument(text, results) for text in (first, second))
    if operation == "greater":
        return "yes" if a > b else "no"
    if isinstance(a, str) or isinstance(b, str):
        raise TypeError("yes and no are no numbers")
    value = {"add": a + b, "subtract": a - b, "multiply": a * b}.get(operation)
    if value is None:
        value = a / b if operation == "divide" else a**b
    return value


def _argument(text: str, results: list[Any]) -> float | str:
    """Return an argument's value; raises ValueError, IndexError where it has none."""
    if "#" in text:
        index = int(text.replace("#", ""))
        if index < 0:
            raise IndexError(text)
        return results[index]
    value = number(text)
    if value is None:
        raise ValueError(text)
    return value


def _table_result(operation: str, name: str, table: Table) -> float:
    """Return the maximum, minimum, sum or mean of a table row's cells; a later row of the same name counts."""
    cells = {row[0]: row[1:] for row in table}[name]
    values = [number(cell.replace("$", "").strip().split("(")[0].strip()) for cell in cells]
    if None in values:
        raise ValueError(name)
    reduce = {"table_max": max, "table_min": min, "table_sum": sum}.get(operation, lambda v: sum(v) / len(v))
    return reduce(values)


def is_executed_right(program: str, result: float | str, table: Table = ()) -> bool:
    """Return whether the program's result is the reference's: FinQA's execution accuracy of one answer."""
    value = execute(program, table)
    return value is not None and value == result


@lru_cache(maxsize=50_000)
def programs_equal(reference: str, prediction: str) -> bool:
    """Return whether two programs are the same formula: FinQA's program accuracy of one answer."""
    first, second = steps_of(reference), steps_of(prediction)
    if first is None or second is None:
        return False
    if any(index >= position for position, step in enumerate(second) for index in _references(step)):
        return False
    if first == second:
        return True
    if len(second) > 2 * len(first) + 2:  # no formula of these numbers needs so many steps, and simplifying takes long
        return False
    symbols: dict[str, str] = {}
    for name in (name for step in first for name in _leaves(step)):
        symbols.setdefault(name, f"a{len(symbols)}")
    if any(name not in symbols for step in second for name in _leaves(step)):
        return False
    try:
        return _formula(first, symbols) == _formula(second, symbols)
    except (KeyError, IndexError, ValueError, TypeError, RecursionError, ArithmeticError, AttributeError):
        return False


def _leaves(step: Step) -> list[str]:
    """Return what a step takes from outside the program: its numbers, or a table operation as a whole."""
    operation, *arguments = step
    if operation in TABLE_OPERATIONS:
        return [f"{operation}({arguments[0]})"]
    return [text for text in arguments if "#" not in text]


def _references(step: Step) -> list[int]:
    """Return the indices of the results that a step uses; a reference that is no number counts as out of reach."""
    if step[0] in TABLE_OPERATIONS:
        return []
    indices = [text.strip("#") for text in step[1:] if "#" in text]
    return [int(text) if text.isdecimal() else MOST_STEPS for text in indices]


def _formula(steps: list[Step], symbols: dict[str, str]) -> Any:
    """Return the last step with all that it uses as a simplified formula; raises KeyError, IndexError, TypeError."""
    import sympy

    def build(step: Step) -> Any:
        operation, *arguments = step
        if operation in TABLE_OPERATIONS:
            return sympy.Symbol(symbols[_leaves(step)[0]])
        a, b = (
            build(steps[int(text.replace("#", ""))]) if "#" in text else sympy.Symbol(symbols[text])
            for text in arguments
        )
        return _SYMBOLIC[operation](a, b)

    return sympy.simplify(build(steps[-1]))


_SYMBOLIC = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "exp": operator.pow, "greater": operator.gt,
}  # fmt: skip
