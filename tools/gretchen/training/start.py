"""What a training starts from: a model and the hash of its weights, and the models of earlier runs that it uses beside.

    start = own_start("genome-chatbot", resolved)      what the recipe names: the card's model, or `${base.<stage>}`
    Start.of(read_record(run))                         what a run did start from

Earlier runs are merged where they are not yet. Nothing is trained here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.merging import merge_run
from gretchen.models.locate import require_reachable, weights_hash
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL
from gretchen.runs.record import ModelSource, ParentRun, RunRecord, read_record
from gretchen.runs.store import finished_run, newest_run


@dataclass(frozen=True)
class Start:
    """A model (folder or hub id), its weights' hash, the run that made it (None: the base), and what is used beside.

    `uses` is {stage: run}. `chain` names the recipes of a chain in which this start is
    another one than the recipe's own; it is empty where it is the recipe's own.
    """

    model: str
    weights: str
    parent: Path | None = None
    uses: Mapping[str, ParentRun] = field(default_factory=dict)
    chain: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: RunRecord) -> "Start":
        """Return what a run started from, by its run.json."""
        parent = paths.root() / record.parent.run if record.parent else None
        return cls(record.start.model, record.start.weights, parent, record.uses, record.chain)

    @property
    def base(self) -> ModelSource:
        """The model at the bottom, below all parents."""
        if self.parent:
            return read_record(self.parent).base
        return ModelSource(model=self.model, weights=self.weights)

    @property
    def by_content(self) -> tuple[Any, ...]:
        """What two equal starts have in common, wherever their models lie."""
        return self.weights, sorted((stage, run.weights) for stage, run in self.uses.items())

    def earlier_run(self, recipe: str) -> str | None:
        """Return the run whose model is used beside the start, by its recipe's name ("reward.zephyr")."""
        used = self.uses.get(recipe.partition(".")[0])
        return used.run if used else None


def own_start(project: str, resolved: Resolved, name: str = "", old: Path | None = None) -> Start:
    """Return what a recipe itself says it starts from and uses; for `old`, a run to go on with, what that one did.

    `name` is the parent's id, instead of the newest finished run of its stage. Raises UserError where there is no such
    run, and for a name where the recipe starts from the base; UserError or WorkError where the model cannot be had.
    """
    if old:
        was = Start.of(read_record(old))
        parent = was.parent
        used = {stage: paths.root() / run.run for stage, run in was.uses.items()}
    else:
        parent = parent_of(project, resolved, name)
        used = {stage: newest(project, resolved, stage, "uses") for stage in resolved.uses}
    uses = {stage: ready(run) for stage, run in used.items()}
    if not parent:
        source = model_and_weights(str(resolved.values[MODEL[resolved.engine]]))
        return Start(source.model, source.weights, uses=uses)
    # What builds on a run of a chain is no newest run of its recipe either.
    below = read_record(parent).chain
    chain = (*below, resolved.name) if below else ()
    return Start(paths.shown(parent / "model"), ready(parent).weights, parent, uses, chain)


def model_and_weights(model: str) -> ModelSource:
    """Return a model (folder or hub id) with its hash. Raises UserError or WorkError where it cannot be had."""
    require_reachable(model)
    return ModelSource(model=model, weights=weights_hash(model))


def parent_of(project: str, resolved: Resolved, name: str) -> Path | None:
    """Return the run that a recipe starts from, by name or the newest of its stage; None where it is the base."""
    stage = resolved.parent_stage
    if stage:
        return finished_run(project, name).path if name else newest(project, resolved, stage, "starts from")
    if name:
        raise UserError(f"RUN={name}: {resolved.name} starts from the base, not from a run", "leave RUN out")
    return None


def newest(project: str, resolved: Resolved, stage: str, doing: str) -> Path:
    """Return the newest finished run of an earlier stage. Raises UserError where there is none."""
    earlier = f"{stage}.{resolved.engine}"
    found = newest_run(project, earlier, resolved.profile)
    if not found:
        command = f"make train PROJECT={project} RECIPE={earlier} PROFILE={resolved.profile}"
        raise UserError(f"{resolved.name} {doing} {earlier}, which has no finished run", command)
    return found.path


def ready(run: Path) -> ParentRun:
    """Return an earlier run with its model's weights, merged where it must be."""
    return ParentRun(run=paths.shown(run), weights=weights_hash(merge_run(run)))
