"""The training of a project's recipe: `make train` does one, `make pipeline` one after another.

    train_job(Job("genome-chatbot", "sft.zephyr", "tiny", "", machine()), start)      -> the finished run's folder

The data must be built, and the model to start from must be present.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from gretchen import paths
from gretchen.checks.runner import check_resolved
from gretchen.hardware import Machine
from gretchen.models.hub_names import use_hub_if_named
from gretchen.models.locate import loadable
from gretchen.projects.build import data_hash, format_hash
from gretchen.provenance import provenance
from gretchen.recipes.layers import words_of
from gretchen.recipes.machine import resolve_for
from gretchen.recipes.resolve import Request, Resolved
from gretchen.recipes.stages import find_stage
from gretchen.runs.folder import new_run_dir
from gretchen.runs.record import ParentRun, RunRecord
from gretchen.runs.store import earlier_runs
from gretchen.training.launch import launch
from gretchen.training.run import Engine, Training, run_training
from gretchen.training.start import Start


@dataclass(frozen=True)
class Job:
    """What to train: a recipe of a project, for a profile, with SET's changes, on a machine."""

    project: str
    recipe: str
    profile: str
    set: str
    machine: Machine

    def resolve(self, start: Start | None = None, run_dir: Path | None = None) -> tuple[Resolved, list[str]]:
        """Return the recipe resolved, for a start and a run's folder where they are known, with notes to print."""
        request = Request(
            self.project,
            self.recipe,
            self.profile,
            words_of(self.set),
            output=paths.shown(run_dir) if run_dir else None,
            model=loadable(start.model) if start else None,
            parent=paths.shown(start.parent) if start and start.parent else None,
        )
        runs = start.earlier_run if start else earlier_runs(self.project, self.profile)
        return resolve_for(request, self.machine, runs)


def train_job(job: Job, start: Start, unfinished: Path | None = None, engine: Engine = launch) -> Path:
    """Train a recipe from a start, in a new run or by continuing an unfinished one, and return the finished run.

    Raises UserError where the checks fail or the run cannot be resumed, WorkError where another process trains that
    recipe.
    """
    training = checked_training(job, start, unfinished or new_run_dir(job.project, job.recipe))
    return run_training(training, engine, len(job.machine.gpus), unfinished is not None)


def checked_training(job: Job, start: Start, run_dir: Path) -> Training:
    """Return a job's training in a run's folder. Raises UserError where the checks of recipe and data fail."""
    resolved, notes = job.resolve(start, run_dir)
    use_hub_if_named(resolved.values)
    report = check_resolved(job.project, resolved, run_code=True)
    report.raise_if_failed()
    if resolved.values.get("dataset_prepared_path"):
        notes = [*notes, "dataset_prepared_path: a run prepares its rows anew, in its own folder"]
    command = f"make train PROJECT={job.project} RECIPE={job.recipe} PROFILE={job.profile} RESUME=1"
    return Training(
        run_dir,
        resolved.text(),
        first_record(job, resolved, start),
        title=f"{resolved.name} ({resolved.profile}) from {start.model}, effective batch {resolved.effective_batch}",
        notes=(*notes, *(f"warning: {warning}" for warning in report.warnings)),
        resume_command="" if start.chain else command,
    )


def first_record(job: Job, resolved: Resolved, start: Start) -> RunRecord:
    """Return the record of a job's run as it starts."""
    return RunRecord(
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
        rows=format_hash(job.project, find_stage(resolved.engine, resolved.stage).row_format),
        seed=resolved.values.get("seed", 42),
        set=job.set,
        **asdict(provenance()),
    )
