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

import re
from functools import lru_cache
from typing import Any

OPERATIONS = ("add", "subtract", "multiply", "divide", "exp", "greater")
TABLE_OPERATIONS = ("table_max", "table_min", "table_sum", "table_average")
LONGEST = 2000  # characters
MOST_STEPS = 20
_STEP = re.compile(r"\s*([a-z_]+)\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*\)\s*")
_TABLE_STEP = re.compile(r"\s*(table_[a-z]+)\((.+?), *(none)\)\s*")
Table = tuple[tuple[str, ...], ...]
Step = tuple[str, str, str]


def steps_of(program: str) -> list[Step] | None:
    """Return the steps of a program, None where it is none."""
    if not isinstance(program, str) or len(program) > LONGEST:
        return None
    found: list[Step] = []
    place = 0
    while place < len(program):
        match = _TABLE_STEP.match(program, place) or _STEP.match(program, place)
        if not match or match[1] not in OPERATIONS + TABLE_OPERATIONS or len(found) == MOST_STEPS:
            return None
        found.append((match[1], match[2], match[3]))
        place = match.end()
        if place < len(program):
            if program[place] != ",":
                return None
            place += 1
            if place == len(program):
                return None
    return found or None


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
    if operation == "exp":
        value = float(a) ** b
        if isinstance(value, complex):
            raise ArithmeticError("a root of a negative number")
        return value
    return {"add": a + b, "subtract": a - b, "multiply": a * b}.get(operation, 0.0) if operation != "divide" else a / b


def _argument(text: str, results: list[Any]) -> float:
    """Return an argument's value."""
    if text.startswith("#"):
        index = int(text[1:])
        if index < 0:
            raise IndexError(text)
        return results[index] + 0.0
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
    if first == second:
        return True
    if len(second) > 2 * len(first) + 2:  # no formula of these numbers needs so many steps, and simplifying takes long
        return False
    symbols: dict[str, int] = {}
    for operation, a, b in first:
        names = [f"{operation}({a}, {b})"] if operation in TABLE_OPERATIONS else [x for x in (a, b) if x[0] != "#"]
        for name in names:
            symbols.setdefault(name, len(symbols))
    try:
        return _formula(first, symbols) == _formula(second, symbols)
    except (KeyError, IndexError, ValueError, TypeError, RecursionError, ArithmeticError, AttributeError):
        return False


def _formula(steps: list[Step], symbols: dict[str, int]) -> Any:
    """Return the last step as a simplified formula; raises KeyError for a number that `symbols` does not hold."""
    import sympy

    found: list[Any] = []
    for operation, first, second in steps:
        if operation in TABLE_OPERATIONS:
            found.append(sympy.Symbol(f"a{symbols[f'{operation}({first}, {second})']}"))
            continue
        a, b = (
            found[int(text[1:])] if text[0] == "#" else sympy.Symbol(f"a{symbols[text]}") for text in (first, second)
        )
        found.append(
            {
                "add": lambda a=a, b=b: a + b, "subtract": lambda a=a, b=b: a - b, "multiply": lambda a=a, b=b: a * b,
                "divide": lambda a=a, b=b: a / b, "exp": lambda a=a, b=b: a**b, "greater": lambda a=a, b=b: a > b,
            }[operation]()
        )  # fmt: skip
    return sympy.simplify(found[-1])
