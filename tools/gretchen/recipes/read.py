"""Reads a recipe's files into layers, and collects every mistake in them: form, keys, types, placeholders.

    layers, mistakes = read(find("genome-chatbot", "sft"), "tiny")

A whole file is read, whatever the profile: a mistake in `profiles.cluster` is told on a laptop too.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gretchen import paths
from gretchen.hardware import PROFILES
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.names import nearest
from gretchen.projects.card import suggestion
from gretchen.recipes import batch, placeholders
from gretchen.recipes.find import RecipeFile
from gretchen.recipes.layers import Layer, holds, leaves, merge_all, section
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import stage_names
from gretchen.recipes.validation import layer_problems

OURS = ("extends", "profiles")


@dataclass(frozen=True)
class Mistake:
    """One mistake: of which kind ("form", "keys" or "placeholders"), and the line that tells it."""

    kind: str
    told: str


def read(recipe: RecipeFile, profile: str) -> tuple[list[Layer], list[Mistake]]:
    """Return the layers of a recipe under a profile, lowest first, and the mistakes in all files it is made of."""
    marked = load_marked(recipe.path)
    shared = load_marked(paths.shared_recipes() / recipe.engine / "profiles" / f"{profile}.yaml")
    extended, mistakes = read_extended(marked, recipe.engine)
    body = own(marked)
    below = merge_all(extended)
    mistakes += [Mistake("form", fault) for fault in [*marked.problems, *shared.problems]]
    mistakes += profile_mistakes(marked) + section_mistakes(shared, recipe.engine) + null_mistakes(body, below)
    hardware = [section("profile", shared, "all"), section("profile", shared, recipe.stage)]
    profiles = marked.values.get("profiles")
    named = profiles if isinstance(profiles, dict) else {}
    sections = {name: section("recipe's profile", marked, "profiles", name) for name in named}
    for layer in [*extended, body, *hardware, *sections.values()]:
        mistakes += layer_mistakes(layer, recipe.engine, recipe.stage)
    chosen = [sections[profile]] if profile in sections else []
    return [*extended, body, *hardware, *chosen], list(dict.fromkeys(mistakes))


@lru_cache(maxsize=256)
def own(marked: MarkedYaml) -> Layer:
    """Return a recipe's own words: the file without `extends` and `profiles`."""
    whole = section("recipe", marked)
    return Layer("recipe", {k: v for k, v in whole.values.items() if k not in OURS}, whole.file, whole.lines)


def read_extended(marked: MarkedYaml, engine: str) -> tuple[list[Layer], list[Mistake]]:
    """Return the layers of a recipe's `extends`, and what is wrong with them."""
    named = marked.values.get("extends") or []
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        told = f"{marked.location(('extends',))}: 'extends' is no list of files: extends: [{engine}/sft-lora.yaml]"
        return [], [Mistake("form", told)]
    layers, mistakes = [], []
    for number, name in enumerate(named):
        place, file = marked.location(("extends", number)), paths.shared_recipes() / name
        if fault := extended_fault(name, file, engine):
            mistakes.append(Mistake("form", f"{place}: {fault}"))
            continue
        shared = load_marked(file)
        layers.append(section("extends", shared))
        mistakes += [Mistake("form", fault) for fault in shared.problems]
        mistakes += [
            Mistake("form", f"{shared.location((key,))}: a shared recipe has no '{key}'")
            for key in OURS
            if key in shared.values
        ]
    return layers, mistakes


def extended_fault(name: str, file: Path, engine: str) -> str | None:
    """Return what is wrong with one entry of `extends`, or None."""
    folder = paths.shared_recipes()
    known = [str(path.relative_to(folder)) for path in sorted((folder / engine).glob("*.yaml"))]
    if not file.is_file():
        close = nearest(name, known)
        hint = f", did you mean '{close}'?" if close else f" (there: {', '.join(known) or 'none'})"
        return f"shared_recipes/{name} does not exist{hint}"
    return None if name in known else f"'{name}' is no shared recipe of engine {engine}"


def profile_mistakes(marked: MarkedYaml) -> list[Mistake]:
    """Return what is wrong with the names and the form of a recipe's `profiles:`."""
    profiles = marked.values.get("profiles") or {}
    if not isinstance(profiles, dict):
        return [Mistake("form", f"{marked.location(('profiles',))}: 'profiles' is no mapping of profiles")]
    found = []
    for name, values in profiles.items():
        place = marked.location(("profiles", name))
        if name not in PROFILES:
            found.append(Mistake("form", f"{place}: unknown profile '{name}'{suggestion(str(name), PROFILES)}"))
        elif not isinstance(values, dict | None):
            found.append(Mistake("form", f"{place}: profile '{name}' is no mapping"))
    return found


def section_mistakes(shared: MarkedYaml, engine: str) -> list[Mistake]:
    """Return what is wrong with the sections of a shared profile."""
    known, found = ["all", *stage_names(engine)], []
    for name, values in shared.values.items():
        if name not in known:
            told = f"{shared.location((name,))}: unknown section '{name}'{suggestion(str(name), known)}"
            found.append(Mistake("form", told))
        if isinstance(values, dict) and batch.ACCUMULATION in values:
            place = shared.location((name, batch.ACCUMULATION))
            told = f"{place}: a profile sets the per-device batch only, not '{batch.ACCUMULATION}'"
            found.append(Mistake("form", told))
    return found


def null_mistakes(body: Layer, below: dict) -> list[Mistake]:
    """Return the nulls in a recipe that delete nothing: upstream's own null would be lost in silence."""
    found = []
    for key, value in leaves(body.values):
        if value is None and not any(isinstance(part, int) for part in key) and not holds(below, key):
            name = ".".join(map(str, key))
            found.append(f"{body.place(key)}: '{name}: null' deletes nothing here; upstream's own null is written none")
    return [Mistake("form", told) for told in found]


@lru_cache(maxsize=4096)
def layer_mistakes(layer: Layer, engine: str, stage: str) -> tuple[Mistake, ...]:
    """Return what is wrong with one layer's keys, types and placeholders: once, whatever the profile beside it."""
    values = {key: value for key, value in layer.values.items() if key not in OURS}
    wrong = [
        Mistake("keys", f"{layer.place(problem.path)}: {problem}")
        for problem in layer_problems(values, load_schema(engine, stage))
    ]
    names = placeholders.known(engine)
    for key, value in leaves(values):
        for name in placeholders.used(value):
            if name not in names:
                close = nearest(name, names)
                hint = f", did you mean '${{{close}}}'?" if close else f" (known: {', '.join(names)})"
                wrong.append(Mistake("placeholders", f"{layer.place(key)}: unknown placeholder '${{{name}}}'{hint}"))
    return tuple(wrong)
