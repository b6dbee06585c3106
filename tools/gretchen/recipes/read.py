"""Reads a recipe's files into layers, and collects every mistake in them: form, keys, types, placeholders.

    recipe_layers = read_recipe(find("genome-chatbot", "sft"), "tiny")

Files are read whole, whatever the profile: a mistake in `profiles.cluster` is reported on a laptop too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.hardware import PROFILES
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.names import nearest
from gretchen.projects.card import suggestion
from gretchen.recipes import batch, placeholders
from gretchen.recipes.find import RecipeFile, load_recipe, methods
from gretchen.recipes.layers import (
    OWN_KEYS,
    Layer,
    LayerKind,
    Values,
    body,
    holds,
    leaves,
    merge_all,
    section,
    value_at,
)
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import stage_names
from gretchen.recipes.validation import layer_problems
from gretchen.yaml_faults import missing_blank


@dataclass(frozen=True)
class Mistake:
    """One mistake: its kind ("form", "keys" or "placeholders"), and the message with file and line."""

    kind: str
    message: str


@dataclass(frozen=True)
class Override:
    """A value of the recipe that meets another value for the same key under this profile.

    `kind` RECIPE: the recipe's value replaces the one that the shared method states for the profile's model.
    `kind` RECIPE_PROFILE: the recipe's profile replaces a value of the recipe itself.
    """

    kind: LayerKind
    key: str
    value: Any
    location: str
    replaced: Any
    replaced_location: str


@dataclass(frozen=True)
class RecipeLayers:
    """A recipe's layers under a profile, lowest first, and the mistakes in its files."""

    layers: tuple[Layer, ...]
    mistakes: tuple[Mistake, ...]

    @cached_property
    def overrides(self) -> tuple[Override, ...]:
        """Where the recipe overrides its method or itself; worked out when it is asked for, not for each resolution."""
        return tuple(overrides(self.layers))


def read_recipe(recipe: RecipeFile, profile: str) -> RecipeLayers:
    """Return the layers of a recipe under a profile, with all mistakes in the files that it is made of."""
    marked = load_recipe(recipe)
    extended, mistakes = read_methods(marked, recipe.engine)
    hardware = load_marked(paths.shared_recipes() / recipe.engine / "profiles" / f"{profile}.yaml")
    below = layers_of(recipe, profile, (*extended, marked), hardware)
    return replace(below, mistakes=tuple(dict.fromkeys([*mistakes, *below.mistakes])))


@lru_cache(maxsize=4096)
def layers_of(recipe: RecipeFile, profile: str, files: tuple[MarkedYaml, ...], hardware: MarkedYaml) -> RecipeLayers:
    """Return the layers of a recipe's files under a profile's hardware file, and what is wrong in these files.

    `files` are those that it extends, in order, then its own. Cached: a check and what it checks both read them.
    """
    *extended, marked = files
    mistakes = [*form_mistakes(files), *section_mistakes(hardware, recipe.engine), *null_mistakes(files)]
    names = section_names(recipe, [file.file for file in extended])
    sections = [section(LayerKind.HARDWARE, hardware, name) for name in names]
    layers: list[Layer] = []
    for file in extended:
        layers += [body(LayerKind.METHOD, file), section(LayerKind.METHOD_PROFILE, file, "profiles", profile)]
    own = section(LayerKind.RECIPE_PROFILE, marked, "profiles", profile)
    layers += [body(LayerKind.RECIPE, marked), *sections, own]
    for layer in [*layers, *profile_layers([*extended, marked])]:
        mistakes += layer_mistakes(layer, recipe.engine, recipe.stage)
    layers = [layer for layer in layers if layer.values or layer.kind is LayerKind.RECIPE]
    return RecipeLayers(tuple(layers), tuple(dict.fromkeys(mistakes)))


def section_names(recipe: RecipeFile, extended: Sequence[Path]) -> list[str]:
    """Return the sections of a hardware profile that count for a recipe: all, its stage, the variants it extends."""
    variants = [file.stem for file in extended] + [Path(recipe.method).stem]
    return list(dict.fromkeys(["all", recipe.stage, *variants]))


