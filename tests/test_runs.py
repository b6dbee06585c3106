"""Run folders: the record, one writer, the newest finished run, metrics and the progress line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from run_records import write_run

from gretchen.errors import WorkError
from gretchen.files import write_jsonl
from gretchen.runs import store
from gretchen.runs.folder import new_run_dir, point_latest
from gretchen.runs.locks import writer_lock
from gretchen.runs.metrics import MetricsReader, read_metrics
from gretchen.runs.record import ModelSource, read_record, update_record
from gretchen.runs.store import list_runs, newest_by_recipe
from gretchen.terminal import clock
from gretchen.training import progress


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty repository root of its own."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


def finished_run(root: Path, recipe: str, name: str, **fields: object) -> Path:
    """Write the record of a finished run of project "p" and return its folder."""
    return write_run(root / "runs" / "p" / recipe / name, **fields)


def test_run_names_sort_by_time(root: Path) -> None:
    run_dir = new_run_dir("p", "sft.zephyr")
    assert run_dir.parent == root / "runs" / "p" / "sft.zephyr"
    date, time, suffix = run_dir.name.split("-")
    assert (len(date), len(time), len(suffix)) == (8, 6, 4)


def test_newest_finished_runs_per_recipe(root: Path) -> None:
    first = finished_run(root, "sft.zephyr", "20260101-000000-aaaa")
    newest = finished_run(root, "sft.zephyr", "20260102-000000-aaaa")
    finished_run(root, "sft.zephyr", "20260103-000000-aaaa", status="failed")
    finished_run(root, "sft.zephyr", "20260104-000000-aaaa", set="seed=7")
    finished_run(root, "sft.zephyr", "20260105-000000-aaaa", smoke=True)
    finished_run(root, "base.zephyr", "20260106-000000-aaaa", kind="base", stage="pretrain")
    other = finished_run(root, "dpo.zephyr", "20260107-000000-aaaa", profile="laptop")
    runs = newest_by_recipe("p", "tiny")
    assert {recipe: [run.path for run in runs[recipe]] for recipe in runs} == {"sft.zephyr": [newest, first]}
    assert [run.path for run in newest_by_recipe("p", "laptop")["dpo.zephyr"]] == [other]


def test_record_round_trip(root: Path) -> None:
    parent = {"run": "runs/p/sft.zephyr/a", "weights": "v" * 16}
    run_dir = finished_run(root, "dpo.zephyr", "20260101-000000-aaaa", parent=parent, chain=("sft.zephyr",))
    record = update_record(run_dir, weights="x" * 16, tokens=12.0)
    assert read_record(run_dir) == record
    assert record.start == ModelSource(model="runs/p/sft.zephyr/a/model", weights="v" * 16)
    assert not record.is_default_run
    content = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    assert (content["schema_version"], content["status"], content["parent"]) == (1, "finished", parent)
    assert "wandb" not in content, "empty values are left out"
    for invalid in ({"status": "done"}, {"colour": "red"}):
        with pytest.raises(ValidationError):
            update_record(run_dir, **invalid)
    assert read_record(run_dir) == record


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[: len(text) // 2], "Invalid JSON: EOF while parsing"),
        (lambda text: "", "Invalid JSON: EOF while parsing"),
        (lambda text: text.replace("finished", "done", 1), "status: Input should be 'running', 'finished'"),
        (lambda text: text.replace('"seed"', '"sead"'), "seed: Field required"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "schema_version: Input should be 1"),
    ],
)
def test_invalid_record_is_one_sentence_and_listings_skip_it(root: Path, capsys, damage, reason: str) -> None:
    whole = finished_run(root, "sft.zephyr", "20260101-000000-aaaa")
    damaged = finished_run(root, "sft.zephyr", "20260102-000000-aaaa")
    file = damaged / "run.json"
    file.write_text(damage(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(WorkError) as raised:
        read_record(damaged)
    prefix = f"runs/p/sft.zephyr/{damaged.name}/run.json is not a valid run record ({reason}"
    assert raised.value.problem.startswith(prefix)
    store.warn_once.cache_clear()
    for _ in range(2):
        assert [run.path for run in list_runs("p")] == [whole]
    assert capsys.readouterr().err == f"skipped: {raised.value.problem}\n", "once per process"


def test_latest_points_to_the_run(root: Path) -> None:
    first, second = finished_run(root, "sft.zephyr", "a"), finished_run(root, "sft.zephyr", "b")
    for run_dir in (first, second):
        point_latest(run_dir)
        assert (run_dir.parent / "latest").resolve() == run_dir
    assert sorted(path.name for path in first.parent.iterdir()) == ["a", "b", "latest"]


def test_second_writer_is_refused_by_name(root: Path) -> None:
    recipe_dir = root / "runs" / "p" / "sft.zephyr"
    code = (
        "import pathlib, time\nfrom gretchen.runs.locks import writer_lock\n"
        f"with writer_lock(pathlib.Path({str(recipe_dir)!r}), 'x'):\n"
        "    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WorkError) as raised, writer_lock(recipe_dir, "p's sft.zephyr"):
            pass
        assert f"p's sft.zephyr is already being written by process {holder.pid} on " in raised.value.problem
        holder.kill()
    with writer_lock(recipe_dir, "p's sft.zephyr"):
        pass


ROWS = [
    {"step": 10, "steps": 100, "seconds": 5.0, "loss": 2.5, "num_tokens": 1000},
    {"step": 20, "steps": 100, "seconds": 10.0, "loss": 1.25, "num_tokens": 11000},
]


def test_progress_line(tmp_path: Path) -> None:
    assert progress.line(read_metrics(tmp_path)) == "starting: loading libraries, model and rows"
    half = '{"step": 30, "st'
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS) + half)
    assert progress.line(read_metrics(tmp_path)) == "step 20/100 · loss 1.250 · 2,000 tokens/s · 0:40 left"


def test_metrics_are_read_on_from_the_last_offset(tmp_path: Path) -> None:
    """What was read before is not read again: bytes before the offset may change without notice."""
    file, reader = tmp_path / "metrics.jsonl", MetricsReader(tmp_path)
    assert reader.poll() == []
    lines = [json.dumps(row) + "\n" for row in ROWS]
    file.write_text(lines[0] + lines[1][:7])
    assert reader.poll() == ROWS[:1]
    with file.open("r+") as stream:
        stream.write("#" * 10)
        stream.seek(0, 2)
        stream.write(lines[1][7:])
    assert reader.poll() == ROWS
    assert reader.offset == len("".join(lines))


def test_metrics_of_a_resumed_run_are_read_from_the_start(tmp_path: Path) -> None:
    """A resumed run replaces the file and logs again what came after its checkpoint."""
    reader = MetricsReader(tmp_path)
    write_jsonl(tmp_path / "metrics.jsonl", ROWS)
    assert reader.poll() == ROWS
    write_jsonl(tmp_path / "metrics.jsonl", ROWS[1:])
    assert reader.poll() == ROWS[1:]


@pytest.mark.parametrize(("seconds", "text"), [(7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
