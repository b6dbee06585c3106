"""A training reads the rows that are on the disk now, and those that its record names."""

import importlib
from pathlib import Path

import pytest
from run_records import write_run

from gretchen.engines.axolotl import train as axolotl
from gretchen.errors import WorkError
from gretchen.files import read_jsonl, write_jsonl, write_text
from gretchen.projects.build import data_hash, files_hash
from gretchen.recipes.resolve import Request, resolve
from gretchen.runs.metrics import read_metrics

PROJECT = "genome-chatbot"
ROWS = 240
TRAIN_FILE = Path("build", PROJECT, "chats", "train.jsonl")
SETTINGS = {
    "axolotl": {"micro_batch_size": 4, "use_wandb": False, "test_datasets": None},
    "zephyr": {"per_device_train_batch_size": 4, "report_to": "none", "eval_strategy": "no"},
}
ONE_STEP = {"max_steps": 1, "logging_steps": 1, "save_strategy": "no"}


def train(run_dir: Path, engine: str, **changes) -> float:
    """Train the SFT recipe for a step in this process, and return its loss."""
    overrides = SETTINGS[engine] | ONE_STEP | changes
    resolved = resolve(Request(PROJECT, f"sft.{engine}", "tiny", output=str(run_dir), overrides=overrides), str)
    write_text(run_dir / "recipe.yaml", resolved.text())
    importlib.import_module(f"gretchen.engines.{engine}.train").train(run_dir / "recipe.yaml", resolved.stage)
    return next(row["loss"] for row in read_metrics(run_dir) if "loss" in row)


@pytest.fixture
def change_rows(few_rows):
    """Return a function that gives all training rows one answer; the rows are restored after the test."""
    rows = list(read_jsonl(TRAIN_FILE))

    def change() -> None:
        answer = [{"role": "assistant", "content": "QQQQ"}]
        write_jsonl(TRAIN_FILE, [row | {"messages": row["messages"][:-1] + answer} for row in rows])

    yield change
    write_jsonl(TRAIN_FILE, rows)


def test_axolotl_reads_the_current_rows_whatever_the_folder_for_prepared_ones(change_rows, tmp_path):
    prepared = {"dataset_prepared_path": str(tmp_path / "prepared")}
    before = train(tmp_path / "1", "axolotl", **prepared)
    change_rows()
    assert train(tmp_path / "2", "axolotl", **prepared) > before + 1
    assert not (tmp_path / "prepared").exists()


def test_rows_whose_preparation_was_killed_are_prepared_again(few_rows, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(axolotl, "collect", interrupt)
        train(tmp_path, "axolotl")
    states = list((tmp_path / axolotl.PREPARED).rglob("state.json"))
    assert states
    for state in states:  # written last, with the file beside it
        state.unlink()
        state.with_name("dataset_info.json").unlink()
    assert train(tmp_path, "axolotl") > 0
    assert not (tmp_path / axolotl.PREPARED).exists()


def interrupt(run_dir: Path) -> Path:
    """End as a killed process does: nothing after it runs."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("engine", ["axolotl", "zephyr"])
def test_rows_that_changed_since_the_record_was_written_fail_the_run(change_rows, tmp_path, engine):
    run_dir = write_run(tmp_path / "runs" / PROJECT / f"sft.{engine}" / "a", status="running", data=data_hash(PROJECT))
    assert data_hash(PROJECT) == files_hash(PROJECT)
    train(run_dir, engine)
    change_rows()
    with pytest.raises(WorkError, match=f"the data of {PROJECT} were built or changed while the training started"):
        train(run_dir, engine)
