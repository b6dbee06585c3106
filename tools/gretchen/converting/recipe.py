"""The twin of a recipe's file: what it extends, its own keys, its profiles, its text.

    twin_of_project_recipe("genome-chatbot", find("genome-chatbot", "sft.zephyr")).text
    twin_of_standalone(read_standalone(Path("qlora.yml"))).text

The twin of a project's recipe is a recipe of the project: a shared recipe that it extends is replaced by the other
engine's of the same name, or, where there is none, its keys are copied into the twin. Keys set by the other engine's
hardware profiles are left to them.
"""

from dataclasses import dataclass, field
from pathlib import Path

from gretchen import paths
from gretchen.converting.conversion import Conversion, Dropped
from gretchen.converting.text import Head, twin_text
from gretchen.converting.twin import OTHER, differs, twin
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.recipes.coercion import as_written
from gretchen.recipes.find import RecipeFile, load_recipe
from gretchen.recipes.layers import OWN_KEYS, Layer, LayerKind, Values, merge, merge_all, origin_layer, section
from gretchen.recipes.read import method_values, read_methods, read_recipe, section_names
from gretchen.recipes.resolve import require_none
from gretchen.recipes.standalone import StandaloneRecipe, zephyr_stage

# Keys that decide between full fine-tuning, LoRA and QLoRA.
METHOD = ("adapter", "use_peft", "load_in_4bit", "load_in_8bit")


@dataclass(frozen=True)
class TwinRecipe:
    """A twin's text and keys, and lines on what the conversion changed.

    `defaults` are keys written out because the engines' defaults differ, `dropped` keys without an equivalent, `notes`
    other differences.
    """

    text: str
    keys: list[str]
    defaults: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def twin_of_project_recipe(project: str, recipe: RecipeFile) -> TwinRecipe:
    """Return the twin of a project's recipe. Raises UserError for its mistakes, and for a stage without a twin."""
    recipe_layers = read_recipe(recipe, PROFILES[0])
    require_none(mistake.message for mistake in recipe_layers.mistakes)
    marked = load_recipe(recipe)
    source_layers = [layer for layer in recipe_layers.layers if layer.kind in (LayerKind.METHOD, LayerKind.RECIPE)]
    siblings, below = _siblings(marked, OTHER[recipe.engine])
    c = twin(merge_all(source_layers), recipe.engine, recipe.stage)
    left_to_profiles = _profile_keys(c.target, recipe)
    values = _keys_to_write(c, below, left_to_profiles)
    values |= {key: None for key in below if key not in c.values}
    profiles = _convert_profiles(_source_profiles(recipe), c)
    _keep_method(recipe, c, merge(below, values), profiles)
    head = Head(project, recipe.name, f"{recipe.name.removesuffix(recipe.engine)}{c.target}")
    text = twin_text(marked, c, values, extends=siblings, profiles=profiles, head=head)
    return _report(c, text, values, source_layers, left_to_profiles)


def twin_of_standalone(recipe: StandaloneRecipe) -> TwinRecipe:
    """Return the twin of a standalone recipe. Raises UserError for its mistakes, and for a stage without a twin."""
    require_none(recipe.mistakes)
    file = paths.shown(recipe.marked.file)
    if recipe.other_kind:
        raise UserError(f"{file} is no recipe, but {recipe.other_kind}")
    if recipe.values != recipe.marked.values:
        raise UserError(f"{file} has deprecated keys", f"gretchen upgrade {file}, then convert it")
    c = twin(recipe.values, recipe.engine, recipe.stage)
    values = _keys_to_write(c, {}, set())
    if c.target == "zephyr" and zephyr_stage(values, Path("twin.yaml")) != c.stage:
        # In TRL the command is the stage, and a file need not be named after it.
        values["run_name"] = f"{values['run_name']}-{c.stage}" if values.get("run_name") else c.stage
    layer = Layer(LayerKind.RECIPE, recipe.values, file, recipe.marked.lines)
    return _report(c, twin_text(recipe.marked, c, values), values, [layer], set())


def _siblings(marked: MarkedYaml, target: str) -> tuple[list[str], Values]:
    """Return the other engine's shared recipes of the same names, where they exist, and their values merged."""
    names = [f"{target}/{Path(name).name}" for name in marked.values.get("extends") or []]
    existing = [name for name in names if (paths.shared_recipes() / name).is_file()]
    return existing, method_values(existing, target)


