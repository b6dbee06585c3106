"""An evaluation as a W&B run of its own: job type `eval`, in the project and group of the trainings it compares.

The run holds the table (model, set, metric, value, interval, count, p), each figure as a summary value
`<set>/<metric>/<model>`, and by which weights, data, template and runs they came about. An evaluation that was logged
already is not logged again.
"""

import json
import os
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.files import text_hash, write_json
from gretchen.tracking import lineage
from gretchen.tracking.environment import CAREFUL, QUIET, mode
from gretchen.tracking.run import address_of, finish, opened

COLUMNS = ["model", "set", "metric", "value", "low", "high", "count", "p"]
CONFIG_KEYS = ("project", "profile", "date", "git", "main", "base", "data", "template", "sets")
DONE = "logged.json"


def log_evaluation(told: dict[str, Any]) -> str | None:
    """Track an evaluation, `told` as in results.json, and return its W&B address; None offline or when it was before.

    WANDB_MODE=disabled tracks nothing. Where W&B fails it says so in a line: the evaluation is on disk anyhow.
    """
    key, place = key_of(told), paths.runs(told["project"]) / "evaluations"
    if os.environ.get("WANDB_MODE") == "disabled" or list(place.glob(f"wandb/*run-*-{key}/{DONE}")):
        return None

    os.environ.update({name: value for name, value in (CAREFUL | QUIET).items() if name not in os.environ})
    os.environ["WANDB_MODE"] = mode()
    try:
        begun = opened(**identity(told, key, place), config=config(told))
        folder, address = Path(begun.dir).parent, address_of(begun)
        lineage.link(begun, compared(told), {})
        record(begun, told)
        write_json(folder / DONE, {"wandb": address})
        finish(begun)
    except Exception as fault:  # whatever it is: the table has to be printed
        print(f"W&B: the evaluation is not tracked ({type(fault).__name__}: {fault})", flush=True)
        return None
    return address


def key_of(told: dict[str, Any]) -> str:
    """Return 16 hex digits that name the result: who answered, and every figure; neither date nor commit."""
    figures = [
        [one.get(name) for name in ("name", "weights", "evaluation", "sets", "preferences")] for one in told["models"]
    ]
    return text_hash(json.dumps([told["data"], told["template"], figures], sort_keys=True))


def identity(told: dict[str, Any], key: str, place: Path) -> dict[str, Any]:
    """Return what the run is called and where it lies; project and group are the user's where they are set."""
    return {
        "project": os.environ.get("WANDB_PROJECT") or told["project"],
        "group": os.environ.get("WANDB_RUN_GROUP") or told["project"],
        "job_type": "eval",
        "id": key,
        "name": f"eval {told['date'][:16]}",
        "tags": [told["profile"]],
        "dir": str(place),
        "resume": "allow",
    }


def config(told: dict[str, Any]) -> dict[str, Any]:
    """Return what the figures came from: weights and run of each model, data, template, test sets."""
    models = {one["name"]: {key: one.get(key) for key in ("kind", "weights", "run", "wandb")} for one in told["models"]}
    return {key: told[key] for key in CONFIG_KEYS if key in told} | {"models": models}


def compared(told: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what was compared, for the lineage: base, data, and the weights of each run."""

    things = lineage.made_from(told["project"], told["data"], told["base"])
    for model in told["models"]:
        things |= lineage.trained(model["run"]) if model.get("run") else {}
    return things


def rows(told: dict[str, Any]) -> list[list[Any]]:
    """Return the table's rows, in the order of COLUMNS; p compares a model's main metric with the base's."""
    found = []
    for model in told["models"]:
        for name, one in model["sets"].items():
            for metric, score in one["scores"].items():
                figures = [score.get(column) for column in ("value", "low", "high", "count")]
                p = (one.get("against_base") or {}).get("p") if metric == told["main"] else None
                found.append([model["name"], name, metric, *figures, p])
        if pairs := model.get("preferences"):
            p = (pairs["against_base"] or {}).get("p")
            for metric in ("accuracy", "margin"):
                figures = [(pairs[metric] or {}).get(column) for column in ("value", "low", "high")]
                found.append(
                    [
                        model["name"],
                        "preferences",
                        metric,
                        *figures,
                        pairs["count"],
                        p if metric == "accuracy" else None,
                    ]
                )
    return found


def record(begun: Any, told: dict[str, Any]) -> None:
    """Log the table and the summary values into an open W&B run."""
    import wandb

    table = rows(told)
    begun.log({"evaluation": wandb.Table(columns=COLUMNS, data=table)})
    begun.summary.update({f"{row[1]}/{row[2]}/{row[0]}": row[3] for row in table if row[3] is not None})
