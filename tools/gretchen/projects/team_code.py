"""A project's own code, called: whatever it raises becomes one sentence with the file and line of that code.

    with team_code(folder, "score() of row 'a'"): module.score(prediction, row)
    for row in guarded(module.chats(), folder, "chats()"): …
    with patience(folder, "chats()"): first = next(rows)

The exception stays the cause: `gretchen -v` prints its trace.
"""

import contextlib
import signal
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import GretchenError, UserError

SHOW_TRACE = "`gretchen -v …` shows the trace"
# A call that has worked for so long, or has waited for so long, will not come back. A busy machine is given more time.
PATIENCE, CPU_SECONDS, LONGEST = 40.0, 15.0, 300.0
TICK = 1.0


class EndlessError(BaseException):
    """A team's code does not come back; no Exception, so that code which catches those does not catch it."""


@contextlib.contextmanager
def team_code(folder: Path, function: str, hint: str = SHOW_TRACE) -> Iterator[None]:
    """Turn an exception of the block into a UserError that begins with the line in `folder` that raised it."""
    try:
        yield
    except GretchenError:
        raise
    except RecursionError as fault:
        raise UserError(f"{own_location(fault, folder)}: {function} calls itself without end", hint) from fault
    except Exception as fault:  # the team's own code: it may raise anything
        reason = " ".join(str(fault).split())
        problem = f"{function} raised {type(fault).__name__}{': ' if reason else ''}{reason}"
        raise UserError(f"{own_location(fault, folder)}: {problem}", hint) from fault


def guarded(rows: Iterable[Any], folder: Path, function: str) -> Iterator[Any]:
    """Yield what a project's generator yields; what it raises becomes a UserError, as in `team_code`."""
    with team_code(folder, function):
        iterator = iter(rows)
    while True:
        with team_code(folder, function):
            try:
                row = next(iterator)
            except StopIteration:
                return
        yield row


@contextlib.contextmanager
def patience(folder: Path, function: str) -> Iterator[None]:
    """Raise UserError, with the line in `folder`, where the block does not come back (main thread of Unix alone)."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    started, worked = time.monotonic(), time.process_time()

    def look(number: int, frame: Any) -> None:
        waited = time.monotonic() - started
        if waited > LONGEST or (waited > PATIENCE and time.process_time() - worked > CPU_SECONDS):
            raise EndlessError

    previous = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        yield
    except EndlessError as fault:
        seconds = time.monotonic() - started
        raise UserError(
            f"{own_location(fault, folder)}: {function} yields nothing for {seconds:.0f} s: a loop without end, or "
            "something that it waits for",
            SHOW_TRACE,
        ) from fault
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def own_location(fault: BaseException, folder: Path) -> str:
    """Return "file:line" of the last line of `folder` in an exception's trace; the folder where there is none."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(folder.resolve())]
    return f"{paths.shown(Path(own[-1].filename))}:{own[-1].lineno}" if own else paths.shown(folder)
