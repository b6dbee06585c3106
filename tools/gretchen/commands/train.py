"""`make train PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"] [RESUME=1] [RUN=id]`: from data to a trained adapter.

    make train PROJECT=genome-chatbot
    gretchen train config_full.yaml          a standalone recipe of either dialect, outside any project

Builds the data where it is stale, resolves the recipe, merges the run that it starts from (`${base.<stage>}`: the
newest one, or the one that RUN= names), checks, trains by the recipe's engine, and ends with three held-out prompts
answered before and after. RESUME=1 continues the newest unfinished run of the recipe, or the one that RUN= names.
It evaluates nothing.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.hardware import Machine, best_profile, machine
from gretchen.projects.build import ensure_built
from gretchen.projects.card import load_card, missing_option
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile, profile_option
from gretchen.provenance import command
from gretchen.recipes.find import find
from gretchen.runs.record import read_record
from gretchen.scoring.reward_models import print_preference_result
from gretchen.scoring.samples import print_samples
from gretchen.tracking.secrets import refuse_secrets
from gretchen.training import standalone
from gretchen.training.job import Job, train_job
from gretchen.training.resume import find_unfinished
from gretchen.training.start import resolve_start, restored_start


def train(
    file: Annotated[Path | None, typer.Argument(help="a standalone recipe, outside any project")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    set_: Annotated[str, typer.Option("--set", help='changed values: "learning_rate=1e-3 seed=7"')] = "",
    resume: Annotated[bool, typer.Option(help="continue the newest unfinished run")] = False,
    run: Annotated[str, typer.Option(help="with RESUME=1 the run to continue, else the one to start from")] = "",
) -> None:
    """Train a recipe of a project, with data and checks before and three answers after, or a standalone recipe."""
    if file is not None:
        if project:
            hint = f"leave out --project={project}, or the file"
            raise UserError("a standalone recipe belongs to no project", hint)
        print(standalone.next_step(standalone.train_standalone(file, set_, resume, run)))
        return
    if not project:
        raise missing_option("train", "PROJECT")

    load_card(project)
    this_machine = machine()
    profile, name = chosen_profile(project, profile, this_machine), find(project, recipe).name
    unfinished = find_unfinished(project, name, profile, run) if resume else None
    job = Job(project, name, profile, set_ or (unfinished.record.set if unfinished else ""), this_machine)
    resolved, _ = job.resolve()
    refuse_secrets(resolved.values, "the recipe")
    refuse_secrets({"SET": job.set, "command": command()}, "the command")
    start = restored_start(resolved, unfinished.record) if unfinished else resolve_start(project, resolved, run)
    ensure_built(project, profile)
    run_dir = train_job(job, start, unfinished.path if unfinished else None)
    print_samples(run_dir)
    print_preference_result(run_dir)
    print(next_step(run_dir, this_machine))


def next_step(run_dir: Path, this_machine: Machine) -> str:
    """Return the last lines: the next command, and what this machine could do beyond the profile."""
    record = read_record(run_dir)
    project, profile = record.project, record.profile
    runs = "" if record.is_default_run else f" RUNS={run_dir.name}"
    lines = ["", f"next: make eval PROJECT={project}" + profile_option(project, profile) + runs]
    if any(run_dir.glob("wandb/offline-run-*")):
        lines.append(f"tracked offline: make sync PROJECT={project} uploads it to W&B")
    best, reason = best_profile(this_machine)
    if profile == "tiny" and best != "tiny":
        lines.append(f"this machine has {reason}: PROFILE={best} trains {load_card(project).models[best]}")
    return "\n".join(lines)
