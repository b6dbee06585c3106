"""JSON out of an answer, and F1 over fields."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gretchen.scoring.metrics.fields import field_scores
from gretchen.scoring.metrics.json_answers import is_json, json_of


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' \n[1, 2.50] ', [1, Decimal("2.50")]),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here: ```{"a": {"b": null}}``` Anything else?', {"a": {"b": None}}),
        ('The answer is {"a": "}"}.', {"a": "}"}),
        ('{"a": 0.1}', {"a": Decimal("0.1")}),  # exact, no float
    ],
)  # fmt: skip
def test_values(answer, value):
    assert json_of(answer) == value


@pytest.mark.parametrize(
    "answer",
    ["", "no JSON", "1", '"a"', '{"a": 1', '{"a": 1} or {"a": 2}', '```{"a":1}``` ```{"a":2}```', '{"a": 1, "a": 2}',
     '{"a": NaN}', '{"a": Infinity}', '{"a": ' + "9" * 5000 + "}", '{"a": 1e999}', "[" * 100_000, "{" * 100_000,
     '{"a":' * 100 + "1" + "}" * 100, "\ud800", "x" * 1_000_000, None],
)  # fmt: skip
def test_what_is_no_json_or_ambiguous_is_none(answer):
    assert json_of(answer) is None


def test_is_json_allows_nothing_around_it():
    assert is_json('{"a": 1}') and not is_json('Here: {"a": 1}') and not is_json('```{"a": 1}```')


@given(st.text(max_size=60))
def test_nothing_raises(text):
    json_of(text)
    json_of('{"a": ' + text)


def test_field_scores_by_hand():
    scores = field_scores([("a", 1), ("b", 2), ("d", 4)], [("a", 1), ("c", 3)])
    assert (scores.precision, scores.recall, scores.f1) == (1 / 3, 1 / 2, 0.4)
    assert (
        field_scores([], []).f1 == 1 and field_scores([], [("a", 1)]).f1 == 0 and field_scores([("a", 1)], []).f1 == 0
    )


def test_a_repeated_key_counts_once_and_only_its_first_value():
    assert field_scores([("a", 1)] * 3, [("a", 1)]).f1 == pytest.approx(2 / 4)
    assert field_scores([("a", 0), ("a", 1)], [("a", 1)]).matched == 0


def test_values_may_be_compared_by_another_rule():
    near = field_scores([("a", 1.04)], [("a", 1)], lambda value, right: abs(value - right) < 0.1)
    assert near.f1 == 1
