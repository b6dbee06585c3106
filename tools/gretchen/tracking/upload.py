"""Uploads to W&B what was tracked offline, by wandb's own sync: trainings and evaluations below runs/.

    files = pending("genome-chatbot")
    upload(files.ready[0])              -> Upload(address="https://…")

An uploaded file is marked beside it, as wandb does. A run that is still being trained waits: half a run would be marked
as a whole one. It deletes nothing.
"""

import fcntl
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.runs.record import FILE, update_record
from gretchen.tracking.evaluation import DONE

MARK = ".wandb.synced"  # wandb's own
EMPTY = 7  # bytes: the header of a .wandb file, of a run that was killed before its first record
VIEW = re.compile(r"View run .* at (http\S+)")
# A server that falls silent ends the upload after a minute or so; wandb's own limit is a day.
LIMITS = {
    "WANDB__GRAPHQL_RETRY_MAX": "4",
    "WANDB__FILE_STREAM_RETRY_MAX": "4",
    "WANDB_SILENT": "false",
    "WANDB_ERROR_REPORTING": "false",
}


@dataclass(frozen=True)
class Pending:
    """The .wandb files that are not uploaded yet: ready, and those of runs that are still being trained."""

    ready: list[Path]
    busy: list[Path]


@dataclass(frozen=True)
class Upload:
    """What became of a file: the run's address ("" where wandb named none), or the reason it was not uploaded."""

    address: str = ""
    failure: str = ""


def projects_with_runs() -> list[str]:
    """Return the names of all projects that have runs."""
    folder = paths.root() / "runs"
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def pending(project: str) -> Pending:
    """Return the project's .wandb files that are not marked as uploaded, oldest first."""
    files = [*paths.runs(project).glob("*/*/wandb/*run-*/run-*.wandb")]
    evaluations = paths.runs(project).glob("evaluations/wandb/*run-*/run-*.wandb")
    files += [file for file in evaluations if (file.parent / DONE).is_file()]
    files = [file for file in files if not file.with_suffix(MARK).exists() and file.stat().st_size > EMPTY]
    files.sort(key=lambda file: file.parent.name.split("run-", 1)[1])
    busy = [file for file in files if is_busy(file)]
    return Pending([file for file in files if file not in busy], busy)


def is_busy(file: Path) -> bool:
    """Return whether the run of a .wandb file is being trained now."""
    run_dir = run_dir_of(file)
    return run_dir is not None and (is_locked(run_dir / ".lock") or is_locked(run_dir.parent / ".lock"))


def is_locked(lock: Path) -> bool:
    """Return whether a process holds the lock of a folder (runs/locks.py)."""
    if not lock.is_file():
        return False
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def run_dir_of(file: Path) -> Path | None:
    """Return the folder of the training run that a .wandb file belongs to; None for an evaluation's."""
    run_dir = file.parents[2]
    return run_dir if (run_dir / FILE).is_file() else None


def run_name(file: Path) -> str:
    """Return project/recipe/run, or project/evaluations/id."""
    folder = run_dir_of(file) or file.parents[2] / file.stem.removeprefix("run-")
    return str(folder.relative_to(paths.root() / "runs"))


def upload(file: Path) -> Upload:
    """Let wandb upload a file; a training's address is recorded in its run.json.

    One file at a time: a damaged one would keep the others from being uploaded. wandb's exit code is always 0.
    """
    command = [sys.executable, "-m", "wandb", "sync", "--include-online", str(file)]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_MODE"} | LIMITS
    with tempfile.TemporaryDirectory() as logs:
        environment["WANDB_DIR"] = logs
        output = subprocess.run(command, cwd=paths.root(), env=environment, check=False, **streams).stdout
    if not file.with_suffix(MARK).exists():
        errors = [line.split("ERROR", 1)[1].strip() for line in output.splitlines() if "ERROR" in line]
        return Upload(failure=" ".join(errors) or "wandb gives no reason")
    addresses, run_dir = VIEW.findall(output), run_dir_of(file)
    if addresses and run_dir:
        update_record(run_dir, wandb=addresses[-1])
    return Upload(address=addresses[-1] if addresses else "")
