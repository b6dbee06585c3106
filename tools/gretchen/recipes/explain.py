"""Explains a recipe's key: its type, default and description in each engine, and where a project's recipe sets it.

    explain_key("lora_r")                                              -> lines, [] for an unknown key
    explain_setting("lora_r", Request("genome-chatbot", "sft"), runs)  -> lines

Types, defaults and descriptions come from the engines' own schemas (recipes/schemas/); where those say little, a line
in front comes from key_notes.py. Values are not checked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from gretchen.names import nearest
from gretchen.recipes import handbook
from gretchen.recipes.find import find
from gretchen.recipes.key_notes import key_note
from gretchen.recipes.layers import Key, Layer, Origin
from gretchen.recipes.read import read_recipe
from gretchen.recipes.resolve import EarlierRuns, Request, resolve
from gretchen.recipes.schema import TYPE_NAMES, Schema, deref, load_schema
from gretchen.recipes.stages import ENGINES, stage_names

GRETCHEN_KEYS = {
    "extends": "a list of files in shared_recipes/ that the recipe extends, later ones override earlier ones",
    "profiles": "a mapping from a profile (tiny, laptop, gpu-16gb …) to the keys that differ on that hardware",
}
SCHEMAS = "tools/gretchen/recipes/schemas/"


@dataclass(frozen=True)
class KeyDescription:
    """What an engine's schema says of a key: its type and default in words, its description, the keys inside it."""

    type_and_default: str
    description: str
    inner_keys: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the lines below the first one, which also names the stages."""
        keys = [f"      its keys: {', '.join(self.inner_keys)}"] if self.inner_keys else []
        return [f"      {self.description or '(the engine gives no description)'}", *keys]


def explain_key(key: str) -> list[str]:
    """Return what each engine says of a key, stages that say the same together; [] for a key that nobody knows."""
    if key in GRETCHEN_KEYS:
        return [f"  Gretchen's own key, not in the resolved recipe: {GRETCHEN_KEYS[key]}"]
    lines = []
    for engine in ENGINES:
        stages_of: dict[KeyDescription, list[str]] = {}
        for stage in stage_names(engine):
            for description in describe(load_schema(engine, stage), key):
                stages_of.setdefault(description, []).append(stage)
        for description, stages in stages_of.items():
            where = "every stage" if len(stages) == len(stage_names(engine)) else ", ".join(stages)
            lines += [f"  {engine}, {where}: {description.type_and_default}", *description.lines()]
        if engine == "zephyr" and not stages_of and (hint := handbook.hint(key)):
            lines.append(f"  zephyr: {hint}")
    note = key_note(key)
    return [f"  in short: {note}", *lines] if note and lines else lines


def describe(schema: Schema, key: str) -> list[KeyDescription]:
    """Return each different thing that a schema knows under a dotted key."""
    descriptions = []
    for part in _schemas_at(schema, key.split("."), schema):
        default = f", default {part['default']}" if "default" in part else ""
        plugin = f", only with plugins: [{part['x-plugin']}]" if "x-plugin" in part else ""
        text = f"{_type_in_words(part, schema)}{default}{plugin}"
        inner = sorted({name for option in _options(part, schema) for name in option.get("properties", {})})
        descriptions.append(KeyDescription(text, _description(part, schema), tuple(inner)))
    return list(dict.fromkeys(descriptions))


def nearest_key(key: str) -> str:
    """Return the hint for an unknown key: the nearest key of all engines, or where they are listed."""
    parent, _, last = key.rpartition(".")
    known = {*GRETCHEN_KEYS, *handbook.deprecated_keys()} if not parent else set()
    for engine in ENGINES:
        for stage in stage_names(engine):
            schema = load_schema(engine, stage)
            for outer in _schemas_at(schema, parent.split(".") if parent else [], schema):
                known |= {name for part in _options(outer, schema) for name in part.get("properties", {})}
    close = nearest(last, sorted(known))
    if close:
        return f"did you mean '{f'{parent}.' if parent else ''}{close}'?"
    return nearest_key(parent) if parent and not known else f"the engines' keys are listed in {SCHEMAS}"


def _schemas_at(schema: Schema, path: list[str], root: Schema) -> Iterator[Schema]:
    """Yield the schemas at a path, through lists and alternatives."""
    if not path:
        yield schema
        return
    for part in _options(schema, root):
        if path[0] in part.get("properties", {}):
            yield from _schemas_at(part["properties"][path[0]], path[1:], root)


def _options(schema: Schema, root: Schema) -> Iterator[Schema]:
    """Yield a schema's alternatives and the items of its lists, references followed."""
    schema = deref(schema, root)
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _options(option, root)
    elif isinstance(schema.get("items"), dict):
        yield from _options(schema["items"], root)
    else:
        yield schema


