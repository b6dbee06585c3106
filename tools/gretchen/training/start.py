"""What a training starts from: a model with the hash of its weights, and the models of earlier runs that it also uses.

    resolve_start("genome-chatbot", resolved)        what the recipe names: the card's model, or `${base.<stage>}`
    Start.of(record)                                 what a run started from

Earlier runs are merged where they are not yet. Nothing is trained here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.merging import merge_run
from gretchen.models.locate import require_reachable, weights_hash, weights_source
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL
from gretchen.runs.record import ModelSource, ParentRun, RunRecord, read_record
from gretchen.runs.store import finished_run, require_newest


@dataclass(frozen=True)
class Start:
    """A model (folder or hub id), its weights' hash, and the run that made it (None: the base).

    `uses` maps a stage to the run whose model is used as well: a reward model, a teacher. `chain` names the recipes of
    a pipeline in which this start differs from what the recipe names; it is empty otherwise.
    """

    model: str
    weights: str
    parent: Path | None = None
    uses: Mapping[str, ParentRun] = field(default_factory=dict)
    chain: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: RunRecord) -> "Start":
        """Return what a run started from, by its record."""
        parent = paths.root() / record.parent.run if record.parent else None
        return cls(record.start.model, record.start.weights, parent, record.uses, record.chain)

    @property
    def base(self) -> ModelSource:
        """The model at the bottom, below all parents."""
        if self.parent:
            return read_record(self.parent).base
        return ModelSource(model=self.model, weights=self.weights, source=weights_source(self.model))

    @property
    def content(self) -> tuple[Any, ...]:
        """The hashes of all weights: equal for two starts with the same weights in different folders."""
        return self.weights, sorted((stage, run.weights) for stage, run in self.uses.items())

    def earlier_run(self, recipe: str) -> str | None:
        """Return the folder of the run that is also used, by its recipe's name ("reward.zephyr")."""
        run = self.uses.get(recipe.partition(".")[0])
        return run.run if run else None


def resolve_start(project: str, resolved: Resolved, parent_id: str = "") -> Start:
    """Return what a recipe starts from and uses: the newest finished runs of the stages that it names, or the base.

    `parent_id` names the parent's run instead. Raises UserError where there is no such run, and for a `parent_id` where
    the recipe starts from the base; UserError or WorkError where the model cannot be loaded from anywhere.
    """
    parent = parent_of(project, resolved, parent_id)
    uses = {stage: merged(newest(project, resolved, stage, "uses")) for stage in resolved.uses}
    if not parent:
        source = model_source(str(resolved.values[MODEL[resolved.engine]]))
        return Start(source.model, source.weights, uses=uses)
    # A run that starts from a run of a chain is no default run of its recipe either.
    below = read_record(parent).chain
    chain = (*below, resolved.name) if below else ()
    return Start(paths.shown(parent / "model"), merged(parent).weights, parent, uses, chain)


def restored_start(resolved: Resolved, record: RunRecord) -> Start:
    """Return what a run to be resumed starts from: its own parent, or the model that the recipe names today.

    Raises UserError or WorkError where a model cannot be had any more.
    """
    before = Start.of(record)
    uses = {stage: merged(paths.root() / run.run) for stage, run in before.uses.items()}
    if before.parent:
        return Start(before.model, merged(before.parent).weights, before.parent, uses, before.chain)
    source = model_source(str(resolved.values[MODEL[resolved.engine]]))
    return Start(source.model, source.weights, uses=uses, chain=before.chain)


def model_source(model: str) -> ModelSource:
    """Return a model (folder or hub id) with its hash. Raises UserError or WorkError where it cannot be had."""
    require_reachable(model)
    return ModelSource(model=model, weights=weights_hash(model), source=weights_source(model))


def parent_of(project: str, resolved: Resolved, parent_id: str) -> Path | None:
    """Return the run that a recipe starts from, by its id or the newest of its stage; None where it is the base."""
    stage = resolved.parent_stage
    if stage:
        return finished_run(project, parent_id).path if parent_id else newest(project, resolved, stage, "starts from")
    if parent_id:
        raise UserError(f"RUN={parent_id}: {resolved.name} starts from the base, not from a run", "leave RUN out")
    return None


def newest(project: str, resolved: Resolved, stage: str, verb: str) -> Path:
    """Return the newest finished run of an earlier stage. Raises UserError where there is none."""
    recipe = f"{stage}.{resolved.engine}"
    user, takes_run = f"{resolved.name} {verb}", stage == resolved.parent_stage
    return require_newest(project, recipe, resolved.profile, user, takes_run).path


def merged(run_dir: Path) -> ParentRun:
    """Return an earlier run with the hash of its merged model, merged now where it is not yet."""
    return ParentRun(run=paths.shown(run_dir), weights=weights_hash(merge_run(run_dir)))
