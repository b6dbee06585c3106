"""A run's folder: runs/<project>/<recipe>/<run>/, with run.json as its record and a lock for its one writer.

    recipe.yaml   the resolved recipe, as upstream's own command takes it
    run.json      what ran, on what, from what, and how it ended
    metrics.jsonl, train.log, checkpoint-*/, then adapter/ or model/, samples.json

`latest` beside the runs points to the newest finished one.
"""

import contextlib
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder, write_json, write_text
from gretchen.names import unknown
from gretchen.provenance import is_smoke


def new_run(project: str, recipe: str) -> Path:
    """Return a new run folder's path, `<YYYYMMDD-HHMMSS-xxxx>` (local time and four random hex digits)."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    return paths.runs(project) / recipe / name


def create(run: Path, text: str, /, **values: Any) -> None:
    """Make a run's folder with recipe.yaml (its text) and run.json: both, or no folder."""
    with whole_folder(run) as place:
        write_text(place / "recipe.yaml", text)
        write_json(place / "run.json", values)


def record(run: Path) -> dict[str, Any]:
    """Return run.json's content; {} where there is none."""
    file = run / "run.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def update(run: Path, **values: Any) -> None:
    """Change some keys of run.json."""
    write_json(run / "run.json", record(run) | values)


@contextlib.contextmanager
def writer(place: Path, what: str) -> Iterator[None]:
    """Hold the lock of `place` (a folder) while the block runs.

    Raises WorkError naming host and process when somebody else is writing there. The kernel frees the lock when the
    process ends, however it ends; host and process stand in the file for the message only.
    """
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise WorkError(
                f"{what} is already being written by {holder}", "wait until it has ended, or stop that process"
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {socket.gethostname()}")
        lock.flush()
        yield
        lock.truncate(0)


def runs_of(project: str, recipe: str = "*") -> list[Path]:
    """Return the run folders of a project, or of one recipe of it, that hold a run.json, oldest first."""
    found = (file.parent for file in paths.runs(project).glob(f"{recipe}/[!.]*/run.json"))
    return sorted((run for run in found if not run.is_symlink()), key=lambda run: run.name)


def newest_first(project: str, profile: str) -> dict[str, list[Path]]:
    """Return {recipe: its own finished runs of the profile, newest first}; smoke runs for a smoke test."""
    found: dict[str, list[Path]] = {}
    for run in reversed(runs_of(project)):
        told = record(run)
        if counts(told, profile):
            found.setdefault(told["recipe"], []).append(run)
    return found


def counts(told: dict[str, Any], profile: str) -> bool:
    """Return whether a run (its run.json) is a finished one of its recipe under the profile, a smoke run in a test."""
    ours = told["status"] == "finished" and told["stage"] != "base" and told["profile"] == profile
    return ours and bool(told.get("smoke")) == is_smoke() and is_recipes_own(told)


def is_recipes_own(told: dict[str, Any]) -> bool:
    """Return whether a run (its run.json) is what its recipe says: no values by SET, started where the recipe starts.

    A run that a chain started elsewhere (SFT from a pre-trained model instead of the base) is another thing than the
    recipe's own: it must not take its place in a table, nor as `${base.<stage>}`.
    """
    return not told.get("set") and not told.get("chain")


def newest(project: str, recipe: str, profile: str) -> Path | None:
    """Return the newest finished run of a recipe ("sft.zephyr") under a profile; None where there is none."""
    return next((run for run in reversed(runs_of(project, recipe)) if counts(record(run), profile)), None)


def earlier_runs(project: str, profile: str) -> Callable[[str], str | None]:
    """Return the function that `resolve` asks for the newest finished run of a recipe, relative to the root."""

    def find(recipe: str) -> str | None:
        run = newest(project, recipe, profile)
        return paths.shown(run) if run else None

    return find


def named(project: str, name: str) -> Path:
    """Return the run of that id. Raises UserError for an unknown one, with the nearest."""
    every = {run.name: run for run in runs_of(project) if record(run)["stage"] != "base"}
    if name not in every:
        problem, hint = unknown("run", name, every)
        raise UserError(f"{problem} of {project}", f"{hint}; runs lie in {paths.shown(paths.runs(project))}")
    return every[name]


def finished(project: str, name: str) -> Path:
    """Return the finished run of that id. Raises UserError for an unknown one and for one that is not finished."""
    run = named(project, name)
    status = record(run).get("status")
    if status != "finished":
        raise UserError(f"run {name} is {status}, not finished", "name a finished run, or none for the newest ones")
    return run


def point_latest(run: Path) -> None:
    """Let `latest`, beside the run, point to it."""
    link = run.parent / f".latest-{secrets.token_hex(2)}"
    link.symlink_to(run.name)
    link.replace(run.parent / "latest")


def trained(run: Path) -> Path:
    """Return the folder of what a finished run trained: adapter/ or model/."""
    return run / "adapter" if (run / "adapter").is_dir() else run / "model"


def checkpoint(run: Path) -> str | None:
    """Return the newest whole checkpoint folder of a run, or None."""
    found = sorted(run.glob("checkpoint-*"), key=lambda place: int(place.name.rpartition("-")[2]), reverse=True)
    return next((str(place) for place in found if is_whole(place)), None)


def is_whole(place: Path) -> bool:
    """Return whether a checkpoint was written to its end: the trainer writes its state last."""
    try:
        json.loads((place / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def is_first_process() -> bool:
    """Return whether this process is the only one of a training, or the first of several (torchrun's RANK)."""
    return os.environ.get("RANK", "0") == "0"
