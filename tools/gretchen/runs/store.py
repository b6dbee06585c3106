"""The runs of a project: listed, the newest of a recipe, one by its id.

A run whose run.json is no valid record is skipped with one sentence on stderr.
"""

import sys
from collections.abc import Callable
from functools import cache

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.names import unknown
from gretchen.projects.build import format_hash
from gretchen.projects.profiles import profile_option
from gretchen.provenance import is_smoke
from gretchen.recipes.stages import find_stage
from gretchen.runs.record import FILE, Run, RunRecord, read_record
from gretchen.safe_text import visible

MAX_NAMED = 3  # runs that a message names


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
    print(visible(message), file=sys.stderr, flush=True)


def has_other_data(record: RunRecord, data: str) -> bool:
    """Return whether a run was trained on other rows than those built now; `data` is the hash of all that is built."""
    return record.data != data and not rows_unchanged(record)


def rows_unchanged(record: RunRecord) -> bool:
    """Return whether a run, and the runs that it started from, trained on rows that are still those of the build.

    Rows of another format may have changed since: new preference pairs leave an SFT run what it is.
    """
    row_format = find_stage(record.engine, record.stage).row_format
    if not record.rows or record.rows != format_hash(record.project, row_format):
        return False
    try:
        return record.parent is None or rows_unchanged(read_record(paths.root() / record.parent.run))
    except WorkError:
        return False


def is_comparable(record: RunRecord, profile: str) -> bool:
    """Return whether a run is a finished one of a project under a profile.

    Under GRETCHEN_SMOKE=1 only smoke runs count, otherwise none of them does.
    """
    matches = (record.status, record.kind, record.profile) == ("finished", "project", profile)
    return matches and record.smoke == is_smoke()


def is_selectable(record: RunRecord, profile: str) -> bool:
    """Return whether a run may stand for its recipe under a profile: finished, with the recipe's own values."""
    return is_comparable(record, profile) and record.is_default_run


def changed_runs(project: str, profile: str, recipe: str = "*") -> list[Run]:
    """Return the finished runs that do not stand for their recipe, newest first: with SET's values, or in a chain."""
    runs = [run for run in list_runs(project, recipe) if is_comparable(run.record, profile)]
    return [run for run in reversed(runs) if not run.record.is_default_run]


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


def require_newest(project: str, recipe: str, profile: str, user: str = "", takes_run: bool = True) -> Run:
    """Return the newest selectable run of a recipe; `user` names in the message what needs it.

    Raises UserError where there is none. It names the runs that were trained with changed values, and, where the
    command takes RUN=, how to take one.
    """
    if run := newest_run(project, recipe, profile):
        return run
    train = f"make train PROJECT={project} RECIPE={recipe}" + profile_option(project, profile)
    changed = changed_runs(project, profile, recipe)
    subject = f"{user} {recipe}, which" if user else f"{recipe} of {project}"
    if not changed:
        raise UserError(f"{subject} has no finished run under PROFILE={profile}", train)
    newest = ", ".join(f"{run.name} ({run.record.changes})" for run in changed[:MAX_NAMED])
    more = f" and {len(changed) - MAX_NAMED} more" if len(changed) > MAX_NAMED else ""
    raise UserError(
        f"{subject} has no finished run with its own values under PROFILE={profile}, only with changed ones: "
        f"{newest}{more}",
        (f"RUN={changed[0].name} takes that one; " if takes_run else "") + f"`{train}` trains the recipe as it is",
    )


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