def _profile_keys(engine: str, recipe: RecipeFile) -> set[str]:
    """Return the keys that an engine's hardware profiles set: precision, attention, batch size …"""
    return {key for name in PROFILES for layer in _profile_layers(engine, recipe, name) for key in layer.values}


def _profile_layers(engine: str, recipe: RecipeFile, profile: str) -> list[Layer]:
    """Return the layers of an engine's hardware profile for a recipe's stage and the variants that it extends."""
    profile_file = load_marked(paths.shared_recipes() / engine / "profiles" / f"{profile}.yaml")
    extended = [Path(name) for name in load_recipe(recipe).values.get("extends") or []]
    return [section(LayerKind.HARDWARE, profile_file, name) for name in section_names(recipe, extended)]


def _source_profiles(recipe: RecipeFile) -> dict[str, Values]:
    """Return a recipe's `profiles:`, over those of the methods that the other engine has none of the same name for."""
    marked, profiles = load_recipe(recipe), {}
    own = {key: value for key, value in marked.values.items() if key not in OWN_KEYS}
    for method in read_methods(marked, recipe.engine)[0]:
        if not (paths.shared_recipes() / OTHER[recipe.engine] / method.file.name).is_file():
            for name, values in (method.values.get("profiles") or {}).items():
                below = {key: value for key, value in (values or {}).items() if key not in own}
                profiles[name] = merge(profiles.get(name, {}), below)
    for name, values in (marked.values.get("profiles") or {}).items():
        profiles[name] = merge(profiles.get(name, {}), values) if values else profiles.get(name)
    return profiles


def _keys_to_write(c: Conversion, below: Values, left_to_profiles: set[str]) -> Values:
    """Return the keys of the twin's file: those that differ from what it extends (`below`) and from defaults."""
    own = {key for key in c.origins if key in c.values and below.get(key) != c.values[key]}
    own |= {key for key in c.values.keys() - c.origins.keys() - left_to_profiles if differs(c, key, below)}
    return {key: value for key, value in c.values.items() if key in own}


def _convert_profiles(source: dict[str, Values], c: Conversion) -> dict[str, Values]:
    """Return a recipe's `profiles:` with each section converted."""
    profiles: dict[str, Values] = {}
    for name, values in source.items():
        converted = twin(merge(c.source_values, values or {}), c.source, c.stage)
        profiles[name] = _convert_section(values or {}, converted, c.values)
        c.dropped += [dropped for dropped in converted.dropped if dropped not in c.dropped]
        c.notes = converted.notes | c.notes
    return profiles


def _convert_section(section_values: Values, converted: Conversion, without: Values) -> Values:
    """Return a profile's section in its order: `converted` is the twin with it, `without` the twin's other values."""
    order = {key: number for number, key in enumerate(section_values)}

    def rank(key: str) -> int:
        return order.get(converted.origins.get(key, ""), len(order))

    changed = {k: v for k, v in converted.values.items() if rank(k) < len(order) or without.get(k) != v}
    deleted = {key: None for key in without if key not in converted.values}
    return {key: changed[key] for key in sorted(changed, key=rank)} | deleted


def _keep_method(recipe: RecipeFile, c: Conversion, values: Values, profiles: dict[str, Values]) -> None:
    """Add adapter and quantization to `profiles` where the engines' shared profiles set different ones."""
    for name in PROFILES:
        expected = twin(merge_all(read_recipe(recipe, name).layers), c.source, c.stage)
        c.dropped += [Dropped(key, f"{why} (profile {name})") for key, why in expected.dropped if key in METHOD]
        actual = merge_all([Layer(LayerKind.RECIPE, values), *_profile_layers(c.target, recipe, name)])
        actual = merge(actual, profiles.get(name, {}))
        changed = {key: expected.values.get(key) for key in METHOD if expected.values.get(key) != actual.get(key)}
        if changed:
            profiles[name] = profiles.get(name, {}) | changed


def _report(c: Conversion, text: str, values: Values, layers: list[Layer], left_to_profiles: set[str]) -> TwinRecipe:
    """Return a twin with its lines; notes on keys that are left to profiles are left out."""

    def location(key: str) -> str:
        is_set = any(key in layer.values for layer in layers)
        return origin_layer(layers, (key,)).location((key,)) if is_set else "profiles"

    dropped = [f"{location(key)}: '{key}': {reason}" for key, reason in c.dropped]
    defaults = [f"{key}: {as_written(values[key])}" for key in values if key in c.defaults]
    notes = [difference for difference, key in c.notes.items() if key not in left_to_profiles or c.has(key)]
    return TwinRecipe(text, list(values), defaults, dropped, notes)
