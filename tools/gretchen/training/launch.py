"""Start the training process of a run, show its progress, and report how it ended.

Its output goes to train.log, its failure to failure.json. With more than one GPU it starts through torchrun.
"""

import os
import signal
import sys
from pathlib import Path

from gretchen import paths
from gretchen.errors import GretchenError, WorkError
from gretchen.tracking.environment import environment as tracking
from gretchen.training import progress
from gretchen.training.failure import failure_expected, read_failure
from gretchen.training.process import Spawn, spawn_process


def worker_command(run_dir: Path, num_gpus: int, resume: bool) -> list[str]:
    """Return the command line of a run's training process."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={num_gpus}"] if num_gpus > 1 else []
    options = ["--resume"] if resume else []
    return [sys.executable, *torchrun, "-m", "gretchen.training.worker", paths.shown(run_dir), *options]


def launch(run_dir: Path, num_gpus: int = 1, resume: bool = False, spawn: Spawn = spawn_process) -> None:
    """Train a run's recipe.yaml to its end in the process that `spawn` starts.

    Raises the failure that the process recorded, WorkError where it was killed, KeyboardInterrupt after Ctrl-C.
    """
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"} | tracking(run_dir)
    with failure_expected(run_dir), (run_dir / "train.log").open("ab") as log:
        process = spawn(worker_command(run_dir, num_gpus, resume), environment, log)
        try:
            exit_code = progress.watch(process, run_dir)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    if exit_code:
        raise reported_error(run_dir, exit_code)


def reported_error(run_dir: Path, exit_code: int) -> GretchenError:
    """Return the error that the training process recorded; without a record, the signal or exit code it ended by."""
    log = paths.shown(run_dir / "train.log")
    if failure := read_failure(run_dir):
        return failure.error(log)
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = "the system kills a process when memory runs out; " if -exit_code == signal.SIGKILL else ""
        return WorkError(f"the training was killed by signal {-exit_code} ({name})", f"{hint}the whole output: {log}")
    return WorkError(f"the training ended with exit code {exit_code}", f"the whole output: {log}")
