"""One process that has paid for the heavy imports, and a copy of it (os.fork) for each training, merge, evaluation.

    work = Workshop(machine(), ["zephyr"])
    train_one(job, start, engine=work.train)        a run's engine, as `python -m gretchen.training.worker …`
    work.do(partial(merge_run, run), "merge")       anything else that computes

This process itself computes nothing: the threads of the numeric libraries, once started, do not survive a fork. For the
same reason nothing is forked where there is a GPU (its driver does not survive one either) or on macOS.
"""

import gc
import importlib
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import click

from gretchen import paths
from gretchen.errors import GretchenError, WorkError
from gretchen.hardware import Machine
from gretchen.runs.folder import latest_checkpoint
from gretchen.silence import quieten, silent
from gretchen.training.launch import end_with_parent, launch, spawned

# What holds nearly all of an engine's start-up; a stage's own trainer comes on top within a second.
HEAVY = {
    "zephyr": ["datasets", "peft", "trl.trainer.sft_trainer", "trl.trainer.grpo_trainer", "wandb"],
    "axolotl": ["axolotl.cli.train", "axolotl.train", "axolotl.core.builders", "wandb"],
}
STOPPED = 130  # a shell's code for Ctrl-C


class Forked(multiprocessing.get_context("fork").Process):
    """A copy of this process with a job of its own, by the names that subprocess.Popen has for it."""

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self.exitcode

    @property
    def returncode(self) -> int | None:
        """The exit code, None while it runs; negative: the signal that killed it."""
        return self.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.is_alive():
            os.kill(self.pid, number)

    def wait(self) -> None:
        """Wait until it has ended."""
        self.join()


def is_safe(here: Machine) -> bool:
    """Return whether a process with the libraries loaded can be forked on this machine."""
    return sys.platform == "linux" and not here.gpus


def load(engines: Iterable[str]) -> None:
    """Import what the engines need, without the notes that libraries write while they are imported."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with silent():
        quieten()
        for name in dict.fromkeys(name for engine in engines for name in HEAVY[engine]):
            importlib.import_module(name)
    gc.freeze()  # a collection in a copy would touch, and so copy, every page


def forked(words: list[str], environment: dict[str, str], log: BinaryIO) -> Forked:
    """Run a command line `python -m module …` in a copy of this process that writes into the log."""
    process = Forked(target=run_module, args=(words[2:], environment, log))
    process.start()
    return process


def run_module(words: list[str], environment: dict[str, str], log: BinaryIO) -> None:
    """Run a module as `python -m` does, in this process. Raises SystemExit with its exit code."""
    end_with_parent()
    for number in (1, 2):
        os.dup2(log.fileno(), number)
    sys.stdout.reconfigure(line_buffering=True)
    os.environ |= environment
    os.chdir(paths.root())
    sys.argv = list(words)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        sys.exit(STOPPED)


def do(job: Callable[[], Any], name: str) -> None:
    """Do a job in a copy of this process, to its end.

    Raises click's Exit with its code where it failed and told so itself, WorkError where it was killed.
    """
    process = Forked(target=told, args=(job,))
    process.start()
    try:
        process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    if process.exitcode < 0:
        raise WorkError(f"the {name} was killed (signal {-process.exitcode})", "is there enough memory?")
    if process.exitcode:
        raise click.exceptions.Exit(process.exitcode)


def told(job: Callable[[], Any]) -> None:
    """Do a job, and tell how it failed. Raises SystemExit with the exit code of a failure."""
    end_with_parent()
    try:
        job()
    except GretchenError as failure:
        print(failure, file=sys.stderr)
        sys.exit(failure.exit_code)
    except KeyboardInterrupt:
        sys.exit(STOPPED)


class Workshop:
    """Where a chain's jobs are done: in copies of this process, its libraries loaded once, or else as `train` does."""

    def __init__(self, here: Machine, engines: Iterable[str]) -> None:
        self.forks, self.engines, self.loaded = is_safe(here), sorted(set(engines)), False

    def load(self) -> None:
        """Load the libraries, at the first job that needs them."""
        if self.forks and not self.loaded:
            print("loading the libraries, once for the whole chain", flush=True)
            load(self.engines)
        self.loaded = True

    def train(self, run: Path, devices: int, resume: bool) -> None:
        """Run a run's engine; one that left no checkpoint begins anew."""
        self.load()
        launch(run, devices, resume and latest_checkpoint(run) is not None, forked if self.forks else spawned)

    def do(self, job: Callable[[], Any], name: str) -> None:
        """Do a job that computes. Raises as `do` does, or as the job."""
        if self.forks:
            do(job, name)
        else:
            job()
