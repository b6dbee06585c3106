"""`make pipeline PROJECT=… STAGES="pretrain sft dpo" [PROFILE=tiny] [SET="k=v …"] [LIMIT=300]`: a chain of stages.

    make pipeline PROJECT=genome-chatbot STAGES="sft dpo"

Each stage trains from the merged model of the one before, the first from the card's base; a model that a recipe uses
beside (a reward model, a teacher) is the chain's too. Each is evaluated as `make eval` does; one table ends it. What is
unchanged is not done again: a finished run of the same recipe, data and start is taken, wherever it came from, and an
unfinished one goes on. So the same command, killed anywhere, goes on where it stopped. SET counts in every stage.

A run that starts where its recipe itself starts (SFT from the base, DPO from that SFT) is one as `make train` makes it.
Any other belongs to its chain: it is never `latest`, nor what `${base.<stage>}` stands for, nor in a plain `make eval`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.hardware import chosen_profile, machine
from gretchen.merging import merge_run
from gretchen.models.locate import locate, require_reachable, weights_hash
from gretchen.projects.build import data_hash, ensure_built
from gretchen.provenance import command, is_smoke
from gretchen.recipes.find import find
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL
from gretchen.runs.record import ParentRun, Run
from gretchen.runs.store import list_runs
from gretchen.scoring.chain_table import chain_table, stage_line
from gretchen.scoring.evaluate import evaluate
from gretchen.scoring.plan import EvaluationRequest
from gretchen.tracking.evaluation import log_evaluation
from gretchen.tracking.secrets import refuse_secrets
from gretchen.training.job import Job, train_one
from gretchen.training.preloaded import Workshop
from gretchen.training.resume import difference
from gretchen.training.start import Start


def pipeline(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    stages: Annotated[str, typer.Option(help='recipes in their order: "pretrain sft dpo", "sft-dora.zephyr dpo"')],
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …, or auto")] = "tiny",
    set_: Annotated[str, typer.Option("--set", help='changed values, in every stage: "seed=7"')] = "",
    limit: Annotated[int | None, typer.Option(help="rows and pairs of each set, as in eval")] = None,
) -> None:
    """Train a chain of stages, each from the one before, and show what each adds."""

    request = EvaluationRequest(project, limit=limit)
    here, names = machine(), named(project, stages)
    profile = chosen_profile(profile, here)
    jobs = [Job(project, name, profile, set_, here) for name in names]
    refuse_secrets({"SET": set_, "command": command()}, "the command")
    chain = linked(jobs)
    work = Workshop(here, (stage.recipe.engine for stage in chain))
    try:
        run_chain(chain, work, replace(request, profile=profile))
    except KeyboardInterrupt:
        print("\nthe same command goes on where it stopped", file=sys.stderr)
        raise


def named(project: str, stages: str) -> list[str]:
    """Return the recipes that STAGES names. Raises UserError for none, an unknown one, and one named twice."""

    found = [find(project, word).name for word in stages.split()]
    if not found:
        raise UserError("STAGES names no stage", f'make pipeline PROJECT={project} STAGES="sft dpo"')
    for name in found:
        if found.count(name) > 1:
            raise UserError(f"STAGES names {name} twice", "a chain trains each recipe once")
    return found


@dataclass(frozen=True)
class Stage:
    """A stage of a chain: the stages (by number) that it starts from and uses; None: it starts from the base.

    `is_own`: that is just what its recipe names, so that its run is as good as one of `make train`.
    """

    job: "Job"
    recipe: "Resolved"
    before: int | None
    uses: dict[str, int]
    is_own: bool


def linked(jobs: Sequence["Job"]) -> list[Stage]:
    """Return a chain's stages. Raises UserError for a chain that cannot be, before anything is trained."""

    require_reachable(base := locate(jobs[0].project, jobs[0].profile))
    chain: list[Stage] = []
    for job in jobs:
        chain.append(link(chain, job, base))
    return chain


