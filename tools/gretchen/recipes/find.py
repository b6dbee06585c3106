"""Which recipes a project has: projects/<slug>/recipes/<stage>[-<variant>].<engine>.yaml.

find("genome-chatbot", "sft")   -> the card's engine;   find("genome-chatbot", "sft.axolotl") says it
"""

import re
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.names import nearest
from gretchen.projects.card import card_file, load_card, suggestion
from gretchen.recipes.stages import ENGINES, stage_names

FORM = re.compile(r"(?P<stage>[a-z]+)(?P<variant>-[a-z0-9-]+)?\.(?P<engine>[a-z]+)\.yaml")


@dataclass(frozen=True)
class RecipeFile:
    """A recipe's file and what its name says: "sft-qlora.zephyr" is a variant of stage sft for engine zephyr."""

    path: Path
    name: str
    stage: str
    engine: str


def recipes_of(project: str) -> dict[str, RecipeFile]:
    """Return {name: recipe} of a project's well-named recipes. Raises UserError for an unknown project."""
    found = {}
    for path in sorted((card_file(project).parent / "recipes").glob("*.yaml")):
        if name_fault(path) is None:
            parts = FORM.fullmatch(path.name)
            name = path.name.removesuffix(".yaml")
            found[name] = RecipeFile(path, name, parts["stage"], parts["engine"])
    return found


def name_faults(project: str) -> list[str]:
    """Return what is wrong with the names of the files in a project's recipes/."""
    files = sorted((card_file(project).parent / "recipes").glob("*"))
    return [f"{paths.shown(path)}: {fault}" for path in files if (fault := name_fault(path))]


def name_fault(path: Path) -> str | None:
    """Return what is wrong with a recipe file's name, or None."""
    parts = FORM.fullmatch(path.name)
    if parts is None:
        return "a recipe is named <stage>[-<variant>].<engine>.yaml"
    if parts["engine"] not in ENGINES:
        return f"unknown engine '{parts['engine']}'{suggestion(parts['engine'], ENGINES)}"
    trained = stage_names(parts["engine"])
    if parts["stage"] not in trained:
        return f"unknown stage '{parts['stage']}' of {parts['engine']}{suggestion(parts['stage'], trained)}"
    return None


def find(project: str, recipe: str) -> RecipeFile:
    """Return a project's recipe by name, with or without its engine. Raises UserError for an unknown one."""
    known = recipes_of(project)
    name = recipe if "." in recipe else f"{recipe}.{load_card(project).engine}"
    if name in known:
        return known[name]
    close = nearest(name, known)
    listed = f"recipes of {project}: {', '.join(known) or 'none'}"
    raise UserError(f"unknown recipe '{recipe}'", f"did you mean '{close}'? {listed}" if close else listed)
