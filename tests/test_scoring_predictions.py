"""Answers on disk: asked once, kept as they come, whole or not there."""

import dataclasses

import pytest

from gretchen.errors import WorkError
from gretchen.scoring import predictions
from gretchen.scoring.predictions import Answer, Job, Settings
from gretchen.scoring.progress import Progress
from gretchen.scoring.results import END, START, with_table

SETTINGS = Settings(max_new_tokens=8, stop=(), samples=2, temperature=0.8, seed=0, prompting="plain")
JOBS = [Job({"id": f"row-{i}"}, f"prompt {i}") for i in range(5)]


def quiet(done, total):
    """Show nothing."""


def answering(asked, stop_after=None):
    """Return a way to answer, two at a time, that is stopped by Ctrl-C after some answers."""

    def answer(rest, on_answers):
        for start in range(0, len(rest), 2):
            if stop_after is not None and start >= stop_after:
                raise KeyboardInterrupt
            batch = rest[start : start + 2]
            asked.extend((job.row["id"], sample) for job, sample in batch)
            on_answers([Answer(job.row["id"], sample, f"{job.prompt}\u2028{sample}", True) for job, sample in batch])

    return answer


def test_what_was_answered_before_ctrl_c_is_not_asked_again(tmp_path):
    asked, later = [], []
    with pytest.raises(KeyboardInterrupt):
        predictions.collect(tmp_path, JOBS, SETTINGS, answering(asked, stop_after=4), quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.partial.jsonl"]
    assert predictions.complete(tmp_path) is None
    found = predictions.collect(tmp_path, JOBS, SETTINGS, answering(later), quiet)
    assert asked + later == [(f"row-{i}", sample) for i in range(5) for sample in range(2)]
    assert [(one.id, one.sample) for one in found] == asked + later
    predictions.keep_whole(tmp_path, found)
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.jsonl"]
    assert predictions.complete(tmp_path) == found


def test_a_line_that_was_cut_off_is_asked_again(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        predictions.collect(tmp_path, JOBS, SETTINGS, answering([], stop_after=4), quiet)
    file = tmp_path / "predictions.partial.jsonl"
    file.write_text(file.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    later = []
    predictions.collect(tmp_path, JOBS, SETTINGS, answering(later), quiet)
    assert later[0] == ("row-1", 1)
    assert len(later) == 7


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    def answer(rest, on_answers):
        on_answers([Answer(job.row["id"], sample, "…", True) for job, sample in rest[:3]])
        (tmp_path / "predictions.partial.jsonl").rename(tmp_path / "kept")
        (tmp_path / "predictions.partial.jsonl").symlink_to("/dev/full")
        on_answers([Answer(job.row["id"], sample, "…", True) for job, sample in rest[3:]])

    with pytest.raises(WorkError, match="^error: no space left on the disk while writing .*predictions.partial.jsonl"):
        predictions.collect(tmp_path, JOBS, SETTINGS, answer, quiet)
    assert len(predictions.read(tmp_path / "kept")) == 3


def test_the_key_is_another_one_when_anything_changes():
    keys = [predictions.key("weights", "template", "rows", SETTINGS)]
    for place in range(3):
        changed = ["weights", "template", "rows"]
        changed[place] += "'"
        keys.append(predictions.key(*changed, SETTINGS))
    keys.append(predictions.key("weights", "template", "rows", SETTINGS, simulator="code"))
    others = {
        "max_new_tokens": 9,
        "stop": ("\n",),
        "samples": 1,
        "temperature": 0.7,
        "seed": 1,
        "prompting": "document",
    }
    assert others.keys() == {field.name for field in dataclasses.fields(Settings)}
    for name, value in others.items():
        keys.append(predictions.key("weights", "template", "rows", dataclasses.replace(SETTINGS, **{name: value})))
    assert len(set(keys)) == len(keys) == 11
    assert keys[0] == predictions.key("weights", "template", "rows", SETTINGS)


def test_the_progress_line():
    progress = Progress("base")
    progress.known = 0
    assert progress.line(0, 600, 0.1) == "base: 0/600 answers · starting"
    assert progress.line(150, 600, 30) == "base: 150/600 answers · 5.0/s · 1:30 left"
    assert progress.line(600, 600, 120) == "base: 600/600 answers · 5.0/s · in 2:00"
    progress.known = 300
    assert progress.line(300, 600, 0.1) == "base: 300/600 answers · the rest of a stopped evaluation"


def test_a_table_stands_between_the_markers_and_nothing_else_changes():
    text = f"above\n{START}\nold\n{END}\nbelow"
    assert with_table(text, "new\n") == f"above\n{START}\nnew\n{END}\nbelow"
    assert with_table(with_table(text, "new"), "new") == with_table(text, "new")
    assert with_table("no markers", "new") == "no markers"
