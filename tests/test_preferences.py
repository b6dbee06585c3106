"""Held-out preference pairs: log-probabilities of a real model, tests between models, the table's lines."""

import json
from pathlib import Path

import pytest

from gretchen.models.generate import Model
from gretchen.models.likelihood import log_probabilities
from gretchen.scoring import preferences
from gretchen.scoring.table import preference_table

ARCHITECTURE = Path(__file__).resolve().parents[1] / "shared_recipes/tiny/architecture"


@pytest.fixture(scope="module")
def model():
    """Return a random model of the embedded bases' architecture."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, set_seed

    set_seed(1)
    made = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(ARCHITECTURE)).float().eval()
    return Model(AutoTokenizer.from_pretrained(ARCHITECTURE), made)


def pair(number, chosen, rejected):
    return {
        "id": f"pair-{number}",
        "form": "x",
        "prompt": [{"role": "user", "content": "Transcribe ATG " * (number + 1)}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


ROWS = [pair(0, "AUG", "ATG"), pair(1, "AUG UUU", "AUG"), pair(2, "no", "a longer answer than the other")]


def test_an_answer_begins_behind_the_prompt_and_ends_with_the_end_token(model):
    ids, first = preferences.encode(model, ROWS[0], ROWS[0]["chosen"])
    assert model.tokenizer.decode(ids[first:]) == "AUG<|im_end|>"
    assert model.tokenizer.decode(ids[:first]).endswith("<|im_start|>assistant\n")


def test_log_probabilities_are_those_of_each_answer_alone(model):
    import torch

    encoded = [preferences.encode(model, row, row[side]) for row in ROWS for side in ("chosen", "rejected")]
    for told, (ids, first) in zip(log_probabilities(model.model, encoded), encoded, strict=True):
        with torch.inference_mode():
            logits = model.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        alone = sum(float(logits[place - 1, ids[place]]) for place in range(first, len(ids)))
        assert told == pytest.approx(alone, abs=1e-3)


def test_margins_are_asked_for_once(model, tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    asked = []

    def get_model():
        asked.append(1)
        return model

    first = preferences.margins_of("p", "weights", "template", ROWS, get_model)
    assert preferences.margins_of("p", "weights", "template", ROWS, get_model) == first
    assert asked == [1]
    preferences.margins_of("p", "other weights", "template", ROWS, get_model)
    assert asked == [1, 1]
    (file, *_) = tmp_path.glob("runs/p/evaluations/*/preferences.json")
    assert json.loads(file.read_text())["ids"] == [row["id"] for row in ROWS]


def test_accuracy_margin_and_tests_are_told():
    told = preferences.told_of([1.0] * 19 + [-3.0], base=[-1.0] * 20, parent=[1.0] * 20)
    assert (told["count"], told["accuracy"]["value"], told["margin"]["value"]) == (20, 0.95, 0.8)
    assert told["accuracy"]["low"] < 0.95 < told["accuracy"]["high"]
    assert told["against_base"] == {"difference": 0.95, "p": pytest.approx(2 / 2**19), "test": "mcnemar"}
    assert told["against_parent"] == {"difference": pytest.approx(-0.05), "p": 1.0, "test": "mcnemar"}
    assert preferences.told_of([1.0], None, None)["against_base"] is None


def test_the_table_holds_them():
    told = {
        "models": [{"name": "base"}, {"name": "dpo", "preferences": preferences.told_of([2.0, 1.0], [-1.0] * 2, None)}]
    }
    header, rows = preference_table(told)
    assert header[0] == "model"
    assert rows == [["dpo", "2", rows[0][2], "+1.000, p = 0.500", "–", rows[0][5]]]
    assert rows[0][2].startswith("1.000 [")
    assert rows[0][5].startswith("1.50 [1.00, 2.00")
