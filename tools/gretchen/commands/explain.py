"""`make explain KEY=lora_r [PROJECT=… RECIPE=sft PROFILE=tiny]`: what a recipe's key means, and where it is set.

    gretchen explain datasets.type
    make explain KEY=learning_rate PROJECT=genome-chatbot

Type, default and meaning come from the engines' own schemas (recipes/schemas/), for each engine and stage that knows
the key. With PROJECT it also says which file and line sets the key in a recipe, and what that overrides. It explains
keys of recipes, not of cards, and checks nothing.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
import yaml

from gretchen.errors import UserError
from gretchen.names import nearest
from gretchen.recipes import handbook
from gretchen.recipes.find import find
from gretchen.recipes.layers import Key, Layer
from gretchen.recipes.read import read
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import TYPE_NAMES, deref, load_schema
from gretchen.recipes.stages import ENGINES, stage_names
from gretchen.runs.store import earlier_runs

Schema = dict[str, Any]
OURS = {
    "extends": "a list of files of shared_recipes/ that the recipe is laid on, left to right",
    "profiles": "a mapping from a profile (tiny, laptop, gpu-16gb …) to the keys that are different on such hardware",
}
FOLDER = "tools/gretchen/recipes/schemas/"


def explain(
    key: Annotated[str, typer.Argument(help="a recipe's key, dotted inside another: lora_r, datasets.type")],
    project: Annotated[str, typer.Option(help="the project whose recipe may set it")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project, sft unless named")] = "",
    profile: Annotated[str, typer.Option(help="the hardware, tiny unless named")] = "",
) -> None:
    """Explain a recipe's key in the engine's own words, and tell where a project's recipe sets it."""
    if (recipe or profile) and not project:
        raise UserError("RECIPE and PROFILE mean nothing without a project", f"make explain KEY={key} PROJECT=…")
    lines = meaning(key)
    if not lines:
        raise UserError(f"unknown key '{key}'", similar(key))
    if project:
        lines += ["", *setting(key, project, recipe or "sft", profile or "tiny")]
    print("\n".join([key, *lines]))


def meaning(key: str) -> list[str]:
    """Return the lines on a key: each engine's type, default and words, stages with equal ones together."""
    if key in OURS:
        return [f"  Gretchen's own, taken out of the resolved recipe: {OURS[key]}"]
    found = []
    for engine in ENGINES:
        told: dict[tuple[str, ...], list[str]] = {}
        for stage in stage_names(engine):
            for entry in entries(load_schema(engine, stage), key):
                told.setdefault(tuple(entry), []).append(stage)
        for entry, known in told.items():
            every = len(known) == len(stage_names(engine))
            found += [f"  {engine}, {'every stage' if every else ', '.join(known)}: {entry[0]}", *entry[1:]]
        if engine == "zephyr" and not told and (today := handbook.hint(key)):
            found.append(f"  zephyr: {today}")
    return found


def entries(schema: Schema, key: str) -> list[list[str]]:
    """Return for each different thing that a schema knows under a key its lines: type and default, then words."""
    found = []
    for one in inside(schema, key.split("."), schema):
        default = f", default {one['default']}" if "default" in one else ""
        plugin = f", only with plugins: [{one['x-plugin']}]" if "x-plugin" in one else ""
        said = words(one, schema) or "(the engine says no more of it)"
        keys = sorted({name for part in parts(one, schema) for name in part.get("properties", {})})
        more = [f"      its keys: {', '.join(keys)}"] if keys else []
        entry = [f"{kind(one, schema)}{default}{plugin}", f"      {said}", *more]
        if entry not in found:
            found.append(entry)
    return found


def inside(schema: Schema, path: list[str], root: Schema) -> Iterator[Schema]:
    """Yield the schemas of what stands at a dotted path, through lists and alternatives."""
    if not path:
        yield schema
        return
    for part in parts(schema, root):
        if path[0] in part.get("properties", {}):
            yield from inside(part["properties"][path[0]], path[1:], root)


def parts(schema: Schema, root: Schema) -> Iterator[Schema]:
    """Yield a schema's alternatives and its lists' items, references followed."""
    schema = deref(schema, root)
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from parts(option, root)
    elif isinstance(schema.get("items"), dict):
        yield from parts(schema["items"], root)
    else:
        yield schema


