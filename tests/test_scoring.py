"""The evaluation interface on more than exact match: a corpus metric, a closed loop and pass@k, each a real project."""

import math
import shutil
import time
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.projects.build import build
from gretchen.projects.card import load_card
from gretchen.scoring.baselines import baselines
from gretchen.scoring.scorer import load_evaluator
from gretchen.scoring.summary import against, open_figures, summary
from gretchen.scoring.testset import WorkedExamples, conversation, exchange, load_set, prompted, sample

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
    place = tmp_path_factory.mktemp("scoring")
    shutil.copytree(FIXTURES, place / "projects")
    shutil.copytree(root / "shared_recipes" / "tiny", place / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(place))
        for slug in PROJECTS:
            build(slug, "tiny")
        yield place


def rows_of(slug):
    return load_set(slug, "test")


def perfect(slug, rows):
    evaluator = load_evaluator(slug)
    return {row["id"]: [evaluator.oracle(row)] * evaluator.settings.samples for row in rows}


def broken(slug, said):
    """Break every second row's answer."""
    wrong = {"role": "assistant", "content": "no idea"}
    answer = [wrong] if slug == "guess-the-number" else "?"
    return {key: [answer] * len(one) if i % 2 else one for i, (key, one) in enumerate(said.items())}


def figures_of(slug, rows, said, ended=None):
    evaluator = load_evaluator(slug)
    return open_figures(evaluator, evaluator.score_all(rows, said, ended), load_card(slug).closed)


@pytest.fixture(scope="module", params=PROJECTS)
def slug(root, request):
    return request.param


def test_the_oracle_scores_the_maximum(slug):
    rows = rows_of(slug)
    assert len(rows) >= 8
    values = figures_of(slug, rows, perfect(slug, rows)).values
    assert {name: pytest.approx(values[name]) for name in PROJECTS[slug][0]} == PROJECTS[slug][0]


def test_a_broken_answer_scores_less_and_every_interval_holds_its_value(slug):
    rows = rows_of(slug)
    right, wrong = perfect(slug, rows), broken(slug, perfect(slug, rows))
    best, worse = figures_of(slug, rows, right), figures_of(slug, rows, wrong)
    main = worse.evaluator.main
    assert worse.values[main] < best.values[main]
    for name, value in PROJECTS[slug][1].items():
        assert worse.values[name] == pytest.approx(value, abs=0.1)
    told = summary(worse, worse.scored)
    for name, one in told["scores"].items():
        assert one["low"] <= one["value"] <= one["high"], name
        assert one["low"] < one["high"], name
    assert told["forms"].keys() == {row["form"] for row in rows} - set(load_card(slug).closed)
    difference = against(best, worse)
    assert difference["difference"] == pytest.approx(best.values[main] - worse.values[main])
    assert difference["p"] < 0.05
    assert against(worse, worse)["p"] == 1.0


def test_baselines_stand_in_every_table_and_score_little(slug):
    rows, evaluator = rows_of(slug), load_evaluator(slug)
    found = baselines(evaluator, rows, load_set(slug, "train"))
    # Prompts hold no answers, so none is the most frequent one.
    expected = {"copied prompt"} | ({"most frequent answer"} if slug != "guess-the-number" else set())
    assert found.keys() == expected
    for said in found.values():
        values = figures_of(slug, rows, said).values
        assert values[evaluator.main] < 0.7 * PROJECTS[slug][0][evaluator.main]


def test_the_corpus_metric_is_sacrebleus_and_no_mean_over_answers(root):
    from sacrebleu.metrics import CHRF

    rows = [row for row in rows_of("phrasebook") if row["form"] != "colour"]
    said = broken("phrasebook", perfect("phrasebook", rows))
    figures = figures_of("phrasebook", rows, said)
    expected = CHRF().corpus_score(
        [said[row["id"]][0] for row in rows], [[row["messages"][-1]["content"] for row in rows]]
    )
    assert figures.values["chrf"] == pytest.approx(expected.score)
    assert figures.estimate("chrf")["method"] == "bootstrap"
    assert figures.estimate("chrf")["count"] == len(rows)
    assert figures.estimate("exact")["method"] == "wilson"


