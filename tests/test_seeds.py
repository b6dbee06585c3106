"""Runs that differ in the seed alone: which ones they are, and the estimates of their mean."""

import math
from types import SimpleNamespace

import pytest
from run_records import write_run

from gretchen.projects.card import Evaluation, Metric
from gretchen.runs.record import Run, read_record
from gretchen.scoring.estimates import main_difference, over_seeds, score_set
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.scored import Answer
from gretchen.scoring.seeds import grouped, replicates, trains_recipe


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that writes a finished run: id, seed, more values of its recipe, fields of its record."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))

    def write(name, seed, recipe="", stage="sft", **fields):
        folder = tmp_path / "runs" / "p" / f"{stage}.zephyr" / name
        write_run(folder, seed=seed, **fields)
        text = f"seed: {seed}\nlearning_rate: 0.1\noutput_dir: runs/p/{stage}.zephyr/{name}\n{recipe}"
        (folder / "recipe.yaml").write_text(text, encoding="utf-8")
        return Run(folder, read_record(folder))

    return write


def test_runs_of_the_same_recipe_base_and_data_are_replicates(run):
    first = run("a", 42)
    moved = "model_name_or_path: /an/earlier/clone/projects/p/base\n"
    same = [run("b", 1, recipe=moved, set="seed=1"), run("c", 2, recipe="data_seed: 5\n", set="seed=2 data_seed=5")]
    repeated = run("d", 1)
    others = [
        run("e", 3, recipe="num_train_epochs: 2\n", set="seed=3 num_train_epochs=2"),
        run("f", 4, data="e" * 16),
        run("g", 5, base={"model": "m", "weights": "v" * 16}),
        run("h", 6, stage="dpo"),
    ]
    assert replicates(first, [*same, repeated, *others]) == same, "the first of each seed"
    groups = [[each.name for each in group] for group in grouped([first, *same, *others])]
    assert groups == [["a", "b", "c"], ["e"], ["f"], ["g"], ["h"]]
    assert [trains_recipe(each.record) for each in [first, *same, others[0]]] == [True, True, True, False]
    chain = run("i", 7, chain=("sft.zephyr", "dpo.zephyr"))
    assert not trains_recipe(chain.record)


def test_rows_of_another_format_may_differ(run):
    first = run("a", 42, rows="r" * 16)
    other_pairs, other_chats = run("b", 1, rows="r" * 16, data="e" * 16), run("c", 2, rows="s" * 16)
    assert replicates(first, [other_pairs, other_chats]) == [other_pairs]


def test_later_stages_are_replicates_where_their_parents_are(run):
    first, second, other = run("a", 42), run("b", 1), run("c", 2, recipe="num_train_epochs: 2\n")

    def later(name, seed, parent):
        model = f"runs/p/sft.zephyr/{parent.name}"
        fields = {"stage": "dpo", "parent": {"run": model, "weights": "w"}}
        return run(name, seed, recipe=f"model_name_or_path: {model}/model\n", **fields)

    start = later("d", 42, first)
    same_parent, other_seed, other_values = later("e", 1, first), later("f", 2, second), later("g", 3, other)
    assert replicates(start, [same_parent, other_seed, other_values]) == [same_parent, other_seed]


ROWS = [{"id": str(i), "form": "ab"[i % 2], "group": [f"g{i // 2}"], "messages": []} for i in range(40)]


def evaluator(**functions):
    metrics = {name: Metric(unit="share", better="higher", range=[0.0, 1.0]) for name in ("right", "close", "most")}
    settings = Evaluation(main="right", metrics=metrics, max_new_tokens=1)
    return Evaluator("p", settings, SimpleNamespace(score=score, **functions))


def score(prediction, row):
    value = float(prediction)
    return {"right": float(value == 1), "close": value}


def scored(predictions, **functions):
    answers = [Answer(row["id"], 0, str(value), True) for row, value in zip(ROWS, predictions, strict=True)]
    return score_set(evaluator(**functions), ROWS, answers)


def test_the_mean_over_seeds_has_an_interval_the_value_of_each_seed_and_a_test():
    shares = [1.0] * 20 + [0.5] * 20, [1.0] * 30 + [0.5] * 10
    one, other = map(scored, shares)
    both = over_seeds([one, other])
    estimate = both.without_closed_forms.estimate("right")
    assert (estimate.value, estimate.by_seed, estimate.count) == (0.625, (0.5, 0.75), 40)
    assert estimate.method == "wilson" and estimate.low < 0.625 < estimate.high
    width = one.scores().scores["right"]
    assert estimate.high - estimate.low < width.high - width.low, "two seeds scatter less than one"
    assert one.scores().scores["right"].by_seed == ()
    close = both.without_closed_forms.estimate("close")
    assert (close.value, close.method) == (pytest.approx(0.8125), "bootstrap")
    assert both.scores().forms["a"].value == pytest.approx(0.625)
    difference = main_difference(both.without_closed_forms, one.without_closed_forms)
    assert (difference.difference, difference.test) == (pytest.approx(0.125), "bootstrap")
    assert main_difference(other.without_closed_forms, one.without_closed_forms).test == "mcnemar"


def test_an_aggregate_of_the_project_is_averaged_over_seeds_not_pooled():
    def most(rows):
        return {"most": max(row.scores[0]["close"] for row in rows)}

    both = over_seeds([scored([0.5] * 40, aggregate=most), scored([0.0] * 40, aggregate=most)])
    estimate = both.without_closed_forms.estimate("most")
    assert (estimate.value, estimate.by_seed) == (0.25, (0.5, 0.0))
    assert (estimate.low, estimate.high) == (0.25, 0.25)


def test_a_metric_that_applies_in_one_seed_only_counts_that_seed():
    def some(rows):
        return {"most": None if rows[0].predictions[0] == "0.0" else 0.5}

    both = over_seeds([scored([1.0] * 40, aggregate=some), scored([0.0] * 40, aggregate=some)])
    assert both.without_closed_forms.values["most"] == 0.5
    assert both.without_closed_forms.estimate("most").by_seed == (0.5, None)
    assert math.isnan(both.without_closed_forms.by_seed("most")[1])
