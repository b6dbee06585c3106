"""The Berkeley Function Calling Leaderboard's check of calls by their syntax tree, by its rules.

    is_right(calls, possible, tools)     calls: [(name, arguments)]; possible: [{name: {parameter: [right values]}}]

The rules are those of the leaderboard's ast_checker.py (https://github.com/ShishirPatil/gorilla), written anew: the
function's name is exact, dots included; required parameters are there, unknown ones are not; a parameter that may be
left out has "" among its right values; types are exact, but an int passes for a float; strings are compared without
case, blanks and `,./-_*^`, lists in order (their strings like strings, what is nested deeper as it is), objects key by
key, lists of objects in order; of several calls each has a partner, in any order. The values of its Java and JavaScript
categories are text in the language's syntax, which bfcl_types.py reads first.

Not covered: executable categories, whose APIs are live. Its rule for names whose dots an API refuses (`a_b` for `a.b`
where the model's API wants that) is the caller's: here a name is what the tool is called.
"""

import re
from typing import Any

from . import bfcl_types

Call = tuple[str, dict[str, Any]]
# The types of the leaderboard's and of JSON Schema's function descriptions, as Python has them.
TYPES: dict[str, type] = {
    "string": str, "integer": int, "float": float, "number": float, "boolean": bool, "array": list, "tuple": list,
    "dict": dict, "object": dict, "any": str,
}  # fmt: skip
IGNORED = re.compile(r"[ ,./\-_*^]")


def is_right(
    calls: list[Call], possible: list[dict[str, Any]], tools: list[dict[str, Any]], code: str = "python"
) -> bool:
    """Return whether calls are the expected ones: as many, each expected call with a partner of its own.

    `code` is the language that values are written in: "python" for JSON's own, "java", "javascript".
    """
    if len(calls) != len(possible):
        return False
    functions = {function["name"]: function for function in map(_function, tools)}
    unmatched = list(calls)
    for expected in possible:
        (name, values), *_ = expected.items()
        if name not in functions:
            return False
        partner = next(
            (
                index
                for index, call in enumerate(unmatched)
                if call[0] == name and call_is_right(call[1], values, functions[name], code)
            ),
            None,
        )
        if partner is None:
            return False
        del unmatched[partner]  # by its index: a call with 5.0 equals one with 5
    return True


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's function, with or without OpenAI's envelope."""
    return tool.get("function") or tool


def call_is_right(
    arguments: dict[str, Any], values: dict[str, list[Any]], function: dict[str, Any], code: str = "python"
) -> bool:
    """Return whether a call's arguments are right: none missing, none unknown, each with a right value."""
    schema = function["parameters"]
    if any(name not in arguments for name in schema.get("required", ())):
        return False
    for name, value in arguments.items():
        if name not in schema["properties"] or name not in values:
            return False
        if not argument_is_right(value, values[name], schema["properties"][name], code):
            return False
    return all(name in arguments or "" in right for name, right in values.items())


def argument_is_right(value: Any, right: list[Any], schema: dict[str, Any], code: str = "python") -> bool:
    """Return whether a value is one of the right ones, and of the parameter's type or theirs."""
    types, kind = TYPES if code == "python" else bfcl_types.TYPES[code], schema.get("type", "any")
    expected = types.get(kind, str)
    items = schema.get("items", {}).get("type", "any")
    nested = types.get(items, str) if expected is list else None
    if code != "python":
        if not isinstance(value, str):
            return False
        value = bfcl_types.read_value(value, {"type": kind} | ({"items": {"type": items}} if nested else {}), code)
    elif expected is float and type(value) is int:
        value = _as_float(value)
    said = next((type(entry) for entry in right if entry != ""), None)  # of a right value; null has a type too
    is_variable = said not in (None, expected)  # the name of a variable, or null, instead of a value
    if type(value) is expected:
        if nested is not None and not _entries_have_type(value, right, nested):
            return False
    elif type(value) is not said:
        return False
    else:
        is_variable = True
    return value in right if is_variable else _equals(value, right, expected, nested)


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


def _equals(value: Any, right: list[Any], expected: type, nested: type | None) -> bool:
    """Return whether a value equals one of the right ones, as its type is compared."""
    if expected is dict:
        return any(_object_is_right(value, candidate) for candidate in right if isinstance(candidate, dict))
    if expected is list and nested is dict and value:
        lists = [candidate for candidate in right if isinstance(candidate, list) and len(candidate) == len(value)]
        return any(all(map(_object_is_right, value, candidate)) for candidate in lists)
    if expected is list:  # an empty list passes for what may be left out
        return _standard_list(value) in [_standard_list(candidate) if candidate != "" else [] for candidate in right]
    return standard(value) in [standard(candidate) for candidate in right]


def _object_is_right(value: Any, right: Any) -> bool:
    """Return whether an object has the right keys, each with one of its right values; lists in it are compared as such.

    Where the data have a text instead of a list of right values, its letters are the right values, as upstream has it.
    """
    if not isinstance(value, dict) or not isinstance(right, dict):
        return False
    for key, entry in value.items():
        if key not in right:
            return False
        candidates = right[key] if isinstance(right[key], list | str) else [right[key]]
        if standard(entry) not in [standard(candidate) for candidate in candidates]:
            return False
    return all(key in value or (isinstance(entry, list | str) and "" in entry) for key, entry in right.items())


def standard(value: Any) -> Any:
    """Return a value as it is compared: a string without case, blanks and `,./-_*^`."""
    return IGNORED.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value


def _standard_list(value: Any) -> Any:
    """Return a list as it is compared: its strings as strings are, what is nested in it as it is."""
    return [standard(entry) for entry in value] if isinstance(value, list) else value
