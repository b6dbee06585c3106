"""TAT-QA's metrics, on cases worked by hand from the official scorer's rules."""

import pytest


@pytest.fixture
def tatqa(part):
    return part("tatqa")


@pytest.mark.parametrize(
    ("spans", "scale", "gold", "expected"),
    [
        (["1,204.5"], "thousand", (["1204.5"], "thousand", "span"), (1, 1)),
        (["1204500"], "", (["1204.5"], "thousand", "span"), (1, 1)),  # the value counts: 1,204.5 thousand
        (["1204.5"], "million", (["1204.5"], "thousand", "span"), (0, 0)),
        (["$1,204.5"], "thousand", (["1204.5"], "thousand", "span"), (1, 1)),
        (["(120)"], "", (["-120"], "", "span"), (1, 1)),
        (["(1,200)"], "", (["-1200"], "", "span"), (0, 0)),  # a quirk: a comma hides the parentheses
        (["0.2342"], "", (["23.42"], "percent", "arithmetic"), (1, 1)),  # a bare number may stand for a percentage
        (["23.42%"], "", (["23.42"], "percent", "arithmetic"), (1, 1)),
        (["23.42"], "percent", (["23.42"], "percent", "arithmetic"), (1, 1)),
        (["3"], "", (["3"], "", "count"), (1, 1)),
        (["the Revenue"], "", (["revenue"], "", "span"), (1, 1)),  # articles and capitals
        (["Inventories", "Cash"], "", (["Cash", "Inventories"], "", "multi-span"), (1, 1)),  # order
        (["Cash"], "", (["Cash", "Inventories"], "", "multi-span"), (0, 0.67)),
        (["net cash"], "", (["cash"], "", "span"), (0, 0.67)),
        (["Cash", "Equity"], "", (["Cash", "Inventories"], "", "multi-span"), (0, 0.5)),
        (["12"], "", (["13"], "", "arithmetic"), (0, 0)),
        ([], "", (["13"], "", "arithmetic"), (0, 0)),
        (["13"], "furlong", (["13"], "", "arithmetic"), (1, 1)),  # no scale word: the number stands as it is
        (["our " + "very long " * 60 + "answer"], "", (["our " + "very long " * 60 + "answer"], "", "span"), (1, 1)),
        (["9" * 5000], "", (["13"], "", "arithmetic"), (0, 0)),
        (["\ud800"], "", (["13"], "", "span"), (0, 0)),
        (["inf"], "million", (["13"], "", "span"), (0, 0)),
    ],
)
def test_em_and_f1(tatqa, spans, scale, gold, expected):
    assert tatqa.em_and_f1(spans, scale, tatqa.Gold(*gold)) == pytest.approx(expected)


def test_an_answer_without_spans_has_no_scale(tatqa):
    gold = tatqa.Gold(["13"], "million", "span")
    assert [tatqa.scale_match(spans, "million", gold) for spans in (["13"], ["12"], [""], [])] == [1, 1, 1, 0]
    assert tatqa.scale_match(["13"], "", gold) == 0


def test_numbers_of_strings(tatqa):
    assert tatqa.to_number("5 million") == 5_000_000
    assert tatqa.to_number(".5") is None
    assert tatqa.to_number("12.5%") == 0.125
    assert tatqa.is_number("1 million") and not tatqa.is_number("1 dog") and not tatqa.is_number("")
