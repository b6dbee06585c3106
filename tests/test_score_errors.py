"""An answer on which a project's score() raises costs that answer, not the evaluation."""

import math
from types import SimpleNamespace

import pytest

from gretchen import rewards
from gretchen.errors import UserError
from gretchen.projects.card import Evaluation, Metric
from gretchen.scoring.estimates import score_set
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.score_errors import num_errors, write_first_trace
from gretchen.scoring.scored import Answer

METRICS = {
    "right": Metric(unit="share", better="higher", range=[0.0, 1.0]),
    "close": Metric(unit="share", better="higher", range=[0.0, 1.0]),
    "errors": Metric(unit="count", better="lower", range=[0.0, 9.0]),
    "distance": Metric(unit="steps", better="lower", range=[0.0, math.inf]),
}
ROWS = [{"id": str(i), "form": "ab"[i % 2], "messages": [], "meta": {}} for i in range(8)]


def score(prediction, row):
    """Return the scores of a number; `close` applies to form a only."""
    value = float(prediction)
    return {"right": value, "close": value if row["form"] == "a" else None, "errors": 1 - value, "distance": 1.0}


def evaluator(**functions):
    settings = Evaluation(main="right", metrics=METRICS, max_new_tokens=1)
    return Evaluator("p", settings, SimpleNamespace(**({"score": score} | functions)))


def answers(predictions):
    return [Answer(row["id"], 0, prediction, True) for row, prediction in zip(ROWS, predictions, strict=True)]


def test_the_answer_gets_the_worst_scores_of_its_form_and_the_trace_is_kept(tmp_path):
    scored = score_set(evaluator(), ROWS, answers(["1", "1", "one", "?", *["1"] * 4]))
    assert num_errors(scored.rows) == scored.num_errors() == 2
    assert scored.rows[2].scores == ({"right": 0.0, "close": 0.0, "errors": 9.0, "distance": None},)
    assert scored.rows[3].scores == ({"right": 0.0, "errors": 9.0, "distance": None},), "close applies to form a only"
    assert scored.scores().scores["right"].value == pytest.approx(6 / 8)
    file = write_first_trace(scored.rows, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert "score() of row '2' raised ValueError: could not convert string to float: 'one'" in text
    assert "row: 2\nanswer: 'one'\n" in text
    assert text.rstrip().endswith("ValueError: could not convert string to float: 'one'"), "the project's own trace"
    assert write_first_trace(score_set(evaluator(), ROWS, answers(["1"] * 8)).rows, tmp_path) is None
    assert not file.exists(), "no trace of an earlier evaluation stays"


def test_a_score_that_is_no_number_costs_its_answer_too():
    scored = score_set(evaluator(), ROWS, answers(["1", "nan", *["1"] * 6]))
    assert scored.num_errors() == 1
    assert scored.scores().scores["right"].value == pytest.approx(7 / 8)


def test_a_metric_that_raises_on_every_answer_is_an_error():
    with pytest.raises(UserError, match=r"score\(\) of row '0' raised ValueError"):
        score_set(evaluator(), ROWS, answers(["?"] * 8))


def test_a_reward_that_raises_on_one_answer_is_the_least_of_its_batch(capsys):
    assert rewards.rewards(evaluator(), ["1", "?", "0.5"], ROWS[:3]) == [1.0, 0.5, 0.5]
    own = evaluator(reward=lambda prediction, row: -float(prediction))
    assert rewards.rewards(own, ["1", "?", "0.5"], ROWS[:3]) == [-1.0, -1.0, -0.5]
    assert "raised on an answer: such answers get the least reward of their batch" in capsys.readouterr().err
    with pytest.raises(UserError):
        rewards.rewards(evaluator(), ["?", "!"], ROWS[:2])
    assert rewards.rewards(evaluator(), [], []) == []
