"""A recipe's keys and types against its engine's own schema (schemas/*.json, written by export_schemas.py).

    for fault in faults(values, load_schema("zephyr", "sft")): …

It is as lenient as upstream's parsers are, and no more: a text that reads as a number, a switch or `none` passes where
upstream converts it, and `converted` makes it what upstream makes of it. It checks no rule that spans several keys.
"""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.names import nearest
from gretchen.recipes.handbook import former, hint
from gretchen.recipes.stages import find_stage

FOLDER = Path(__file__).parent / "schemas"
# The key that names the model that a recipe starts from.
MODEL = {"zephyr": "model_name_or_path", "axolotl": "base_model"}
MAX_LENGTH = {"zephyr": "max_length", "axolotl": "sequence_len"}
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None), "array": list,
    "object": dict,
}  # fmt: skip
SHOWN = {"string": "a text", "integer": "an integer", "number": "a number", "boolean": "true or false", "null": "null",
         "array": "a list", "object": "a mapping"}  # fmt: skip
TRUE, FALSE = {"yes", "true", "t", "y", "1"}, {"no", "false", "f", "n", "0"}  # transformers' string_to_bool
PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one key: its path, the problem, a hint ("" if none).

    Kinds: "value"; "unknown" key; "missing" key; "plugin": a key that only a plugin knows, which `plugins` lacks.
    """

    path: tuple[Any, ...]
    problem: str
    hint: str = ""
    kind: str = "value"

    def __str__(self) -> str:
        return f"{self.problem}, {self.hint}" if self.hint else self.problem


@functools.cache
def load_schema(engine: str, stage: str) -> dict[str, Any]:
    """Return an engine's schema of a stage. Raises UserError for a stage that the engine cannot train."""
    name = find_stage(engine, stage).schema_name
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return schema | {"engine": engine}


def faults(values: dict[str, Any], schema: dict[str, Any]) -> list[Fault]:
    """Return what is wrong with a recipe's values."""
    return _faults(values, schema, schema, ())


def layer_faults(values: dict[str, Any], schema: dict[str, Any]) -> list[Fault]:
    """Return what is wrong with one layer: others may hold required keys and `plugins`, a null deletes a known key."""
    found = [f for f in faults(values, schema) if f.kind != "plugin" and (f.path or f.kind != "missing")]
    return [fault for fault in found if fault.kind == "unknown" or not _deletes(values, fault.path)]


def _deletes(values: Any, path: tuple[Any, ...]) -> bool:
    """Return whether the value at a path that exists is a null that deletes: none inside a list does."""
    in_list = any(isinstance(part, int) for part in path)
    return not in_list and functools.reduce(lambda part, key: part[key], path, values) is None


def _faults(value: Any, schema: dict[str, Any], root: dict[str, Any], path: tuple[Any, ...]) -> list[Fault]:
    """Return the faults of one value and of what it holds."""
    schema = deref(schema, root)
    if "anyOf" in schema:
        return _best([_faults(value, option, root, path) for option in schema["anyOf"]], value, schema, root, path)
    if isinstance(value, str) and PLACEHOLDER.search(value):
        return []
    if "enum" in schema or "const" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        return [] if value in allowed and type(value) in map(type, allowed) else [_not_allowed(value, allowed, path)]
    if value is False and "integer" in _types(schema) and root.get("engine") == "axolotl":
        return []  # pydantic takes it for 0
    if "type" in schema and not any(_fits(value, kind) for kind in _types(schema)):
        return [Fault(path, f"{_name(path)} is {_shown(value)}, expected {_expected(schema)}", _boolean_hint(value))]
    if isinstance(value, dict):
        return _mapping_faults(value, schema, root, path)
    if isinstance(value, list) and "items" in schema:
        return [fault for i, item in enumerate(value) for fault in _faults(item, schema["items"], root, (*path, i))]
    return _range_faults(value, schema, path)


def _mapping_faults(value: dict[str, Any], schema: dict[str, Any], root: Any, path: tuple[Any, ...]) -> list[Fault]:
    """Return the faults of a mapping: unknown keys, missing keys, and those of its values."""
    known, found = schema.get("properties", {}), []
    for key, inner in value.items():
        if key in known:
            plugin = known[key].get("x-plugin", "")
            if plugin not in str(value.get("plugins")):
                told = f"unknown key '{key}' unless 'plugins' names {plugin}"
                found.append(Fault((*path, key), told, kind="plugin"))
            if told := refusal(inner, known[key]):
                found.append(Fault((*path, key), told))
            found += _faults(inner, known[key], root, (*path, key))
        elif schema.get("additionalProperties") is False:
            found.append(_unknown_key(key, known, root, path))
    missing = [key for key in schema.get("required", []) if key not in value]
    return found + [Fault(path, f"key '{_dotted((*path, key))}' is missing", kind="missing") for key in missing]


def refusal(value: Any, schema: dict[str, Any]) -> str:
    """Return the engine's own message on a former key that it refuses, "" where it takes the value."""
    told = schema.get("x-refused", "") if value is not None else ""
    return told or (schema.get("x-refused-on", "") if value else "")


