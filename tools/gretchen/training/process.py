"""The process of a training: what `launch` needs of one, and how it is started as a child of this process."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO, Protocol

from gretchen import paths

LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1  # prctl(2), Linux


class Process(Protocol):
    """The part of subprocess.Popen that `launch` uses."""

    @property
    def returncode(self) -> int | None:
        """The exit code, None while it runs; negative: the signal that killed it."""

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""

    def wait(self) -> object:
        """Wait until it has ended."""


# Starts a command line under an environment, its output going to a log.
Spawn = Callable[[list[str], dict[str, str], BinaryIO], Process]


def spawn_process(command: list[str], environment: dict[str, str], log: BinaryIO) -> Process:
    """Start a command line as a child process that writes into the log."""
    end_together = end_with_parent if sys.platform == "linux" else None
    return subprocess.Popen(command, cwd=paths.root(), stdout=log, stderr=log, env=environment, preexec_fn=end_together)


def end_with_parent() -> None:
    """Let Linux kill this process when its parent ends, however that ends.

    The parent holds the run's lock: a training that outlived it would write into the run that RESUME=1 continues.
    """
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