def _description(schema: Schema, root: Schema) -> str:
    """Return the description of a key, or else of what it refers to."""
    if "description" in schema or "$ref" not in schema:
        return schema.get("description", "")
    return deref(schema, root).get("description", "")


def _type_in_words(schema: Schema, root: Schema) -> str:
    """Return a schema's type: "an integer", "one of a, b", "a list (a string each)"."""
    schema = deref(schema, root)
    if "anyOf" in schema:
        types = [_type_in_words(option, root) for option in schema["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(types))
    if "enum" in schema or "const" in schema:
        allowed = [str(value) for value in schema.get("enum", [schema.get("const")]) if value is not None]
        return allowed[0] if len(allowed) == 1 else f"one of {', '.join(allowed)}"
    types = schema.get("type", "anything")
    types = [name for name in ([types] if isinstance(types, str) else types) if name != "null"]
    items = f" ({_type_in_words(schema['items'], root)} each)" if isinstance(schema.get("items"), dict) else ""
    return " or ".join(TYPE_NAMES.get(name, name) for name in types) + items


def explain_setting(key: str, request: Request, earlier_runs: EarlierRuns) -> list[str]:
    """Return where a project's recipe sets a key under a profile, and what each layer overrides.

    Raises UserError where the recipe does not resolve.
    """
    resolved = resolve(request, earlier_runs)
    subject = f"  {request.project}, {resolved.name} under {request.profile}"
    layers = read_recipe(find(request.project, request.recipe), request.profile).layers
    if not describe(load_schema(resolved.engine, resolved.stage), key) and key not in GRETCHEN_KEYS:
        return [f"{subject}: not a key of {resolved.engine}'s {resolved.stage}"]
    values = [resolved.values, *(layer.values for layer in layers)]
    keys = list(dict.fromkeys(full_key for part in values for full_key in _keys_at(part, key.split("."))))
    lines = []
    for full_key in keys:
        name = ".".join(map(str, full_key))
        origin = resolved.origins.get(name)
        value = "is not set" if origin is None else f"= {_shown(_value_at(resolved.values, full_key))}"
        lines.append(f"{subject}: {name} {value}")
        lines += [f"    {line}" for line in _layer_lines(layers, full_key, origin)]
    return lines or [f"{subject}: not set, so the engine's default applies"]


def _layer_lines(layers: Sequence[Layer], key: Key, origin: Origin | None) -> list[str]:
    """Return a line for each layer that sets a key, highest first."""
    lines = [str(origin)] if origin and not origin.file else []
    for layer in reversed(layers):
        if key in _keys_at(layer.values, [str(part) for part in key if not isinstance(part, int)]):
            value = _value_at(layer.values, key)
            text = "null: deletes the value below" if value is None else _shown(value)
            lines.append(f"{layer.location(key)}: {text} ({layer.kind})" + (", overridden" if lines else ""))
    return lines


def _keys_at(values: Any, path: list[str]) -> list[Key]:
    """Return the keys of values that match a dotted path, which leaves out the indices of lists."""
    if not path:
        return [()]
    if isinstance(values, list):
        return [(index, *rest) for index, item in enumerate(values) for rest in _keys_at(item, path)]
    if isinstance(values, dict) and path[0] in values:
        return [(path[0], *rest) for rest in _keys_at(values[path[0]], path[1:])]
    return []


def _value_at(values: Any, key: Key) -> Any:
    """Return the value at a key."""
    for part in key:
        values = values[part]
    return values


def _shown(value: Any) -> str:
    """Return a value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6).removesuffix("...\n").strip()
