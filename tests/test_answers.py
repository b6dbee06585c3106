"""`make answers`: stored answers side by side, chosen by what changed; nothing is generated."""

import json

import pytest
from made_project import TEST, TRAIN, chats

from gretchen import paths
from gretchen.commands.answers import answers, row_lines
from gretchen.errors import UserError
from gretchen.files import write_json, write_jsonl
from gretchen.projects.build import build, data_hash
from gretchen.projects.card import Metric
from gretchen.scoring.evaluation import ModelEvaluation, PromptedSettings
from gretchen.scoring.side_by_side import ComparedRow, ModelAnswer, compare_answers, select_changes

ROWS = TEST[:4]
SETTINGS = {"max_new_tokens": 8, "stop": (), "samples": 1, "temperature": 0.0, "seed": 0}
DEFAULTS = {"recipe": "", "form": "", "fixed": False, "broken": False, "wrong": False, "n": 20, "profile": "tiny"}


def store(system, run, responses, date="2026-01-02", prompting="plain", **more):
    """Write a model's answers (row id: answer) as `make eval` does."""
    folder = paths.runs("made") / "evaluations" / f"{system}-{date}-{prompting}".replace(" ", "-")
    folder.mkdir(parents=True)
    values = {
        "project": "made", "profile": "tiny", "system": system, "model": "projects/made/base", "weights": "w",
        "run": run and f"runs/made/{system}/{run}", "template": "t", "data": data_hash("made"), "rows": "r",
        "settings": PromptedSettings(prompting=prompting, **SETTINGS), "num_rows": len(responses), "device": "cpu",
        "dtype": "float32", "versions": {}, "seconds": 1.0, "date": date,
    } | more  # fmt: skip
    write_json(folder / "evaluation.json", ModelEvaluation(**values).to_json())
    lines = ({"id": id_, "sample": 0, "prediction": text, "ended": text != "cut"} for id_, text in responses.items())
    write_jsonl(folder / "predictions.jsonl", lines)


@pytest.fixture
def project(made_project):
    """A project of four test rows, whose answer is "yes"; the base knows the first two, SFT the second and third."""
    made_project("def chats():\n" + chats(TRAIN[:5]) + chats(ROWS))
    score = 'def score(prediction, row):\n    return {"exact": float(prediction == row["messages"][-1]["content"])}\n'
    (paths.projects() / "made" / "evaluation.py").write_text(score, encoding="utf-8")
    build("made", "tiny")
    store("base", None, dict(zip(ROWS, ["yes", "yes", "no", "no"], strict=True)))
    store("sft.zephyr", "20260101-000000-aaaa", dict(zip(ROWS, ["no", "yes", "yes", "cut"], strict=True)))
    return "made"


def ids(rows):
    return [row.id for row in rows]


def test_rows_hold_question_reference_and_each_models_answer(project):
    rows = compare_answers(project, "tiny")
    assert sorted(ids(rows)) == sorted(ROWS)
    row = next(row for row in rows if row.id == ROWS[0])
    assert (row.question, row.reference) == (f"What is {ROWS[0]} in this row of ours?", "yes")
    assert row.answers == (ModelAnswer("base", "yes", 1.0, True), ModelAnswer("sft.zephyr", "no", 0.0, True))


def test_rows_are_chosen_by_what_changed(project):
    rows = compare_answers(project, "tiny")
    metric = Metric(unit="share", better="higher", range=[0, 1])
    assert ids(select_changes(rows, ["fixed"], metric)) == [ROWS[2]]
    assert ids(select_changes(rows, ["broken"], metric)) == [ROWS[0]]
    assert set(ids(select_changes(rows, ["wrong"], metric))) == {ROWS[0], ROWS[3]}
    assert set(ids(select_changes(rows, ["fixed", "broken"], metric))) == {ROWS[0], ROWS[2]}
    assert select_changes(rows, [], metric) == rows


def test_less_is_better_and_a_metric_that_does_not_apply():
    def row(first, last):
        return ComparedRow("a", "", "q", "r", (ModelAnswer("base", "", first, True), ModelAnswer("x", "", last, True)))

    metric = Metric(unit="characters", better="lower", range=[0, 10])
    better, unknown = row(5.0, 2.0), row(None, 2.0)
    assert select_changes([better, unknown], ["fixed"], metric) == [better]
    assert select_changes([better, unknown], ["wrong"], metric) == [better]
    assert select_changes([better, unknown], ["broken"], metric) == []


def test_the_newest_answers_to_the_present_data_count(project):
    old = dict.fromkeys(ROWS, "old")
    store("base", None, old, date="2025-01-01")
    store("base", None, old, date="2027-01-01", prompting="few-shot")
    store("dpo.zephyr", "20250101-000000-bbbb", old, data="other data")
    names = [answer.model for answer in compare_answers(project, "tiny")[0].answers]
    assert names == ["base", "sft.zephyr"]
    assert all(answer.answer != "old" for row in compare_answers(project, "tiny") for answer in row.answers)


def test_a_recipe_and_a_form(project):
    store("dpo.zephyr", "20260102-000000-bbbb", dict.fromkeys(ROWS, "yes"))
    assert [answer.model for answer in compare_answers(project, "tiny", "sft")[0].answers] == ["base", "sft.zephyr"]
    assert len(compare_answers(project, "tiny", form="ask")) == 4
    with pytest.raises(UserError, match="no answers of recipe 'kto' are stored"):
        compare_answers(project, "tiny", "kto")
    with pytest.raises(UserError, match="no answered row of made has form 'state'"):
        compare_answers(project, "tiny", form="state")


def test_nothing_is_stored(project):
    with pytest.raises(UserError) as failure:
        compare_answers(project, "laptop")
    assert failure.value.problem == "no answers of made under PROFILE=laptop to the present data are stored"
    assert failure.value.hint == "make eval PROJECT=made PROFILE=laptop"


def test_the_page(project, capsys):
    answers("made", **DEFAULTS | {"fixed": True}, json_=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "made, tiny: 1 of 4 rows are fixed, 1 shown; score: exact",
        "",
        f"[ask] What is {ROWS[2]} in this row of ours?",
        "  reference        yes",
        "  base 0.00        no",
        "  sft.zephyr 1.00  yes",
    ]


def test_an_answer_without_eos_says_so(project, capsys):
    answers("made", **DEFAULTS, json_=False)
    lines = capsys.readouterr().out.splitlines()
    assert "  sft.zephyr 0.00, no EOS  cut" in lines


def test_as_json(project, capsys):
    answers("made", **DEFAULTS | {"n": 2}, json_=True)
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 2
    assert set(rows[0]) == {"id", "set", "form", "language", "question", "reference", "answers"}


def test_a_number_below_zero(project):
    with pytest.raises(UserError, match="N=-1 is below 0"):
        answers("made", **DEFAULTS | {"n": -1}, json_=False)


def test_an_answer_does_not_steer_the_terminal():
    shown = ComparedRow("1", "for\x1b[2Jm", "q?", "r", (ModelAnswer("base", "a\x1b[2Jb\n\u202eü", 0.0, True),))
    lines = "\n".join(row_lines(shown, 80))
    assert "\\u001b[2Jb" in lines and "\\u202eü" in lines
    assert not {"\x1b", "\u202e"} & set(lines)
