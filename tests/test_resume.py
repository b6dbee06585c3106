"""RESUME=1: which run continues, what is refused, and that a killed run ends like an uninterrupted one."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
from run_records import write_run

from gretchen.errors import UserError
from gretchen.files import write_jsonl, write_text
from gretchen.runs.folder import checkpoint_step, latest_checkpoint
from gretchen.runs.record import read_record
from gretchen.training.resume import find_unfinished, refuse_changes

SLUG, RECIPE = "genome-chatbot", "sft.zephyr"
STEPS = 12
RECIPE_TEXT = "learning_rate: 0.003\nseed: 42\n"


@pytest.fixture
def empty_root(tmp_path, monkeypatch):
    """Let Gretchen work in an empty root, and return it."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


def stopped_run(root, name, recipe=RECIPE, **fields):
    """Write the record and the recipe of a stopped run of project "p", and return its folder."""
    run_dir = write_run(root / "runs" / "p" / recipe / name, **({"status": "stopped"} | fields))
    write_text(run_dir / "recipe.yaml", RECIPE_TEXT)
    return run_dir


def test_the_newest_unfinished_run_of_the_recipe_is_resumed(empty_root):
    stopped_run(empty_root, "20260101-000000-aaaa")
    newest = stopped_run(empty_root, "20260102-000000-aaaa", status="running")
    stopped_run(empty_root, "20260103-000000-aaaa", status="finished")
    stopped_run(empty_root, "20260104-000000-aaaa", profile="laptop")
    stopped_run(empty_root, "20260105-000000-aaaa", recipe="dpo.zephyr")
    stopped_run(empty_root, "20260106-000000-aaaa", smoke=True)
    assert find_unfinished("p", RECIPE, "tiny").path == newest
    assert find_unfinished("p", RECIPE, "tiny", "20260101-000000-aaaa").name == "20260101-000000-aaaa"


@pytest.mark.parametrize(
    ("run_id", "problem"),
    [
        ("", "sft.axolotl of p has no unfinished run under PROFILE=tiny"),
        ("20260103-000000-aaaa", "run 20260103-000000-aaaa is of sft.zephyr, tiny"),
        ("20260103-000000-aaab", "unknown run '20260103-000000-aaab' of p"),
    ],
)
def test_a_run_that_cannot_be_resumed_is_one_sentence(empty_root, run_id, problem):
    stopped_run(empty_root, "20260103-000000-aaaa", status="finished")
    with pytest.raises(UserError) as raised:
        find_unfinished("p", "sft.axolotl", "tiny", run_id)
    assert raised.value.problem == problem
    with pytest.raises(UserError, match="is finished: there is nothing to resume"):
        find_unfinished("p", RECIPE, "tiny", "20260103-000000-aaaa")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"recipe_text": "learning_rate: 0.001\nseed: 42\n"},
            "the recipe has changed since (learning_rate: 0.003, now 0.001)",
        ),
        ({"recipe_text": RECIPE_TEXT + "x: 1\n"}, "the recipe has changed since (x: None, now 1)"),
        ({"data": "e" * 16}, "the data have changed since (dddddddd, now eeeeeeee)"),
        ({"weights": "v" * 16}, "the weights that it started from have changed since"),
    ],
)
def test_another_recipe_other_data_or_other_weights_are_refused(empty_root, change, reason):
    run_dir = stopped_run(empty_root, "20260101-000000-aaaa")
    same = {"recipe_text": RECIPE_TEXT, "data": "d" * 16, "weights": "w" * 16}
    refuse_changes(run_dir, **same)
    with pytest.raises(UserError) as raised:
        refuse_changes(run_dir, **(same | change))
    assert raised.value.problem.endswith(f"cannot be resumed: {reason}")


