"""The sandbox, against code that does its worst."""

import os
import time

import pytest

from gretchen.errors import UserError
from gretchen.scoring.metrics import sandbox as sandbox_module
from gretchen.scoring.metrics.sandbox import Limits, Sandbox

FAST = Limits(cpu_seconds=0.6, memory_bytes=256 * 1024**2)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(modules=["socket", "encodings.idna", "threading", "subprocess", "ctypes"], limits=FAST) as started:
        try:
            started.run("def f(): pass", "f")
        except UserError as error:
            pytest.skip(str(error))
        yield started


def body(*lines: str) -> str:
    """Return a function f of these lines."""
    return "\n    ".join(["import os, sys\ndef f():", *lines])


def test_a_value_and_what_was_printed_come_back(sandbox):
    result = sandbox.run("def add(a, b):\n    print('sum')\n    return {'sum': (a + b, None)}", "add", [2, 3])
    assert (result.outcome, result.value, result.output) == ("returned", {"sum": [5, None]}, "sum\n")


def test_calls_share_nothing_and_cost_milliseconds(sandbox):
    sandbox.run("import math\nmath.pi = 3\ndef f(): pass", "f")
    assert sandbox.run("import math\ndef f(): return math.pi", "f").value > 3.14
    began = time.process_time()
    for _ in range(20):
        assert sandbox.run("def f(): return 1", "f").value == 1
    assert time.process_time() - began < 0.5  # of this process; the worker's own time depends on the machine


def test_a_setup_runs_once_before_the_files_are_gone_and_calls_change_nothing_of_it():
    setup = "import colorsys\nfiles = __import__('os').listdir('/')\nseen = []\ndef add(x): seen.append(x); return seen"
    with Sandbox(setup=setup, limits=FAST) as prepared:
        try:
            assert prepared.run("", "add", [1]).value == [1]
        except UserError as error:
            pytest.skip(str(error))
        assert prepared.run("", "add", [2]).value == [2]
        source = "import os\ndef f(): return len(files) > 1 and os.listdir('/') == [] and colorsys.rgb_to_hsv(1, 1, 1)"
        assert prepared.run(source, "f").value == [0.0, 0.0, 1]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
        ("return {1, 2}", "TypeError: Object of type set is not JSON serializable"),
        ("return bytearray(10 * 10**9)", "MemoryError: "),
        ("return f()", "RecursionError: maximum recursion depth exceeded"),
        ("while True: os.fork()", "BlockingIOError: [Errno 11] Resource temporarily unavailable"),
        ("import threading; threading.Thread(target=print).start()", "RuntimeError: can't start new thread"),
        ("import subprocess; subprocess.run(['/bin/sh'])", "BlockingIOError: "),
        ("open('/x', 'w')", "OSError: [Errno 30] Read-only file system"),
        ("open('/etc/passwd')", "FileNotFoundError: "),
        ("open('/proc/self/environ')", "FileNotFoundError: "),
        ("os.chroot('/')", "PermissionError: "),
        ("os.setuid(0)", ""),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "OSError: [Errno 101] Network is unreachable"),
        ("import socket; socket.create_connection(('1.1.1.1', 53))", "OSError: [Errno 101] Network is unreachable"),
        ("class E(Exception):\n        def __str__(self): raise ValueError\n    raise E", "E"),
    ],
)
def test_what_is_not_allowed_is_raised_in_the_code(sandbox, line, error):
    result = sandbox.run(body(line), "f")
    assert result.outcome == "raised" and result.error.startswith(error), result


@pytest.mark.parametrize("line", ["while True: pass", "os.closerange(0, 3)\n    while True: pass"])
def test_an_endless_call_times_out(sandbox, line):
    assert sandbox.run(body(line), "f").outcome == "timed out"


def test_a_call_that_sleeps_times_out_by_the_wall_clock():
    with Sandbox(trusted=True, limits=Limits(wall_seconds=0.5)) as impatient:
        result = impatient.run(body("import time; time.sleep(60)"), "f")
        assert (result.outcome, result.error) == ("timed out", "more than 0.5 s")


@pytest.mark.parametrize(
    "line",
    [
        "os._exit(0)",
        "os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "os.closerange(0, 99)",
        "for n in range(9):\n        try: os.write(n, b'{}\\n')\n        except OSError: pass\n    os._exit(0)",
        "return 'x' * 10**7",
    ],
)
def test_a_call_without_a_result_is_killed(sandbox, line):
    assert sandbox.run(body(line), "f").outcome == "killed"


def test_it_can_kill_neither_the_worker_nor_anybody_else(sandbox):
    targets = f"for n in (os.getppid(), 1, -1, {os.getpid()}):"
    kill = ("    for s in (9, 15, 2, 19):", "        try: os.kill(n, s)", "        except OSError: pass")
    assert sandbox.run(body(targets, *kill, "return os.getppid()"), "f").value == 1
    assert sandbox.run(body("return 1"), "f").value == 1


def test_a_hundred_megabytes_are_not_kept(sandbox):
    result = sandbox.run(body("sys.stdout.write('x' * 10**8)", "return 1"), "f")
    assert result.value == 1 and len(result.output) == FAST.output_bytes


def test_there_is_no_environment_and_no_file(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET", "hf_secret")
    result = sandbox.run(body("return [dict(os.environ), os.listdir('/'), os.getuid()]"), "f")
    environment, files, user = result.value
    assert set(environment) <= {"LC_CTYPE"} and files == [] and user != 0


def test_it_goes_on_after_its_worker_died(sandbox):
    sandbox._worker.kill()
    sandbox._worker.wait()
    assert sandbox.run(body("return 2"), "f").value == 2


def test_where_the_kernel_refuses_only_trusted_code_runs(monkeypatch, tmp_path):
    worker = tmp_path / "worker.py"
    real = sandbox_module.WORKER.read_text(encoding="utf-8")
    worker.write_text(real.replace("libc.unshare(spaces)", "1"), encoding="utf-8")
    worker.chmod(0o644)
    monkeypatch.setattr(sandbox_module, "WORKER", worker)
    with pytest.raises(UserError, match="code cannot be isolated on this machine: no user namespaces"):
        Sandbox().run("def f(): return 1", "f")
    with Sandbox(trusted=True, limits=FAST) as limited:
        assert limited.run("def f(): return 1", "f").value == 1
        assert "no user namespaces" in limited.missing
        assert limited.run(body("while True: os.fork()"), "f").outcome == "raised"
        assert limited.run(body("while True: pass"), "f").outcome == "timed out"
        limited.run(body("os.kill(os.getppid(), 9)"), "f")
        assert limited.run("def f(): return 1", "f").value == 1
