"""An evaluation as a W&B run of its own: job type `eval`, in the project and group of the trainings it compares.

The run holds the table (model, set, metric, value, interval, count, p), the table of predictions (each test row with
every model's answer and score), each value as a summary value `<set>/<metric>/<model>`, and in its config the weights,
data, template and runs that it compares. An evaluation that was logged before is not logged again.
"""

import glob
import json
import os
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import text_hash, write_json
from gretchen.scoring.evaluation import Estimate, Evaluation
from gretchen.tracking import lineage
from gretchen.tracking.environment import DEFAULTS, FIXED_SETTINGS, mode
from gretchen.tracking.predictions import predictions
from gretchen.tracking.run import address_of, finish, open_run

COLUMNS = ["model", "set", "metric", "value", "low", "high", "count", "p"]
CONFIG_KEYS = {"project", "profile", "date", "git", "main_metric", "base", "data", "template", "sets", "split"}
MODEL_KEYS = {"kind", "prompting", "weights", "run", "trained", "wandb"}
FIGURES = {"name", "weights", "evaluation", "sets", "preferences"}
DONE = "logged.json"


def log_evaluation(evaluation: Evaluation) -> Evaluation:
    """Track an evaluation, and return it with its W&B address: None offline or when it was tracked before.

    WANDB_MODE=disabled tracks nothing. Where W&B fails it prints a line: the evaluation is on disk anyhow.
    """
    key, folder = key_of(evaluation), paths.runs(evaluation.project) / "evaluations"
    if os.environ.get("WANDB_MODE") == "disabled" or list(folder.glob(f"wandb/*run-*-{key}/{DONE}")):
        return evaluation

    os.environ.update({name: value for name, value in (DEFAULTS | FIXED_SETTINGS).items() if name not in os.environ})
    os.environ["WANDB_MODE"] = mode()
    try:
        run = open_run(**identity(evaluation, key, folder), config=config(evaluation))
        run_dir, address = Path(run.dir).parent, address_of(run)
        lineage.link(run, compared(evaluation), {})
        log_table(run, evaluation)
        write_json(run_dir / DONE, {"wandb": address})
        finish(run)
    except Exception as fault:  # whatever it is: the table has to be printed
        print(f"W&B: the evaluation is not tracked ({type(fault).__name__}: {fault})", flush=True)
        return evaluation
    return evaluation.model_copy(update={"wandb": address})


def key_of(evaluation: Evaluation) -> str:
    """Return 16 hex digits that name the result: models and all their figures, but neither date nor commit."""
    models = [model.model_dump(mode="json", include=FIGURES) for model in evaluation.models]
    forgotten = [evaluation.forgetting.to_json()] if evaluation.forgetting else []
    return text_hash(json.dumps([evaluation.data, evaluation.template, models, *forgotten], sort_keys=True))


def identity(evaluation: Evaluation, key: str, folder: Path) -> dict[str, Any]:  # keyword arguments of wandb.init
    """Return the run's name, id and folder; project and group are the user's where they are set."""
    return {
        "project": os.environ.get("WANDB_PROJECT") or evaluation.project,
        "group": os.environ.get("WANDB_RUN_GROUP") or evaluation.project,
        "job_type": "eval",
        "id": key,
        "name": f"eval {evaluation.date[:16]}",
        "tags": [evaluation.profile],
        "dir": str(folder),
        "resume": "allow",
    }


def config(evaluation: Evaluation) -> dict[str, Any]:  # W&B's config is free-form
    """Return what the figures came from: weights and run of each model, data, template, test sets."""
    models = {model.name: model.model_dump(mode="json", include=MODEL_KEYS) for model in evaluation.models}
    return evaluation.model_dump(mode="json", include=CONFIG_KEYS) | {"models": models}


def compared(evaluation: Evaluation) -> lineage.Artifacts:
    """Return what was compared, for the lineage: base, data, and the weights of each run."""
    base = {"model": evaluation.base.model, "weights": evaluation.base.weights}
    things = lineage.project_artifacts(evaluation.project, evaluation.data, base)
    for model in evaluation.models:
        for run in {model.run, *(trained.run for trained in model.trained)} - {None}:
            things |= lineage.weights_artifact(run_folder(evaluation.project, run))
    return things


def run_folder(project: str, run: str) -> Path:
    """Return the folder of a run by its id, also of one that is not on this machine."""
    return next(paths.runs(project).glob(f"*/{glob.escape(run)}"), paths.runs(project) / run)


def rows(evaluation: Evaluation) -> list[list[Any]]:
    """Return the table's rows, in the order of COLUMNS; p compares a model's main metric with the base's."""
    table = []
    for model in evaluation.models:
        for name, result in model.sets.items():
            main_p = result.against_base.p_value if result.against_base else None
            for metric, estimate in result.scores.items():
                p_value = main_p if metric == evaluation.main_metric else None
                table.append([model.name, name, metric, *figures(estimate), p_value])
        if pairs := model.preferences:
            p_value = pairs.against_base.p_value if pairs.against_base else None
            table.append([model.name, "preferences", "accuracy", *figures(pairs.accuracy), p_value])
            table.append([model.name, "preferences", "margin", *figures(pairs.margin), None])
    if forgetting := evaluation.forgetting:
        for result in forgetting.models:
            p_value = result.against_base.p_value if result.against_base else None
            table.append([result.name, forgetting.probe, forgetting.metric, *figures(result.score), p_value])
    return table


def figures(estimate: Estimate | None) -> list[float | None]:
    """Return value, low, high and count of an estimate."""
    return [estimate.value, estimate.low, estimate.high, estimate.count] if estimate else [None] * 4


def log_table(run: Any, evaluation: Evaluation) -> None:
    """Log the tables and the summary values into an open W&B run."""
    import wandb

    table = rows(evaluation)
    tables = {"evaluation": wandb.Table(columns=COLUMNS, data=table)}
    if answers := predictions(evaluation):
        tables["predictions"] = wandb.Table(columns=answers.columns, data=answers.rows)
    run.log(tables)
    run.summary.update({f"{row[1]}/{row[2]}/{row[0]}": row[3] for row in table if row[3] is not None})
