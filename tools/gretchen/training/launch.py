"""Start an engine on a run folder in a process of its own, show its progress, and tell how it ended.

The engine's own output goes to train.log. With more than one GPU it starts through torchrun.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.tracking.environment import environment as tracking
from gretchen.training import progress

# Starts a command line under an environment, its output going to a log.
Begin = Callable[[list[str], dict[str, str], BinaryIO], Any]
LIBC, DIE_WITH_PARENT = ctypes.CDLL(None), 1  # PR_SET_PDEATHSIG of Linux's prctl(2)
FAILURES = (
    (r"No space left on device", "no space left on the disk", "free some space; old runs lie in runs/"),
    (r"out of memory|DefaultCPUAllocator", "out of memory", "a smaller batch or length: SET='max_length=512'"),
)


def command(run: Path, devices: int, resume: bool) -> list[str]:
    """Return the command line of a run's engine."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={devices}"] if devices > 1 else []
    ending = ["--resume"] if resume else []
    return [sys.executable, *launcher, "-m", "gretchen.training.worker", paths.shown(run), *ending]


def spawned(words: list[str], environment: dict[str, str], log: BinaryIO) -> "subprocess.Popen[bytes]":
    """Start a command line in a process of its own that writes into the log."""
    bound = end_with_parent if sys.platform == "linux" else None
    return subprocess.Popen(words, cwd=paths.root(), stdout=log, stderr=log, env=environment, preexec_fn=bound)


def end_with_parent() -> None:
    """Let Linux end this process when its parent ends, however that ends.

    The parent holds the run's lock: an engine that outlived it would write on beside the one that RESUME=1 starts.
    """
    LIBC.prctl(DIE_WITH_PARENT, signal.SIGKILL)


def launch(run: Path, devices: int = 1, resume: bool = False, begin: Begin = spawned) -> None:
    """Run a run's engine on its recipe.yaml to its end, in the process that `begin` makes of its command line.

    Raises WorkError (or the engine's own UserError) where it fails, KeyboardInterrupt after Ctrl-C.
    """
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"} | tracking(run)
    with (run / "train.log").open("ab") as log:
        process = begin(command(run, devices, resume), environment, log)
        try:
            code = progress.watch(process, run)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    if code:
        raise failure(run, code)


def failure(run: Path, code: int) -> UserError | WorkError:
    """Return the error that train.log tells of."""
    log = (run / "train.log").read_text(encoding="utf-8", errors="replace")
    where = f"the whole story: {paths.shown(run / 'train.log')}"
    told = re.findall(r"^error: (.*)\n(?:hint: (.*)\n)?", log, re.MULTILINE)
    if told:
        problem, hint = told[-1]
        return (UserError if code == 2 else WorkError)(problem, hint or where)
    for pattern, problem, hint in FAILURES:
        if re.search(pattern, log):
            return WorkError(f"the training ended: {problem}", f"{hint}; {where}")
    lines = [text for text in log.splitlines() if text.strip()]
    return WorkError(f"the training ended with code {code}: {lines[-1].strip() if lines else 'no output'}", where)
