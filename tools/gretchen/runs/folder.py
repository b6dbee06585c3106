"""A run's folder, runs/<project>/<recipe>/<run>/.

    recipe.yaml                   the resolved recipe, as upstream's own command takes it
    run.json                      the run's record (runs/record.py)
    metrics.jsonl, train.log      what the trainer logged, what the engine printed
    failure.json                  how the training process failed, where it did (training/failure.py)
    gates.jsonl, train-to-the-end a base's accuracy gates; that they do not end the training early
    checkpoint-*/                 then adapter/ or model/, samples.json

The symlink `latest` in the recipe's folder points to the newest finished run.
"""

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.files import whole_folder, write_text
from gretchen.runs.record import RunRecord, write_record

TO_THE_END = "train-to-the-end"


def new_run_dir(project: str, recipe: str) -> Path:
    """Return the path of a new run folder, `<YYYYMMDD-HHMMSS-xxxx>` (local time and four random hex digits)."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    return paths.runs(project) / recipe / name


def create_run(run_dir: Path, recipe_text: str, record: RunRecord) -> None:
    """Make a run's folder with recipe.yaml and run.json: both, or no folder."""
    with whole_folder(run_dir) as temporary:
        write_text(temporary / "recipe.yaml", recipe_text)
        write_record(temporary, record)


def run_recipe(run_dir: Path) -> dict[str, Any]:  # upstream's own keys and YAML values
    """Return the values of a run's resolved recipe."""
    return yaml.safe_load((run_dir / "recipe.yaml").read_text(encoding="utf-8"))


def point_latest(run_dir: Path) -> None:
    """Let the symlink `latest` in the recipe's folder point to the run."""
    link = run_dir.parent / f".latest-{secrets.token_hex(2)}"
    link.symlink_to(run_dir.name)
    link.replace(run_dir.parent / "latest")


def trained_weights(run_dir: Path) -> Path:
    """Return the folder of what a finished run trained: adapter/ or model/."""
    return run_dir / "adapter" if (run_dir / "adapter").is_dir() else run_dir / "model"


def latest_checkpoint(run_dir: Path) -> str | None:
    """Return the newest complete checkpoint folder of a run, or None."""
    checkpoints = sorted(map(str, run_dir.glob("checkpoint-*")), key=checkpoint_step, reverse=True)
    return next((checkpoint for checkpoint in checkpoints if is_complete(Path(checkpoint))), None)


def checkpoint_step(checkpoint: str | None) -> int:
    """Return the optimizer step of a checkpoint's folder, 0 for none."""
    return int(checkpoint.rpartition("-")[2]) if checkpoint else 0


def is_complete(checkpoint: Path) -> bool:
    """Return whether a checkpoint was written to its end: the trainer writes its state last."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
