"""The runs of a project: listed, the newest of a recipe, one by its id.

A run whose run.json is no valid record is skipped with one sentence on stderr.
"""

import sys
from collections.abc import Callable
from functools import cache

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.names import unknown
from gretchen.provenance import is_smoke
from gretchen.runs.record import FILE, Run, RunRecord, read_record


def list_runs(project: str, recipe: str = "*") -> list[Run]:
    """Return the runs of a project, or of one recipe ("sft.zephyr") of it, oldest first."""
    runs = []
    for file in sorted(paths.runs(project).glob(f"{recipe}/[!.]*/{FILE}"), key=lambda file: file.parent.name):
        if file.parent.is_symlink():
            continue
        try:
            runs.append(Run(file.parent, read_record(file.parent)))
        except WorkError as invalid:
            warn_once(f"skipped: {invalid.problem}")
    return runs


@cache
def warn_once(message: str) -> None:
    """Print a warning to stderr, once per process: one command lists the runs several times."""
    print(message, file=sys.stderr, flush=True)


def is_selectable(record: RunRecord, profile: str) -> bool:
    """Return whether a run may stand for its recipe under a profile: finished, of a project, with the recipe's values.

    Under GRETCHEN_SMOKE=1 only smoke runs count, otherwise none of them does.
    """
    matches = (record.status, record.kind, record.profile) == ("finished", "project", profile)
    return matches and record.smoke == is_smoke() and record.is_default_run


def newest_by_recipe(project: str, profile: str) -> dict[str, list[Run]]:
    """Return {recipe: its selectable runs under a profile, newest first}."""
    runs: dict[str, list[Run]] = {}
    for run in reversed(list_runs(project)):
        if is_selectable(run.record, profile):
            runs.setdefault(run.record.recipe, []).append(run)
    return runs


def newest_run(project: str, recipe: str, profile: str) -> Run | None:
    """Return the newest selectable run of a recipe ("sft.zephyr") under a profile; None where there is none."""
    return next((run for run in reversed(list_runs(project, recipe)) if is_selectable(run.record, profile)), None)


def earlier_runs(project: str, profile: str) -> Callable[[str], str | None]:
    """Return the function that `resolve` asks for the newest run of a recipe: its folder, relative to the root."""

    def find(recipe: str) -> str | None:
        run = newest_run(project, recipe, profile)
        return paths.shown(run.path) if run else None

    return find


def run_by_id(project: str, name: str) -> Run:
    """Return a project's run by its id. Raises UserError for an unknown one, with the nearest."""
    runs = {run.name: run for run in list_runs(project) if run.record.kind == "project"}
    if name not in runs:
        problem, hint = unknown("run", name, runs)
        raise UserError(f"{problem} of {project}", f"{hint}; runs lie in {paths.shown(paths.runs(project))}")
    return runs[name]


def finished_run(project: str, name: str) -> Run:
    """Return a project's finished run by its id. Raises UserError for an unknown one and for one not finished."""
    run = run_by_id(project, name)
    if run.record.status != "finished":
        raise UserError(
            f"run {name} is {run.record.status}, not finished", "name a finished run, or none for the newest ones"
        )
    return run
