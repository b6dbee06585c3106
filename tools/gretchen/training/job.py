"""One training, from a resolved recipe to a finished run: `train` does one, `pipeline` one after another.

    train_one(Job("genome-chatbot", "sft.zephyr", "tiny", "", machine()), start)      -> the finished run's folder

The data stand built and the start's model lies there. How the engine ended is kept in run.json.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.runner import check_resolved
from gretchen.errors import WorkError
from gretchen.hardware import Machine
from gretchen.models.locate import weights_hash
from gretchen.projects.build import data_hash
from gretchen.provenance import now, provenance
from gretchen.recipes.layers import words_of
from gretchen.recipes.machine import resolve_for
from gretchen.recipes.resolve import Request, Resolved
from gretchen.runs.folder import create_run, new_run_dir, point_latest, trained_weights
from gretchen.runs.locks import writer_lock
from gretchen.runs.metrics import read_metrics
from gretchen.runs.record import ParentRun, RunRecord, read_record, update_record
from gretchen.runs.store import earlier_runs
from gretchen.training.launch import launch
from gretchen.training.resume import refuse_changes
from gretchen.training.start import Start

# Runs a run's engine to its end, on so many devices, from the newest checkpoint or from the start.
Engine = Callable[[Path, int, bool], None]


@dataclass(frozen=True)
class Job:
    """What is to be trained: a recipe of a project, for a profile, with SET's changes, on this machine."""

    project: str
    recipe: str
    profile: str
    set_: str
    here: Machine

    def resolved(self, start: Start | None = None, run: Path | None = None) -> tuple[Resolved, list[str]]:
        """Return the recipe resolved, for a start and a run's folder where they are known, and lines to be told."""
        request = Request(
            self.project,
            self.recipe,
            self.profile,
            words_of(self.set_),
            output=paths.shown(run) if run else None,
            model=start.model if start else None,
            parent=paths.shown(start.parent) if start and start.parent else None,
        )
        runs = start.earlier_run if start else earlier_runs(self.project, self.profile)
        return resolve_for(request, self.here, runs)


def train_one(job: Job, start: Start, old: Path | None = None, engine: Engine = launch) -> Path:
    """Train a recipe from a start, in a new run or going on with `old`, and return the finished run.

    Raises UserError where the checks fail or `old` cannot go on, WorkError where somebody else trains that recipe.
    """
    place = old or new_run_dir(job.project, job.recipe)
    resolved, notes = job.resolved(start, place)
    report = check_resolved(job.project, resolved)
    report.raise_if_failed()
    notes += [f"warning: {line}" for line in report.warnings]
    with writer_lock(paths.runs(job.project) / job.recipe, f"{job.project}'s {job.recipe}"):
        if old:
            refuse_changes(old, resolved.values, data_hash(job.project), start.weights)
            update_record(old, status="running", resumed=(*read_record(old).resumed, now()))
        else:
            begin(place, job, resolved, start)
        announce(resolved, place, start.model, notes, old is not None)
        finish(place, engine, len(job.here.gpus), old is not None)
    return place


def begin(run: Path, job: Job, resolved: Resolved, start: Start) -> None:
    """Write a new run's recipe.yaml and run.json."""
    record = RunRecord(
        status="running",
        kind="project",
        project=job.project,
        recipe=resolved.name,
        stage=resolved.stage,
        engine=resolved.engine,
        profile=resolved.profile,
        base=start.base,
        parent=ParentRun(run=paths.shown(start.parent), weights=start.weights) if start.parent else None,
        uses=dict(start.uses),
        chain=start.chain,
        data=data_hash(job.project),
        seed=resolved.values.get("seed", 42),
        set=job.set_,
        **asdict(provenance()),
    )
    create_run(run, resolved.text(), record)


def announce(resolved: Resolved, run: Path, model: str, notes: list[str], resumed: bool) -> None:
    """Print what is about to be trained, from what, into where."""
    doing = "going on with" if resumed else "training"
    print(f"{doing} {resolved.name} ({resolved.profile}) from {model}, effective batch {resolved.effective_batch}")
    for note in notes:
        print(note)
    print(f"run: {paths.shown(run)} (recipe.yaml, train.log)", flush=True)


def finish(run: Path, engine: Engine, devices: int, resume: bool) -> None:
    """Run the engine and keep in run.json how it ended."""
    try:
        engine(run, devices, resume)
    except KeyboardInterrupt:
        update_record(run, status="stopped", finished=now())
        raise
    except BaseException:
        update_record(run, status="failed", finished=now())
        raise
    trained = trained_weights(run)
    if not trained.is_dir():
        raise WorkError("the engine ended and left no weights", f"the whole story: {paths.shown(run / 'train.log')}")
    record = update_record(run, status="finished", finished=now(), weights=weights_hash(trained), **measured(run))
    if record.is_default_run and not record.smoke:
        point_latest(run)


def measured(run: Path) -> dict[str, Any]:
    """Return what the trainer measured of itself: tokens seen, seconds of training, peak memory in GiB."""
    rows = read_metrics(run)
    names = {"num_tokens": "tokens", "tokens/trainable": "trained_tokens", "train_runtime": "train_seconds"}
    names |= {name: name for name in ("peak_memory_gib", "peak_gpu_memory_gib")}
    return {told: row[name] for row in rows for name, told in names.items() if name in row}
