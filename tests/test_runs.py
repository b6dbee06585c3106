"""Run folders: one writer, the newest finished run, the progress line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gretchen.errors import WorkError
from gretchen.runs import folder
from gretchen.training import progress


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty repository root of its own."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


def made(project: str, recipe: str, name: str, root: Path, **values: object) -> Path:
    """Write a run folder's record and return the folder."""
    run = root / "runs" / project / recipe / name
    folder.update(run, **({"status": "finished", "stage": "sft", "profile": "tiny", "recipe": recipe} | values))
    return run


def test_names_sort_by_time(root: Path) -> None:
    run = folder.new_run("p", "sft.zephyr")
    assert run.parent == root / "runs" / "p" / "sft.zephyr"
    date, time, random = run.name.split("-")
    assert (len(date), len(time), len(random)) == (8, 6, 4)


def test_newest_finished_run_per_recipe(root: Path) -> None:
    made("p", "sft.zephyr", "20260101-000000-aaaa", root)
    newest = made("p", "sft.zephyr", "20260102-000000-aaaa", root)
    made("p", "sft.zephyr", "20260103-000000-aaaa", root, status="failed")
    made("p", "sft.zephyr", "20260104-000000-aaaa", root, set="seed=7")
    made("p", "sft.zephyr", "20260105-000000-aaaa", root, smoke=True)
    made("p", "base.zephyr", "20260106-000000-aaaa", root, stage="base")
    other = made("p", "dpo.zephyr", "20260107-000000-aaaa", root, stage="dpo", profile="laptop")
    assert {name: runs[0] for name, runs in folder.newest_first("p", "tiny").items()} == {"sft.zephyr": newest}
    assert folder.newest_first("p", "laptop") == {"dpo.zephyr": [other]}


def test_latest_points_to_the_run(root: Path) -> None:
    first, second = made("p", "sft.zephyr", "a", root), made("p", "sft.zephyr", "b", root)
    for run in (first, second):
        folder.point_latest(run)
        assert (run.parent / "latest").resolve() == run
    assert sorted(p.name for p in first.parent.iterdir()) == ["a", "b", "latest"]


def test_second_writer_is_refused_by_name(root: Path) -> None:
    place = root / "runs" / "p" / "sft.zephyr"
    code = (
        "import sys, time, pathlib\nfrom gretchen.runs.folder import writer\n"
        f"with writer(pathlib.Path({str(place)!r}), 'x'):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WorkError) as raised, folder.writer(place, "p's sft.zephyr"):
            pass
        assert f"p's sft.zephyr is already being written by process {holder.pid} on " in raised.value.problem
        holder.kill()
    with folder.writer(place, "p's sft.zephyr"):
        pass


def test_progress_line(tmp_path: Path) -> None:
    assert progress.line(progress.read(tmp_path)) == "starting: loading libraries, model and rows"
    rows = [
        {"step": 10, "steps": 100, "seconds": 5.0, "loss": 2.5, "num_tokens": 1000},
        {"step": 20, "steps": 100, "seconds": 10.0, "loss": 1.25, "num_tokens": 11000},
    ]
    half = '{"step": 30, "st'
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + half)
    assert progress.line(progress.read(tmp_path)) == "step 20/100 · loss 1.250 · 2,000 tokens/s · 0:40 left"


@pytest.mark.parametrize(("seconds", "text"), [(7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")])
def test_clock(seconds: float, text: str) -> None:
    assert progress.clock(seconds) == text
