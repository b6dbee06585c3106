"""failure.json: a training process that fails says how, and the command that started it repeats that in one sentence.

The failures are real: memory limited by RLIMIT_AS, a disk of a few hundred KB (tmpfs), a killed process.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from run_records import write_run
from small_disk import run_on_small_disk

from gretchen.errors import UserError, WorkError
from gretchen.training.failure import Failure, failure_of, read_failure, write_failure
from gretchen.training.launch import launch, reported_error

# What a training process runs instead of an engine; exit_code_of is the worker's own.
WORKER = """
import pathlib, sys
from gretchen.training.worker import exit_code_of
run_dir = pathlib.Path(sys.argv[1])
def train():
{body}
sys.exit(exit_code_of(run_dir, train))
"""


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a running run of the embedded base (no checks of a project come first)."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return running_run(tmp_path)


def running_run(root: Path) -> Path:
    """Write the record and the recipe of a running run, and return its folder."""
    run_dir = write_run(root / "runs/p/base.zephyr/20260101-000000-aaaa", status="running", kind="base")
    (run_dir / "recipe.yaml").write_text("report_to: none\n", encoding="utf-8")
    return run_dir


def spawn_worker(body: str, limit=None):
    """Return what `launch` starts in place of an engine: the worker around a training of these lines."""
    code = WORKER.format(body="".join(f"    {line}\n" for line in body.splitlines()))

    def spawn(command, environment, log):
        words = [sys.executable, "-c", code, str(Path(environment["GRETCHEN_ROOT"]) / command[3])]
        return subprocess.Popen(words, stdout=log, stderr=log, env=environment, preexec_fn=limit)

    return spawn


@pytest.mark.parametrize(
    ("body", "kind", "error", "problem", "hint"),
    [
        (
            "from gretchen.errors import UserError\nraise UserError('lora_r is 0', 'name a rank')",
            "user_error", UserError, "lora_r is 0", "name a rank",
        ),
        (
            "from gretchen.errors import WorkError\nraise WorkError('the hub is silent')",
            "work_error", WorkError, "the hub is silent", "the whole output: {log}",
        ),
        (
            "raise RuntimeError('mat1 and mat2\\n shapes differ')",
            "exception", WorkError, "the training failed: RuntimeError: mat1 and mat2 shapes differ",
            "the whole output: {log}",
        ),
        (
            "print('error: not this one')\nraise KeyError('messages')",
            "exception", WorkError, "the training failed: KeyError: 'messages'", "the whole output: {log}",
        ),
    ],
)  # fmt: skip
def test_a_failure_is_recorded_and_reported(run_dir, body, kind, error, problem, hint):
    with pytest.raises(error) as raised:
        launch(run_dir, spawn=spawn_worker(body))
    failure = json.loads((run_dir / "failure.json").read_text(encoding="utf-8"))
    assert (failure["kind"], failure["problem"]) == (kind, problem)
    assert failure["exit_code"] == error.exit_code
    log = "runs/p/base.zephyr/20260101-000000-aaaa/train.log"
    assert (raised.value.problem, raised.value.hint) == (problem, hint.format(log=log))
    if kind == "exception":
        assert "Traceback" in (run_dir / "train.log").read_text(encoding="utf-8")


def test_the_failure_of_an_earlier_attempt_is_not_reported_again(run_dir):
    write_failure(run_dir, RuntimeError("before"))
    launch(run_dir, spawn=spawn_worker("return run_dir"))
    assert read_failure(run_dir) is None


def limit_memory() -> None:
    """Let a process have 8 GiB of addresses: enough for torch's libraries, less than the tensor below."""
    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))


def test_full_memory_is_recognised_by_its_exception(run_dir):
    with pytest.raises(WorkError) as raised:
        launch(run_dir, spawn=spawn_worker("import torch\ntorch.empty(2**33)", limit_memory))
    assert read_failure(run_dir).kind == "out_of_memory"
    assert raised.value.problem == "the training ended: out of memory"
    assert "SET='per_device_train_batch_size=1 max_length=512'; the whole output: " in raised.value.hint
    with pytest.raises(WorkError, match="out of memory"):
        launch(run_dir, spawn=spawn_worker("bytearray(2**36)", limit_memory))


def test_cudas_out_of_memory_is_one_too():
    import torch

    failure = failure_of(torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "axolotl")
    assert (failure.kind, "SET='micro_batch_size=1 sequence_len=512'" in failure.hint) == ("out_of_memory", True)
    assert failure_of(RuntimeError("logs say: out of memory")).kind == "exception", "a message is no proof"


FULL_DISK = """
import pathlib, sys
sys.path.insert(0, {tests!r})
from test_failure import running_run, spawn_worker
from gretchen.errors import WorkError
from gretchen.training.failure import read_failure
from gretchen.training.launch import launch
run_dir = running_run(pathlib.Path({root!r}))
try:
    launch(run_dir, spawn=spawn_worker({body!r}))
except WorkError as error:
    print(read_failure(run_dir).kind, error.problem, error.hint, sep="\\n")
"""


@pytest.mark.parametrize(
    "body",
    [
        "(run_dir / 'checkpoint').write_bytes(bytes(2**20))",
        "import torch\nfrom safetensors.torch import save_file\n"
        "save_file({'w': torch.zeros(2**18)}, run_dir / 'model.safetensors')",
    ],
)
def test_a_full_disk_is_recognised_by_its_exception(tmp_path, body):
    disk = tmp_path / "disk"
    code = FULL_DISK.format(tests=str(Path(__file__).parent), root=str(disk), body=body)
    environment = os.environ | {"GRETCHEN_ROOT": str(disk)}
    kind, problem, hint = run_on_small_disk(code, disk, "256k", environment).splitlines()
    assert (kind, problem) == ("disk_full", "the training ended: no space left on the disk")
    log = "runs/p/base.zephyr/20260101-000000-aaaa/train.log"
    assert hint == f"free some space; old runs lie in runs/; the whole output: {log}"


def test_a_killed_process_leaves_no_failure_and_its_signal_is_named(run_dir):
    with pytest.raises(WorkError) as raised:
        launch(run_dir, spawn=spawn_worker("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"))
    assert not (run_dir / "failure.json").exists()
    assert raised.value.problem == "the training was killed by signal 9 (SIGKILL)"
    assert raised.value.hint.startswith("the system kills a process when memory runs out; the whole output: runs/p/")
    assert "SIGTERM" in reported_error(run_dir, -signal.SIGTERM).problem
    assert reported_error(run_dir, 3).problem == "the training ended with exit code 3"


def test_the_first_of_several_processes_that_fails_is_reported(run_dir):
    write_failure(run_dir, UserError("the first"))
    write_failure(run_dir, RuntimeError("connection closed by peer"))
    assert read_failure(run_dir) == Failure(kind="user_error", exit_code=2, problem="the first")