def link(chain: list[Stage], job: "Job", base: str) -> Stage:
    """Return the next stage of a chain: it starts from the last one that its recipe does not use beside its start."""

    recipe, _ = job.resolved()
    refuse_secrets(recipe.values, "the recipe")
    model = str(recipe.values[MODEL[recipe.engine]])
    if not recipe.parent_stage and model != base:
        raise UserError(
            f"{recipe.name} names a model of its own, {model}: in a chain a stage starts from the one before",
            f"make train PROJECT={job.project} RECIPE={recipe.name}",
        )
    uses = {stage: used(chain, recipe, stage) for stage in recipe.uses}
    before = max((number for number in range(len(chain)) if number not in uses.values()), default=None)
    if before is not None and chain[before].recipe.stage == "reward":
        problem = f"{recipe.name} cannot start from {chain[before].recipe.name}: a reward model writes no answers"
        raise UserError(problem, "a reward model ends a chain, or stands before ppo, which uses it")
    wanted = dict(uses) | ({recipe.parent_stage: before} if recipe.parent_stage or before is not None else {})
    is_own = all(is_recipes(chain, number, stage, recipe.engine) for stage, number in wanted.items())
    return Stage(job, recipe, before, uses, is_own)


def used(chain: list[Stage], recipe: "Resolved", stage: str) -> int:
    """Return the number of the chain's last stage of a kind. Raises UserError where it has none."""
    for number in reversed(range(len(chain))):
        if chain[number].recipe.stage == stage:
            return number
    raise UserError(f"{recipe.name} uses a model of {stage}, which is not in the chain before it", f"put {stage} there")


def is_recipes(chain: list[Stage], number: int | None, stage: str, engine: str) -> bool:
    """Return whether a stage of the chain is what `${base.<stage>}` stands for in a recipe of an engine."""
    return number is not None and chain[number].recipe.name == f"{stage}.{engine}" and chain[number].is_own


def run_chain(chain: list[Stage], work: "Workshop", request: EvaluationRequest) -> None:
    """Train what is not trained yet, evaluate each stage, and print the table."""

    project, profile = request.project, request.profile
    work.do(partial(ensure_built, project, profile), "data")
    runs: list[Path] = []
    for number, stage in enumerate(chain):
        print(f"\n[{number + 1}/{len(chain)}] {stage.recipe.name}", flush=True)
        runs.append(made(chain, number, runs, work))
        chain_so_far = replace(request, runs=tuple(run.name for run in runs))
        work.do(partial(print_evaluation, chain_so_far, number + 1 == len(chain)), "evaluation")
    words = ["" if profile == "tiny" else f" PROFILE={profile}", f' RUNS="{" ".join(run.name for run in runs)}"']
    print(f"next: make eval PROJECT={project}{''.join(words)} shows forms, baselines and the other metrics")


def made(chain: list[Stage], number: int, runs: list[Path], work: "Workshop") -> Path:
    """Return the finished run of a stage: one that is there already, one that goes on, or a new one."""

    job = chain[number].job
    start = start_of(chain, number, runs, work)
    same = [run for run in reversed(list_runs(job.project)) if is_same(run, job, start)]
    for run in same:
        if run.record.status == "finished":
            print(f"{paths.shown(run.path)} is there already: same recipe, data and start", flush=True)
            return run.path
    return train_one(job, start, same[0].path if same else None, work.train)


def start_of(chain: list[Stage], number: int, runs: list[Path], work: "Workshop") -> "Start":
    """Return what a stage starts from, merged where it is not yet."""

    def ready(place: int) -> ParentRun:
        if not (runs[place] / "model").is_dir():
            work.load()
            work.do(partial(merge_run, runs[place]), "merge")
        return ParentRun(run=paths.shown(runs[place]), weights=weights_hash(runs[place] / "model"))

    stage = chain[number]
    uses = {name: ready(place) for name, place in stage.uses.items()}
    names = () if stage.is_own else tuple(one.recipe.name for one in chain[: number + 1])
    if stage.before is None:
        base = locate(stage.job.project, stage.job.profile)
        return Start(base, weights_hash(base), None, uses, names)
    parent = ready(stage.before)
    return Start(f"{parent.run}/model", parent.weights, runs[stage.before], uses, names)


def is_same(run: Run, job: "Job", start: "Start") -> bool:
    """Return whether a run is of a job's recipe, data and start: content decides, not where models and output lie."""

    record = run.record
    if (record.recipe, record.profile, record.smoke) != (job.recipe, job.profile, is_smoke()):
        return False
    was = Start.of(record)
    if was.by_content != start.by_content:
        return False
    return not difference(run.path, job.resolved(was, run.path)[0].values, data_hash(job.project), start.weights)


def print_evaluation(request: EvaluationRequest, is_last: bool) -> None:
    """Print the result of the newest run; after the last one the table."""
    evaluation, _ = evaluate(request)
    print(stage_line(evaluation, request.runs[-1]), flush=True)
    if is_last:
        print(f"\n{chain_table(log_evaluation(evaluation))}")
