"""The process of a training: what `launch` needs of one, and how it is started as a child of this process."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
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


def end_children_with_this_process() -> None:
    """Let Linux kill the processes that this one forks when it ends, however that ends.

    Data sets are tokenized in forked processes, which would go on without it. The signal comes at the end of the thread
    that forked: processes forked by another thread than the main one are left out.
    """
    if sys.platform != "linux":
        return
    parent = 0

    def before() -> None:
        nonlocal parent
        parent = os.getpid() if threading.current_thread() is threading.main_thread() else 0

    def in_child() -> None:
        if parent:
            end_with_parent()
            if os.getppid() != parent:
                os._exit(1)  # the parent ended before the signal was asked for

    os.register_at_fork(before=before, after_in_child=in_child)


def end_with_parent() -> None:
    """Let Linux kill this process when its parent ends, however that ends.

    The parent holds the run's lock: a training that outlived it would write into the run that RESUME=1 continues.
    """
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