def test_an_incomplete_checkpoint_does_not_count(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    for step, state in ((2, "{}"), (10, "{}"), (12, '{"global_step": 1'), (14, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if state is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")


SET = f"max_steps={STEPS} save_strategy=steps save_steps=2 eval_strategy=no logging_steps=1"


@pytest.fixture(scope="module")
def root(flagship):
    """Return a root of the module's own with the flagship, its rows cut to a few hundred."""
    card = flagship / "projects" / SLUG / "project.yaml"
    text, changed = re.subn(r"rows: \{tiny: \d+", "rows: {tiny: 600", card.read_text(encoding="utf-8"))
    assert changed == 1
    card.write_text(text, encoding="utf-8")
    return flagship


def start_training(root, environment, *words):
    """Start `gretchen train` in a process group of its own."""
    command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", *words]
    options = {"cwd": root, "env": environment(GRETCHEN_ROOT=str(root)), "process_group": 0, "text": True}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def train(root, environment, *words):
    """Run `gretchen train` to its end and return what it printed."""
    process = start_training(root, environment, *words)
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    return output


def new_run_dir(recipe_dir, before, process):
    """Return the run folder that a process makes."""
    while process.poll() is None:
        if new := set(recipe_dir.glob("*-*")) - before:
            return new.pop()
        time.sleep(0.05)
    raise AssertionError(process.stdout.read())


def result_of(run_dir):
    """Return a run's losses by step, and its adapter's tensors."""
    from safetensors.torch import load_file

    rows = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = {row["step"]: row["loss"] for row in rows if "loss" in row}
    return losses, load_file(run_dir / "adapter" / "adapter_model.safetensors")


def mark_metrics(run_dir):
    """Mark every row that a killed run has logged: a training that started anew would log them again, unmarked."""
    file = run_dir / "metrics.jsonl"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    rows = [json.loads(line) | {"marked": True} for line in text.splitlines(keepends=True) if line.endswith("\n")]
    write_jsonl(file, rows)


def marked_steps(run_dir):
    """Return the steps whose loss was logged before the run was killed."""
    rows = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["step"] for row in rows if "loss" in row and row.get("marked")]


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no signal at a parent's death")
def test_a_training_process_does_not_outlive_the_command_that_started_it(root, environment):
    """`kill -9` of the command alone frees the run's lock: its training must not write on beside a resumed one."""
    process = start_training(root, environment, f"--set={SET} seed=7")
    recipe_dir = root / "runs" / SLUG / RECIPE
    new_run_dir(recipe_dir, set(recipe_dir.glob("*-*")), process)
    while not (children := psutil.Process(process.pid).children()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


FORKING = r"""
import multiprocessing, os, sys, time
from gretchen.training.process import end_children_with_this_process
end_children_with_this_process()
def work(deeper):
    os.write(1, f"{os.getpid()}\n".encode())  # in one piece
    if deeper:
        multiprocessing.Process(target=work, args=[False]).start()
    time.sleep(600)
for _ in range(2):
    multiprocessing.Process(target=work, args=[True]).start()
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no signal at a parent's death")
def test_processes_that_tokenize_rows_end_with_the_training_process():
    process = subprocess.Popen([sys.executable, "-c", FORKING], stdout=subprocess.PIPE, text=True)
    children = [psutil.Process(int(process.stdout.readline())) for _ in range(4)]
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


@pytest.mark.slow
def test_killed_while_axolotl_prepares_the_rows_a_run_resumes(root, environment):
    words = ("--recipe=sft.axolotl", f"--set={SET} dataset_num_proc=2")
    recipe_dir = root / "runs" / SLUG / "sft.axolotl"
    process = start_training(root, environment, *words)
    run_dir = new_run_dir(recipe_dir, set(recipe_dir.glob("*-*")), process)
    while not list(run_dir.glob(".prepared/*")):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    train(root, environment, *words, "--resume")
    assert read_record(run_dir).status == "finished"


def killed_run(root, environment, words, draw):
    """Start a training, kill it at a random moment, and return its run folder."""
    recipe_dir = root / "runs" / SLUG / words[0].removeprefix("--recipe=")
    before = set(recipe_dir.glob("*-*"))
    process = start_training(root, environment, *words)
    run_dir = new_run_dir(recipe_dir, before, process)
    metrics = run_dir / "metrics.jsonl"
    step = draw.randrange(STEPS)  # after this many steps, then at any moment of the next
    while process.poll() is None and (not metrics.is_file() or metrics.read_text().count('"loss"') < step):
        time.sleep(0.01)
    time.sleep(draw.random() * 0.4)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return run_dir


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
def test_killed_at_a_random_moment_a_run_resumes_to_the_same_end_ten_times(root, environment, engine):
    import torch

    words = (f"--recipe=sft.{engine}", f"--set={SET}")
    recipe_dir = root / "runs" / SLUG / f"sft.{engine}"
    train(root, environment, *words)
    losses, weights = result_of(max(recipe_dir.glob("*-*")))
    assert max(losses) == STEPS
    draw, resumed_from = random.Random(engine), []
    for _ in range(10):
        run_dir = killed_run(root, environment, words, draw)
        if read_record(run_dir).status == "finished":
            continue
        step = checkpoint_step(latest_checkpoint(run_dir))
        mark_metrics(run_dir)
        assert "resuming sft." in train(root, environment, *words, "--resume")
        assert max(recipe_dir.glob("*-*")) == run_dir, "no second run"
        record = read_record(run_dir)
        assert (record.status, [resumption.step for resumption in record.resumed]) == ("finished", [step])
        assert marked_steps(run_dir) == list(range(1, step + 1)), "these steps were not trained again"
        resumed_from.append(step)
        resumed_losses, resumed_weights = result_of(run_dir)
        assert resumed_losses.keys() == losses.keys()
        assert resumed_losses[STEPS] == pytest.approx(losses[STEPS], rel=1e-4), resumed_from
        for name, tensor in weights.items():
            torch.testing.assert_close(resumed_weights[name], tensor, rtol=1e-3, atol=1e-5)
    assert sum(step > 0 for step in resumed_from) >= 5, f"too few kills came after a checkpoint: {resumed_from}"
