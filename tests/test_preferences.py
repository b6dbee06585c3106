"""Preference accuracy on held-out pairs: log-probabilities of a real model, tests between models, the table."""

import itertools
import json
from pathlib import Path

import pytest
from recorded_results import tiny_evaluation

from gretchen.models import likelihood
from gretchen.models.generate import Model
from gretchen.models.likelihood import log_probabilities
from gretchen.scoring import preferences
from gretchen.scoring.evaluation import Difference
from gretchen.scoring.preferences import Margins, PairSet, preference_result
from gretchen.scoring.table import preference_table

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURE = ROOT / "shared_recipes/tiny/architecture"
RESULTS = ROOT / "projects/genome-chatbot/results.json"


@pytest.fixture(scope="module")
def model():
    """Return a random model of the embedded bases' architecture."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, set_seed

    set_seed(1)
    network = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(ARCHITECTURE)).float().eval()
    return Model(AutoTokenizer.from_pretrained(ARCHITECTURE), network)


def pair(number, chosen, rejected):
    return {
        "id": f"pair-{number}",
        "form": "x",
        "prompt": [{"role": "user", "content": "Transcribe ATG " * (number + 1)}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def one(margins):
    """Return margins of one training seed."""
    return Margins((tuple(margins),))


ROWS = [pair(0, "AUG", "ATG"), pair(1, "AUG UUU", "AUG"), pair(2, "no", "a longer answer than the other")]


def test_an_answer_begins_after_the_prompt_and_ends_with_eos(model):
    ids, first = preferences.encode(model, ROWS[0], ROWS[0]["chosen"])
    assert model.tokenizer.decode(ids[first:]) == "AUG<|im_end|>"
    assert model.tokenizer.decode(ids[:first]).endswith("<|im_start|>assistant\n")


def test_log_probabilities_are_those_of_each_answer_alone(model):
    import torch

    encoded = [preferences.encode(model, row, row[side]) for row in ROWS for side in ("chosen", "rejected")]
    for value, (ids, first) in zip(log_probabilities(model.model, encoded), encoded, strict=True):
        with torch.inference_mode():
            logits = model.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        alone = sum(float(logits[position - 1, ids[position]]) for position in range(first, len(ids)))
        assert value == pytest.approx(alone, abs=1e-3)


def test_a_batch_holds_few_tokens_and_each_is_reported(model, monkeypatch):
    encoded = [preferences.encode(model, row, row["chosen"]) for row in ROWS * 4]
    whole, sizes, reported = log_probabilities(model.model, encoded), [], []
    monkeypatch.setattr(likelihood, "BATCH_TOKENS", 64)
    hook = model.model.register_forward_pre_hook(
        lambda _, __, inputs: sizes.append(inputs["input_ids"].shape), with_kwargs=True
    )
    values = log_probabilities(model.model, encoded, lambda done, total: reported.append((done, total)))
    hook.remove()
    assert values == pytest.approx(whole, abs=1e-3)
    assert all(rows == 1 or rows * width <= 64 for rows, width in sizes)
    assert [done for done, _ in reported] == list(itertools.accumulate(rows for rows, _ in sizes))
    assert reported[-1] == (len(encoded), len(encoded))


def test_margins_are_computed_once(model, tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    calls = []

    def get_model():
        calls.append(1)
        return model

    pairs = PairSet("p", "template", ROWS)
    first = preferences.cached_margins(pairs, "weights", get_model)
    assert preferences.cached_margins(pairs, "weights", get_model) == first
    assert calls == [1]
    preferences.cached_margins(pairs, "other weights", get_model)
    assert calls == [1, 1]
    (file, *_) = tmp_path.glob("runs/p/evaluations/*/preferences.json")
    assert json.loads(file.read_text())["ids"] == [row["id"] for row in ROWS]


def test_a_result_has_accuracy_margin_and_tests():
    pairs = [pair(number, "a", "b") for number in range(20)]
    result = preference_result(one([1.0] * 19 + [-3.0]), pairs, base=one([-1.0] * 20), parent=one([1.0] * 20))
    assert (result.num_pairs, result.accuracy.value, result.margin.value) == (20, 0.95, 0.8)
    assert result.accuracy.low < 0.95 < result.accuracy.high
    assert result.against_base == Difference(difference=0.95, p_value=2 / 2**19, test="mcnemar")
    assert result.against_parent == Difference(difference=-1 / 20, p_value=1.0, test="mcnemar")
    assert preference_result(one([1.0]), ROWS[:1]).against_base is None


def test_pairs_that_differ_in_the_language_alone_count_apart():
    pairs = [pair(i, "a", "b") | {"meta": {"differs_in": "language" if i < 4 else "content"}} for i in range(10)]
    margins = one([1.0, 1.0, 1.0, -1.0] + [-1.0] * 5 + [1.0])
    result = preference_result(margins, pairs, base=one([1.0] * 10))
    assert (result.num_pairs, result.accuracy.value) == (6, pytest.approx(1 / 6))
    assert (result.language.count, result.language.value) == (4, 0.75)
    assert result.against_base.difference == pytest.approx(1 / 6 - 1)
    only = preference_result(margins.of([0, 1, 2, 3]), pairs[:4])
    assert (only.num_pairs, only.accuracy.value, only.language) == (4, 0.75, None), "nothing else to count"


def test_several_training_seeds_are_one_result_with_the_value_of_each():
    pairs = [pair(number, "a", "b") for number in range(30)]
    seeds = Margins((tuple([1.0] * 24 + [-1.0] * 6), tuple([2.0] * 27 + [-2.0] * 3)))
    result = preference_result(seeds, pairs, base=one([-1.0] * 30))
    assert (result.accuracy.value, result.accuracy.by_seed) == (pytest.approx(0.85), pytest.approx((0.8, 0.9)))
    assert result.accuracy.low < 0.85 < result.accuracy.high
    assert (result.against_base.test, result.against_base.difference) == ("bootstrap", pytest.approx(0.85))


def test_the_table_holds_accuracy_margin_and_tests():
    evaluation = tiny_evaluation()
    base, run = evaluation.models[2], evaluation.models[-1]
    preferences = preference_result(one([2.0, 1.0]), ROWS[:2], base=one([-1.0] * 2))
    run = run.model_copy(update={"name": "dpo", "preferences": preferences})
    models = [base.model_copy(update={"preferences": None}), run]
    header, rows = preference_table(evaluation.model_copy(update={"models": models}))
    assert header[0] == "model"
    assert rows == [["dpo", "2", rows[0][2], "+1.000, p = 0.500", "–", rows[0][5]]]
    assert rows[0][2].startswith("1.000 [")
    assert rows[0][5].startswith("1.50 [1.00, 2.00")
