"""Reward models: their margins on pairs by a real model, what run.json keeps and says, and their own table."""

from pathlib import Path

import pytest
from run_records import write_run

from gretchen.models.generate import load
from gretchen.scoring import preferences, rewards
from gretchen.scoring.systems import system
from gretchen.scoring.table import markdown_table, reward_table

ARCHITECTURE = Path(__file__).resolve().parents[1] / "shared_recipes/tiny/architecture"


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

    place = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(place))
        run = place / "runs/p/reward.zephyr/20260101-000000-aaaa"
        set_seed(1)
        config = AutoConfig.from_pretrained(ARCHITECTURE, num_labels=1)
        shutil.copytree(ARCHITECTURE, run / "model")
        AutoModelForSequenceClassification.from_config(config).save_pretrained(run / "model")
        base = {"model": "projects/p/base", "weights": "w" * 16}
        write_run(run, base=base)
        yield place


def test_a_run_of_a_reward_model_is_a_system_of_its_own_kind(root):
    assert system(root / "runs/p/reward.zephyr/20260101-000000-aaaa", alone=True).kind == "reward"


def test_a_score_is_the_heads_at_the_token_that_ends_the_answer(root):
    import torch

    model = load("runs/p/reward.zephyr/20260101-000000-aaaa/model", scores=True)
    for side in ("chosen", "rejected"):
        for row, told in zip(ROWS, rewards.scores(model, ROWS, side), strict=True):
            ids, _ = preferences.encode(model, row, row[side])
            assert model.tokenizer.decode(ids[-1:]) == "<|im_end|>"
            with torch.inference_mode():
                hidden = model.model.model(torch.tensor([ids])).last_hidden_state[0, -1]
                assert told == pytest.approx(float(model.model.score(hidden)), abs=1e-4)


def test_the_pairs_are_told_with_interval_and_asked_once(root):
    judge = system(root / "runs/p/reward.zephyr/20260101-000000-aaaa", alone=True)
    (told,) = rewards.tell("p", [judge], "", ROWS)
    assert (told["name"], told["count"]) == ("reward.zephyr", 3)
    assert told["accuracy"]["low"] <= told["accuracy"]["value"] <= told["accuracy"]["high"]
    (kept,) = root.glob("runs/p/evaluations/*/preferences.json")
    written = kept.stat().st_mtime_ns
    assert rewards.tell("p", [judge], "", ROWS) == [told]
    assert kept.stat().st_mtime_ns == written
    assert rewards.tell("p", [judge], "", []) == []


def test_a_training_ends_with_what_the_pairs_say(root, capsys):
    run = root / "runs/p/reward.zephyr/20260101-000000-aaaa"
    rewards.print_pairs(run)
    assert capsys.readouterr().out == ""
    write_run(run, pairs={"count": 495, "accuracy": {"value": 0.9, "low": 0.87, "high": 0.92}})
    rewards.print_pairs(run)
    expected = "\nthe right answer of a held-out pair scores higher: 0.900 [0.870, 0.920] of 495 pairs\n"
    assert capsys.readouterr().out == expected


def test_a_reward_model_stands_in_a_table_of_its_own():
    one = {"name": "reward.zephyr", "count": 495, "accuracy": {"value": 0.9, "low": 0.87, "high": 0.92}}
    header, rows = reward_table({"rewards": [one | {"margin": {"value": 1.5, "low": 1.25, "high": 1.75}}]})
    assert header == ["reward model", "pairs", "accuracy [95 %]", "margin of scores"]
    assert rows == [["reward.zephyr", "495", "0.900 [0.870, 0.920]", "1.50 [1.25, 1.75]"]]
    assert reward_table({})[1] == [], "a result from before there were any"


def test_a_recorded_result_without_reward_models_still_makes_its_table():
    import json

    told = json.loads((Path(__file__).resolve().parents[1] / "projects/genome-chatbot/results.json").read_text("utf-8"))
    assert (
        "reward models" not in markdown_table({key: value for key, value in told.items() if key != "rewards"}).lower()
    )
