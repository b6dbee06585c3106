"""A run has one writer at a time: a lock file with the host and the process that hold it."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from gretchen.errors import WorkError


@contextlib.contextmanager
def writer_lock(directory: Path, subject: str) -> Iterator[None]:
    """Hold the lock of a directory while the block runs; `subject` names in a message what is being written.

    Raises WorkError naming host and process when another process holds it. The kernel frees the lock when the process
    ends, however it ends; the file's content is for the message only.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise WorkError(
                f"{subject} is already being written by {holder}", "wait until it has ended, or stop that process"
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {socket.gethostname()}")
        lock.flush()
        yield
        lock.truncate(0)


def is_locked(directory: Path) -> bool:
    """Return whether a process writes into a directory now."""
    try:
        with (directory / ".lock").open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
