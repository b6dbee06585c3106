"""`gretchen score`: the metrics of predictions from anywhere, and its messages for a faulty file."""

import json
import shutil
from pathlib import Path

import pytest

from gretchen import cli
from gretchen.models.generate import Completion
from gretchen.projects.build import build
from gretchen.scoring import closed_loop, generation
from gretchen.scoring.answers import PromptedRow
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation, load_set, sample

FIXTURES = Path(__file__).parent / "fixtures" / "projects"


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a repository root of its own that holds the projects of tests/fixtures."""
    copy = tmp_path_factory.mktemp("score")
    shutil.copytree(FIXTURES, copy / "projects")
    shutil.copytree(root / "shared_recipes" / "tiny", copy / "shared_recipes" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(copy))
        patch.chdir(copy)
        for slug in ("expressions", "guess-the-number"):
            build(slug, "tiny")
        yield copy


@pytest.fixture
def score(root, capsys):
    """Return the command on a file of some lines: exit code, stdout and stderr."""

    def call(project, lines, *words):
        Path("answers.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        capsys.readouterr()
        code = cli.run(["score", "--project", project, "--predictions", "answers.jsonl", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def line(row, prediction, **more):
    return json.dumps({"id": row["id"], "prediction": prediction} | more, ensure_ascii=False)


def test_perfect_predictions_score_the_maximum_as_json(score):
    rows, evaluator = load_set("expressions", "test"), load_evaluator("expressions")
    lines = [line(row, evaluator.oracle(row)) for row in rows for _ in range(4)]
    code, out, _ = score("expressions", lines)
    assert code == 0
    scores = json.loads(out)["sets"]["test"]["scores"]
    assert {name: score["value"] for name, score in scores.items()} == {"passed": 1, "pass_at_1": 1, "pass_at_2": 1}
    assert all(score["count"] == len(rows) for score in scores.values())


def test_a_truncated_answer_does_not_pass(score):
    rows, evaluator = load_set("expressions", "test"), load_evaluator("expressions")
    lines = [line(row, evaluator.oracle(row), ended=i < 2) for row in rows for i in range(4)]
    scores = json.loads(score("expressions", lines)[1])["sets"]["test"]["scores"]
    assert scores["passed"]["value"] == 0.5
    assert scores["pass_at_2"]["value"] == pytest.approx(1 - 1 / 6)  # two of four: 1 - C(2, 2) / C(4, 2)


def test_a_closed_loop_is_scored_on_its_turns(score):
    rows, evaluator = load_set("guess-the-number", "test"), load_evaluator("guess-the-number")
    code, out, _ = score("guess-the-number", [line(row, evaluator.oracle(row)) for row in rows])
    assert code == 0
    scores = json.loads(out)["sets"]["test"]["scores"]
    assert scores["solved"]["value"] == 1.0
    assert 4 < scores["guesses"]["value"] <= 8


def test_a_conversation_is_kept_when_it_ends_and_not_when_its_whole_batch_has(root, monkeypatch):
    """The answers are scripted, so that conversations end after different numbers of turns."""
    rows, evaluator = load_set("guess-the-number", "test"), load_evaluator("guess-the-number")
    questions = [PromptedRow(row, conversation(row)) for row in rows]
    games, start = [evaluator.oracle(row) for row in rows], len(questions[0].prompt.messages)

    def next_guess(turns):
        count = len(turns)
        return next(game for game in games if game[:count] == turns and len(game) > count)[count]["content"]

    def scripted(model, prompts, params, on_token=None):
        return [Completion(next_guess(prompt.messages[start:]), ended=True) for prompt in prompts]

    monkeypatch.setattr(closed_loop, "generate", scripted)
    rounds: list[list[Answer]] = []
    settings = generation.greedy_settings(evaluator.settings)
    samples = [(question, 0) for question in questions]
    closed_loop.generate_in_loop(None, settings, closed_loop.Loop(evaluator), samples, rounds.append)
    lengths = [{(len(answer.prediction) + 1) // 2 for answer in answers} for answers in rounds]
    assert lengths == [{number} if answers else set() for number, answers in enumerate(rounds, start=1)]
    assert sum(bool(answers) for answers in rounds) > 2
    assert sorted(answer.id for answers in rounds for answer in answers) == sorted(row["id"] for row in rows)


def test_all_problems_of_a_file_are_listed_with_their_lines(score):
    (row, other, *_) = load_set("expressions", "test")
    code, out, err = score(
        "expressions",
        [
            line(row, "x"),
            "{'id': 1}",
            "",
            '{"prediction": "x"}',
            line({"id": other["id"].replace("f-", "g-")}, "x"),
            line(other, 3),
            line(other, "x", ended="yes"),
            *[line(row, "a line\u2028in a line")] * 4,
        ],
    )
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: answers.jsonl:2: no JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        'answers.jsonl:4: no id: expected {"id": "…", "prediction": "…"}',
        f"answers.jsonl:5: unknown id '{other['id'].replace('f-', 'g-')}', did you mean '{other['id']}'?",
        f"answers.jsonl:6: the prediction of '{other['id']}' is no string",
        f"answers.jsonl:7: 'ended' of '{other['id']}' is neither true nor false",
        f"answers.jsonl:11: duplicate id '{row['id']}', first on line 1",
        "hint: ids are those of build/<project>/<format>/{test,hard}.jsonl",
    ]


def test_at_most_ten_problems_are_listed(score):
    code, _, err = score("expressions", ["[]"] * 14)
    assert code == 2
    assert err.count("no id") == 10
    assert "… and 4 more" in err


def test_a_string_instead_of_turns_is_refused(score):
    row = load_set("guess-the-number", "test")[0]
    _, _, err = score("guess-the-number", [line(row, "50")])
    expected = 'list of turns, each {"role": "…", "content": "…"}'
    assert err.splitlines()[0] == f"error: answers.jsonl:1: the prediction of '{row['id']}' is no {expected}"


def test_missing_predictions_are_refused(score):
    rows = load_set("guess-the-number", "test")
    turns = [{"role": "assistant", "content": "50"}]
    code, _, err = score("guess-the-number", [line(row, turns) for row in rows[2:]])
    assert code == 2
    assert err.splitlines() == [
        f"error: answers.jsonl has no prediction for 2 of {len(rows)} rows of the test set: "
        f"{rows[0]['id']}, {rows[1]['id']}",
        'hint: an answer that failed is ""; LIMIT=300 expects the sample of `make eval LIMIT=300`',
    ]


def test_missing_samples_are_refused(score):
    rows = load_set("expressions", "test")
    _, _, err = score("expressions", [line(row, "x") for row in rows for _ in range(4)][:-1])
    assert err.splitlines()[0] == (
        f"error: answers.jsonl has fewer than 4 predictions (the card's `samples`) for 1 of {len(rows)} rows "
        f"of the test set: {rows[-1]['id']}"
    )


def test_a_limit_expects_only_the_sampled_rows(score):
    lines = [line(row, "x") for row in sample(load_set("expressions", "test"), 5) for _ in range(4)]
    code, out, _ = score("expressions", lines, "--limit=5")
    assert code == 0
    assert json.loads(out)["sets"]["test"]["scores"]["passed"]["count"] == 5
    assert score("expressions", lines, "--limit=6")[0] == 2


def test_an_empty_and_a_missing_file(score, capsys):
    assert score("expressions", [""])[2].splitlines()[0] == "error: answers.jsonl holds no predictions"
    capsys.readouterr()
    assert cli.run(["score", "--project", "expressions", "--predictions", "none.jsonl"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no file none.jsonl\nhint: PREDICTIONS names a JSON lines file, from the repository's root\n"
    )
