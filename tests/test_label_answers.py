"""Answers that people judge: from a file, or sampled from the models in turn until they differ."""

import json
from types import SimpleNamespace

import pytest
from local_api import write_models
from made_project import TEST, TRAIN, chats

from gretchen.errors import UserError
from gretchen.feedback.predictions import predicted_tasks
from gretchen.feedback.sampling import Draw, Sampler
from gretchen.feedback.store import LabelStore
from gretchen.models.generate import SamplingParams
from gretchen.projects.build import build
from gretchen.scoring.testset import load_set


@pytest.fixture
def project(made_project):
    """Return the project `made` with built chats."""
    made_project("def chats():\n" + chats([*TRAIN[:8], *TEST[:4]]))
    build("made", "tiny")
    return "made"


def test_answers_from_a_file_are_of_train_rows(project, tmp_path):
    rows = load_set(project, "train")
    file = tmp_path / "answers.jsonl"
    lines = [{"id": rows[0]["id"], "prediction": text, "model": m} for text, m in (("a", "x"), ("b ", "y"), ("b", "z"))]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (asked,) = predicted_tasks(project, file, 3)
    assert {(answer.text, answer.models) for answer in asked.answers} == {("a", ("x",)), ("b", ("y", "z"))}
    held_out = load_set(project, "test")[0]["id"]
    bad = [{"id": held_out, "prediction": "x"}, {"id": rows[0]["id"][:-1], "prediction": "x"}, {"id": 3}]
    file.write_text("".join(json.dumps(line) + "\n" for line in bad), encoding="utf-8")
    with pytest.raises(UserError) as raised:
        predicted_tasks(project, file, 3)
    first, second, third = raised.value.problem.split("\n")
    assert f"{file}:1: '{held_out}' is a row of the test set: people judge answers to train rows only" in first
    assert "unknown id" in second and "did you mean" in second
    assert "expected" in third


def test_models_answer_in_turn_until_answers_differ(tmp_path):
    backend, store = write_models(tmp_path), LabelStore(tmp_path / "labels.sqlite")
    prompt = [{"role": "user", "content": "ATG?"}]
    rows = [{"id": f"r{n}", "form": "ask", "group": TRAIN[n], "prompt": prompt} for n in range(2)]
    sampler = Sampler(store, backend, Draw(4, SamplingParams(8, temperature=1.0)))
    sampler.run(rows[:1])
    first = store.next_task("someone", 2)
    assert len({answer.text for answer in first.answers}) == 4
    assert {name for answer in first.answers for name in answer.models} == {"base", "sft", "dpo"}
    again = LabelStore(tmp_path / "again.sqlite")
    Sampler(again, backend, Draw(4, SamplingParams(8, temperature=1.0))).run(rows[:1])
    assert again.next_task("someone", 2) == first
    alone = Sampler(store, SimpleNamespace(models=["sft"], **methods(backend)), Draw(2, SamplingParams(4)))
    alone.run(rows[1:])
    assert (alone.state.alike, store.rows()) == (1, {"r0"})  # greedy: four times the same answer


def methods(backend):
    """Return what a sampler calls of a backend."""
    return {"describe": backend.describe, "turn": backend.turn, "loaded": backend.loaded}
