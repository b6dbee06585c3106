"""The Berkeley Function Calling Leaderboard's check of calls by their syntax tree, after its documented rules.

    is_right(calls, possible, tools)     calls: [(name, arguments)]; possible: [{name: {parameter: [right values]}}]

The rules (https://gorilla.cs.berkeley.edu/blogs/8_berkeley_function_calling_leaderboard.html): the function's name is
exact; required parameters are there, unknown ones are not; a parameter that may be left out has "" among its right
values; types are exact, but an int passes for a float; strings are compared without case, blanks and `,./-_*^`, lists
in order, objects key by key; of several calls each has a partner, in any order. The check is for Python's types; the
leaderboard's Java and JavaScript categories have conversions of their own.

Not covered: executable categories, whose APIs are live; multi-turn rows beyond their calls.
"""

import re
from typing import Any

Call = tuple[str, dict[str, Any]]
# The types of the leaderboard's and of JSON Schema's function descriptions, as Python has them.
TYPES: dict[str, type] = {
    "string": str, "integer": int, "float": float, "number": float, "boolean": bool, "array": list, "tuple": list,
    "dict": dict, "object": dict, "any": str,
}  # fmt: skip
IGNORED = re.compile(r"[ ,./\-_*^]")


def is_right(calls: list[Call], possible: list[dict[str, Any]], tools: list[dict[str, Any]]) -> bool:
    """Return whether calls are the expected ones: as many, each expected call with a partner of its own."""
    if len(calls) != len(possible):
        return False
    functions = {function["name"]: function for function in map(_function, tools)}
    unmatched = list(calls)
    for expected in possible:
        (name, values), *_ = expected.items()
        if name not in functions:
            return False
        partner = next((c for c in unmatched if c[0] == name and call_is_right(c[1], values, functions[name])), None)
        if partner is None:
            return False
        unmatched.remove(partner)
    return True


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's function, with or without OpenAI's envelope."""
    return tool.get("function") or tool


def call_is_right(arguments: dict[str, Any], values: dict[str, list[Any]], function: dict[str, Any]) -> bool:
    """Return whether a call's arguments are right: none missing, none unknown, each with a right value."""
    schema = function["parameters"]
    if any(name not in arguments for name in schema.get("required", ())):
        return False
    for name, value in arguments.items():
        if name not in schema["properties"] or name not in values:
            return False
        if not argument_is_right(value, values[name], schema["properties"][name]):
            return False
    return all(name in arguments or "" in right for name, right in values.items())


def argument_is_right(value: Any, right: list[Any], schema: dict[str, Any]) -> bool:
    """Return whether a value is one of the right ones, and of the parameter's type or theirs."""
    expected = TYPES.get(schema.get("type", "any"), str)
    if expected is float and type(value) is int:
        value = _as_float(value)
    first = next((entry for entry in right if entry != ""), None)
    is_variable = first is not None and type(first) is not expected  # the name of a variable instead of a value
    if type(value) is expected:
        nested = TYPES.get(schema.get("items", {}).get("type", "any"), str) if expected is list else None
        if nested is not None and not _entries_have_type(value, right, nested):
            return False
    elif first is None or type(value) is not type(first):
        return False
    else:
        is_variable = True
    return value in right if is_variable else _equals(value, right, expected)


def _as_float(value: int) -> float:
    """Return an integer as a float; one that is too large is infinite."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _entries_have_type(value: list[Any], right: list[Any], nested: type) -> bool:
    """Return whether a list's entries are of the type of entries, or of those of a right list."""
    for candidate in right:
        if not isinstance(candidate, list):
            return True
        types = {nested, *[type(entry) for entry in candidate if entry != ""][:1]}
        if all(type(entry) in types for entry in value):
            return True
    return False


def _equals(value: Any, right: list[Any], expected: type) -> bool:
    """Return whether a value equals one of the right ones, as its type is compared."""
    if expected is dict:
        return any(_object_is_right(value, candidate) for candidate in right if isinstance(candidate, dict))
    if expected is list and value and all(isinstance(entry, dict) for entry in value):
        lists = [candidate for candidate in right if isinstance(candidate, list) and len(candidate) == len(value)]
        return any(all(map(_object_is_right, value, candidate)) for candidate in lists)
    if expected is list:  # an empty list passes for what may be left out
        return standard(value) in [standard(candidate) if candidate != "" else [] for candidate in right]
    return standard(value) in [standard(candidate) for candidate in right]


def _object_is_right(value: Any, right: Any) -> bool:
    """Return whether an object has the right keys, each with one of its right values."""
    if not isinstance(value, dict) or not isinstance(right, dict):
        return False
    for key, entry in value.items():
        if key not in right:
            return False
        candidates = right[key] if isinstance(right[key], list) else [right[key]]
        if standard(entry) not in [standard(candidate) for candidate in candidates]:
            return False
    return all(key in value or (isinstance(entry, list) and "" in entry) for key, entry in right.items())


def standard(value: Any) -> Any:
    """Return a value as it is compared: strings, alone or in a list, without case, blanks and `,./-_*^`."""
    if isinstance(value, str):
        return IGNORED.sub("", value).lower().replace("'", '"')
    return (
        [standard(entry) if isinstance(entry, str) else entry for entry in value] if isinstance(value, list) else value
    )
