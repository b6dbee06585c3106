"""failure.json: how a training process failed, written by itself into the run's folder.

    write_failure(run_dir, error)            in the training process, for any exception
    read_failure(run_dir)                    in the command that started it; None: it was killed, or did not fail

Full memory and a full disk are recognised by the exception that reports them. A file of a few KB keeps room on the disk
for failure.json while the training runs.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gretchen.errors import GretchenError, UserError, WorkError
from gretchen.files import write_text

FILE, RESERVE = "failure.json", ".failure-reserve"
RESERVE_BYTES = 16 * 2**10  # failure.json, and run.json with the status "failed"
Kind = Literal["user_error", "work_error", "out_of_memory", "disk_full", "exception"]
SMALLER = {
    "zephyr": "SET='per_device_train_batch_size=1 max_length=512'",
    "axolotl": "SET='micro_batch_size=1 sequence_len=512'",
}
# What torch (both allocators) and Rust's writers put into exceptions that have no type or errno of their own.
MEMORY_MESSAGES = ("DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory")
DISK_MESSAGE = os.strerror(errno.ENOSPC)


class Failure(BaseModel):
    """The content of failure.json: what kind of failure, the exit code, one sentence, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    kind: Kind
    exit_code: int
    problem: str
    hint: str = ""

    def error(self, log: str) -> GretchenError:
        """Return the failure as the error to raise; `log` names the file with the whole output."""
        output = f"the whole output: {log}"
        hint = self.hint or output
        if self.kind in ("out_of_memory", "disk_full"):
            hint = f"{self.hint}; {output}"
        return (UserError if self.exit_code == UserError.exit_code else WorkError)(self.problem, hint)


def failure_of(error: BaseException, engine: str = "") -> Failure:
    """Return the failure that an exception means, in a training by an engine."""
    if isinstance(error, GretchenError):
        kind = "user_error" if isinstance(error, UserError) else "work_error"
        return Failure(kind=kind, exit_code=error.exit_code, problem=error.problem, hint=error.hint)
    code = WorkError.exit_code
    if any(map(is_out_of_memory, causes(error))):
        hint = f"a smaller batch or length: {SMALLER.get(engine, SMALLER['zephyr'])}"
        return Failure(kind="out_of_memory", exit_code=code, problem="the training ended: out of memory", hint=hint)
    if any(map(is_disk_full, causes(error))):
        problem = "the training ended: no space left on the disk"
        hint = "free some space; old runs lie in runs/"
        return Failure(kind="disk_full", exit_code=code, problem=problem, hint=hint)
    message = " ".join(f"{type(error).__name__}: {error}".split())
    return Failure(kind="exception", exit_code=code, problem=f"the training failed: {message[:500]}")


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that led to it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception reports full memory: Python's, CUDA's, or that of torch's CPU allocator."""
    names = {parent.__name__ for parent in type(error).__mro__}
    if isinstance(error, MemoryError) or "OutOfMemoryError" in names:
        return True
    return isinstance(error, RuntimeError) and any(message in str(error) for message in MEMORY_MESSAGES)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an exception reports a full disk: by errno, or as safetensors does, by errno's message."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return type(error).__name__ == "SafetensorError" and DISK_MESSAGE in str(error)


def write_failure(run_dir: Path, error: BaseException, engine: str = "") -> Failure:
    """Write failure.json and return its content. The first of several processes that fails writes it.

    Where it cannot be written, the exit code and train.log remain.
    """
    failure = failure_of(error, engine)
    if not (run_dir / FILE).exists():
        with contextlib.suppress(OSError, WorkError):
            (run_dir / RESERVE).unlink(missing_ok=True)
            write_text(run_dir / FILE, failure.model_dump_json(indent=2) + "\n")
    return failure


def read_failure(run_dir: Path) -> Failure | None:
    """Return the failure that a training process recorded; None where it recorded none."""
    try:
        return Failure.model_validate_json((run_dir / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


@contextlib.contextmanager
def failure_expected(run_dir: Path) -> Iterator[None]:
    """Remove the failure of an earlier attempt, and reserve room on the disk for another while the block runs."""
    (run_dir / FILE).unlink(missing_ok=True)
    write_text(run_dir / RESERVE, " " * RESERVE_BYTES)
    try:
        yield
    finally:
        (run_dir / RESERVE).unlink(missing_ok=True)
