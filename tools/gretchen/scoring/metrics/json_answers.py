"""JSON out of a model's answer: as it stands, in a code fence, or after a sentence.

    json_of('Here you are: ```json\\n{"a": 1.50}\\n```')    -> {"a": Decimal("1.50")}
    json_of("no JSON")                                      -> None

The answer holds one JSON value: a second one beside it makes it ambiguous, and such an answer is None. Numbers are
Decimals, exact; NaN, Infinity, duplicate keys and numbers of more than 40 digits are no JSON here. Nothing raises.

Not covered: repair of broken JSON (a missing brace is a wrong answer).
"""

import json
import re
from decimal import Decimal
from typing import Any

LONGEST = 100_000  # characters
MOST_DIGITS = 40
DEEPEST = 32
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)```", re.DOTALL)


def json_of(answer: str) -> Any:
    """Return the JSON value (an object or a list) that an answer holds, None where it holds none, or two."""
    if not isinstance(answer, str) or len(answer) > LONGEST:
        return None
    text = answer.strip()
    fences = _FENCE.findall(text)
    if len(fences) > 1:
        return None
    if fences:
        return _strict(fences[0].strip())
    value = _strict(text)
    return value if value is not None else _embedded(text)


def is_json(answer: str) -> bool:
    """Return whether the whole answer is one JSON object or list, with nothing around it."""
    return isinstance(answer, str) and len(answer) <= LONGEST and _strict(answer.strip()) is not None


def _strict(text: str) -> Any:
    """Return the value that a string is, None where it is no JSON object or list."""
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return value if end == len(text) and isinstance(value, dict | list) and _is_shallow(value) else None


def _embedded(text: str) -> Any:
    """Return the only JSON object in a text, None where there is none, or more than one."""
    values: list[Any] = []
    position = text.find("{")
    tries = 0
    while position >= 0 and tries < 100:
        tries += 1
        try:
            value, position = _DECODER.raw_decode(text, position)
            values.append(value)
        except (ValueError, RecursionError, ArithmeticError):
            position += 1
        position = text.find("{", position)
    return values[0] if len(values) == 1 and _is_shallow(values[0]) else None


def _number(text: str) -> Decimal:
    """Return a JSON number; raises ValueError for one of too many digits."""
    if len(text) > MOST_DIGITS:
        raise ValueError("a number of too many digits")
    value = Decimal(text)
    if abs(value.adjusted()) > MOST_DIGITS:
        raise ValueError("a number out of range")
    return value


def _constant(text: str) -> None:
    """Refuse NaN and Infinity, which JSON does not know."""
    raise ValueError(text)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raises ValueError where a key comes twice."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def _is_shallow(value: Any, depth: int = 0) -> bool:
    """Return whether a value is nested at most DEEPEST levels deep."""
    if depth > DEEPEST:
        return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_is_shallow(part, depth + 1) for part in inner)


_DECODER = json.JSONDecoder(
    parse_float=_number, parse_int=_number, parse_constant=_constant, object_pairs_hook=_pairs, strict=True
)
