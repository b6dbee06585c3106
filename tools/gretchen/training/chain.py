"""A chain of stages, each trained from the previous one: which chains are possible, and what is trained already.

    chain = link_stages([Job(…, "sft.zephyr", …), Job(…, "dpo.zephyr", …)])
    run_chain(chain, PreloadedRunner(machine(), ["zephyr"]), evaluate)

A stage starts from the merged model of the previous one, the first from the card's base; a model that a recipe also
uses (a reward model, a teacher) is the chain's too. A finished run of the same recipe, data and start is reused, and an
unfinished one is resumed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.merging import merge_run
from gretchen.models.locate import locate, require_reachable, weights_hash
from gretchen.projects.build import data_hash, ensure_built
from gretchen.provenance import is_smoke
from gretchen.recipes.find import find
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL
from gretchen.runs.record import ParentRun, Run
from gretchen.runs.store import list_runs
from gretchen.tracking.secrets import refuse_secrets
from gretchen.training.job import Job, train_job
from gretchen.training.preloaded import PreloadedRunner
from gretchen.training.resume import difference
from gretchen.training.start import Start

# Evaluates the runs so far and prints the newest one's result; whether the chain ends with it.
Evaluate = Callable[[list[Path], bool], None]


def named_recipes(project: str, stages: str) -> list[str]:
    """Return the recipes that STAGES names. Raises UserError for none, an unknown one, and one named twice."""
    names = [find(project, word).name for word in stages.split()]
    if not names:
        raise UserError("STAGES names no stage", f'make pipeline PROJECT={project} STAGES="sft dpo"')
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"STAGES names {name} twice", "a chain trains each recipe once")
    return names


@dataclass(frozen=True)
class Stage:
    """A stage of a chain: the stages (by index) that it starts from and uses; parent None: it starts from the base.

    `is_default`: its recipe names the same ones, so that its run equals one of `make train`.
    """

    job: Job
    recipe: Resolved
    parent: int | None
    uses: dict[str, int]
    is_default: bool


def link_stages(jobs: Sequence[Job]) -> list[Stage]:
    """Return a chain's stages. Raises UserError for a chain that is not possible, before anything is trained."""
    base = locate(jobs[0].project, jobs[0].profile)
    require_reachable(base)
    chain: list[Stage] = []
    for job in jobs:
        chain.append(next_stage(chain, job, base))
    return chain


def next_stage(chain: list[Stage], job: Job, base: str) -> Stage:
    """Return the next stage of a chain: it starts from the last one that its recipe does not use beside its start."""
    recipe, _ = job.resolve()
    refuse_secrets(recipe.values, "the recipe")
    model = str(recipe.values[MODEL[recipe.engine]])
    if not recipe.parent_stage and model != base:
        raise UserError(
            f"{recipe.name} names a model of its own, {model}: in a chain a stage starts from the previous one",
            f"make train PROJECT={job.project} RECIPE={recipe.name}",
        )
    uses = {stage: used_stage(chain, recipe, stage) for stage in recipe.uses}
    parent = max((index for index in range(len(chain)) if index not in uses.values()), default=None)
    if parent is not None and chain[parent].recipe.stage == "reward":
        problem = f"{recipe.name} cannot start from {chain[parent].recipe.name}: a reward model writes no answers"
        raise UserError(problem, "put the reward model last, or before ppo, which uses it")
    sources: dict[str, int | None] = dict(uses)
    if recipe.parent_stage or parent is not None:
        sources[recipe.parent_stage] = parent
    is_default = all(is_named_by(chain, index, stage, recipe.engine) for stage, index in sources.items())
    return Stage(job, recipe, parent, uses, is_default)


def used_stage(chain: list[Stage], recipe: Resolved, stage: str) -> int:
    """Return the index of the chain's last stage of a kind. Raises UserError where it has none."""
    for index in reversed(range(len(chain))):
        if chain[index].recipe.stage == stage:
            return index
    raise UserError(f"{recipe.name} uses a model of {stage}, which is not in the chain before it", f"put {stage} there")


def is_named_by(chain: list[Stage], index: int | None, stage: str, engine: str) -> bool:
    """Return whether a stage of the chain is what `${base.<stage>}` stands for in a recipe of an engine."""
    return index is not None and chain[index].recipe.name == f"{stage}.{engine}" and chain[index].is_default


def run_chain(chain: list[Stage], runner: PreloadedRunner, evaluate: Evaluate) -> list[Path]:
    """Train what is not trained yet, evaluate after each stage, and return the runs' folders in their order."""
    project, profile = chain[0].job.project, chain[0].job.profile
    runner.call(partial(ensure_built, project, profile), "data")
    run_dirs: list[Path] = []
    for index, stage in enumerate(chain):
        print(f"\n[{index + 1}/{len(chain)}] {stage.recipe.name}", flush=True)
        run_dirs.append(train_stage(chain, index, run_dirs, runner))
        runner.call(partial(evaluate, run_dirs, index + 1 == len(chain)), "evaluation")
    return run_dirs


def train_stage(chain: list[Stage], index: int, run_dirs: list[Path], runner: PreloadedRunner) -> Path:
    """Return the finished run of a stage: an existing one, an unfinished one that continues, or a new one."""
    job = chain[index].job
    start = stage_start(chain, index, run_dirs, runner)
    same = [run for run in reversed(list_runs(job.project)) if is_same(run, job, start)]
    for run in same:
        if run.record.status == "finished":
            print(f"{paths.shown(run.path)} exists already: same recipe, data and start", flush=True)
            return run.path
    return train_job(job, start, same[0].path if same else None, runner.train)


def stage_start(chain: list[Stage], index: int, run_dirs: list[Path], runner: PreloadedRunner) -> Start:
    """Return what a stage starts from, merged where it is not yet."""

    def merged(source: int) -> ParentRun:
        run_dir = run_dirs[source]
        if not (run_dir / "model").is_dir():
            runner.load()
            runner.call(partial(merge_run, run_dir), "merge")
        return ParentRun(run=paths.shown(run_dir), weights=weights_hash(run_dir / "model"))

    stage = chain[index]
    uses = {name: merged(source) for name, source in stage.uses.items()}
    names = () if stage.is_default else tuple(earlier.recipe.name for earlier in chain[: index + 1])
    if stage.parent is None:
        base = locate(stage.job.project, stage.job.profile)
        return Start(base, weights_hash(base), None, uses, names)
    parent = merged(stage.parent)
    return Start(f"{parent.run}/model", parent.weights, run_dirs[stage.parent], uses, names)


def is_same(run: Run, job: Job, start: Start) -> bool:
    """Return whether a run is of a job's recipe, data and start: content decides, not where models and output lie."""
    record = run.record
    if (record.recipe, record.profile, record.smoke) != (job.recipe, job.profile, is_smoke()):
        return False
    before = Start.of(record)
    if before.content != start.content:
        return False
    resolved, _ = job.resolve(before, run.path)
    return not difference(run.path, resolved.text(), data_hash(job.project), start.weights)
