"""The metrics on cases worked by hand, and what gaming them gains."""

import json
from pathlib import Path

import pytest

from gretchen.projects.rows import reference_of, turn_text
from gretchen.projects.splits import split_of
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.scored import Answer


def call(name, /, **arguments):
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments}, ensure_ascii=False)}</tool_call>"


@pytest.fixture(scope="module")
def by_form(chats):
    """The test rows, by form."""
    forms = {}
    for row in chats:
        if split_of(row["group"]) == "test":
            forms.setdefault(row["form"], []).append(row)
    return forms


def test_the_reference_scores_one(evaluation, chats):
    for row in chats:
        scores = evaluation.score(reference_of(row), row)
        assert 0 not in scores.values() and any(scores.values()), (row["id"], scores)
        assert evaluation.reward(reference_of(row), row) == pytest.approx(1), row["id"]


def test_calls_are_read_in_each_usual_form(evaluation):
    plain = [("f", {"a": 1})]
    assert evaluation.calls_in(call("f", a=1)) == plain
    assert evaluation.calls_in('<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>') == plain
    assert evaluation.calls_in('Sure.\n<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>') == plain
    assert len(evaluation.calls_in(call("f") + "\n" + call("g", b="</x>"))) == 2
    broken = ("", "f(a=1)", '<tool_call>{"name": "f"', "<tool_call>[1]</tool_call>", call("f") + "<tool_call>")
    assert [evaluation.calls_in(text) for text in broken] == [[]] * 5


@pytest.mark.parametrize(
    "answer",
    ["9" * 5000, "\ud800", "x" * 1_000_000,
     f'<tool_call>{{"name": "f", "arguments": {{"a": {"9" * 5000}}}}}</tool_call>',
     '<tool_call>{"name": "f", "arguments": {"a": NaN}}</tool_call>', "<tool_call>" * 5000, "[" * 5000, "?" * 5000,
     "<tool_call>" + "[" * 5000 + "</tool_call>", call("raise_to_power", base=10**9, exponent=10**9)],
)  # fmt: skip
def test_nothing_raises_and_nothing_odd_counts(evaluation, by_form, answer):
    for rows in by_form.values():
        scores = evaluation.score(answer, rows[0])
        assert scores["ast"] in (None, 0.0) or "irrelevance" in rows[0]["form"]
        assert 0 <= evaluation.reward(answer, rows[0]) < 0.6


def test_executable_compares_results_and_state(evaluation, part):
    tools = [part("catalogue").FUNCTIONS[name].schema for name in ("set_timer", "sum_numbers")]
    meta = {"now": "2026-03-12T09:00", "language": "en", "calls": [["set_timer", {"minutes": 5}]]}
    row = {"id": "r", "form": "simple", "tools": tools, "meta": meta | {"possible": [{"set_timer": {"minutes": [5]}}]}}
    assert evaluation.score(call("set_timer", minutes=5), row)["executable"] == 1
    assert evaluation.score(call("set_timer", minutes=6), row)["executable"] == 0
    wrong = evaluation.score(call("set_timer", minutes="5"), row)
    assert (wrong["executable"], wrong["schema_valid"], wrong["ast"]) == (0, 0, 0)
    meta |= {
        "calls": [["sum_numbers", {"numbers": [1, 4]}]],
        "possible": [{"sum_numbers": {"numbers": [[1, 4], [4, 1]]}}],
    }
    right = evaluation.score(call("sum_numbers", numbers=[2, 3]), row | {"meta": meta})
    assert (right["executable"], right["ast"]) == (1, 0), "another way to the same result"


def value(rows, answer):
    """Return the metrics of an answer to each row."""
    evaluator = load_evaluator(Path(__file__).resolve().parents[1].name)
    answers = [Answer(row["id"], 0, answer(row), True) for row in rows]
    return evaluator.aggregate(evaluator.score_answers(rows, answers))


def test_gaming_stays_far_below(by_form):
    rows = [row for form in by_form.values() for row in form[:12]]
    right = value(rows, reference_of)
    assert (right["ast"], right["irrelevance_precision"], right["language_gap"]) == (1, 1, 0)
    games = {
        "every tool": lambda row: "\n".join(call(tool["function"]["name"]) for tool in row["tools"]),
        "twice": lambda row: f"{reference_of(row)}\n{reference_of(row)}" if "possible" in row["meta"] else "",
        "call and ask": lambda row: f"{call(row['tools'][0]['function']['name'])} For which day?",
        "refuse": lambda row: "None of my tools can do that.",
        "ask": lambda row: "On which day, and at what time?",
        "copy": lambda row: row["messages"][-2]["content"],
        "nothing": lambda row: "",
        "an empty list": lambda row: "<tool_call>[]</tool_call>",
        "the schema": lambda row: json.dumps(row["tools"]),
        "the schema as arguments": lambda row: "\n".join(
            call(tool["function"]["name"], **tool["function"]["parameters"]["properties"]) for tool in row["tools"]
        ),
        "JSON in prose": lambda row: (
            f"I call {reference_of(row).replace('<tool_call>', '').replace('</tool_call>', '')}."
        ),
    }
    values = {name: value(rows, answer) for name, answer in games.items()}
    assert all(metrics["ast"] < 0.25 for metrics in values.values()), {k: v["ast"] for k, v in values.items()}
    assert values["refuse"]["irrelevance_precision"] < 0.2 and values["refuse"]["irrelevance_recall"] == 1
    assert values["ask"]["asks"] < 0.5


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("For how many minutes?", 1),
        ("Minutes?", 1),
        ("For how many hours?", 0),
        ("I will set 20 minutes.", 0),
        ("For how many minutes? " + call("set_timer", minutes=20), 0),
        ("minutes? city? day? time?", 0),  # listing everything
        ("set_timer minutes?", 0),
        ("", 0),
    ],
)
def test_a_question_names_what_is_missing(evaluation, answer, right):
    row = {"id": "r", "form": "missing", "tools": [], "meta": {"asks": "minutes", "language": "en"}}
    assert evaluation.score(answer, row)["asks"] == right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Es sind 4.828,03.", 1),
        ("4828,03 km", 1),
        ("4828.03", 1),
        ("Es sind 4,828.03.", 0),
        ("4.828", 0),
        ("1 2 4.828,03", 0),
    ],
)
def test_a_result_is_said_as_the_language_writes_it(evaluation, answer, right):
    row = {"id": "r", "form": "respond", "tools": [], "meta": {"result": "4828.03", "language": "de"}}
    assert evaluation.score(answer, row)["answers"] == right


def test_the_reward_is_graded(evaluation, by_form):
    row = next(row for row in by_form["simple"] if len(row["meta"]["calls"][0][1]) > 1)
    ((name, arguments),) = row["meta"]["calls"]
    key = next(iter(arguments))
    other = {**arguments, key: "x" if isinstance(arguments[key], str) else 1e6}
    answers = ["", "Sure!", call("unknown"), call(name), call(name, **other), turn_text(row["messages"][-1])]
    rewards = [evaluation.reward(answer, row) for answer in answers]
    assert rewards[0] == rewards[1] == 0 < rewards[2] < rewards[3] < rewards[4] < rewards[5] == 1, rewards
