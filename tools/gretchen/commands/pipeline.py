"""`make pipeline PROJECT=… STAGES="pretrain sft dpo" [PROFILE=tiny] [SET="k=v …"] [LIMIT=300]`: a chain of stages.

    make pipeline PROJECT=genome-chatbot STAGES="sft dpo"

Each stage trains from the merged model of the previous one, the first from the card's base; a model that a recipe also
uses (a reward model, a teacher) is the chain's too. Each is evaluated as `make eval` does; one table ends it. What is
unchanged is not done again: a finished run of the same recipe, data and start is reused, and an unfinished one is
resumed. So the same command, killed anywhere, continues where it stopped. SET counts in every stage.

A run that starts where its recipe itself starts (SFT from the base, DPO from that SFT) equals one of `make train`.
Any other belongs to its chain: it is never `latest`, nor what `${base.<stage>}` stands for, nor in a plain `make eval`.
"""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gretchen.hardware import machine
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile, profile_option
from gretchen.provenance import command
from gretchen.scoring.chain_table import chain_table, stage_line
from gretchen.scoring.evaluate import evaluate
from gretchen.scoring.newest import keep
from gretchen.scoring.request import EvaluationRequest
from gretchen.tracking.evaluation import log_evaluation
from gretchen.tracking.secrets import refuse_secrets
from gretchen.training.chain import link_stages, named_recipes, run_chain
from gretchen.training.job import Job
from gretchen.training.preloaded import PreloadedRunner


def pipeline(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    stages: Annotated[str, typer.Option(help='recipes in their order: "pretrain sft dpo", "sft-dora.zephyr dpo"')],
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    set_: Annotated[str, typer.Option("--set", help='changed values, in every stage: "seed=7"')] = "",
    limit: Annotated[int | None, typer.Option(help="rows and pairs of each set, as in eval")] = None,
) -> None:
    """Train a chain of stages, each from the one before, and show what each adds."""
    request = EvaluationRequest(project, limit=limit)
    this_machine, recipes = machine(), named_recipes(project, stages)
    profile = chosen_profile(project, profile, this_machine)
    refuse_secrets({"SET": set_, "command": command()}, "the command")
    chain = link_stages([Job(project, recipe, profile, set_, this_machine) for recipe in recipes])
    runner = PreloadedRunner(this_machine, (stage.recipe.engine for stage in chain))
    try:
        run_dirs = run_chain(chain, runner, partial(print_evaluation, replace(request, profile=profile)))
    except KeyboardInterrupt:
        print("\nthe same command continues where it stopped", file=sys.stderr)
        raise
    options = profile_option(project, profile) + f' RUNS="{" ".join(run.name for run in run_dirs)}"'
    print(f"next: make eval PROJECT={project}{options} shows forms, baselines and the other metrics")


def print_evaluation(request: EvaluationRequest, run_dirs: list[Path], is_last: bool) -> None:
    """Print the newest run's result; after the last one the table."""
    evaluation, _ = evaluate(replace(request, runs=tuple(run_dir.name for run_dir in run_dirs)))
    print(stage_line(evaluation, run_dirs[-1].name), flush=True)
    if is_last:
        evaluation = log_evaluation(evaluation)
        keep(evaluation)
        print(f"\n{chain_table(evaluation)}")
