"""Runs code that a model or a student wrote, in a process of its own that reaches nothing.

    with Sandbox() as sandbox:
        sandbox.run("def f(n): return n + 1", "f", [2])      -> SandboxResult("returned", value=3)
        sandbox.run("def f(): raise ValueError('x')", "f")   -> SandboxResult("raised", error="ValueError: x")

One worker (sandbox_worker.py) stays alive and forks once per call, so a call takes milliseconds and leaves nothing
behind. Of the kernel it uses setrlimit and setitimer (memory, CPU time, files, no further processes or threads),
namespaces of its own for users, network, processes and mounts, chroot into an empty read-only file system, capset and
no_new_privs. Its environment is empty. The wall clock is watched by the worker.

Where the kernel refuses the namespaces (macOS, some containers), `run` raises a UserError. `Sandbox(trusted=True)` goes
on with the limits alone: for code that a project's own builder wrote, never for a model's.

`setup` is code of the caller's own: it runs once, before the worker shuts itself in, so what it imports and computes is
there in each call at no cost, and so are its functions: `Sandbox(setup=…).run("", "its_function", [answer])`.

What a call returns is the code's own claim: it may return whatever the caller would like to see. Compare it with a
value that the code was not given. Not covered: seccomp filters, several calls at a time, modules beyond those that were
imported at the start.
"""

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gretchen.errors import UserError

WORKER = Path(__file__).with_name("sandbox_worker.py")
START_SECONDS, SETUP_SECONDS, GRACE_SECONDS = 30.0, 180.0, 10.0  # a busy machine starts an interpreter slowly
MODULES = (
    "bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq",
    "itertools", "json", "math", "operator", "random", "re", "statistics", "string", "textwrap", "typing",
)  # fmt: skip

Outcome = Literal["returned", "raised", "timed out", "killed"]


@dataclass(frozen=True)
class Limits:
    """What one call may use; processes and threads it may not start at all, nor write to a file."""

    cpu_seconds: float = 1.0
    wall_seconds: float = 10.0  # longer, so that a busy machine times nothing out
    memory_bytes: int = 512 * 1024**2  # address space, the interpreter included
    output_bytes: int = 64 * 1024  # of what it prints, the rest is dropped
    value_bytes: int = 4 * 1024**2  # of what it returns, as JSON


@dataclass(frozen=True)
class SandboxResult:
    """How a call ended. `value` is what was returned, as JSON has it; `error` the exception, or what ended the call."""

    outcome: Outcome
    value: Any = None
    error: str = ""
    output: str = ""


class Sandbox:
    """A worker process and the way to it; start it once, call it often, from any thread."""

    def __init__(
        self, *, trusted: bool = False, modules: Sequence[str] = (), setup: str = "", limits: Limits | None = None
    ) -> None:
        """Take what is imported and run before the files are shut away, and the limits of each call."""
        self.limits = limits or Limits()
        path = sys.path if modules or setup else []
        self._settings = {"modules": [*MODULES, *modules], "path": path, "setup": setup, "trusted": trusted}
        self._lock = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self.missing = ""  # what the kernel refused, "" where isolation is complete; known after the first call

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, source: str, function: str, arguments: Sequence[Any] = ()) -> SandboxResult:
        """Execute `source` as a module, call one of its functions with JSON arguments, return how that ended.

        Raises UserError where the machine cannot isolate the code (see above), TypeError for arguments JSON lacks.
        """
        limits = {name: getattr(self.limits, name) for name in Limits.__annotations__}
        request = json.dumps({"source": source, "function": function, "arguments": list(arguments), "limits": limits})
        with self._lock:
            try:
                self._start()
                answer = self._exchange(request, self.limits.wall_seconds + GRACE_SECONDS)
            except OSError:
                answer = None
            if answer is None:
                self._stop()  # the next call starts another worker
                return SandboxResult("killed", error="the worker did not answer")
        return SandboxResult(**answer)

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        """Start the worker where none runs in this process."""
        if self._worker is not None and self._worker.poll() is None and self._owner == os.getpid():
            return
        if not hasattr(os, "fork"):
            raise UserError("the sandbox needs fork(), which this system lacks", "use Linux, macOS or WSL")
        command = [sys.executable, "-I", "-S", "-B", str(WORKER)]
        self._worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, cwd="/", start_new_session=True
        )
        self._owner = os.getpid()
        atexit.register(self.close)
        seconds = START_SECONDS + (SETUP_SECONDS if self._settings["setup"] else 0.0)
        hello = self._exchange(json.dumps(self._settings), seconds)
        self.missing = "the worker did not start" if hello is None else hello["missing"]
        if self.missing and (hello is None or not self._settings["trusted"]):
            self._stop()
            hint = "run it on Linux with unprivileged user namespaces (containers: --security-opt seccomp=unconfined)"
            raise UserError(f"code cannot be isolated on this machine: {self.missing}", hint)

    def _exchange(self, line: str, seconds: float) -> dict[str, Any] | None:
        """Send a line to the worker and return the one that comes back; None where it ended or is silent."""
        assert self._worker and self._worker.stdin and self._worker.stdout
        self._worker.stdin.write(line.encode() + b"\n")
        self._worker.stdin.flush()
        if not select.select([self._worker.stdout], [], [], seconds)[0]:
            return None
        answer = self._worker.stdout.readline()
        return json.loads(answer) if answer.endswith(b"\n") else None

    def _stop(self) -> None:
        """Kill the worker, and with it all that it started; a copy inherited by a fork is left alone."""
        worker, self._worker = self._worker, None
        if worker is None or self._owner != os.getpid():
            return
        atexit.unregister(self.close)
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
