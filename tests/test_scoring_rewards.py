"""Reward models: margins on pairs by a real model, their result in run.json, and their own table."""

from pathlib import Path

import pytest
from recorded_results import tiny_evaluation
from run_records import write_run

from gretchen.models.generate import load_reward_model
from gretchen.runs.record import Run, read_record
from gretchen.scoring import preferences, reward_models
from gretchen.scoring.evaluation import RewardModelResult
from gretchen.scoring.preferences import Margins, PairSet, preference_result
from gretchen.scoring.systems import system
from gretchen.scoring.table import markdown_table, reward_model_table

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURE = ROOT / "shared_recipes/tiny/architecture"
RESULTS = ROOT / "projects/genome-chatbot/results.json"


def pair(number, chosen, rejected):
    sides = {"chosen": chosen, "rejected": rejected}
    row = {side: [{"role": "assistant", "content": text}] for side, text in sides.items()}
    return row | {
        "id": f"pair-{number}",
        "form": "x",
        "prompt": [{"role": "user", "content": "Transcribe ATG " * number}],
    }


ROWS = [pair(1, "AUG", "ATG"), pair(2, "AUG UUU", "AUG"), pair(3, "no", "a longer answer than the other")]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a root with the finished run of a reward model of random weights."""
    import shutil

    from transformers import AutoConfig, AutoModelForSequenceClassification, set_seed

    temporary = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(temporary))
        run = temporary / "runs/p/reward.zephyr/20260101-000000-aaaa"
        set_seed(1)
        config = AutoConfig.from_pretrained(ARCHITECTURE, num_labels=1)
        shutil.copytree(ARCHITECTURE, run / "model")
        AutoModelForSequenceClassification.from_config(config).save_pretrained(run / "model")
        base = {"model": "projects/p/base", "weights": "w" * 16}
        write_run(run, base=base)
        yield temporary


@pytest.fixture
def reward_model(root):
    """Return the run's reward model as a system."""
    run_dir = root / "runs/p/reward.zephyr/20260101-000000-aaaa"
    return system(Run(run_dir, read_record(run_dir)), alone=True)


def test_a_run_of_a_reward_model_is_a_system_of_its_own_kind(reward_model):
    assert reward_model.kind == "reward"


def test_a_score_is_the_heads_at_eos(root):
    import torch

    model = load_reward_model("runs/p/reward.zephyr/20260101-000000-aaaa/model")
    for side in ("chosen", "rejected"):
        for row, score in zip(ROWS, reward_models.scores(model, ROWS, side), strict=True):
            ids, _ = preferences.encode(model, row, row[side])
            assert model.tokenizer.decode(ids[-1:]) == "<|im_end|>"
            with torch.inference_mode():
                hidden = model.model.model(torch.tensor([ids])).last_hidden_state[0, -1]
                assert score == pytest.approx(float(model.model.score(hidden)), abs=1e-4)


def test_a_result_has_intervals_and_is_computed_once(root, reward_model):
    (result,) = reward_models.evaluate_reward_models([reward_model], PairSet("p", "", ROWS))
    assert (result.name, result.preferences.num_pairs) == ("reward.zephyr", 3)
    accuracy = result.preferences.accuracy
    assert accuracy.low <= accuracy.value <= accuracy.high
    (file,) = root.glob("runs/p/evaluations/*/preferences.json")
    written = file.stat().st_mtime_ns
    assert reward_models.evaluate_reward_models([reward_model], PairSet("p", "", ROWS)) == [result]
    assert file.stat().st_mtime_ns == written
    assert reward_models.evaluate_reward_models([reward_model], PairSet("p", "", [])) == []


def test_a_training_ends_with_the_preference_accuracy(root, capsys):
    run = root / "runs/p/reward.zephyr/20260101-000000-aaaa"
    reward_models.print_preference_result(run)
    assert capsys.readouterr().out == ""
    margins = Margins((tuple([1.0] * 9 + [-1.0]),))
    write_run(run, pairs=preference_result(margins, [pair(i, "a", "b") for i in range(10)]).to_json())
    reward_models.print_preference_result(run)
    assert capsys.readouterr().out == "\npreference accuracy on held-out pairs: 0.900 [0.523, 0.987] of 10 pairs\n"


def test_reward_models_have_a_table_of_their_own():
    evaluation = tiny_evaluation()
    assert evaluation.reward_models == []
    assert reward_model_table(evaluation).rows == []
    assert "reward model" not in markdown_table(evaluation).lower()
    preferences = preference_result(Margins((tuple([1.5] * 10),)), [pair(i, "a", "b") for i in range(10)])
    result = RewardModelResult(name="reward.zephyr", run="20260101-000000-aaaa", weights="w", preferences=preferences)
    evaluation = evaluation.model_copy(update={"reward_models": [result]})
    header, rows = reward_model_table(evaluation)
    assert header == ["reward model", "pairs", "accuracy [95 %]", "score margin"]
    assert rows == [["reward.zephyr", "10", "1.000 [0.722, 1.000]", "1.50 [1.50, 1.50]"]]
    assert "| reward.zephyr | 10 |" in markdown_table(evaluation)
