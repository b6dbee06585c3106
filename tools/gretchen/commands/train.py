"""`make train PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"] [RESUME=1] [RUN=id]`: from data to a trained adapter.

    make train PROJECT=genome-chatbot
    gretchen train config_full.yaml          a loose recipe of either dialect, outside any project (runs/loose.py)

Builds the data where it is stale, resolves the recipe, merges the run that it starts from (`${base.<stage>}`, RUN=
names another one than the newest), checks, trains by the recipe's engine, and ends with three held-out prompts answered
before and after. RESUME=1 goes on with the newest unfinished run of the recipe, or with the one that RUN= names.
It evaluates nothing.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.hardware import Machine, best_profile, chosen_profile, machine
from gretchen.projects.build import ensure_built
from gretchen.projects.card import load_card, missing_option
from gretchen.provenance import command
from gretchen.recipes.find import find
from gretchen.runs.record import read_record
from gretchen.scoring.reward_models import print_preference_result
from gretchen.scoring.samples import print_samples
from gretchen.tracking.secrets import refuse_secrets
from gretchen.training.job import Job, train_one
from gretchen.training.resume import unfinished
from gretchen.training.standalone import train_file
from gretchen.training.start import own_start


def train(
    file: Annotated[Path | None, typer.Argument(help="a loose recipe, outside any project")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …, or auto")] = "tiny",
    set_: Annotated[str, typer.Option("--set", help='changed values: "learning_rate=1e-3 seed=7"')] = "",
    resume: Annotated[bool, typer.Option(help="go on with the newest unfinished run")] = False,
    run: Annotated[str, typer.Option(help="with RESUME=1 the run to go on with, else the one to start from")] = "",
) -> None:
    """Train a recipe of a project, with data and checks before and three answers after, or a loose recipe."""
    if file is not None:
        if project:
            raise UserError("a loose recipe belongs to no project", f"leave out --project={project}, or the file")
        train_file(file, set_, resume, run)
        return
    if not project:
        raise missing_option("train", "PROJECT")

    load_card(project)
    here = machine()
    profile, name = chosen_profile(profile, here), find(project, recipe).name
    old = unfinished(project, name, profile, run) if resume else None
    job = Job(project, name, profile, set_ or (read_record(old).set if old else ""), here)
    resolved, _ = job.resolved()
    refuse_secrets(resolved.values, "the recipe")
    refuse_secrets({"SET": job.set_, "command": command()}, "the command")
    start = own_start(project, resolved, run, old)
    ensure_built(project, profile)
    try:
        place = train_one(job, start, old)
    except KeyboardInterrupt:
        again = f"make train PROJECT={project} RECIPE={name} PROFILE={profile} RESUME=1"
        print(f"\n`{again}` goes on from the newest checkpoint", file=sys.stderr)
        raise
    print_samples(place)
    print_preference_result(place)
    print(next_step(place, here))


def next_step(run: Path, here: Machine) -> str:
    """Return the last lines: the next command, and what this machine could do beyond the profile."""

    record = read_record(run)
    project, profile = record.project, record.profile
    named = "" if record.is_default_run else f" RUNS={run.name}"
    lines = ["", f"next: make eval PROJECT={project}" + ("" if profile == "tiny" else f" PROFILE={profile}") + named]
    if any(run.glob("wandb/offline-run-*")):
        lines.append(f"tracked offline: make sync PROJECT={project} uploads it to W&B")
    best, why = best_profile(here)
    if profile == "tiny" and best != "tiny":
        lines.append(f"this machine has {why}: PROFILE={best} trains {load_card(project).models[best]}")
    return "\n".join(lines)
