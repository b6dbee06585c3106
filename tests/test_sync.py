"""`make sync`, and tracking with a server: a recorder of W&B's HTTP interface, and servers that fail."""

import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from run_records import write_run
from wandb_recorder import EVALUATION, KEY, TRAINING, Recorder, RefusingHandler, closed_port, curve, losses

from gretchen.files import write_text
from gretchen.runs.locks import writer_lock
from gretchen.runs.record import read_record

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"
RECIPE = {"report_to": "wandb", "learning_rate": 0.003}


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.stop()


@pytest.fixture
def refusing():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), RefusingHandler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def root(tmp_path):
    """Return a repository root of its own with the flagship's card in it."""
    write_text(tmp_path / f"projects/{SLUG}/project.yaml", (ROOT / f"projects/{SLUG}/project.yaml").read_text())
    return tmp_path


@pytest.fixture
def new_run(root):
    """Return a run's folder with recipe and record: `new_run("20260101-000000-abcd")`."""

    def make(name):
        run = root / "runs" / SLUG / "sft.zephyr" / name
        write_text(run / "recipe.yaml", yaml.safe_dump(RECIPE))
        return write_run(run)

    return make


@pytest.fixture
def start(root, environment):
    """Return a Python process in that root: `start(TRAINING, run, 0, 3, WANDB_MODE="offline")`."""

    def call(script, *words, **more):
        variables = {"GRETCHEN_ROOT": str(root), "HOME": str(root), "WANDB_MODE": "", "WANDB_API_KEY": KEY}
        options = {"env": environment(**variables | more), "cwd": root, "text": True}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen([sys.executable, "-c", script, *map(str, words)], **options, **pipes)

    return call


@pytest.fixture
def run_python(start):
    """Return what a Python process prints; it must succeed."""

    def call(script, *words, **more):
        process = start(script, *words, **more)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        return output

    return call


@pytest.fixture
def sync(root, gretchen):
    """Return `gretchen sync` in that root, with a key: `sync(WANDB_BASE_URL=…)`."""

    def call(*words, **more):
        variables = {"GRETCHEN_ROOT": str(root), "HOME": str(root), "WANDB_MODE": "", "WANDB_API_KEY": KEY}
        return gretchen("sync", *words, in_=root, **variables | more)

    return call


def test_what_was_tracked_offline_is_uploaded_once_and_its_address_printed(
    root, new_run, run_python, sync, recorder, make
):
    run = new_run("20260101-000000-aaaa")
    adapter = {"adapter_config.json": "{}", "adapter_model.safetensors": "weights"}
    for name, content in adapter.items():
        write_text(run / "adapter" / name, content)
    run_python(TRAINING, run, 0, 3, WANDB_MODE="offline")
    run_python(EVALUATION, ROOT / f"projects/{SLUG}/results.json", WANDB_MODE="offline")
    done = sync(f"--project={SLUG}", WANDB_BASE_URL=recorder.address)
    assert (done.returncode, done.stderr) == (0, "")
    (key,) = set(recorder.runs) - {run.name}
    address = f"{recorder.address}/team/{SLUG}/runs"
    assert set(done.stdout.splitlines()) == {
        f"{SLUG}/sft.zephyr/{run.name}: {address}/{run.name}",
        f"{SLUG}/evaluations/{key}: {address}/{key}",
    }
    assert read_record(run).wandb == f"{address}/{run.name}"
    sent = recorder.runs[run.name]
    assert (sent["project"], sent["groupName"], sent["jobType"]) == (SLUG, SLUG, "sft")
    assert sent["config"]["recipe"]["value"] == RECIPE
    assert sent["config"]["inputs"]["value"]["data"] == "d" * 16
    assert losses(sent) == curve(0, 3)
    assert (run.name, "made", f"run-{run.name}", f'{{"run":"{run.name}"}}') in recorder.links
    assert {name: recorder.files[f"run-{run.name}/{name}"].decode() for name in adapter} == adapter
    evaluation = recorder.runs[key]
    assert (evaluation["groupName"], evaluation["jobType"]) == (SLUG, "eval")
    assert evaluation["summary"]["test/exact/base"] == 0.0
    assert any(name.startswith("media/table/evaluation") for name in recorder.files)
    again = sync(WANDB_BASE_URL=recorder.address)
    expected = "nothing to upload: everything tracked is in W&B, or nothing was tracked yet\n"
    assert (again.returncode, again.stdout) == (0, expected)
    assert len(recorder.keys) == 1