def test_a_closed_table_stands_apart(root):
    rows = rows_of("phrasebook")
    said = {key: ["?"] for key in perfect("phrasebook", rows)} | perfect(
        "phrasebook", [r for r in rows if r["form"] == "colour"]
    )
    figures = figures_of("phrasebook", rows, said)
    told = summary(figures, figures.evaluator.score_all(rows, said))
    assert told["scores"]["exact"]["value"] == 0.0
    assert told["forms"].keys() == {"phrase", "noun"}
    assert told["closed"]["colour"]["value"] == pytest.approx(100)


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
    (one,) = evaluator.score_all([row], {row["id"]: [right, "x", "__import__('os')", "1 +"]})
    assert [scores["passed"] for scores in one.scores] == [1.0, 0.0, 0.0, 0.0]
    # one of four right: 1 - C(3, 1) / C(4, 1) and 1 - C(3, 2) / C(4, 2)
    assert evaluator.aggregate([one]) == {"passed": 0.25, "pass_at_1": 0.25, "pass_at_2": 0.5}
    said = {row["id"]: [right, "0", "0", "0"] for row in rows_of("expressions")}
    said |= {row["id"]: [evaluator.oracle(row), "0", "0", "0"] for row in rows_of("expressions")}
    assert figures_of("expressions", rows_of("expressions"), said).estimate("pass_at_2")["value"] == 0.5


def test_an_answer_that_was_cut_off_cannot_be_right_in_a_verdict_but_keeps_its_degree(root):
    rows = [row for row in rows_of("phrasebook") if row["form"] != "colour"]
    said = perfect("phrasebook", rows)
    values = figures_of("phrasebook", rows, said, {row["id"]: [False] for row in rows}).values
    assert values == {"exact": 0.0, "length_error": 0.0, "chrf": pytest.approx(100)}
    games = rows_of("guess-the-number")
    cut = {row["id"]: [i > 0] for i, row in enumerate(games)}
    solved = figures_of("guess-the-number", games, perfect("guess-the-number", games), cut).values["solved"]
    assert solved == pytest.approx(1 - 1 / len(games))
    functions = rows_of("expressions")
    cut = {row["id"]: [True, False, False, False] for row in functions}
    values = figures_of("expressions", functions, perfect("expressions", functions), cut).values
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
    asked = prompted(conversation(row), WorkedExamples(train).before(row))
    assert [turn["role"] for turn in asked.messages] == ["user", "assistant"] * 3 + ["user"]
    assert asked.messages[-1] == row["messages"][0]
    assert all(turn["content"].startswith("Only the noun of: ") for turn in asked.messages[::2])
    ids = [one["id"] for one in train if exchange(one)[:2] in [asked.messages[i : i + 2] for i in (0, 2, 4)]]
    assert len(ids) == 3
    pair = WorkedExamples(load_set("expressions", "train")).before(rows_of("expressions")[0])
    assert [len(example) for example in pair] == [2, 2, 2]
    assert WorkedExamples(load_set("guess-the-number", "train")).before(rows_of("guess-the-number")[0]) == []


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
        "an answer may be any text, and `aggregate` gets resamples of the rows too",
    ),
}


@pytest.fixture
def own_root(tmp_path, monkeypatch):
    """Return a root of one test, so that a project's module is loaded anew."""
    shutil.copytree(FIXTURES, tmp_path / "projects")
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("body", FAULTS)
def test_a_faulty_score_is_told_with_file_row_and_metric(own_root, body):
    file = own_root / "projects" / "phrasebook" / "evaluation.py"
    file.write_text(f"def score(prediction, row):\n    {body}\n", encoding="utf-8")
    with pytest.raises(UserError) as told:
        load_evaluator("phrasebook").score("?", {"id": "r"})
    assert (told.value.problem, told.value.hint) == FAULTS[body]


def test_an_evaluation_without_score_is_refused(own_root):
    (own_root / "projects" / "phrasebook" / "evaluation.py").write_text("def skore(prediction, row): ...\n")
    with pytest.raises(UserError, match=r"projects/phrasebook/evaluation.py defines no score\(\)"):
        load_evaluator("phrasebook")


def test_a_metric_that_applies_nowhere_has_no_figure(root):
    games = rows_of("guess-the-number")
    lost = {row["id"]: [[{"role": "assistant", "content": "?"}]] for row in games}
    figures = figures_of("guess-the-number", games, lost)
    assert math.isnan(figures.values["guesses"])
    assert figures.estimate("guesses") == {"value": None, "low": None, "high": None, "count": 0, "method": "none"}
    assert figures.estimate("solved")["value"] == 0.0


def test_resampling_a_project_s_own_aggregate_stays_cheap(root):
    rows = rows_of("phrasebook") * 8  # as many as an evaluation takes
    rows = [row | {"id": f"{i}", "group": [str(i)]} for i, row in enumerate(rows)][:300]
    said = {row["id"]: [row["messages"][-1]["content"][:-1]] for row in rows}
    figures = figures_of("phrasebook", rows, said)
    started = time.process_time()
    figures.estimate("chrf")
    assert time.process_time() - started < 6, "2,000 resamples of 300 rows"
