"""Which models one table may compare: the base, and the finished runs that share base, profile, data and template.

A run that does not share them is refused with the reason. No model is loaded here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gretchen.errors import UserError
from gretchen.files import text_hash
from gretchen.models.locate import model_folder, weights_hash
from gretchen.runs.folder import trained_weights
from gretchen.runs.intact import require_intact
from gretchen.runs.record import Run, RunRecord
from gretchen.runs.store import changed_runs, finished_run, has_other_data, newest_by_recipe
from gretchen.scoring.evaluation import TrainedRun
from gretchen.scoring.left_out import changed_lines
from gretchen.scoring.request import EvaluationRequest
from gretchen.scoring.seeds import grouped, replicates, trains_recipe

SystemKind = Literal["base", "few-shot", "as-document", "document", "run", "reward"]


@dataclass(frozen=True)
class System:
    """A model and the way it is prompted: `kind` is base, few-shot, as-document (the sets' questions as documents),
    document (held-out documents), run, or reward (a reward model's run).

    `model` is the base, or for a run the model that it started from. `other_seeds` are the runs that differ from a
    run in the seed alone: the table shows them as one.
    """

    name: str
    kind: SystemKind
    model: str
    weights: str
    run: Run | None = None
    other_seeds: tuple["System", ...] = ()

    @property
    def seeds(self) -> tuple["System", ...]:
        """The system itself, then those of other training seeds."""
        return (self, *self.other_seeds)

    @property
    def adapter(self) -> Path | None:
        """The run's adapter folder, None for a full model."""
        return self.run.path / "adapter" if self.run and (self.run.path / "adapter").is_dir() else None

    @property
    def folder(self) -> Path | None:
        """The folder with the system's own weights, None where they are in the hub's cache."""
        if not self.run:
            return model_folder(self.model)
        location = trained_weights(self.run.path)
        return location if location.is_dir() else None

    @property
    def run_id(self) -> str | None:
        """The run's id, None for the base."""
        return self.run.name if self.run else None

    @property
    def parent(self) -> str | None:
        """The run (from the root) that a run started from, None where it started from the base."""
        parent = self.run.record.parent if self.run else None
        return parent.run if parent else None


@dataclass(frozen=True)
class Selection:
    """The models of one table; `left_out` is a message for each recipe or run that is not compared."""

    base: System
    runs: list[System]
    left_out: list[str]

    @property
    def systems(self) -> list[System]:
        """The base and the runs."""
        return [self.base, *self.runs]

    @property
    def reward_models(self) -> list[System]:
        """The runs that trained a reward model."""
        return [run for run in self.runs if run.kind == "reward"]

    @property
    def answering(self) -> list[System]:
        """The runs whose models generate answers."""
        return [run for run in self.runs if run.kind != "reward"]


def refusal(record: RunRecord, base: str, profile: str, data: str) -> str | None:
    """Return why a run cannot be compared with the base of this profile on this data, None where it can."""
    if record.profile != profile:
        return f"was trained under PROFILE={record.profile}, this table is for {profile}"
    if record.base.weights != base:
        return f"was trained from other weights of {record.base.model} than the present ones"
    if has_other_data(record, data):
        return f"was trained on other data ({record.data[:8]}, now {data[:8]}): its test set is a different one"
    start = record.start
    if record.parent and weights_hash(start.model) != start.weights:
        return f"started from {start.model}, which is missing or has changed"
    return None


def select(request: EvaluationRequest, model: str, data: str) -> Selection:
    """Return the base and the runs to compare with it, in the order of their ids.

    Unless the request names runs, these are each recipe's newest run that shares base and data. Raises UserError
    where a requested run cannot be compared.
    """
    base = System("base", "base", model, weights_hash(model))
    if request.runs:
        chosen, left_out = requested(request, base, data), []
    else:
        chosen, left_out = newest_comparable(request, base, data)
    recipes = [run.record.recipe for run, *_ in chosen]
    runs = [system_of(group, alone=recipes.count(recipe) == 1) for group, recipe in zip(chosen, recipes, strict=True)]
    return Selection(base, sorted(runs, key=lambda run: run.run_id or ""), left_out)


def requested(request: EvaluationRequest, base: System, data: str) -> list[list[Run]]:
    """Return the runs that the request names, those that differ in the seed alone together.

    Raises UserError where one of them cannot be compared.
    """
    runs = [finished_run(request.project, run_id) for run_id in dict.fromkeys(request.runs)]
    for run in runs:
        if reason := refusal(run.record, base.weights, request.profile, data):
            raise UserError(f"run {run.name} ({run.record.recipe}) {reason}", "only runs that share these are compared")
    return grouped(runs)


def newest_comparable(request: EvaluationRequest, base: System, data: str) -> tuple[list[list[Run]], list[str]]:
    """Return each recipe's newest run that can be compared, with those of other seeds, and a message for each left out.

    A run that was trained with another seed than the recipe's stands for the recipe only where no other run does.
    """
    project, profile = request.project, request.profile
    chosen, left_out = [], []
    changed = [run for run in changed_runs(project, profile) if not refusal(run.record, base.weights, profile, data)]
    by_recipe = newest_by_recipe(project, profile)
    for run in changed:
        if trains_recipe(run.record):
            by_recipe.setdefault(run.record.recipe, [])
    for recipe, runs in by_recipe.items():
        reasons = [refusal(run.record, base.weights, profile, data) for run in runs]
        comparable = [run for run, reason in zip(runs, reasons, strict=True) if reason is None]
        comparable += [run for run in changed if run.record.recipe == recipe and trains_recipe(run.record)]
        if comparable:
            chosen.append([comparable[0], *replicates(comparable[0], comparable[1:])])
        else:
            left_out.append(f"left out: {recipe} {runs[0].name} {reasons[0]}")
    compared = [run for group in chosen for run in group]
    return chosen, left_out + changed_lines(request, compared, changed)


def trained_run(system: System, evaluation: str | None = None) -> TrainedRun:
    """Return the training of a run's system; `evaluation` names the folder of its answers."""
    assert system.run, "the base is trained by no run"
    record = system.run.record
    return TrainedRun(
        seed=record.seed, run=system.run.name, weights=system.weights, evaluation=evaluation, wandb=record.wandb
    )


def system_of(runs: Sequence[Run], alone: bool) -> System:
    """Return runs that differ in the seed alone as one system, named after the first."""
    first = system(runs[0], alone)
    others = [replace(system(run, alone), name=f"{first.name} seed {run.record.seed}") for run in runs[1:]]
    return replace(first, other_seeds=tuple(others))


def system(run: Run, alone: bool) -> System:
    """Return a run as a system, named after its recipe, and after the run too where it is not `alone`.

    Raises WorkError where its weights are not those that were trained.
    """
    record, own = run.record, require_intact(run.path, run.record)
    weights = text_hash(record.start.weights, own) if (run.path / "adapter").is_dir() else own
    name = record.recipe if alone else f"{record.recipe} {run.name}"
    return System(name, "reward" if record.stage == "reward" else "run", record.start.model, weights, run)