def test_without_a_login_the_hint_says_how_and_nothing_is_lost(root, new_run, run_python, sync, recorder):
    run_python(TRAINING, new_run("20260101-000000-aaaa"), 0, 1, WANDB_MODE="offline")
    done = sync(WANDB_API_KEY="", WANDB_BASE_URL=recorder.address)
    expected = (
        "error: not logged in to W&B, and 1 runs wait for it\nhint: `.venv/bin/wandb login`, or set WANDB_API_KEY\n"
    )
    assert (done.returncode, done.stderr) == (2, expected)
    assert recorder.runs == {}
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert list(recorder.runs) == ["20260101-000000-aaaa"]


def test_a_server_out_of_reach_or_one_that_refuses_is_one_sentence_and_loses_nothing(
    root, new_run, run_python, sync, recorder, refusing
):
    run_python(TRAINING, new_run("20260101-000000-aaaa"), 0, 1, WANDB_MODE="offline")
    nowhere = closed_port()
    done = sync(WANDB_BASE_URL=nowhere)
    expected = f"error: W&B does not answer at {nowhere}\nhint: nothing is lost: `make sync` later uploads it\n"
    assert (done.returncode, done.stderr) == (1, expected)
    done = sync(WANDB_BASE_URL=refusing)
    assert done.returncode == 1
    assert "error: 1 of 1 runs were not uploaded\nhint: nothing is lost" in done.stderr
    assert "Traceback" not in done.stderr
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert list(recorder.runs) == ["20260101-000000-aaaa"]


def test_an_unknown_project_is_refused(sync):
    done = sync("--project=genome-chatbo")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: unknown project 'genome-chatbo'")


def test_a_run_that_is_being_trained_waits(root, new_run, run_python, sync, recorder):
    run = new_run("20260101-000000-aaaa")
    run_python(TRAINING, run, 0, 1, WANDB_MODE="offline")
    with writer_lock(run.parent, "x"):
        done = sync(WANDB_BASE_URL=recorder.address)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{SLUG}/sft.zephyr/{run.name} is being trained: left for later\n")
    assert recorder.runs == {}
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert list(recorder.runs) == [run.name]


@pytest.mark.slow
def test_a_killed_and_resumed_run_is_one_run_with_both_parts_of_its_curve(
    root, new_run, start, run_python, sync, recorder
):
    run = new_run("20260101-000000-aaaa")
    killed = start(TRAINING, run, 0, 3, "wait", WANDB_MODE="offline")
    for line in killed.stdout:
        if line == "logged\n":
            break
    (file,) = run.glob("wandb/offline-run-*/*.wandb")
    while file.stat().st_size < 1000:  # wandb writes to disk every two seconds
        time.sleep(0.1)
    killed.kill()
    killed.communicate()
    run_python(TRAINING, run, 3, 5, WANDB_MODE="offline")
    assert len(list(run.glob("wandb/offline-run-*/*.wandb"))) == 2
    done = sync(WANDB_BASE_URL=recorder.address)
    assert done.returncode == 0, done.stderr
    assert list(recorder.runs) == [run.name]
    assert losses(recorder.runs[run.name]) == curve(0, 5)


def test_a_run_killed_before_its_first_record_and_a_damaged_file_do_not_block_the_others(
    root, new_run, run_python, sync, recorder
):
    empty, damaged, good = (new_run(f"20260101-000000-aaa{n}") for n in range(3))
    for run in (empty, damaged, good):
        run_python(TRAINING, run, 0, 1, WANDB_MODE="offline")
    for run, size in ((empty, 7), (damaged, 20)):
        (file,) = run.glob("wandb/offline-run-*/*.wandb")
        file.write_bytes(file.read_bytes()[:size])
    done = sync(WANDB_BASE_URL=recorder.address)
    assert done.returncode == 1
    assert f"{SLUG}/sft.zephyr/{damaged.name}: not uploaded: " in done.stderr
    assert done.stderr.splitlines()[-2] == "error: 1 of 2 runs were not uploaded"
    assert list(recorder.runs) == [good.name]


