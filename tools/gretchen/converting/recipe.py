"""A recipe's file in the other engine's words: what it extends, its own keys, its profiles, its text.

    of_project("genome-chatbot", find("genome-chatbot", "sft.zephyr")).text
    of_standalone(read_standalone(Path("qlora.yml"))).text

A project's recipe becomes a recipe of the project: a shared recipe that it extends is replaced by the other engine's of
the same name, where there is one, and taken in where there is none. What hardware profiles say stays theirs.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.converting.conversion import Conversion
from gretchen.converting.text import twin_text
from gretchen.converting.twin import OTHER, differs, twin
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.recipes.find import RecipeFile
from gretchen.recipes.layers import Layer, Values, merge, merge_all, origin, section
from gretchen.recipes.read import own, read
from gretchen.recipes.resolve import require_none
from gretchen.recipes.standalone import StandaloneRecipe

# What makes a recipe full, LoRA or QLoRA.
METHOD = ("adapter", "use_peft", "load_in_4bit", "load_in_8bit")


@dataclass(frozen=True)
class TwinRecipe:
    """A twin's text and keys, and what is told of it in lines: keys written out, without a twin, other differences."""

    text: str
    keys: list[str]
    written: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def of_project(project: str, recipe: RecipeFile) -> TwinRecipe:
    """Return the twin of a project's recipe. Raises UserError for its mistakes, and for a stage without a twin."""
    layers, mistakes = read(recipe, PROFILES[0])
    require_none(mistake.told for mistake in mistakes)
    marked = load_marked(recipe.path)
    said = [layer for layer in layers if layer.role == "extends"] + [own(marked)]
    siblings, below = siblings_of(marked, OTHER[recipe.engine])
    c = twin(merge_all(said), recipe.engine, recipe.stage)
    left = profile_keys(c.target, recipe.stage)
    values = kept(c, below, left)
    values |= {key: None for key in below if key not in c.values}
    profiles = converted_profiles(marked, c)
    keep_method(recipe, c, merge(below, values), profiles)
    name = f"{recipe.name.removesuffix(recipe.engine)}{c.target}"
    head = (project, recipe.name, name)
    text = twin_text(marked, c, values, extends=siblings, profiles=profiles, head=head)
    return told_twin(c, text, values, said, left)


def of_standalone(loose: StandaloneRecipe) -> TwinRecipe:
    """Return the twin of a loose recipe. Raises UserError for its mistakes, and for a stage without a twin."""
    require_none(loose.mistakes)
    file = paths.shown(loose.marked.file)
    if loose.other_kind:
        raise UserError(f"{file} is no recipe, but {loose.other_kind}")
    if loose.values != loose.marked.values:
        raise UserError(f"{file} is written in former keys", f"gretchen upgrade {file}, then convert it")
    c = twin(loose.values, loose.engine, loose.stage)
    values = kept(c, {}, set())
    layer = Layer("recipe", loose.values, file, loose.marked.lines)
    return told_twin(c, twin_text(loose.marked, c, values), values, [layer], set())


def siblings_of(marked: MarkedYaml, target: str) -> tuple[list[str], Values]:
    """Return the other engine's shared recipes of the same names, where they exist, and their values merged."""
    names = [f"{target}/{Path(name).name}" for name in marked.values.get("extends") or []]
    there = [name for name in names if (paths.shared_recipes() / name).is_file()]
    return there, merge_all([section("extends", load_marked(paths.shared_recipes() / name)) for name in there])


def profile_keys(engine: str, stage: str) -> set[str]:
    """Return the keys that an engine's shared profiles say: precision, attention, batches … are theirs."""
    return {key for name in PROFILES for layer in hardware(engine, stage, name) for key in layer.values}


def hardware(engine: str, stage: str, profile: str) -> list[Layer]:
    """Return the layers of an engine's shared profile for a stage."""
    shared = load_marked(paths.shared_recipes() / engine / "profiles" / f"{profile}.yaml")
    return [section("profile", shared, "all"), section("profile", shared, stage)]


def kept(c: Conversion, below: Values, left: set[str]) -> Values:
    """Return the keys that the twin's file must say, over what it extends (`below`) and what it leaves to profiles."""
    found = {}
    for key, value in c.values.items():
        said = key in c.origins
        if below.get(key) != value if said else key not in left and differs(c, key, below):
            found[key] = value
    return found


def converted_profiles(marked: MarkedYaml, c: Conversion) -> dict[str, Values]:
    """Return the sections of `profiles:` in the other engine's words: what each says or changes in the twin."""
    found: dict[str, Values] = {}
    for name, values in (marked.values.get("profiles") or {}).items():
        there = twin(merge(c.said, values or {}), c.source, c.stage)
        found[name] = converted_section(values or {}, there, c.values)
        c.named += [told for told in there.named if told not in c.named]
        c.notes = there.notes | c.notes
    return found


def converted_section(said: Values, there: Conversion, whole: Values) -> Values:
    """Return a profile's section: `there` is the conversion with it, `whole` the twin without it."""
    order = {key: number for number, key in enumerate(said)}

    def rank(key: str) -> int:
        return order.get(there.origins.get(key, ""), len(order))

    changed = {k: v for k, v in there.values.items() if rank(k) < len(order) or whole.get(k) != v}
    gone = {key: None for key in whole if key not in there.values}
    return {key: changed[key] for key in sorted(changed, key=rank)} | gone


def keep_method(recipe: RecipeFile, c: Conversion, values: Values, profiles: dict[str, Values]) -> None:
    """Add to `profiles` the adapter and the bits where the engines' shared profiles say different ones."""
    for name in PROFILES:
        wanted = twin(merge_all(read(recipe, name)[0]), c.source, c.stage)
        c.named += [(key, f"{why} (profile {name})") for key, why in wanted.named if key in METHOD]
        found = merge_all([Layer("twin", values), *hardware(c.target, c.stage, name)])
        found = merge(found, profiles.get(name, {}))
        changed = {key: wanted.values.get(key) for key in METHOD if wanted.values.get(key) != found.get(key)}
        if changed:
            profiles[name] = profiles.get(name, {}) | changed


def told_twin(c: Conversion, text: str, values: Values, layers: list[Layer], left: set[str]) -> TwinRecipe:
    """Return a twin with what is to be told of it; what is left to profiles is theirs to tell."""

    def place(key: str) -> str:
        return origin(layers, (key,)).place((key,)) if any(key in layer.values for layer in layers) else "profiles"

    named = [f"{place(key)}: '{key}': {why}" for key, why in c.named]
    written = [f"{key}: {shown(values[key])}" for key in values if key in c.unsaid]
    notes = [told for told, key in c.notes.items() if key not in left or c.says(key)]
    return TwinRecipe(text, list(values), written, named, notes)


def shown(value: Any) -> str:
    """Return a value as YAML shows it on one line."""
    return str(value).lower() if isinstance(value, bool) else str(value)
