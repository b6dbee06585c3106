"""Run records for tests that need an earlier run and train none."""

from pathlib import Path
from typing import Any

from gretchen.runs.record import RunRecord, find_record, write_record

SETTINGS = {
    "status": "finished",
    "kind": "project",
    "profile": "tiny",
    "base": {"model": "m", "weights": "w" * 16},
    "data": "d" * 16,
    "seed": 42,
    "started": "2026-01-01T00:00:00+00:00",
    "git": "0" * 12,
    "versions": {},
    "hardware": "2 cores, 8 GB, no GPU",
    "command": "make train",
    "smoke": False,
}


def write_run(run_dir: Path, **fields: Any) -> Path:
    """Write the record of a finished run, or change fields of the one it has, and return its folder.

    Project, recipe, stage and engine follow from the folder, runs/<project>/<stage>.<engine>/<run>.
    """
    project, recipe = run_dir.parts[-3:-1]
    stage, _, engine = recipe.partition(".")
    names = {"project": project, "recipe": recipe, "stage": stage.partition("-")[0], "engine": engine}
    record = find_record(run_dir)
    values = dict(record) if record else SETTINGS | names
    write_record(run_dir, RunRecord.model_validate(values | fields))
    return run_dir