def _unknown_key(key: str, known: dict[str, Any], root: dict[str, Any], path: tuple[Any, ...]) -> Fault:
    """Return the fault of an unknown key, with today's name of a key that was renamed, or the nearest one."""
    problem = f"unknown key '{_dotted((*path, key))}'"
    old = former() if root.get("engine") == "zephyr" and not path else {}
    if key in old:
        return Fault((*path, key), problem, hint(key), "unknown")
    mistyped = nearest(str(key), old, alike=0.8)  # most former keys have no successor to offer
    close = nearest(str(key), [*([mistyped] if mistyped else []), *known])
    if close in old and close not in known:
        return Fault((*path, key), problem, f"did you mean '{close}'? {hint(close)}", "unknown")
    few = f"known: {', '.join(sorted(known))}" if len(known) < 12 else ""
    return Fault((*path, key), problem, f"did you mean '{close}'?" if close else few, "unknown")


def _best(options: list[list[Fault]], value: Any, schema: dict[str, Any], root: Any, path: Any) -> list[Fault]:
    """Return the faults of the alternative that fits best: none, or those that lie deepest and are fewest."""
    if any(not option for option in options):
        return []
    deep = [option for option in options if all(fault.path != path for fault in option)]
    if deep:
        return min(deep, key=len)
    flat = [deref(option, root) for option in schema["anyOf"]]
    allowed = [value for option in flat for value in option.get("enum", [option["const"]] if "const" in option else [])]
    kinds = [kind for option in flat if "enum" not in option and "const" not in option for kind in _types(option)]
    expected = " or ".join([*(str(v) for v in allowed), *(SHOWN[k] for k in dict.fromkeys(kinds) if k != "null")])
    close = nearest(value, map(str, allowed)) if isinstance(value, str) else None
    hint = f"did you mean '{close}'?" if close else _boolean_hint(value)
    return [Fault(path, f"{_name(path)} is {_shown(value)}, expected {expected}", hint)]


def _not_allowed(value: Any, allowed: list[Any], path: tuple[Any, ...]) -> Fault:
    """Return the fault of a value that is none of those allowed."""
    close = nearest(value, map(str, allowed)) if isinstance(value, str) else None
    few = len(allowed) < 9 or not close
    expected = f"expected one of {', '.join(map(str, allowed))}" if few else "which it cannot be"
    if value is False and "no" in allowed:
        return Fault(path, f"{_name(path)} is false, {expected}", 'YAML reads a bare no as false: write "no"')
    return Fault(path, f"{_name(path)} is {_shown(value)}, {expected}", f"did you mean '{close}'?" if close else "")


def _range_faults(value: Any, schema: dict[str, Any], path: tuple[Any, ...]) -> list[Fault]:
    """Return the fault of a number outside the schema's bounds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            return [Fault(path, f"{_name(path)} is {value}, expected at least {schema['minimum']}")]
        if "maximum" in schema and value > schema["maximum"]:
            return [Fault(path, f"{_name(path)} is {value}, expected at most {schema['maximum']}")]
    return []


def _fits(value: Any, kind: str) -> bool:
    """Return whether a value is of a JSON type, or a text that upstream converts to it."""
    if isinstance(value, str) and kind in ("number", "integer", "boolean", "null"):
        return _convert(value, kind) is not value
    return isinstance(value, KINDS[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))


def _convert(text: str, kind: str) -> Any:
    """Return a text as the JSON type that upstream makes of it; the text itself where it makes none."""
    if kind == "null":
        return None if text.lower() in ("none", "null") else text
    if kind == "boolean":
        return True if text.lower() in TRUE else False if text.lower() in FALSE else text
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        return text


def converted(value: Any, schema: dict[str, Any]) -> Any:
    """Return a top-level value as upstream's parser makes it: YAML 1.1 reads 2e-4 as a text, and it is a number."""
    kinds = [kind for option in [schema, *schema.get("anyOf", [])] for kind in _types(option)]
    exponent = isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", value)
    return float(value) if exponent and "number" in kinds else value


def deref(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its $ref followed."""
    return root["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def _types(schema: dict[str, Any]) -> list[str]:
    """Return a schema's `type` as a list."""
    kinds = schema.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def _expected(schema: dict[str, Any]) -> str:
    """Return a schema's types in words."""
    return " or ".join(SHOWN[kind] for kind in _types(schema) if kind != "null")


def _boolean_hint(value: Any) -> str:
    """Return the hint for a word that YAML 1.1 took for a switch."""
    return "YAML reads a bare yes, no, on, off as true or false: quote it" if isinstance(value, bool) else ""


def _shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return json.dumps(value, ensure_ascii=False, default=str)


def _dotted(path: tuple[Any, ...]) -> str:
    """Return a path as people write it: datasets[0].type."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _name(path: tuple[Any, ...]) -> str:
    """Return a key as the subject of a message."""
    return f"'{_dotted(path)}'"
