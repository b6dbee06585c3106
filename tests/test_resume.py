"""RESUME=1: which run goes on, what is refused, and that a killed run ends like an uninterrupted one, both engines."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from run_records import write_run

from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.runs.folder import latest_checkpoint
from gretchen.runs.record import read_record
from gretchen.training.resume import refuse_changes, unfinished

ROOT = Path(__file__).resolve().parents[1]
SLUG, RECIPE = "genome-chatbot", "sft.zephyr"
STEPS = 12


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return an empty root of our own."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


def made(root, name, **values):
    run = root / "runs" / "p" / values.get("recipe", RECIPE) / name
    write_run(run, **({"status": "stopped"} | values))
    write_text(run / "recipe.yaml", "learning_rate: 0.003\nseed: 42\n")
    return run


def test_the_newest_unfinished_run_of_the_recipe_goes_on(here):
    made(here, "20260101-000000-aaaa")
    newest = made(here, "20260102-000000-aaaa", status="running")
    made(here, "20260103-000000-aaaa", status="finished")
    made(here, "20260104-000000-aaaa", profile="laptop")
    made(here, "20260105-000000-aaaa", recipe="dpo.zephyr")
    made(here, "20260106-000000-aaaa", smoke=True)
    assert unfinished("p", RECIPE, "tiny") == newest
    assert unfinished("p", RECIPE, "tiny", "20260101-000000-aaaa").name == "20260101-000000-aaaa"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "sft.axolotl of p has no unfinished run under PROFILE=tiny"),
        ("20260103-000000-aaaa", "run 20260103-000000-aaaa is of sft.zephyr, tiny"),
        ("20260103-000000-aaab", "unknown run '20260103-000000-aaab' of p"),
    ],
)
def test_a_run_that_cannot_go_on_is_told(here, name, told):
    made(here, "20260103-000000-aaaa", status="finished")
    with pytest.raises(UserError) as raised:
        unfinished("p", "sft.axolotl", "tiny", name)
    assert raised.value.problem == told
    with pytest.raises(UserError, match="is finished: there is nothing to go on with"):
        unfinished("p", RECIPE, "tiny", "20260103-000000-aaaa")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"values": {"learning_rate": 0.001, "seed": 42}},
            "the recipe has changed since (learning_rate: 0.003, now 0.001)",
        ),
        ({"values": {"learning_rate": 0.003, "seed": 42, "x": 1}}, "the recipe has changed since (x: None, now 1)"),
        ({"data": "e" * 16}, "the data have changed since (dddddddd, now eeeeeeee)"),
        ({"start": "v" * 16}, "the weights that it started from have changed since"),
    ],
)
def test_another_recipe_other_data_or_other_weights_are_refused(here, changed, told):
    run = made(here, "20260101-000000-aaaa")
    same = {"values": {"learning_rate": 0.003, "seed": 42}, "data": "d" * 16, "start": "w" * 16}
    refuse_changes(run, **same)
    with pytest.raises(UserError) as raised:
        refuse_changes(run, **(same | changed))
    assert raised.value.problem.endswith(f"cannot go on: {told}")


def test_a_checkpoint_that_was_not_written_to_its_end_does_not_count(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    for step, state in ((2, "{}"), (10, "{}"), (12, '{"global_step": 1'), (14, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if state is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")


SET = f"max_steps={STEPS} save_strategy=steps save_steps=2 eval_strategy=no logging_steps=1"


@pytest.fixture(scope="module")
def root(flagship):
    """Return a root of its own with the flagship, its rows cut to a few hundred."""
    card = flagship / "projects" / SLUG / "project.yaml"
    text = card.read_text(encoding="utf-8")
    assert "rows: {tiny: 5000," in text
    card.write_text(text.replace("rows: {tiny: 5000,", "rows: {tiny: 600,"), encoding="utf-8")
    return flagship


def started(root, environment, *words):
    """Start `gretchen train` in a process group of its own."""
    command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", *words]
    asked = {"cwd": root, "env": environment(GRETCHEN_ROOT=str(root)), "process_group": 0, "text": True}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **asked)


def new_one(place, before, process):
    """Return the run folder that a process makes."""
    while process.poll() is None:
        if new := set(place.glob("*-*")) - before:
            return new.pop()
        time.sleep(0.05)
    raise AssertionError(process.stdout.read())


def end_of(run):
    """Return a run's last step, its losses by step, and its adapter's tensors."""
    from safetensors.torch import load_file

    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = {row["step"]: row["loss"] for row in rows if "loss" in row}
    return max(losses), losses, load_file(run / "adapter" / "adapter_model.safetensors")


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no signal at a parent's death")
def test_an_engine_does_not_outlive_the_command_that_started_it(root, environment):
    """`kill -9` of the command alone frees the run's lock: its engine must not write on beside a resumed one."""
    process = started(root, environment, f"--set={SET} seed=7")
    new_one(root / "runs" / SLUG / RECIPE, set((root / "runs" / SLUG / RECIPE).glob("*-*")), process)
    while not (engines := psutil.Process(process.pid).children()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(engines, timeout=30)
    assert not alive


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
def test_killed_at_a_random_moment_a_run_goes_on_to_the_same_end_ten_times(root, environment, engine):
    import torch

    words = (f"--recipe=sft.{engine}", f"--set={SET}")
    whole = started(root, environment, *words)
    told, _ = whole.communicate(timeout=900)
    assert whole.returncode == 0, told
    place = root / "runs" / SLUG / f"sft.{engine}"
    reference = max(place.glob("*-*"))
    steps, losses, weights = end_of(reference)
    assert steps == STEPS
    draw, killed_at = random.Random(engine), []
    for _ in range(10):
        before = set(place.glob("*-*"))
        process = started(root, environment, *words)
        run = new_one(place, before, process)
        metrics = run / "metrics.jsonl"
        step = draw.randrange(STEPS)  # of these steps, then at any moment of the next
        while process.poll() is None and (not metrics.is_file() or metrics.read_text().count('"loss"') < step):
            time.sleep(0.01)
        time.sleep(draw.random() * 0.4)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        killed_at.append(step)
        if read_record(run).status == "finished":
            continue
        again = started(root, environment, *words, "--resume")
        told, _ = again.communicate(timeout=900)
        assert again.returncode == 0, told
        assert max(place.glob("*-*")) == run, "no second run"
        assert read_record(run).status == "finished"
        ended, found, trained = end_of(run)
        assert ended == STEPS
        assert found[STEPS] == pytest.approx(losses[STEPS], rel=1e-4), killed_at
        for name, tensor in weights.items():
            torch.testing.assert_close(trained[name], tensor, rtol=1e-3, atol=1e-5)
    assert killed_at
