"""The evaluation interface on more than exact match: a corpus metric, a closed loop and pass@k, each a real project."""

import math
import shutil
import time
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.projects.build import build
from gretchen.projects.card import Evaluation as EvaluationSettings
from gretchen.projects.card import load_card
from gretchen.scoring.baselines import baselines
from gretchen.scoring.estimates import main_difference, score_set
from gretchen.scoring.evaluation import Estimate
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.few_shot import WorkedExamples, exchange, few_shot
from gretchen.scoring.generation import chat_settings
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation, load_set, sample

FIXTURES = Path(__file__).parent / "fixtures" / "projects"
# What a project's perfect answers get, and what its answers get once one in two is broken.
PROJECTS = {
    "phrasebook": ({"chrf": 100.0, "exact": 1.0, "length_error": 0.0}, {"exact": 0.5}),
    "guess-the-number": ({"solved": 1.0}, {"solved": 0.5}),
    "expressions": ({"passed": 1.0, "pass_at_1": 1.0, "pass_at_2": 1.0}, {"passed": 0.5}),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a repository root of its own that holds the projects of tests/fixtures, their data built."""
    copy = tmp_path_factory.mktemp("scoring")
    shutil.copytree(FIXTURES, copy / "projects")
    shutil.copytree(root / "shared_recipes" / "tiny", copy / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(copy))
        for slug in PROJECTS:
            build(slug, "tiny")
        yield copy


def rows_of(slug):
    return load_set(slug, "test")


def perfect(slug, rows):
    """Return {row id: the perfect answer, once per sample}."""
    evaluator = load_evaluator(slug)
    return {row["id"]: [evaluator.oracle(row)] * evaluator.settings.samples for row in rows}


def broken(slug, predictions):
    """Replace every second row's predictions by wrong ones."""
    turn = {"role": "assistant", "content": "no idea"}
    wrong = [turn] if slug == "guess-the-number" else "?"
    return {
        row_id: [wrong] * len(samples) if i % 2 else samples for i, (row_id, samples) in enumerate(predictions.items())
    }


def answers_of(predictions, ended=None):
    """Return {row id: predictions} as answers; `ended` {row id: flags}, without it all ended."""
    return [
        Answer(row_id, sample, prediction, ended[row_id][sample] if ended else True)
        for row_id, samples in predictions.items()
        for sample, prediction in enumerate(samples)
    ]


def scored(slug, rows, predictions, ended=None):
    """Return the scored set of a project's rows."""
    return score_set(load_evaluator(slug), rows, answers_of(predictions, ended), load_card(slug).closed)


def estimator_of(slug, rows, predictions, ended=None):
    """Return the estimator over the open forms of a project's rows."""
    return scored(slug, rows, predictions, ended).without_closed_forms


@pytest.fixture(scope="module", params=PROJECTS)
def slug(root, request):
    return request.param


def test_the_oracle_scores_the_maximum(slug):
    rows = rows_of(slug)
    assert len(rows) >= 8
    values = estimator_of(slug, rows, perfect(slug, rows)).values
    assert {name: pytest.approx(values[name]) for name in PROJECTS[slug][0]} == PROJECTS[slug][0]


def test_a_broken_answer_scores_less_and_every_interval_holds_its_value(slug):
    rows = rows_of(slug)
    right, wrong = perfect(slug, rows), broken(slug, perfect(slug, rows))
    best, worse = estimator_of(slug, rows, right), estimator_of(slug, rows, wrong)
    main = worse.evaluator.main_metric
    assert worse.values[main] < best.values[main]
    for name, value in PROJECTS[slug][1].items():
        assert worse.values[name] == pytest.approx(value, abs=0.1)
    scores = scored(slug, rows, wrong).scores()
    for name, estimate in scores.scores.items():
        assert estimate.low <= estimate.value <= estimate.high, name
        assert estimate.low < estimate.high, name
    assert scores.forms.keys() == {row["form"] for row in rows} - set(load_card(slug).closed)
    difference = main_difference(best, worse)
    assert difference.difference == pytest.approx(best.values[main] - worse.values[main])
    assert difference.p_value < 0.05
    assert main_difference(worse, worse).p_value == 1.0


def test_baselines_stand_in_every_table_and_score_little(slug):
    rows, evaluator = rows_of(slug), load_evaluator(slug)
    answers_by_baseline = baselines(evaluator, rows, load_set(slug, "train"))
    # Prompts hold no answers, so none is the most frequent one.
    expected = {"copied prompt"} | ({"most frequent answer"} if slug != "guess-the-number" else set())
    assert answers_by_baseline.keys() == expected
    for answers in answers_by_baseline.values():
        assert len(answers) == len(rows) * evaluator.settings.samples
        values = score_set(evaluator, rows, answers, load_card(slug).closed).without_closed_forms.values
        assert values[evaluator.main_metric] < 0.7 * PROJECTS[slug][0][evaluator.main_metric]


def test_the_corpus_metric_is_sacrebleus_and_no_mean_over_answers(root):
    from sacrebleu.metrics import CHRF

    rows = [row for row in rows_of("phrasebook") if row["form"] != "colour"]
    predictions = broken("phrasebook", perfect("phrasebook", rows))
    estimator = estimator_of("phrasebook", rows, predictions)
    expected = CHRF().corpus_score(
        [predictions[row["id"]][0] for row in rows], [[row["messages"][-1]["content"] for row in rows]]
    )
    assert estimator.values["chrf"] == pytest.approx(expected.score)
    assert estimator.estimate("chrf").method == "bootstrap"
    assert estimator.estimate("chrf").count == len(rows)
    assert estimator.estimate("exact").method == "wilson"


def test_a_closed_form_counts_apart(root):
    rows = rows_of("phrasebook")
    predictions = {row["id"]: ["?"] for row in rows}
    predictions |= perfect("phrasebook", [row for row in rows if row["form"] == "colour"])
    scores = scored("phrasebook", rows, predictions).scores()
    assert scores.scores["exact"].value == 0.0
    assert scores.forms.keys() == {"phrase", "noun"}
    assert scores.closed["colour"].value == pytest.approx(100)


def test_the_simulator_answers_and_ends_the_game(root):
    evaluator = load_evaluator("guess-the-number")
    row = {"id": "x", "meta": {"secret": 37}}
    turns = evaluator.oracle(row)
    assert [turn["content"] for turn in turns] == ["100", "lower", "50", "lower", "25", "higher", "37"]
    assert evaluator.score(turns, row) == {"solved": 1.0, "guesses": 4.0}
    silent = evaluator.play(row, lambda turns: "…")
    assert [turn["role"] for turn in silent] == ["assistant", "user"] * 7 + ["assistant"]
    assert silent[1]["content"] == "a number, please"
    assert evaluator.score(silent, row) == {"solved": 0.0, "guesses": None}
    assert evaluator.reward(turns, row) == 1.0


def test_pass_at_k_by_hand(root):
    evaluator = load_evaluator("expressions")
    row = rows_of("expressions")[0]
    right = evaluator.oracle(row)
    samples = {row["id"]: [right, "x", "__import__('os')", "1 +"]}
    (scored_row,) = evaluator.score_answers([row], answers_of(samples))
    assert [scores["passed"] for scores in scored_row.scores] == [1.0, 0.0, 0.0, 0.0]
    # one of four right: 1 - C(3, 1) / C(4, 1) and 1 - C(3, 2) / C(4, 2)
    assert evaluator.aggregate([scored_row]) == {"passed": 0.25, "pass_at_1": 0.25, "pass_at_2": 0.5}
    predictions = {row["id"]: [evaluator.oracle(row), "0", "0", "0"] for row in rows_of("expressions")}
    assert estimator_of("expressions", rows_of("expressions"), predictions).estimate("pass_at_2").value == 0.5


def test_a_truncated_answer_fails_a_0_1_metric_but_not_a_metric_of_degree(root):
    rows = [row for row in rows_of("phrasebook") if row["form"] != "colour"]
    truncated = {row["id"]: [False] for row in rows}
    values = estimator_of("phrasebook", rows, perfect("phrasebook", rows), truncated).values
    assert values == {"exact": 0.0, "length_error": 0.0, "chrf": pytest.approx(100)}
    games = rows_of("guess-the-number")
    ended = {row["id"]: [i > 0] for i, row in enumerate(games)}
    solved = estimator_of("guess-the-number", games, perfect("guess-the-number", games), ended).values["solved"]
    assert solved == pytest.approx(1 - 1 / len(games))
    functions = rows_of("expressions")
    ended = {row["id"]: [True, False, False, False] for row in functions}
    values = estimator_of("expressions", functions, perfect("expressions", functions), ended).values
    assert values == {"passed": 0.25, "pass_at_1": 0.25, "pass_at_2": pytest.approx(0.5)}


def test_a_sample_is_even_over_forms_seeded_and_in_order(root):
    rows = rows_of("phrasebook")
    chosen = sample(rows, 9, seed=0)
    assert chosen == sample(rows, 9, seed=0) != sample(rows, 9, seed=1)
    forms = [row["form"] for row in chosen]
    assert {form: forms.count(form) for form in forms} == {form: 3 for form in ("phrase", "noun", "colour")}
    assert [row["id"] for row in rows if row in chosen] == [row["id"] for row in chosen]
    assert sample(rows, 0) == sample(rows, len(rows)) == rows
    fewer = [row for row in rows if row["id"] != chosen[0]["id"]]
    assert len([row for row in sample(fewer, 9) if row in chosen]) == 8


def test_worked_examples_are_three_answered_train_rows_of_the_form(root):
    row = next(row for row in rows_of("phrasebook") if row["form"] == "noun")
    train = load_set("phrasebook", "train")
    messages = few_shot(conversation(row), WorkedExamples(train).for_row(row)).messages
    assert [turn["role"] for turn in messages] == ["user", "assistant"] * 3 + ["user"]
    assert messages[-1] == row["messages"][0]
    assert all(turn["content"].startswith("Only the noun of: ") for turn in messages[::2])
    ids = [example["id"] for example in train if exchange(example)[:2] in [messages[i : i + 2] for i in (0, 2, 4)]]
    assert len(ids) == 3
    examples = WorkedExamples(load_set("expressions", "train")).for_row(rows_of("expressions")[0])
    assert [len(exchange(example)) for example in examples] == [2, 2, 2]
    assert WorkedExamples(load_set("guess-the-number", "train")).for_row(rows_of("guess-the-number")[0]) == []


FAULTS = {
    "return {'exakt': 1}": (
        "projects/phrasebook/evaluation.py: score() of row 'r' returned an unknown metric 'exakt'",
        "did you mean 'exact'?; the card names them in evaluation.metrics",
    ),
    "return {'exact': 1.5}": (
        "projects/phrasebook/evaluation.py: score() of row 'r': exact is 1.5",
        "the card says its range is 0 to 1",
    ),
    "return {'exact': float('nan')}": (
        "projects/phrasebook/evaluation.py: score() of row 'r': exact is nan",
        "a score is a finite number, or None where the metric does not apply",
    ),
    "return 1.0": (
        "projects/phrasebook/evaluation.py: score() of row 'r' returned 1.0",
        'it returns a dict: {"metric": number or None}',
    ),
    "return {'exact': row['antwort']}": (
        "projects/phrasebook/evaluation.py:2: score() of row 'r' raised KeyError: 'antwort'",
        "an answer may be any string, and `aggregate` gets resamples of the rows too",
    ),
}


@pytest.fixture
def project_root(tmp_path, monkeypatch):
    """Return a root for one test, so that a project's module is loaded again."""
    shutil.copytree(FIXTURES, tmp_path / "projects")
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("body", FAULTS)
def test_a_wrong_score_is_an_error_with_file_row_and_metric(project_root, body):
    file = project_root / "projects" / "phrasebook" / "evaluation.py"
    file.write_text(f"def score(prediction, row):\n    {body}\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_evaluator("phrasebook").score("?", {"id": "r"})
    assert (error.value.problem, error.value.hint) == FAULTS[body]


def test_an_evaluation_without_score_is_refused(project_root):
    (project_root / "projects" / "phrasebook" / "evaluation.py").write_text("def skore(prediction, row): ...\n")
    with pytest.raises(UserError, match=r"projects/phrasebook/evaluation.py defines no score\(\)"):
        load_evaluator("phrasebook")


def test_a_metric_that_applies_to_no_row_has_no_value(root):
    games = rows_of("guess-the-number")
    lost = {row["id"]: [[{"role": "assistant", "content": "?"}]] for row in games}
    estimator = estimator_of("guess-the-number", games, lost)
    assert math.isnan(estimator.values["guesses"])
    assert estimator.estimate("guesses") == Estimate(value=None, low=None, high=None, count=0, method="none")
    assert estimator.estimate("solved").value == 0.0


def test_a_row_without_an_answer_is_an_error_and_answers_to_other_rows_do_not_count(root):
    rows = rows_of("guess-the-number")
    answers = answers_of(perfect("guess-the-number", rows))
    evaluator = load_evaluator("guess-the-number")
    assert len(evaluator.score_answers(rows[:2], answers)) == 2
    with pytest.raises(KeyError, match=f"no answer to row '{rows[0]['id']}'"):
        evaluator.score_answers(rows[:2], answers[1:])


def test_resampling_a_project_s_own_aggregate_stays_cheap(root):
    rows = rows_of("phrasebook") * 8  # as many as an evaluation takes
    rows = [row | {"id": f"{i}", "group": [str(i)]} for i, row in enumerate(rows)][:300]
    predictions = {row["id"]: [row["messages"][-1]["content"][:-1]] for row in rows}
    estimator = estimator_of("phrasebook", rows, predictions)
    started = time.process_time()
    estimator.estimate("chrf")
    assert time.process_time() - started < 6, "2,000 resamples of 300 rows"


def test_answers_are_short_in_a_smoke_test(monkeypatch):
    metric = {"unit": "share", "better": "higher", "range": [0, 1]}
    card = EvaluationSettings(main="m", metrics={"m": metric}, max_new_tokens=640)
    monkeypatch.setenv("GRETCHEN_SMOKE", "1")
    assert chat_settings(card).max_new_tokens == 32
    monkeypatch.delenv("GRETCHEN_SMOKE")
    assert chat_settings(card).max_new_tokens == 640
