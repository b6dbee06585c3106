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
from gretchen.runs import folder
from gretchen.tracking import login
from gretchen.tracking.evaluation import DONE

MARK = ".wandb.synced"  # wandb's own
VIEW = re.compile(r"\[[^]/]+/(\S+?)\] View run .* at (http\S+)")
# A server that falls silent ends the upload after a minute or so; wandb's own patience is a day.
PATIENCE = {"WANDB__GRAPHQL_RETRY_MAX": "4", "WANDB__FILE_STREAM_RETRY_MAX": "4", "WANDB_SILENT": "false"}


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
    said = upload(waiting)
    tell(waiting, said)


def slugs(project: str) -> list[str]:
    """Return the project asked for, or all that have runs. Raises UserError for an unknown one."""
    from gretchen.projects.card import load_card

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
    waiting = [file for file in files if not file.with_suffix(MARK).exists() and not file.parent.is_symlink()]
    return sorted(waiting, key=lambda file: file.parent.name.split("run-", 1)[1])


def busy(file: Path) -> bool:
    """Return whether a training is writing there now: half a run would be marked as a whole one."""
    run = run_of(file)
    return bool(run) and (held(run / ".lock") or held(run.parent / ".lock"))


def held(lock: Path) -> bool:
    """Return whether a process holds the lock of a folder (runs/folder.py)."""
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
    return run if (run / "run.json").is_file() else None


def name_of(file: Path) -> str:
    """Return project/recipe/run, or project/evaluations/id."""
    place = run_of(file) or file.parents[2] / file.stem.removeprefix("run-")
    return str(place.relative_to(paths.root() / "runs"))


def upload(files: list[Path]) -> dict[str, str]:
    """Let wandb upload the files, and return {run id: address} as it says them."""
    words = [sys.executable, "-m", "wandb", "sync", "--include-online", *map(str, files)]
    asked = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_MODE"} | PATIENCE
    addresses = {}
    with (
        tempfile.TemporaryDirectory() as logs,
        subprocess.Popen(words, cwd=paths.root(), env=environment | {"WANDB_DIR": logs}, **asked) as process,
    ):
        for line in process.stdout or ():
            addresses |= dict(VIEW.findall(line))
            if "ERROR" in line:
                print(line.split("ERROR", 1)[1].strip(), file=sys.stderr, flush=True)
    return addresses


def tell(files: list[Path], addresses: dict[str, str]) -> None:
    """Print each upload with its address, and keep a training's in its run.json.

    Raises WorkError where wandb left one without its mark (its exit code says nothing).
    """
    done = [file for file in files if file.with_suffix(MARK).exists()]
    for file in done:
        address, run = addresses.get(file.stem.removeprefix("run-")), run_of(file)
        print(f"{name_of(file)}: {address or 'uploaded'}")
        if run and address:
            folder.update(run, wandb=address)
    if len(done) < len(files):
        missing = f"{len(files) - len(done)} of {len(files)} runs were not uploaded"
        raise WorkError(
            missing, "nothing is lost: `make sync` tries again; is the key valid, the project yours to write?"
        )
