"""`make recipe PROJECT=… RECIPE=kto`: the recipe of a shared method, written into the project to change.

    make recipe PROJECT=genome-chatbot RECIPE=kto.zephyr

A stage without a file in the project resolves from shared_recipes/ as it stands. This writes the file: `extends`, and
the method's values as comments, to be taken out of the comment where the project needs others. It overwrites nothing.
"""

from collections.abc import Sequence
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.marked_yaml import MarkedYaml
from gretchen.recipes.find import RecipeFile, find, load_recipe
from gretchen.recipes.layers import OWN_KEYS
from gretchen.recipes.read import read_methods
from gretchen.recipes.resolve import require_none

UNMEASURED = "# tiny: not measured. laptop, gpu-*, cluster: not measured."


def recipe(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="a stage, with or without its engine: kto, sft-full.axolotl …")],
) -> None:
    """Write the recipe of a shared method into a project."""
    method = find(project, recipe)
    if not method.is_shared:
        raise UserError(f"{paths.shown(method.path)} exists already, and stays as it is", "change it in an editor")
    write_text(method.path, recipe_text(project, method))
    print(f"wrote {paths.shown(method.path)}, which extends shared_recipes/{method.method}")
    print(f"next: make check PROJECT={project}; make train PROJECT={project} RECIPE={method.name}")


def recipe_text(project: str, recipe: RecipeFile) -> str:
    """Return the text of a recipe that extends its method and has the method's values as comments.

    Raises UserError with the mistakes in what the method extends.
    """
    files, mistakes = read_methods(load_recipe(recipe), recipe.engine)
    require_none(mistake.message for mistake in mistakes)
    title = files[-1].file.read_text(encoding="utf-8").splitlines()[0]
    return "\n".join(
        [
            title,
            f"#   make train PROJECT={project} RECIPE={recipe.name}",
            UNMEASURED,
            f"extends: [{recipe.method}]",
            "# Values of the method. Take one out of the comment and change it: it then counts on every profile.",
            *method_lines(files),
            "",
        ]
    )


def method_lines(files: Sequence[MarkedYaml]) -> list[str]:
    """Return the values of methods as comments, later files over earlier ones, each value as its file writes it."""
    blocks: dict[str, list[str]] = {}
    for marked in files:
        for key, lines in blocks_of(marked).items():
            if key not in OWN_KEYS and marked.values[key] is None:
                blocks.pop(key, None)
            elif key != "extends":
                blocks[key] = lines
    profiles = blocks.pop("profiles", [])
    return [f"# {line}" for lines in [*blocks.values(), profiles] for line in lines]


def blocks_of(marked: MarkedYaml) -> dict[str, list[str]]:
    """Return {top-level key: its lines} of a file, without the comments and empty lines between keys."""
    text = marked.file.read_text(encoding="utf-8").splitlines()
    starts = {key: marked.line((key,)) - 1 for key in marked.values}
    ends = [*list(starts.values())[1:], len(text)]
    blocks = {}
    for (key, start), end in zip(starts.items(), ends, strict=True):
        blocks[key] = [line for line in text[start:end] if line.strip() and not line.startswith("#")]
    return blocks