def words(schema: Schema, root: Schema) -> str:
    """Return what the engine says of a key, or else of what it refers to."""
    if "description" in schema or "$ref" not in schema:
        return schema.get("description", "")
    return deref(schema, root).get("description", "")


def kind(schema: Schema, root: Schema) -> str:
    """Return a schema's type in words: "an integer", "one of a, b", "a list of a text"."""
    schema = deref(schema, root)
    if "anyOf" in schema:
        kinds = [kind(option, root) for option in schema["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema or "const" in schema:
        allowed = [str(value) for value in schema.get("enum", [schema.get("const")]) if value is not None]
        return allowed[0] if len(allowed) == 1 else f"one of {', '.join(allowed)}"
    named = schema.get("type", "anything")
    named = [name for name in ([named] if isinstance(named, str) else named) if name != "null"]
    inner = f" ({kind(schema['items'], root)} each)" if isinstance(schema.get("items"), dict) else ""
    return " or ".join(TYPE_NAMES.get(name, name) for name in named) + inner


def similar(key: str) -> str:
    """Return the hint for an unknown key: the nearest of all engines' keys, or where they stand."""
    head, _, last = key.rpartition(".")
    known = {*OURS, *handbook.deprecated_keys()} if not head else set()
    for engine in ENGINES:
        for stage in stage_names(engine):
            schema = load_schema(engine, stage)
            above = inside(schema, head.split(".") if head else [], schema)
            known |= {name for one in above for part in parts(one, schema) for name in part.get("properties", {})}
    close = nearest(last, sorted(known))
    if close:
        return f"did you mean '{f'{head}.' if head else ''}{close}'?"
    return similar(head) if head and not known else f"all keys of the engines stand in {FOLDER}"


def setting(key: str, project: str, recipe: str, profile: str) -> list[str]:
    """Return the lines on where a project's recipe sets a key under a profile, and what each of these overrides."""
    resolved = resolve(Request(project, recipe, profile), earlier_runs(project, profile))
    subject = f"  {project}, {resolved.name} under {profile}"
    layers, _ = read(find(project, recipe), profile)
    path = key.split(".")
    if not entries(load_schema(resolved.engine, resolved.stage), key) and key not in OURS:
        return [f"{subject}: not a key of {resolved.engine}'s {resolved.stage}"]
    held = [resolved.values, *(layer.values for layer in layers)]
    places = list(dict.fromkeys(place for values in held for place in standing(values, path)))
    lines = []
    for place in places:
        name = ".".join(map(str, place))
        origin = resolved.origins.get(name)
        if origin is None:
            lines.append(f"{subject}: {name} is not set")
        else:
            lines.append(f"{subject}: {name} = {shown(at(resolved.values, place))}")
        lines += [f"    {line}" for line in stack(layers, place, origin)]
    return lines or [f"{subject}: not set, so the engine's default counts"]


def stack(layers: list[Layer], place: Key, origin: object) -> list[str]:
    """Return a line for each layer in which a key stands, highest first."""
    lines = [str(origin)] if isinstance(origin, str) else []
    for layer in reversed(layers):
        if place in standing(layer.values, [str(part) for part in place if not isinstance(part, int)]):
            value = at(layer.values, place)
            said = "null: deletes what is below" if value is None else shown(value)
            lines.append(f"{layer.place(place)}: {said} ({layer.role})" + (", overridden" if lines else ""))
    return lines


def standing(values: Any, path: list[str]) -> list[Key]:
    """Return the keys at which a dotted path stands in values; a list's numbers are not in the path."""
    if not path:
        return [()]
    if isinstance(values, list):
        return [(number, *rest) for number, item in enumerate(values) for rest in standing(item, path)]
    if isinstance(values, dict) and path[0] in values:
        return [(path[0], *rest) for rest in standing(values[path[0]], path[1:])]
    return []


def at(values: Any, place: Key) -> Any:
    """Return the value at a key."""
    for part in place:
        values = values[part]
    return values


def shown(value: Any) -> str:
    """Return a value as YAML has it, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6).removesuffix("...\n").strip()
