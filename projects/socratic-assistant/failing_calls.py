"""A call that a tutor proposes, tried: does the student's code go wrong for it?

    proposes_failure("What about `largest([-3])`?", "largest", code, fixed)      -> True where the two results differ

Arguments must be literals, and short; what the right function raises for is no test. Runs in the sandbox (tracing.py).
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from .tracing import outcomes

MOST_CALLS, LONGEST_CALL, LARGEST = 3, 80, 10_000  # calls of an answer that are tried; signs of one; its numbers


def proposes_failure(text: str, name: str, code: str, fixed: str) -> bool:
    """Return whether a text names a call of a function for which its code gives another result than it should."""
    return any(_fails(arguments, name, code, fixed) for arguments in calls_in(text, name))


def calls_in(text: str, name: str) -> Iterator[str]:
    """Yield the arguments of the first calls of a function in a text, where they are literals."""
    for match in list(re.finditer(rf"(?<!\w){re.escape(name)}\(", text))[:MOST_CALLS]:
        rest = text[match.end() : match.end() + LONGEST_CALL]
        for end in (i for i, sign in enumerate(rest) if sign == ")"):
            arguments = _literals(rest[:end])
            if arguments is not None:
                yield arguments
                break


def _literals(source: str) -> str | None:
    """Return arguments as Python writes them, None where they are no small literals."""
    try:
        values = ast.literal_eval(f"({source},)")
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    numbers = re.findall(r"\d+", repr(values))
    return repr(values)[1:-1].rstrip(",") if values and all(int(n) <= LARGEST for n in numbers) else None


@lru_cache(maxsize=4096)
def _fails(arguments: str, name: str, code: str, fixed: str) -> bool:
    """Return whether a call has another result in one function than in the other, which must have one."""
    results = outcomes([fixed, code], name, arguments)
    return results is not None and results[0] != results[1] and not results[0].endswith(("Error", "endless"))
