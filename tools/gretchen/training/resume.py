"""Which unfinished run RESUME=1 goes on with, and whether it may: same recipe, data and weights to start from."""

from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.errors import UserError
from gretchen.provenance import is_smoke
from gretchen.runs.record import read_record
from gretchen.runs.store import list_runs, run_by_id


def unfinished(project: str, recipe: str, profile: str, name: str = "") -> Path:
    """Return the run called `name`, else the newest unfinished one of a recipe ("sft.zephyr") under a profile.

    Raises UserError where there is none, or where the one named is finished or another recipe's.
    """
    command = f"make train PROJECT={project} RECIPE={recipe} PROFILE={profile}"
    if name:
        run = run_by_id(project, name)
        record = run.record
        if (record.recipe, record.profile) != (recipe, profile):
            owner = f"RECIPE={record.recipe} PROFILE={record.profile}"
            raise UserError(f"run {name} is of {record.recipe}, {record.profile}", f"say so: {owner} RESUME=1")
        if record.chain:
            stages = " ".join(record.chain)
            again = f'make pipeline PROJECT={project} STAGES="{stages}" PROFILE={profile}'
            raise UserError(f"run {name} is part of a chain", f"`{again}` goes on with it")
        if record.status == "finished":
            raise UserError(f"run {name} is finished: there is nothing to go on with", command)
        return run.path
    for run in reversed(list_runs(project)):
        record = run.record
        same = (record.recipe, record.profile, record.smoke) == (recipe, profile, is_smoke())
        if same and record.status != "finished" and not record.chain:
            return run.path
    raise UserError(f"{recipe} of {project} has no unfinished run under PROFILE={profile}", f"`{command}` starts one")


def refuse_changes(run: Path, values: dict[str, Any], data: str, start: str) -> None:
    """Raise UserError where the recipe's values, the data's hash or the hash of the weights it started from differ.

    A run that went on with something else would be none that anybody could name.
    """
    if reason := difference(run, values, data, start):
        hint = "undo that, or train anew without RESUME=1"
        raise UserError(f"run {paths.shown(run)} cannot go on: {reason}", hint)


def difference(run: Path, values: dict[str, Any], data: str, start: str) -> str:
    """Return in what a run differs from a recipe's values, the data's hash, the start's hash; "" where in nothing."""
    record = read_record(run)
    known = yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8"))
    changed = [key for key in [*known, *values] if known.get(key) != values.get(key)]
    if changed:
        key = changed[0]
        return f"the recipe has changed since ({key}: {known.get(key)}, now {values.get(key)})"
    if record.data != data:
        return f"the data have changed since ({record.data[:8]}, now {data[:8]})"
    if record.start.weights != start:
        return "the weights that it started from have changed since"
    return ""
