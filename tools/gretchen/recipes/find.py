"""The recipes of a project: its own files, and the shared methods that its rows fit.

    find("genome-chatbot", "sft")       -> sft of the card's engine
    find("genome-chatbot", "kto.zephyr")

A file is named projects/<slug>/recipes/<stage>[-<variant>].<engine>.yaml, a shared method
shared_recipes/<engine>/<stage>[-<variant>].yaml. A shared method without a file in the project is a recipe of one line,
`extends: [<engine>/<stage>.yaml]`, wherever dataset.py defines the stage's row format.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.marked_yaml import MarkedYaml, load_marked
from gretchen.names import nearest
from gretchen.projects.card import card_file, load_card, suggestion
from gretchen.projects.definitions import offered_formats
from gretchen.recipes.stages import ENGINES, find_stage, stage_names

FILE_NAME = re.compile(r"(?P<stage>[a-z]+)(-(?P<variant>[a-z0-9-]+))?\.(?P<engine>[a-z]+)\.yaml")
METHOD_NAME = re.compile(r"(?P<stage>[a-z]+)(-(?P<variant>[a-z0-9-]+))?")


@dataclass(frozen=True)
class RecipeFile:
    """A recipe, and what its name says: "sft-qlora.zephyr" is variant qlora of stage sft for engine zephyr.

    Where `is_shared`, the project has no file at `path`: the recipe is the one line that extends the shared method.
    """

    path: Path
    name: str
    stage: str
    engine: str
    variant: str = ""
    is_shared: bool = False

    @property
    def method(self) -> str:
        """Return the shared method of the recipe's name, as `extends` names it: zephyr/sft-qlora.yaml."""
        return f"{self.engine}/{self.stage}{'-' if self.variant else ''}{self.variant}.yaml"


def load_recipe(recipe: RecipeFile) -> MarkedYaml:
    """Return a recipe's content with its lines: the file's, or the one line that a shared method stands for."""
    return _shared(recipe) if recipe.is_shared else load_marked(recipe.path)


@lru_cache(maxsize=1024)
def _shared(recipe: RecipeFile) -> MarkedYaml:
    """Return the line that a shared method stands for: the same object each time, as of a file."""
    return MarkedYaml(recipe.path, {"extends": [recipe.method]})


def own_recipes(project: str) -> dict[str, RecipeFile]:
    """Return {name: recipe} of the files in a project's recipes/. Raises UserError for an unknown project."""
    files = sorted(recipe_dir(project).glob("*.yaml"))
    recipes = [recipe_of(path) for path in files if name_fault(path) is None]
    return {recipe.name: recipe for recipe in recipes}


def shared_recipes(project: str) -> dict[str, RecipeFile]:
    """Return {name: recipe} of the shared methods that a project has no file for, and whose row format it offers."""
    folder = recipe_dir(project)
    files = [folder / f"{method}.{engine}.yaml" for engine in ENGINES for method in methods(engine)]
    recipes = [shared_recipe(project, path) for path in files if not path.exists()]
    return {recipe.name: recipe for recipe in recipes if recipe is not None}


def shared_recipe(project: str, path: Path) -> RecipeFile | None:
    """Return the shared method that `path` is named after, as a recipe; None without one, or without its rows."""
    if name_fault(path) is not None:
        return None
    recipe = recipe_of(path, is_shared=True)
    is_method = (paths.shared_recipes() / recipe.method).is_file()
    return recipe if is_method and row_format_of(recipe) in offered_formats(project) else None


def row_format_of(recipe: RecipeFile) -> str:
    """Return the format of the rows that a recipe trains on."""
    return find_stage(recipe.engine, recipe.stage).row_format


def recipes_of(project: str) -> dict[str, RecipeFile]:
    """Return {name: recipe} of all recipes of a project, own and shared, by name."""
    recipes = own_recipes(project) | shared_recipes(project)
    return {name: recipes[name] for name in sorted(recipes)}


def methods(engine: str) -> list[str]:
    """Return the names of an engine's shared methods: dpo, sft, sft-full …"""
    names = sorted(path.stem for path in (paths.shared_recipes() / engine).glob("*.yaml"))
    stages = stage_names(engine)
    return [name for name in names if (parts := METHOD_NAME.fullmatch(name)) and parts["stage"] in stages]


def recipe_dir(project: str) -> Path:
    """Return the folder of a project's recipes. Raises UserError for an unknown project."""
    return card_file(project).parent / "recipes"


def recipe_of(path: Path, is_shared: bool = False) -> RecipeFile:
    """Return the recipe that a well-named path stands for."""
    parts = FILE_NAME.fullmatch(path.name)
    name = path.name.removesuffix(".yaml")
    return RecipeFile(path, name, parts["stage"], parts["engine"], parts["variant"] or "", is_shared)


def name_faults(project: str) -> list[str]:
    """Return what is wrong with the names of the files in a project's recipes/."""
    files = sorted(recipe_dir(project).glob("*"))
    return [f"{paths.shown(path)}: {fault}" for path in files if (fault := name_fault(path))]


def name_fault(path: Path) -> str | None:
    """Return what is wrong with a recipe file's name, or None."""
    parts = FILE_NAME.fullmatch(path.name)
    if parts is None:
        return "a recipe is named <stage>[-<variant>].<engine>.yaml"
    if parts["engine"] not in ENGINES:
        return f"unknown engine '{parts['engine']}'{suggestion(parts['engine'], ENGINES)}"
    stages = stage_names(parts["engine"])
    if parts["stage"] not in stages:
        return f"unknown stage '{parts['stage']}' of {parts['engine']}{suggestion(parts['stage'], stages)}"
    return None


def find(project: str, recipe: str) -> RecipeFile:
    """Return a project's recipe by name, with or without its engine. Raises UserError for an unknown one."""
    folder = recipe_dir(project)
    name = recipe if "." in recipe else f"{recipe}.{load_card(project).engine}"
    path = folder / f"{name}.yaml"
    if path.is_file() and name_fault(path) is None:
        return recipe_of(path)
    if recipe_from_shared := shared_recipe(project, path):
        return recipe_from_shared
    own, shared = own_recipes(project), shared_recipes(project)
    hints = [missing_rows(project, path), f"recipes of {project}: {', '.join(own) or 'none'}"]
    hints += [f"from shared_recipes: {', '.join(sorted(shared))}"] if shared else []
    close = nearest(name, [*own, *shared])
    listed = "; ".join(filter(None, hints))
    raise UserError(f"unknown recipe '{recipe}'", f"did you mean '{close}'? {listed}" if close else listed)


def missing_rows(project: str, path: Path) -> str:
    """Return which rows a project lacks for the shared method that `path` is named after; "" where none are missing."""
    if name_fault(path) is not None:
        return ""
    recipe = recipe_of(path, is_shared=True)
    row_format = row_format_of(recipe)
    if not (paths.shared_recipes() / recipe.method).is_file() or row_format in offered_formats(project):
        return ""
    return f"{recipe.stage} trains on {row_format}, and {project}'s dataset.py defines no {row_format}()"
