"""The life cycle of a training, the same for every kind: created, failed or stopped, resumed, finished.

The engine is a function that writes what an engine writes; real engines are in test_train.py, test_train_standalone.py,
test_base.py and test_resume.py.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from run_records import write_run

from gretchen.errors import UserError, WorkError
from gretchen.files import write_jsonl, write_text
from gretchen.models.locate import weights_hash
from gretchen.runs.record import read_record
from gretchen.training.run import GateMissed, Training, run_training

KINDS = {
    "project": {"recipe": "sft.zephyr", "stage": "sft"},
    "standalone": {"recipe": "config_full.zephyr", "stage": "sft", "file": "/home/student/config_full.yaml"},
    "base": {"recipe": "base.zephyr", "stage": "pretrain"},
}


@pytest.fixture(params=KINDS)
def training(request, tmp_path, monkeypatch):
    """Return a training of each kind that is about to start."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    template = write_run(tmp_path / "template" / "p" / "sft.zephyr" / "a", status="running")
    fields = {"kind": request.param} | KINDS[request.param]
    record = read_record(template).model_copy(update=fields)
    run_dir = tmp_path / "runs" / "p" / record.recipe / "20260101-000000-aaaa"
    return Training(run_dir, "seed: 42\n", record, "a test", ("a note",), resume_command="make again")


def save_weights(run_dir: Path, num_gpus: int, resume: bool) -> None:
    """Write what an engine leaves: weights and metrics."""
    write_text(run_dir / "adapter" / "adapter_model.safetensors", "weights")
    write_jsonl(run_dir / "metrics.jsonl", [{"step": 2, "num_tokens": 12.0}, {"step": 2, "train_runtime": 1.5}])


def raising(error: BaseException):
    """Return an engine that raises an error."""

    def engine(run_dir: Path, num_gpus: int, resume: bool) -> None:
        raise error

    return engine


def save_nothing(run_dir: Path, num_gpus: int, resume: bool) -> None:
    """End without weights, as no engine should."""


def test_a_finished_training(training, capsys):
    assert run_training(training, save_weights, 1, resume=False) == training.run_dir
    record = read_record(training.run_dir)
    assert (record.status, record.tokens, record.train_seconds) == ("finished", 12.0, 1.5)
    assert record.weights == weights_hash(training.run_dir / "adapter")
    assert record.finished and not record.resumed
    assert (training.run_dir.parent / "latest").resolve() == training.run_dir
    shown = f"runs/p/{record.recipe}/20260101-000000-aaaa"
    assert capsys.readouterr().out == f"training a test\na note\nrun: {shown} (recipe.yaml, train.log)\n"


@pytest.mark.parametrize(
    ("engine", "status", "error"),
    [
        (raising(WorkError("no room")), "failed", WorkError),
        (raising(ValueError("a bug")), "failed", ValueError),
        (raising(KeyboardInterrupt()), "stopped", KeyboardInterrupt),
        (raising(GateMissed("2 of 9")), "missed", GateMissed),
        (save_nothing, "failed", WorkError),
    ],
)
def test_a_training_that_does_not_finish_is_recorded_and_resumed(training, engine, status, error, capsys):
    with pytest.raises(error):
        run_training(training, engine, 1, resume=False)
    assert read_record(training.run_dir).status == status
    assert not (training.run_dir.parent / "latest").exists()
    assert ("no checkpoint was written yet: `make again` begins at step 0" in capsys.readouterr().err) == (
        status == "stopped"
    )
    write_text(training.run_dir / "checkpoint-2" / "trainer_state.json", "{}")
    run_training(training, save_weights, 1, resume=True)
    record = read_record(training.run_dir)
    assert (record.status, [resumption.step for resumption in record.resumed]) == ("finished", [2])
    assert capsys.readouterr().out.startswith("resuming a test\n")


def test_a_changed_recipe_is_not_resumed(training):
    with pytest.raises(WorkError):
        run_training(training, raising(WorkError("no room")), 1, resume=False)
    with pytest.raises(UserError, match=r"the recipe has changed since \(seed: 42, now 7\)"):
        run_training(replace(training, recipe_text="seed: 7\n"), save_weights, 1, resume=True)
    assert not read_record(training.run_dir).resumed


def test_files_beside_the_recipe_are_written_until_there_is_a_checkpoint(training):
    prepared = []
    training = replace(training, prepare=prepared.append)
    with pytest.raises(WorkError):
        run_training(training, raising(WorkError("no room")), 1, resume=False)
    write_text(training.run_dir / "checkpoint-2" / "trainer_state.json", "{}")
    run_training(training, save_weights, 1, resume=True)
    assert prepared == [training.run_dir]


@pytest.mark.parametrize("changes", [{"set": "seed=7"}, {"smoke": True}, {"chain": ("pretrain.zephyr",)}])
def test_latest_does_not_point_to_a_smoke_set_or_chain_run(training, changes):
    record = training.record.model_copy(update=changes)
    run_training(replace(training, record=record), save_weights, 1, resume=False)
    assert not (training.run_dir.parent / "latest").exists()