def profile_layers(files: Sequence[MarkedYaml]) -> list[Layer]:
    """Return the sections of `profiles:` of some files, of all profiles."""
    layers = []
    for marked in files:
        profiles = marked.values.get("profiles")
        names = profiles if isinstance(profiles, dict) else {}
        layers += [section(LayerKind.RECIPE_PROFILE, marked, "profiles", name) for name in names]
    return layers


def read_methods(marked: MarkedYaml, engine: str) -> tuple[list[MarkedYaml], list[Mistake]]:
    """Return the files that a recipe extends, each after the one that it extends itself, and what is wrong there."""
    direct, mistakes = read_extends(marked, engine)
    files = []
    for method in direct:
        below, wrong = read_extends(method, engine)
        deeper = [file for file in below if "extends" in file.values]
        location = method.location(("extends",))
        wrong += [
            Mistake("form", f"{location}: {shown(file)} extends another method itself: a chain has two methods at most")
            for file in deeper
        ]
        files += [*below, method]
        mistakes += wrong
    return files, mistakes


def read_extends(marked: MarkedYaml, engine: str) -> tuple[list[MarkedYaml], list[Mistake]]:
    """Return the shared methods that a file's `extends` names, and what is wrong with it."""
    names = marked.values.get("extends") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        message = f"{marked.location(('extends',))}: 'extends' is not a list of files: extends: [{engine}/sft.yaml]"
        return [], [Mistake("form", message)]
    files, mistakes = [], []
    for number, name in enumerate(names):
        file = paths.shared_recipes() / name
        if fault := extends_fault(name, file, engine):
            mistakes.append(Mistake("form", f"{marked.location(('extends', number))}: {fault}"))
        else:
            files.append(load_marked(file))
    return files, mistakes


def extends_fault(name: str, file: Path, engine: str) -> str | None:
    """Return what is wrong with one entry of `extends`, or None."""
    if not paths.is_path(name):
        return f"'{name[:40]}…' is too long for a file's name"
    if file.is_file():
        is_method = file.parent == paths.shared_recipes() / engine and file.suffix == ".yaml"
        return None if is_method else f"'{name}' is not a shared method of engine {engine}"
    known = [f"{engine}/{path.name}" for path in sorted((paths.shared_recipes() / engine).glob("*.yaml"))]
    close = nearest(name, known)
    hint = f", did you mean '{close}'?" if close else f" (known: {', '.join(known) or 'none'})"
    return f"shared_recipes/{name} does not exist{hint}"


def shown(marked: MarkedYaml) -> str:
    """Return a shared method's name, as `extends` names it."""
    return "/".join(marked.file.parts[-2:])


@lru_cache(maxsize=1024)
def form_mistakes(files: tuple[MarkedYaml, ...]) -> tuple[Mistake, ...]:
    """Return what is wrong with the form of files: YAML, duplicate keys, names and form of `profiles:`."""
    mistakes = []
    for marked in files:
        mistakes += [Mistake("form", fault) for fault in marked.problems]
        mistakes += [Mistake("form", fault) for fault in profile_faults(marked)]
    return tuple(mistakes)


def profile_faults(marked: MarkedYaml) -> list[str]:
    """Return what is wrong with the names and the form of a file's `profiles:`."""
    profiles = marked.values.get("profiles") or {}
    if not isinstance(profiles, dict):
        return [f"{marked.location(('profiles',))}: 'profiles' is not a mapping of profiles"]
    faults = []
    for name, values in profiles.items():
        location = marked.location(("profiles", name))
        if name not in PROFILES:
            faults.append(f"{location}: unknown profile '{name}'{suggestion(str(name), PROFILES)}")
        elif not isinstance(values, dict | None):
            glued = missing_blank(values) if isinstance(values, str) else None
            faults.append(f"{location}: " + (glued or f"profile '{name}' is not a mapping"))
    return faults