@pytest.mark.slow
def test_online_the_curve_arrives_the_address_is_kept_and_there_is_nothing_to_sync(
    root, new_run, run_python, sync, recorder
):
    run = new_run("20260101-000000-aaaa")
    output = run_python(TRAINING, run, 0, 3, WANDB_BASE_URL=recorder.address)
    assert output.endswith("trained\n")
    address = f"{recorder.address}/team/{SLUG}/runs"
    assert read_record(run).wandb == f"{address}/{run.name}"
    assert losses(recorder.runs[run.name]) == curve(0, 3)
    assert recorder.links == {
        (run.name, "used", f"{SLUG}-data", '{"data":"dddddddddddddddd"}'),
        (run.name, "used", f"{SLUG}-base", '{"model":"m","weights":"wwwwwwwwwwwwwwww"}'),
        (run.name, "made", f"run-{run.name}", f'{{"run":"{run.name}"}}'),
    }
    printed = run_python(EVALUATION, ROOT / f"projects/{SLUG}/results.json", WANDB_BASE_URL=recorder.address)
    (key,) = set(recorder.runs) - {run.name}
    assert printed.split() == [f"{address}/{key}"]
    compared = {name for run_id, how, name, _ in recorder.links if (run_id, how) == (key, "used")}
    recorded = json.loads((ROOT / f"projects/{SLUG}/results.json").read_text())["evaluations"][0]["models"]
    assert compared == {f"{SLUG}-data", f"{SLUG}-base"} | {
        f"run-{model['run']}" for model in recorded if model.get("run")
    }
    assert sync(WANDB_BASE_URL=recorder.address).stdout.startswith("nothing to upload")


@pytest.mark.slow
def test_a_wrong_key_does_not_stop_a_training(root, new_run, run_python, sync, refusing, recorder):
    run = new_run("20260101-000000-aaaa")
    output = run_python(TRAINING, run, 0, 3, WANDB_BASE_URL=refusing)
    assert "W&B does not open the run (" in output
    assert "tracking offline, `make sync` uploads it later\n" in output
    assert "trained\n" in output
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert losses(recorder.runs[run.name]) == curve(0, 3)


@pytest.mark.slow
def test_a_server_that_falls_silent_does_not_hold_up_a_training(root, new_run, run_python, sync, recorder):
    """It answers the first request, which tests whether it is reachable, and none after it."""
    run = new_run("20260101-000000-aaaa")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        variables = {"WANDB_BASE_URL": address, "WANDB_MODE": "online", "WANDB_INIT_TIMEOUT": "3"}
        output = run_python(TRAINING, run, 0, 3, **variables)
    assert "W&B does not open the run (" in output
    assert "trained\n" in output
    assert sync(WANDB_BASE_URL=recorder.address).returncode == 0
    assert losses(recorder.runs[run.name]) == curve(0, 3)


@pytest.mark.slow
def test_a_server_lost_on_the_way_costs_nothing_that_was_tracked(root, new_run, start, sync):
    run, recorder = new_run("20260101-000000-aaaa"), Recorder()
    variables = {"WANDB_BASE_URL": recorder.address, "WANDB_FINISH_TIMEOUT": "3"}
    process = start(TRAINING, run, 0, 3, "wait", **variables)
    for line in process.stdout:
        if line == "logged\n":
            break
    recorder.stop()
    output, _ = process.communicate("\n", timeout=300)
    assert process.returncode == 0, output
    assert "W&B does not answer any more: `make sync` uploads the rest" in output
    back = Recorder(recorder.server_port)
    try:
        done = sync(WANDB_BASE_URL=back.address)
        assert done.returncode == 0, done.stderr
        assert losses(back.runs[run.name]) == curve(0, 3)
    finally:
        back.stop()


@pytest.mark.slow
def test_no_key_is_in_what_is_tracked_online_or_uploaded(root, new_run, run_python, sync, recorder):
    run = new_run("20260101-000000-aaaa")
    run_python(TRAINING, run, 0, 1, WANDB_BASE_URL=recorder.address)
    run_python(TRAINING, new_run("20260101-000000-bbbb"), 0, 1, WANDB_MODE="offline")
    sync(WANDB_BASE_URL=recorder.address)
    assert len(recorder.runs) == 2
    files = [file for file in (root / "runs").rglob("*") if file.is_file()]
    assert len([file for file in files if file.suffix == ".wandb"]) == 2
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file
    assert not any(KEY in json.dumps(sent) for sent in recorder.runs.values())
    assert not any(KEY.encode() in content for content in recorder.files.values())
