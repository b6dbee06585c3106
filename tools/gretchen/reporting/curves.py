"""The curves of a training: loss, and a metric while training, read from its metrics.jsonl.

    stage_curves(evaluation, runs, "exact")      -> one StageCurves for each trained model of the evaluation

The metric is the project's own in the answers while training; where none was logged, the trainer's: preference
accuracy, reward, or token accuracy. A run whose metrics.jsonl is not on this machine has no curves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gretchen.runs.metrics import LOSSES, Row, answers_by_step, first_logged, readable_metrics
from gretchen.runs.record import Run
from gretchen.scoring.evaluation import Evaluation, ModelResult

# The trainer's own metrics, by the first that is logged, and what they are called.
TRAINER_METRICS = {
    "rewards/accuracies": "preference accuracy",
    "reward": "reward",
    "mean_token_accuracy": "token accuracy",
}
Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Series:
    """One curve: (optimizer step, value) points; `validation` ones are drawn with dots."""

    label: str
    points: Points
    validation: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart: its title and its curves; `from_zero`: its values begin at 0."""

    title: str
    series: tuple[Series, ...]
    from_zero: bool = False


@dataclass(frozen=True)
class StageCurves:
    """The charts of one trained model; those of several seeds are drawn together."""

    model: str
    panels: tuple[Panel, ...]


def stage_curves(evaluation: Evaluation, runs: Mapping[str, Run]) -> list[StageCurves]:
    """Return the curves of each trained model whose runs (by id) have metrics."""
    curves = []
    for model in evaluation.models:
        trained = [runs[run_id] for run_id in run_ids(model) if run_id in runs]
        logged = {f"seed {run.record.seed} ({run.name})": readable_metrics(run.path) for run in trained}
        panels = (loss_panel(logged), metric_panel(logged, evaluation.main_metric))
        if drawn := tuple(panel for panel in panels if panel.series):
            curves.append(StageCurves(model.name, drawn))
    return curves


def run_ids(model: ModelResult) -> list[str]:
    """Return the ids of a model's trainings: the run itself, then those of other seeds."""
    ids = [model.run, *(trained.run for trained in model.trained)]
    return list(dict.fromkeys(run_id for run_id in ids if run_id))


def points_of(rows: Sequence[Row], *names: str) -> Points:
    """Return the points of the first of some names that each row has a number for."""
    return tuple((int(row.get("step", 0)), float(row[name])) for row in rows if (name := first_logged(names, row)))


def loss_panel(logged: Mapping[str, Sequence[Row]]) -> Panel:
    """Return training and validation loss of each run, by what the run is called."""
    series = []
    for suffix, rows in labelled(logged):
        series.append(Series(f"training{suffix}", points_of(rows, *LOSSES)))
        series.append(Series(f"validation{suffix}", points_of(rows, "eval_loss"), validation=True))
    return Panel("loss", tuple(each for each in series if each.points))


def metric_panel(logged: Mapping[str, Sequence[Row]], main_metric: str) -> Panel:
    """Return the project's metric in the answers while training; else the trainer's own metric."""
    answered = [
        Series(f"validation{suffix}", tuple(answers_by_step(rows, main_metric)), validation=True)
        for suffix, rows in labelled(logged)
    ]
    if drawn := tuple(each for each in answered if each.points):
        return Panel(f"{main_metric} in answers while training", drawn, from_zero=True)
    for name, title in TRAINER_METRICS.items():
        series = []
        for suffix, rows in labelled(logged):
            series.append(Series(f"training{suffix}", points_of(rows, name)))
            series.append(Series(f"validation{suffix}", points_of(rows, f"eval_{name}"), validation=True))
        if drawn := tuple(each for each in series if each.points):
            return Panel(title, drawn, from_zero=True)
    return Panel(main_metric, ())


def labelled(logged: Mapping[str, Sequence[Row]]) -> list[tuple[str, Sequence[Row]]]:
    """Return the runs' rows, each with what follows its labels: nothing for one run, the seed for several."""
    several = len(logged) > 1
    return [(f", {name.partition(' (')[0]}" if several else "", rows) for name, rows in logged.items()]
