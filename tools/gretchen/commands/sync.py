"""`make sync [PROJECT=…]`: upload to W&B what was tracked offline, by wandb's own sync.

    make sync PROJECT=genome-chatbot

Takes the trainings and evaluations under runs/ that are not uploaded yet, and those whose upload broke off; tells each
with its address, and keeps a training's in its run.json. What is uploaded is marked beside its file, as wandb does. A
run that is being written stays for later. It deletes nothing.
"""

import fcntl
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.projects.card import load_card
from gretchen.runs.record import FILE, update_record
from gretchen.tracking import login
from gretchen.tracking.evaluation import DONE

MARK = ".wandb.synced"  # wandb's own
EMPTY = 7  # bytes: the head of a .wandb file, of a run that was killed before its first record
VIEW = re.compile(r"View run .* at (http\S+)")
# A server that falls silent ends the upload after a minute or so; wandb's own patience is a day.
PATIENCE = {
    "WANDB__GRAPHQL_RETRY_MAX": "4",
    "WANDB__FILE_STREAM_RETRY_MAX": "4",
    "WANDB_SILENT": "false",
    "WANDB_ERROR_REPORTING": "false",
}


def sync(project: Annotated[str, typer.Option(help="one project; without it all of them")] = "") -> None:
    """Upload to W&B what was tracked offline."""
    found = [file for slug in slugs(project) for file in unsynced(slug)]
    waiting = [file for file in found if not busy(file)]
    for file in sorted(set(found) - set(waiting)):
        print(f"{name_of(file)} is being written: left for later")
    if not waiting:
        print("nothing to upload: all that was tracked is in W&B, or nothing was tracked yet")
        return
    if not login.logged_in():
        raise UserError(f"not logged in to W&B, and {len(waiting)} runs wait for it", login.HINT)
    if not login.answers():
        raise WorkError(f"W&B does not answer at {login.address()}", "nothing is lost: `make sync` later uploads it")
    failed = [file for file in waiting if not uploaded(file)]
    if failed:
        hint = "nothing is lost: `make sync` tries again; is the key valid, and may it write to the project?"
        raise WorkError(f"{len(failed)} of {len(waiting)} runs were not uploaded", hint)


def slugs(project: str) -> list[str]:
    """Return the project asked for, or all that have runs. Raises UserError for an unknown one."""

    if project:
        load_card(project)
        return [project]
    place = paths.root() / "runs"
    return sorted(one.name for one in place.iterdir() if one.is_dir()) if place.is_dir() else []


def unsynced(project: str) -> list[Path]:
    """Return the project's .wandb files, oldest first, of trainings and evaluations that are not marked as uploaded."""
    files = [*paths.runs(project).glob("*/*/wandb/*run-*/run-*.wandb")]
    evaluations = paths.runs(project).glob("evaluations/wandb/*run-*/run-*.wandb")
    files += [file for file in evaluations if (file.parent / DONE).is_file()]
    waiting = [file for file in files if not file.with_suffix(MARK).exists() and file.stat().st_size > EMPTY]
    return sorted(waiting, key=lambda file: file.parent.name.split("run-", 1)[1])


def busy(file: Path) -> bool:
    """Return whether a training is writing there now: half a run would be marked as a whole one."""
    run = run_of(file)
    return bool(run) and (held(run / ".lock") or held(run.parent / ".lock"))


def held(lock: Path) -> bool:
    """Return whether a process holds the lock of a folder (runs/locks.py)."""
    if not lock.is_file():
        return False
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def run_of(file: Path) -> Path | None:
    """Return the training run that a .wandb file lies in; None for an evaluation's."""
    run = file.parents[2]
    return run if (run / FILE).is_file() else None


def name_of(file: Path) -> str:
    """Return project/recipe/run, or project/evaluations/id."""
    place = run_of(file) or file.parents[2] / file.stem.removeprefix("run-")
    return str(place.relative_to(paths.root() / "runs"))


def uploaded(file: Path) -> bool:
    """Upload a file, tell its address and keep a training's in its run.json; return whether it was uploaded."""
    address, run = upload(file), run_of(file)
    if address is None:
        return False
    print(f"{name_of(file)}: {address}", flush=True)
    if run and address.startswith("http"):
        update_record(run, wandb=address)
    return True


def upload(file: Path) -> str | None:
    """Let wandb upload one file and return the run's address; None where it was not uploaded, with the reason told.

    One at a time: a damaged file would keep the others from being uploaded. What wandb's exit code says is always 0.
    """
    words = [sys.executable, "-m", "wandb", "sync", "--include-online", str(file)]
    asked = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_MODE"} | PATIENCE
    with tempfile.TemporaryDirectory() as logs:
        environment["WANDB_DIR"] = logs
        said = subprocess.run(words, cwd=paths.root(), env=environment, check=False, **asked).stdout
    if not file.with_suffix(MARK).exists():
        reasons = [line.split("ERROR", 1)[1].strip() for line in said.splitlines() if "ERROR" in line]
        print(
            f"{name_of(file)}: not uploaded: {' '.join(reasons) or 'wandb says nothing'}", file=sys.stderr, flush=True
        )
        return None
    found = VIEW.findall(said)
    return found[-1] if found else "uploaded"
