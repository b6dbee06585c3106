"""`make explain KEY=lora_r [PROJECT=… RECIPE=sft PROFILE=tiny]`: what a recipe's key means, and where it is set.

    gretchen explain datasets.type
    make explain KEY=learning_rate PROJECT=genome-chatbot

Type, default and description come from the engines' own schemas, for each engine and stage that knows the key. With
PROJECT it also prints which file and line sets the key in a recipe, and what that overrides. It explains keys of
recipes, not of cards, and checks nothing.
"""

from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.projects.profiles import PROFILE_HELP, profile_of
from gretchen.recipes.explain import explain_key, explain_setting, nearest_key
from gretchen.recipes.resolve import Request
from gretchen.runs.store import earlier_runs
from gretchen.safe_text import visible


def explain(
    key: Annotated[str, typer.Argument(help="a recipe's key, dotted inside another: lora_r, datasets.type")],
    project: Annotated[str, typer.Option(help="the project whose recipe may set it")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project, sft unless named")] = "",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
) -> None:
    """Explain a recipe's key in the engine's own words, and show where a project's recipe sets it."""
    if (recipe or profile) and not project:
        raise UserError("RECIPE and PROFILE need a project", f"make explain KEY={key} PROJECT=…")
    lines = explain_key(key)
    if not lines:
        raise UserError(f"unknown key '{key}'", nearest_key(key))
    if project:
        request = Request(project, recipe or "sft", profile_of(project, profile))
        lines += ["", *explain_setting(key, request, earlier_runs(project, request.profile))]
    print(visible("\n".join([key, *lines])))
