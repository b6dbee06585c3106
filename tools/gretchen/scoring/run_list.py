"""The runs of a project as a table: id, recipe, changed values, losses, main metric, state.

    for run in listed_runs("genome-chatbot"): print(run.id, run.score)

The metric is that of the newest evaluation of the run, whatever its data were. No model is loaded, nothing evaluated.
"""

from dataclasses import asdict, dataclass
from typing import Any

from gretchen import paths
from gretchen.projects.build import intact_data_card
from gretchen.projects.card import load_card
from gretchen.runs.locks import is_locked
from gretchen.runs.metrics import last_losses
from gretchen.runs.record import Run
from gretchen.runs.store import has_other_data, is_comparable, list_runs, newest_run
from gretchen.scoring.cells import NONE, Table, number
from gretchen.scoring.measure import read_record

FIRST_SET = "test"


@dataclass(frozen=True)
class ListedRun:
    """A run in the list. `changes`: values by SET, or the pipeline; `is_newest`: eval and later stages take it.

    `score` is the main metric on the test set, None where the run was not evaluated.
    """

    id: str
    recipe: str
    profile: str
    changes: str
    loss: float | None
    validation_loss: float | None
    score: float | None
    state: str
    is_newest: bool

    def to_json(self) -> dict[str, Any]:  # JSON has no type of its own
        """Return the run as JSON values."""
        return asdict(self)


def listed_runs(project: str, recipe: str = "*") -> list[ListedRun]:
    """Return the runs of a project, or of one recipe ("sft.zephyr") of it, oldest first."""
    scores, built = main_scores(project), intact_data_card(project)
    data = built.hash if built else ""
    return [listed(run, scores.get(paths.shown(run.path)), data) for run in list_runs(project, recipe)]


def listed(run: Run, score: float | None, data: str) -> ListedRun:
    """Return a run's line."""
    record, losses = run.record, last_losses(run.path)
    newest = is_comparable(record, record.profile) and newest_run(record.project, record.recipe, record.profile)
    return ListedRun(
        id=run.name,
        recipe=record.recipe,
        profile=record.profile,
        changes=record.changes,
        loss=losses.loss,
        validation_loss=losses.validation_loss,
        score=score,
        state=state_of(run, data),
        is_newest=bool(newest) and newest.name == run.name,
    )


def state_of(run: Run, data: str) -> str:
    """Return how a run ended; "killed" where it did not record its end and no process writes it."""
    record = run.record
    state = "killed" if record.status == "running" and not is_locked(run.path.parent) else record.status
    smoke = ", smoke test" if record.smoke else ""
    is_other = data and record.kind == "project" and has_other_data(record, data)
    return state + smoke + (", other data" if is_other else "")


def main_scores(project: str) -> dict[str, float]:
    """Return {run's folder: main metric on the test set}, of each run's newest evaluation with the chat's prompt."""
    main, newest = load_card(project).evaluation.main, {}
    for folder in (paths.runs(project) / "evaluations").glob("*"):
        record = read_record(folder)
        if not record or not record.run or not record.answers_test_set:
            continue
        if record.run not in newest or newest[record.run].date < record.date:
            newest[record.run] = record
    scores = {}
    for run, record in newest.items():
        estimate = record.sets[FIRST_SET].scores.get(main) if FIRST_SET in record.sets else None
        if estimate and estimate.value is not None:
            scores[run] = estimate.value
    return scores


def runs_table(runs: list[ListedRun], main_metric: str) -> Table:
    """Return the table that `make runs` prints: left-aligned id, recipe, profile; then figures; then the state."""
    header = ["run", "recipe", "profile", "loss", "validation", main_metric, "state", "changed values"]
    return Table(header, [row(run) for run in runs])


def row(run: ListedRun) -> list[str]:
    """Return a run's cells."""
    figures = [number(value) for value in (run.loss, run.validation_loss, run.score)]
    name = f"{run.id} *" if run.is_newest else run.id
    return [name, run.recipe, run.profile, *figures, run.state, run.changes or NONE]
