"""A process that has imported the heavy libraries once, and a fork of it for each training, merge and evaluation.

    runner = PreloadedRunner(machine(), ["zephyr"])
    train_job(job, start, engine=runner.train)       a run's training, as `python -m gretchen.training.worker …`
    runner.call(partial(merge_run, run), "merge")    anything else that computes

The parent process computes nothing itself: the threads of the numeric libraries, once started, do not survive a fork.
For the same reason nothing is forked where there is a GPU (its driver does not survive a fork either) or on macOS.
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
from typing import BinaryIO

import click

from gretchen import paths
from gretchen.errors import GretchenError, WorkError
from gretchen.hardware import Machine
from gretchen.runs.folder import latest_checkpoint
from gretchen.safe_text import visible
from gretchen.silence import quieten, silent
from gretchen.training.launch import launch
from gretchen.training.process import end_with_parent, spawn_process

# What holds nearly all of an engine's start-up; a stage's own trainer takes less than a second more.
LIBRARIES = {
    "zephyr": ["datasets", "peft", "trl.trainer.sft_trainer", "trl.trainer.grpo_trainer", "wandb"],
    "axolotl": ["axolotl.cli.train", "axolotl.train", "axolotl.core.builders", "wandb"],
}
INTERRUPTED = 130  # a shell's exit code for Ctrl-C


class Fork(multiprocessing.get_context("fork").Process):
    """A fork of this process, with the interface of process.Process."""

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


def can_fork(machine: Machine) -> bool:
    """Return whether a process with the libraries loaded can be forked on this machine."""
    return sys.platform == "linux" and not machine.gpus


def import_libraries(engines: Iterable[str]) -> None:
    """Import what the engines need, without the notes that libraries print while they are imported."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with silent():
        quieten()
        for name in dict.fromkeys(name for engine in engines for name in LIBRARIES[engine]):
            importlib.import_module(name)
    gc.freeze()  # a collection in a fork would touch, and so copy, every page


def spawn_fork(command: list[str], environment: dict[str, str], log: BinaryIO) -> Fork:
    """Run a command line `python -m module …` in a fork of this process that writes into the log."""
    process = Fork(target=run_module, args=(command[2:], environment, log))
    process.start()
    return process


def run_module(arguments: list[str], environment: dict[str, str], log: BinaryIO) -> None:
    """Run a module as `python -m` does, in this process. Raises SystemExit with its exit code."""
    end_with_parent()
    for descriptor in (1, 2):
        os.dup2(log.fileno(), descriptor)
    sys.stdout.reconfigure(line_buffering=True)
    os.environ |= environment
    os.chdir(paths.root())
    sys.argv = list(arguments)
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def call_in_fork(function: Callable[[], object], name: str) -> None:
    """Call a function in a fork of this process and wait for it.

    Raises click's Exit with its code where it failed and printed why, WorkError where it was killed.
    """
    process = Fork(target=call_and_exit, args=(function,))
    process.start()
    try:
        process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    exit_code = process.exitcode or 0
    if exit_code < 0:
        raise WorkError(f"the {name} was killed by signal {-exit_code}", "is there enough memory?")
    if exit_code:
        raise click.exceptions.Exit(exit_code)


def call_and_exit(function: Callable[[], object]) -> None:
    """Call a function, and print how it failed. Raises SystemExit with the exit code of a failure."""
    end_with_parent()
    try:
        function()
    except GretchenError as failure:
        print(visible(str(failure)), file=sys.stderr)
        sys.exit(failure.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


class PreloadedRunner:
    """Runs a chain's trainings and calls in forks of this process; where it cannot fork, as `make train` does."""

    def __init__(self, machine: Machine, engines: Iterable[str]) -> None:
        self.forks, self.engines, self.loaded = can_fork(machine), sorted(set(engines)), False

    def load(self) -> None:
        """Import the libraries, before the first call that needs them."""
        if self.forks and not self.loaded:
            print("loading the libraries, once for the whole chain", flush=True)
            import_libraries(self.engines)
        self.loaded = True

    def train(self, run_dir: Path, num_gpus: int, resume: bool) -> None:
        """Run a training process; a run without a checkpoint starts anew."""
        self.load()
        resume = resume and latest_checkpoint(run_dir) is not None
        launch(run_dir, num_gpus, resume, spawn_fork if self.forks else spawn_process)

    def call(self, function: Callable[[], object], name: str) -> None:
        """Call a function that computes. Raises as `call_in_fork` does, or as the function."""
        if self.forks:
            call_in_fork(function, name)
        else:
            function()
