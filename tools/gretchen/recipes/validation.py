"""Checks a recipe's keys and types against its engine's schema, and names the key, the expected type and a fix.

    for problem in schema_problems(values, load_schema("zephyr", "sft")): …

It is as lenient as upstream's parsers: a string that upstream converts (a number, a boolean, `none`) counts as that
type, and a `${placeholder}` as any type. Rules that span several keys are not checked here. The walk is our own because
jsonschema, with a type checker this lenient, made `check` and `show` a fifth slower (its import alone takes 0.09 s); a
test compares the two.
"""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gretchen.marked_yaml import Key
from gretchen.names import nearest
from gretchen.recipes.coercion import parse_string
from gretchen.recipes.handbook import deprecated_keys, hint
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import TYPE_NAMES, Schema, deref, types_of

PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None), "array": list,
    "object": dict,
}  # fmt: skip
MAX_LISTED = 12  # known keys that a message lists where none is near


@dataclass(frozen=True)
class Problem:
    """What is wrong with one key: its path, a message, a hint ("" if none).

    Kinds: "value"; "unknown" key; "missing" key; "plugin": a key that only a plugin reads, which `plugins` lacks.
    """

    path: Key
    message: str
    hint: str = ""
    kind: str = "value"

    def __str__(self) -> str:
        return f"{self.message}, {self.hint}" if self.hint else self.message


def schema_problems(values: Values, schema: Schema) -> list[Problem]:
    """Return what is wrong with a recipe's values; `schema` is one of load_schema()'s."""
    return list(_Walk(schema).problems(values, schema, ()))


def fits(value: Any, schema: Schema, root: Schema) -> bool:
    """Return whether upstream accepts a value for a key, whose schema this is; unknown keys in it are ignored there."""
    return all(problem.kind == "unknown" for problem in _Walk(root).problems(value, schema, ()))


def layer_problems(values: Values, schema: Schema) -> list[Problem]:
    """Return what is wrong with one layer of a recipe.

    The other layers may hold its required keys and `plugins`; a null deletes a known key.
    """
    problems = [p for p in schema_problems(values, schema) if p.kind != "plugin"]
    problems = [problem for problem in problems if problem.path or problem.kind != "missing"]
    return [problem for problem in problems if problem.kind == "unknown" or not _deletes(values, problem.path)]


def _deletes(values: Any, path: Key) -> bool:
    """Return whether the value at a path is a null that deletes a key; a null inside a list deletes nothing."""
    in_list = any(isinstance(part, int) for part in path)
    return not in_list and functools.reduce(lambda part, key: part[key], path, values) is None


def refusal(value: Any, schema: Schema) -> str:
    """Return the engine's own message on a deprecated key that it refuses, "" where it accepts the value."""
    message = schema.get("x-refused", "") if value is not None else ""
    return message or (schema.get("x-refused-on", "") if value else "")