@lru_cache(maxsize=64)
def section_mistakes(profile_file: MarkedYaml, engine: str) -> tuple[Mistake, ...]:
    """Return what is wrong with the form and the sections of a hardware profile."""
    faults = list(profile_file.problems)
    for name, values in profile_file.values.items():
        if name not in ("all", *stage_names(engine)) and name not in methods(engine):
            known = list(dict.fromkeys(["all", *stage_names(engine), *methods(engine)]))
            faults.append(f"{profile_file.location((name,))}: unknown section '{name}'{suggestion(str(name), known)}")
        if isinstance(values, dict) and batch.ACCUMULATION in values:
            location = profile_file.location((name, batch.ACCUMULATION))
            faults.append(f"{location}: a profile sets the per-device batch only, not '{batch.ACCUMULATION}'")
    return tuple(Mistake("form", fault) for fault in faults)


@lru_cache(maxsize=1024)
def null_mistakes(files: tuple[MarkedYaml, ...]) -> tuple[Mistake, ...]:
    """Return the nulls in files, lowest first, that delete nothing: upstream's own null would be lost in silence."""
    mistakes, below = [], []
    for marked in files:
        layer = body(LayerKind.RECIPE, marked)
        lower = merge_all(below)
        for key, value in leaves(layer.values):
            if value is None and not any(isinstance(part, int) for part in key) and not holds(lower, key):
                name = ".".join(map(str, key))
                message = f"'{name}: null' deletes nothing here; upstream's own null is written none"
                mistakes.append(Mistake("form", f"{layer.location(key)}: {message}"))
        below += [layer, *profile_layers([marked])]
    return tuple(mistakes)


@lru_cache(maxsize=4096)
def layer_mistakes(layer: Layer, engine: str, stage: str) -> tuple[Mistake, ...]:
    """Return what is wrong with one layer's keys, types and placeholders; cached, since profiles share most layers."""
    values = {key: value for key, value in layer.values.items() if key not in OWN_KEYS}
    problems = layer_problems(values, load_schema(engine, stage))
    mistakes = [Mistake("keys", f"{layer.location(problem.path)}: {problem}") for problem in problems]
    names = placeholders.known(engine)
    for key, value in leaves(values):
        for name in placeholders.used(value):
            if name not in names:
                close = nearest(name, names)
                hint = f", did you mean '${{{close}}}'?" if close else f" (known: {', '.join(names)})"
                message = f"{layer.location(key)}: unknown placeholder '${{{name}}}'{hint}"
                mistakes.append(Mistake("placeholders", message))
    return tuple(mistakes)


def overrides(layers: Sequence[Layer]) -> list[Override]:
    """Return where a recipe overrides what its method states for the profile, and where it overrides itself."""
    by_kind: dict[LayerKind, list[Layer]] = {}
    for layer in layers:
        by_kind.setdefault(layer.kind, []).append(layer)
    pairs = ((LayerKind.RECIPE, LayerKind.METHOD_PROFILE), (LayerKind.RECIPE_PROFILE, LayerKind.RECIPE))
    return [override for upper, lower in pairs for override in replaced(by_kind.get(upper, []), by_kind.get(lower, []))]


def replaced(upper: Sequence[Layer], lower: Sequence[Layer]) -> list[Override]:
    """Return the values of upper layers that replace other values of lower ones."""
    overridden = []
    for layer in upper:
        for key, value in leaves(layer.values):
            below = next((other for other in reversed(lower) if holds(other.values, key)), None)
            if below is not None and value is not None and value_at(below.values, key) != value:
                name = ".".join(map(str, key))
                old = value_at(below.values, key)
                overridden.append(Override(layer.kind, name, value, layer.location(key), old, below.location(key)))
    return overridden


def method_values(names: Sequence[str], engine: str) -> Values:
    """Return the values of shared methods, those that they extend included, merged; without their profiles."""
    marked = MarkedYaml(paths.shared_recipes() / engine, {"extends": list(names)})
    files, _ = read_methods(marked, engine)
    return merge_all([body(LayerKind.METHOD, file) for file in files])
