"""`make base` before and while it trains: different documents, readings, gates as they come, SET."""

import json
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.files import write_json, write_jsonl
from gretchen.training.base_model import recipe_values
from gretchen.training.base_notes import corpus_notes, require_answers
from gretchen.training.gates import GateReader, gate_line

VALUES = {
    "max_steps": 4000,
    "per_device_train_batch_size": 12,
    "gradient_accumulation_steps": 1,
    "max_length": 512,
    "warmup_steps": 200,
}


def document(text: str, answer: str) -> dict:
    return {"id": text, "form": "sum", "text": text, "meta": json.dumps({"answer": answer})}


def test_few_documents_that_are_read_hundreds_of_times_are_said(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl", [document(f"{n} + 1 = {n + 1}", str(n + 1)) for n in range(1300)])
    write_json(tmp_path / "corpus.json", {"documents": 300_000})
    corpus, readings, warning = corpus_notes(tmp_path, VALUES)
    assert corpus.startswith("corpus: 1,300 different documents to train on, about ")
    assert "(300,000 documents were asked for" in corpus
    assert readings.startswith("4,000 steps of 6,144 tokens read each document about ")
    assert warning.startswith("warning: after 20 readings documents are learned by heart")
    assert 'SET="max_steps=' in warning
    assert len(corpus_notes(tmp_path, VALUES | {"max_steps": 20})) == 2, "a short training reads them once"


def test_a_gate_that_no_model_can_pass_is_refused_before_the_training(tmp_path: Path) -> None:
    fine = document("1 + 1 = 2", "2")
    write_jsonl(tmp_path / "test.jsonl", [fine, document("1 + 1 = 2", "3") | {"form": "odd"}])
    with pytest.raises(UserError) as raised:
        require_answers(tmp_path)
    assert raised.value.problem == 'documents of odd: `meta: {"answer": …}` is not what the text ends with'
    write_jsonl(tmp_path / "test.jsonl", [fine])
    require_answers(tmp_path)


def test_fewer_steps_shrink_warm_up_and_decay_and_an_unknown_key_is_refused(tmp_path: Path) -> None:
    whole, half = recipe_values(tmp_path, tmp_path), recipe_values(tmp_path, tmp_path, "max_steps=2000 seed=7")
    assert (half["max_steps"], half["seed"], half["warmup_steps"]) == (2000, 7, whole["warmup_steps"] // 2)
    decay = "lr_scheduler_kwargs"
    assert half[decay]["num_decay_steps"] == whole[decay]["num_decay_steps"] // 2
    own = recipe_values(tmp_path, tmp_path, "max_steps=2000 warmup_steps=5")
    assert own["warmup_steps"] == 5
    with pytest.raises(UserError, match="SET: unknown key 'max_step', did you mean 'max_steps'"):
        recipe_values(tmp_path, tmp_path, "max_step=2000")


def look(step: int, unreachable: tuple[str, ...] = (), **accuracy: float) -> dict:
    return {"step": step, "seconds": 1.0, "accuracy": accuracy, "required": 0.9, "unreachable": list(unreachable)}


def test_gates_are_shown_as_they_come(tmp_path: Path) -> None:
    file = tmp_path / "gates.jsonl"
    write_jsonl(file, [look(100, a=0.1)])
    reader = GateReader(tmp_path)
    assert list(reader.poll()) == [], "an earlier attempt's"
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(look(200, a=0.95, b=0.0, c=0.5)) + '\n{"step": 3')
    assert list(reader.poll()) == ["gates at step 200: 1 of 3 passed; lowest: b 0%, c 50%"]
    assert list(reader.poll()) == []
    ended = gate_line(json.dumps(look(300, ("b",), b=0.0)).encode())
    assert ended.splitlines()[1] == "ended early: b stayed at 0% in the last looks (KEEP=1 trains to the end)"


def test_a_form_at_zero_past_half_of_the_training_cannot_pass() -> None:
    from gretchen.engines.zephyr.gate import unreachable

    looks = [{"a": 0.2, "b": 0.0}, {"a": 0.5, "b": 0.0}, {"a": 0.6, "b": 0.0}]
    assert unreachable(looks, 0.6) == ["b"]
    assert unreachable(looks, 0.4) == [], "slow forms begin late"
    assert unreachable(looks[1:], 0.9) == []
    assert unreachable([*looks, {"a": 0.7, "b": 0.05}], 0.9) == []