@dataclass(frozen=True)
class _Walk:
    """One pass over a recipe's values with the schema that holds the `$defs`."""

    root: Schema

    def problems(self, value: Any, schema: Schema, path: Key) -> Iterator[Problem]:
        """Yield the problems of one value and of what it contains."""
        schema = deref(schema, self.root)
        if "anyOf" in schema:
            yield from self._nearest_option(value, schema, path)
        elif isinstance(value, str) and PLACEHOLDER.search(value):
            return
        elif "enum" in schema or "const" in schema:
            allowed = schema.get("enum", [schema.get("const")])
            if value not in allowed or type(value) not in map(type, allowed):
                yield _not_allowed(value, allowed, path)
        elif "type" in schema and not any(self._has_type(value, json_type) for json_type in types_of(schema)):
            message = f"{_quoted(path)} is {_shown(value)}, expected {_expected(types_of(schema))}"
            yield Problem(path, message, _boolean_hint(value))
        elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
            yield Problem(path, f"{_quoted(path)} is {_shown(value)}, expected {schema['pattern'].removeprefix('^')}…")
        elif isinstance(value, dict):
            yield from self._mapping(value, schema, path)
        elif isinstance(value, list):
            for number, item in enumerate(value if "items" in schema else []):
                yield from self.problems(item, schema["items"], (*path, number))
        else:
            yield from _range_problems(value, schema, path)

    def _mapping(self, mapping: Values, schema: Schema, path: Key) -> Iterator[Problem]:
        """Yield the problems of a mapping: unknown keys, missing keys, and those of its values."""
        known, additional = schema.get("properties", {}), schema.get("additionalProperties", True)
        for key, value in mapping.items():
            location = (*path, key)
            if key in known:
                plugin = known[key].get("x-plugin", "")
                if plugin not in str(mapping.get("plugins")):
                    yield Problem(location, f"unknown key '{key}' unless 'plugins' names {plugin}", kind="plugin")
                if message := refusal(value, known[key]):
                    yield Problem(location, message)
                yield from self.problems(value, known[key], location)
            elif additional is False:
                yield self._unknown_key(location, known)
            elif isinstance(additional, dict):
                yield from self.problems(value, additional, location)
        for key in schema.get("required", []):
            if key not in mapping:
                yield Problem(path, f"key '{_dotted((*path, key))}' is missing", kind="missing")

    def _has_type(self, value: Any, json_type: str) -> bool:
        """Return whether a value is of a JSON type, or one that upstream converts to it."""
        if isinstance(value, str) and json_type in ("number", "integer", "boolean", "null"):
            return parse_string(value, json_type) is not value
        if isinstance(value, bool) and json_type == "integer":
            return value is False and self.root["engine"] == "axolotl"  # pydantic reads false as 0
        return isinstance(value, PYTHON_TYPES[json_type]) and not (isinstance(value, bool) and json_type == "number")

    def _unknown_key(self, path: Key, known: Schema) -> Problem:
        """Return the problem of an unknown key, with the current name of a deprecated one, or else the nearest key."""
        key, message = path[-1], f"unknown key '{_dotted(path)}'"
        deprecated = deprecated_keys() if self.root["engine"] == "zephyr" and len(path) == 1 else {}
        if key in deprecated:
            return Problem(path, message, hint(key), "unknown")
        mistyped = nearest(str(key), deprecated, similarity=0.8)  # strict: few deprecated keys have a successor
        close = nearest(str(key), [*([mistyped] if mistyped else []), *known])
        if close in deprecated and close not in known:
            return Problem(path, message, f"did you mean '{close}'? {hint(close)}", "unknown")
        listed = f"known: {', '.join(sorted(known))}" if len(known) < MAX_LISTED else ""
        return Problem(path, message, f"did you mean '{close}'?" if close else listed, "unknown")

    def _nearest_option(self, value: Any, schema: Schema, path: Key) -> list[Problem]:
        """Return the problems under the `anyOf` option that fits best: none, else the deepest and fewest ones."""
        options = [list(self.problems(value, option, path)) for option in schema["anyOf"]]
        if not all(options):
            return []
        if inner := [option for option in options if all(problem.path != path for problem in option)]:
            return min(inner, key=len)
        schemas = [deref(option, self.root) for option in schema["anyOf"]]
        allowed = [value for option in schemas for value in _allowed(option)]
        free = [option for option in schemas if not _allowed(option) and "pattern" not in option]
        types = [json_type for option in free for json_type in types_of(option)]
        expected = " or ".join(dict.fromkeys([*map(str, allowed), *_names(types)]))
        close = nearest(value, map(str, allowed)) if isinstance(value, str) else None
        fix = f"did you mean '{close}'?" if close else _boolean_hint(value)
        return [Problem(path, f"{_quoted(path)} is {_shown(value)}, expected {expected}", fix)]


def _allowed(schema: Schema) -> list[Any]:
    """Return the values that a schema lists, [] where it lists none."""
    return schema.get("enum", [schema["const"]] if "const" in schema else [])


def _not_allowed(value: Any, allowed: list[Any], path: Key) -> Problem:
    """Return the problem of a value that is not among those allowed."""
    close = nearest(value, map(str, allowed)) if isinstance(value, str) else None
    listed = len(allowed) < 9 or not close
    expected = f"expected one of {', '.join(map(str, allowed))}" if listed else "which is not allowed"
    if value is False and "no" in allowed:
        return Problem(path, f"{_quoted(path)} is false, {expected}", 'YAML reads a bare no as false: write "no"')
    hint = f"did you mean '{close}'?" if close else ""
    return Problem(path, f"{_quoted(path)} is {_shown(value)}, {expected}", hint)


def _range_problems(value: Any, schema: Schema, path: Key) -> Iterator[Problem]:
    """Yield the problem of a number outside the schema's bounds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            yield Problem(path, f"{_quoted(path)} is {value}, expected at least {schema['minimum']}")
        elif "maximum" in schema and value > schema["maximum"]:
            yield Problem(path, f"{_quoted(path)} is {value}, expected at most {schema['maximum']}")


def _names(types: list[str]) -> list[str]:
    """Return JSON types in words, without null."""
    return [TYPE_NAMES[json_type] for json_type in types if json_type != "null"]


def _expected(types: list[str]) -> str:
    """Return JSON types as the end of a message: "a number or a string"."""
    return " or ".join(_names(types))


def _boolean_hint(value: Any) -> str:
    """Return the hint for a word that YAML 1.1 read as a boolean."""
    return "YAML reads a bare yes, no, on, off as true or false: quote it" if isinstance(value, bool) else ""


def _shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return json.dumps(value, ensure_ascii=False, default=str)


def _dotted(path: Key) -> str:
    """Return a path as people write it: datasets[0].type."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _quoted(path: Key) -> str:
    """Return a key as the subject of a message."""
    return f"'{_dotted(path)}'"
