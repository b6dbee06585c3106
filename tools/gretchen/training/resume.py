"""Which unfinished run RESUME=1 continues, and whether it may: same recipe, same data, same weights to start from."""

from pathlib import Path

import yaml

from gretchen import paths
from gretchen.errors import UserError
from gretchen.provenance import is_smoke
from gretchen.runs.folder import run_recipe
from gretchen.runs.record import Run, read_record
from gretchen.runs.store import list_runs, run_by_id


def find_unfinished(project: str, recipe: str, profile: str, run_id: str = "") -> Run:
    """Return the run with that id, else the newest unfinished one of a recipe ("sft.zephyr") under a profile.

    Raises UserError where there is none, or where the one with that id is finished or another recipe's.
    """
    command = f"make train PROJECT={project} RECIPE={recipe} PROFILE={profile}"
    if run_id:
        return require_resumable(run_by_id(project, run_id), recipe, profile, command)
    for run in reversed(list_runs(project, recipe)):
        record = run.record
        matches = (record.profile, record.smoke) == (profile, is_smoke())
        if matches and record.status != "finished" and not record.chain:
            return run
    raise UserError(f"{recipe} of {project} has no unfinished run under PROFILE={profile}", f"`{command}` starts one")


def require_resumable(run: Run, recipe: str, profile: str, command: str) -> Run:
    """Return a run that `make train` may continue. Raises UserError where it is finished, another recipe's, a chain's.

    `command` starts a new run instead.
    """
    record = run.record
    if (record.recipe, record.profile) != (recipe, profile):
        options = f"RECIPE={record.recipe} PROFILE={record.profile} RESUME=1"
        raise UserError(f"run {run.name} is of {record.recipe}, {record.profile}", f"add {options}")
    if record.chain:
        stages = " ".join(record.chain)
        pipeline = f'make pipeline PROJECT={record.project} STAGES="{stages}" PROFILE={profile}'
        raise UserError(f"run {run.name} is part of a chain", f"`{pipeline}` continues it")
    if record.status == "finished":
        raise UserError(f"run {run.name} is finished: there is nothing to resume", command)
    return run


def refuse_changes(run_dir: Path, recipe_text: str, data: str, weights: str) -> None:
    """Raise UserError where recipe, data (hash) or weights to start from (hash) differ from those that a run has.

    A run that continued with others could not be described by its record.
    """
    if reason := difference(run_dir, recipe_text, data, weights):
        hint = "undo the change, or train anew without RESUME=1"
        raise UserError(f"run {paths.shown(run_dir)} cannot be resumed: {reason}", hint)


def difference(run_dir: Path, recipe_text: str, data: str, weights: str) -> str:
    """Return in what a run differs from a resolved recipe, data and start given by their hashes; "" for nothing."""
    record = read_record(run_dir)
    before = run_recipe(run_dir)
    now = yaml.safe_load(recipe_text)
    changed = [key for key in [*before, *now] if before.get(key) != now.get(key)]
    if changed:
        key = changed[0]
        return f"the recipe has changed since ({key}: {before.get(key)}, now {now.get(key)})"
    if record.data != data:
        return f"the data have changed since ({record.data[:8]}, now {data[:8]})"
    if record.start.weights != weights:
        return "the weights that it started from have changed since"
    return ""
