"""The worker of sandbox.py: a script of the standard library alone, which shuts itself in and forks once per call.

It reads one JSON line of settings and answers {"missing": what the kernel refused}; then it reads one line per call and
answers {"outcome": …, "value": …, "error": …, "output": …}. Sandbox starts it; nobody else does.
"""

import contextlib
import ctypes
import importlib
import json
import math
import os
import resource
import select
import signal
import sys
import time

NOBODY = 65534
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CAPABILITIES_V3 = 0x20080522
OPEN_FILES = 16
SETUP: dict = {"__name__": "sandboxed"}  # what the caller's own code left behind, for each call


class Output:
    """What is printed: kept up to a limit, the rest dropped."""

    encoding = "utf-8"

    def __init__(self, limit: int) -> None:
        self.parts: list[str] = []
        self.room = limit

    def write(self, text: str) -> int:
        """Keep what there is room for; returns the length of the text, as files do."""
        self.parts.append(str(text[: self.room]))
        self.room = max(0, self.room - len(text))
        return len(text)

    def flush(self) -> None:
        """Do nothing: print() calls it."""


def main() -> None:
    """Shut this process in, say how far that went, and answer calls until the pipe is closed."""
    settings = json.loads(sys.stdin.buffer.readline())
    sys.path[:0] = settings["path"]
    for name in settings["modules"]:
        importlib.import_module(name)
    exec(compile(settings["setup"], "<setup>", "exec"), SETUP)
    null = os.open(os.devnull, os.O_RDWR)
    missing = shut_in()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a first process ignores signals without a handler
    answer({"missing": missing})
    while line := sys.stdin.buffer.readline():
        answer(call(json.loads(line), null))


def answer(message: dict) -> None:
    """Write one JSON line to the caller."""
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def shut_in() -> str:
    """Leave users, network, processes and files behind; return what the kernel refused, "" for nothing.

    Returns in the first process of the new namespace, while the process that was started waits for its end.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.getuid() == 0:  # root is exempt from the limit on processes
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if not hasattr(libc, "unshare"):
        return "no namespaces on this system"
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    spaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS
    if libc.unshare(spaces):
        return f"no user namespaces ({os.strerror(ctypes.get_errno())})"
    become_first_process(libc)
    flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    if libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) or libc.mount(
        b"none", b"/tmp", b"tmpfs", flags, None
    ):
        return f"no mounts of its own ({os.strerror(ctypes.get_errno())})"
    os.chroot("/tmp")
    os.chdir("/")
    return ""


def become_first_process(libc: ctypes.CDLL) -> None:
    """Fork: the child goes on as the first process of its namespace, the parent ends when it does."""
    child = os.fork()
    if child:
        os.close(0)
        os.close(1)
        os.waitpid(child, 0)
        os._exit(0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def call(request: dict, null: int) -> dict:
    """Run one call in a fork and return how it ended; the fork is gone when this returns."""
    limits = request["limits"]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            run(request, writing, null)
        finally:
            os._exit(70)
    os.close(writing)
    data, in_time = collect(reading, time.monotonic() + limits["wall_seconds"], limits["value_bytes"])
    os.close(reading)
    status = end(child)
    if data.endswith(b"\n"):
        return checked(data) or ended("killed", "the code wrote into the pipe of its result")
    if not in_time:
        return ended("timed out", f"more than {limits['wall_seconds']:g} s")
    if len(data) > limits["value_bytes"]:
        return ended("killed", f"a value of more than {limits['value_bytes']:,} bytes")
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGXCPU):
        return ended("timed out", f"more than {limits['cpu_seconds']:g} s of CPU time")
    return ended("killed", f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "the process ended itself")


def checked(data: bytes) -> dict | None:
    """Return what a fork wrote, None where that is not what run() writes."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or set(message) != {"outcome", "value", "error", "output"}:
        return None
    return message if message["outcome"] in ("returned", "raised") else None


def ended(outcome: str, error: str) -> dict:
    """Return the answer of a call without a value."""
    return {"outcome": outcome, "value": None, "error": error, "output": ""}


def collect(pipe: int, deadline: float, most: int) -> tuple[bytes, bool]:
    """Return what comes through a pipe until its end or a line's, and whether that was before the deadline."""
    data = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            break
        part = os.read(pipe, 1 << 16)
        data += part
        if not part or part.endswith(b"\n") or len(data) > most:
            return bytes(data), True
    return bytes(data), False


def end(child: int) -> int:
    """Kill what a call left behind; return its own status, where it ended before."""
    for _ in range(20):  # a process that dies closes its pipes a moment before
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.0005)
    else:
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    return status


def run(request: dict, writing: int, null: int) -> None:
    """In the fork: give up all rights, run the code, write one JSON line into the pipe."""
    output = Output(request["limits"]["output_bytes"])
    for number in range(3):
        os.dup2(null, number)
    pipe = os.dup2(writing, 3)
    os.closerange(4, 256)
    give_up(request["limits"])
    sys.stdin, sys.stdout, sys.stderr = None, output, output
    sys.__stdin__ = sys.__stdout__ = sys.__stderr__ = None
    try:
        space = dict(SETUP)
        exec(compile(request["source"], "<code>", "exec"), space)
        value = json.dumps(space[request["function"]](*request["arguments"]))
        result = {"outcome": "returned", "value": json.loads(value), "error": ""}
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: it is not ours
        result = {"outcome": "raised", "value": None, "error": described(error)}
    data = json.dumps(result | {"output": "".join(output.parts)}).encode() + b"\n"
    while data:
        data = data[os.write(pipe, data) :]
    os._exit(0)


def described(error: BaseException) -> str:
    """Return an exception's type and message, at most 1,000 characters; its `__str__` may raise as well."""
    try:
        return f"{type(error).__name__}: {error}"[:1000]
    except BaseException:
        return type(error).__name__[:1000]


def give_up(limits: dict) -> None:
    """Set the limits of this process for good, and drop its capabilities."""
    seconds, memory = math.ceil(limits["cpu_seconds"]), limits["memory_bytes"]
    signal.setitimer(signal.ITIMER_PROF, limits["cpu_seconds"])  # finer than RLIMIT_CPU, which code cannot block
    wanted = {
        "RLIMIT_CPU": (seconds, seconds + 1), "RLIMIT_AS": (memory, memory), "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0), "RLIMIT_NOFILE": (OPEN_FILES, OPEN_FILES), "RLIMIT_NPROC": (0, 0),
    }  # fmt: skip
    for name, pair in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), pair)
        except (AttributeError, ValueError, OSError):  # macOS sets no limit on address space
            continue
    libc = ctypes.CDLL(None)
    if hasattr(libc, "capset"):
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.capset((ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)())


if __name__ == "__main__":
    main()
