"""FinQA's program language and its two metrics (Chen et al. 2021, EMNLP), reimplemented from the paper and the
documented behaviour of the official scorer.

    execute("subtract(120, 100), divide(#0, 100)")                  -> 0.2
    programs_equal("add(1, 2)", "add(2, 1)")                        -> True

A program is a list of steps `operation(a, b)`; an argument is a number (percent signs count as hundredths), a
constant `const_100`, `const_m1` (-1), an earlier result `#0`, or, for table operations, the name of a table row.
Results are rounded to five digits; `greater` gives yes or no. Two programs are equal where their formulas are, with
every distinct number a symbol; a prediction that uses a number or table row which the reference does not is another.

The scorer's quirks are kept: `-const_1` is -1; a table operation on `#0` takes the row of the table operation before
it; where programs are compared, a table operation in the first step is another than the same one in a later step.

Not covered: the nested notation (program_re); programs of more than LONGEST characters, which are wrong here.
"""

import operator
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

ARITHMETIC = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "exp": operator.pow,
}  # fmt: skip
OPERATIONS = (*ARITHMETIC, "greater")
TABLE_OPERATIONS = {
    "table_max": max, "table_min": min, "table_sum": sum, "table_average": lambda values: sum(values) / len(values),
}  # fmt: skip
LONGEST = 2000  # characters
Table = tuple[tuple[str, ...], ...]
Leaf = str | tuple[bool, str, str, str]  # a number as it is written, or a table operation
Step = tuple[str, str, str]


def steps_of(program: str) -> list[Step] | None:
    """Return the complete steps of a program, None where it is none.

    Tokens come in fours: `operation(`, two arguments parted by a comma and a blank, `)`. A last step that was cut off
    is left out, as the official scorer does; one without its second argument is not cut off but faulty.
    """
    if not isinstance(program, str) or len(program) > LONGEST:
        return None
    tokens = [token for piece in program.split(", ") for token in re.findall(r"[^()]*\(|\)|[^()]+", piece)]
    steps: list[Step] = []
    for start in range(0, len(tokens), 4):
        operation, *rest = tokens[start : start + 4]
        if operation.strip("(") not in (*OPERATIONS, *TABLE_OPERATIONS):
            return None
        if len(rest) < 3 and ")" not in rest:
            break
        if len(rest) < 3:
            return None
        if rest[2] != ")" or any(mark in text for text in rest[:2] for mark in "()") or operation[-1] != "(":
            return None
        arguments = f"{rest[0]}|{rest[1]}".strip("|").split("|")  # the scorer joins tokens by "|"
        if len(arguments) < 2:
            return None
        steps.append((operation.strip("("), arguments[0], arguments[1]))
    return steps or None


def number(text: str) -> float | None:
    """Return the number that an argument or a table cell stands for."""
    bare = text.replace(",", "").strip()
    try:
        if "%" in bare:
            return float(bare.replace("%", "")) / 100
        return -1.0 if bare == "const_m1" else float(bare.replace("const_", ""))
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
    row: list[float] | None = None
    try:
        for operation, first, second in steps:
            if operation in TABLE_OPERATIONS:
                row = _row(first.strip(), results, row, table)
                results.append(TABLE_OPERATIONS[operation](row))
            else:
                results.append(_computed(operation, _argument(first, results), _argument(second, results)))
        last = results[-1]
        return last if last in ("yes", "no") else rounded(last)
    except (ValueError, TypeError, IndexError, OverflowError, ArithmeticError, KeyError):
        return None


def _computed(operation: str, a: Any, b: Any) -> Any:
    """Return the result of two arguments; raises TypeError or ArithmeticError where they have none."""
    if operation == "greater":
        return "yes" if a > b else "no"
    result = ARITHMETIC[operation](a, b)
    return result[:LONGEST] if isinstance(result, str) else result  # "yes" and "no" can be added, and added again


def _argument(text: str, results: list[Any]) -> Any:
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


def _row(name: str, results: list[Any], before: list[float] | None, table: Table) -> list[float]:
    """Return the numbers of a table row, of the last of its name; of the row `before` where a result is named.

    Raises KeyError, ValueError or IndexError where there are none.
    """
    if "#" in name:
        _argument(name, results)
        if before is None:
            raise ValueError(name)
        return before
    cells = {cells[0]: cells[1:] for cells in table}[name]
    values = [number(cell.replace("$", "").strip().split("(")[0].strip()) for cell in cells]
    if None in values:
        raise ValueError(name)
    return values


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
    if len(_used(second)) > 2 * len(first) + 2:  # no formula of these numbers needs so many, and simplifying takes long
        return False
    symbols: dict[Leaf, str] = {}
    for leaf in _leaves(first):
        symbols.setdefault(leaf, f"a{len(symbols)}")
    if any(leaf not in symbols for leaf in _leaves(second)):
        return False
    try:
        return _formula(first, symbols) == _formula(second, symbols)
    except (KeyError, IndexError, ValueError, TypeError, RecursionError, ArithmeticError, AttributeError):
        return False


def _leaf(position: int, step: Step) -> Leaf:
    """Return what stands for a table operation in a formula: it, and whether it is the program's first step."""
    return (position == 0, *step)


def _leaves(steps: list[Step]) -> Iterator[Leaf]:
    """Yield what a program takes from outside: its numbers, and its table operations as a whole."""
    for position, step in enumerate(steps):
        if step[0] in TABLE_OPERATIONS:
            yield _leaf(position, step)
        else:
            yield from (text.strip() for text in step[1:] if "#" not in text)


def _references(step: Step) -> list[int]:
    """Return the indices of the results that a step uses; a reference that is no number counts as out of reach."""
    if step[0] in TABLE_OPERATIONS:
        return []
    indices = [text.strip().strip("#") for text in step[1:] if "#" in text]
    return [int(text) if text.isdecimal() else LONGEST for text in indices]


def _used(steps: list[Step]) -> set[int]:
    """Return the positions of the steps that the last one is computed from, its own included."""
    used, ahead = set(), [len(steps) - 1]
    while ahead:
        position = ahead.pop()
        if position not in used:
            used.add(position)
            ahead.extend(_references(steps[position]))
    return used


def _formula(steps: list[Step], symbols: dict[Leaf, str]) -> Any:
    """Return the last step with all that it uses as a simplified formula; raises KeyError, IndexError, TypeError."""
    import sympy

    def build(position: int) -> Any:
        operation, *arguments = step = steps[position]
        if operation in TABLE_OPERATIONS:
            return sympy.Symbol(symbols[_leaf(position, step)])
        a, b = (
            build(int(text.replace("#", ""))) if "#" in text else sympy.Symbol(symbols[text.strip()])
            for text in arguments
        )
        return a > b if operation == "greater" else ARITHMETIC[operation](a, b)

    return sympy.simplify(build(len(steps) - 1))
