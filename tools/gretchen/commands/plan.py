"""`make plan PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET=…]`, `gretchen plan FILE --model CONFIG.json`: before training.

    make plan PROJECT=genome-chatbot PROFILE=gpu-24gb MODEL=shared_recipes/tiny/architecture/config.json
    gretchen plan qlora.yml --model config.json             a standalone recipe of either dialect, for this machine

Prints the parameters and how many are trained, the peak memory by part, tokens and steps, and the time at a throughput
that THROUGHPUT= states or a run of the same recipe and profile recorded; whether it fits, and what makes it fit. It
needs a config.json and no weights, imports no torch, and trains nothing. How accurate it is: docs/plan.md.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.planning.request import PlanRequest, plan_request
from gretchen.planning.text import plan_text
from gretchen.projects.profiles import PROFILE_HELP, profile_of
from gretchen.recipes.layers import words_of
from gretchen.safe_text import visible


def plan(
    file: Annotated[Path | None, typer.Argument(help="a standalone recipe, outside any project")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    set_: Annotated[str, typer.Option("--set", help='changed values: "max_length=1024 lora_r=8"')] = "",
    model: Annotated[str, typer.Option(help="a config.json, or its folder, instead of the recipe's model")] = "",
    throughput: Annotated[float, typer.Option(help="tokens a second, for the time", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="the plan as JSON; memory in bytes")] = False,
) -> None:
    """Say what a training will need: parameters, memory by part, tokens, steps, time, and whether it fits."""
    if bool(file) == bool(project):
        raise UserError("plan takes a project or a file", "make plan PROJECT=… or gretchen plan RECIPE.yaml")
    model = str(Path(model).absolute()) if model and Path(model).exists() else model
    profile = profile_of(project, profile) if project else profile
    planned = plan_request(PlanRequest(file, project, recipe, profile, words_of(set_), model, throughput))
    if as_json:
        print(visible(json.dumps(planned.to_json(), indent=2, ensure_ascii=False)))
    else:
        print(visible(plan_text(planned, in_project=bool(project))))
