"""Facts in the wrong place: dates and amounts exchanged between statements, chains in the wrong order."""

import pytest

from gretchen.projects.rows import reference_of

PAY = {"mode": "must", "stems": ["zahl"], "facts": [["date", "2026-03-16"], ["amount", "12000"]]}
HEARING = {"mode": "may", "stems": ["äußer"], "facts": [["date", "2026-03-02"]]}
RIGHT = "Bitte zahlen Sie 120 Euro bis 16. März 2026. Sie können sich bis 2. März 2026 äußern."


def meta(*statements):
    return {"statements": list(statements), "optional": []}


@pytest.mark.parametrize(
    ("answer", "matched"),
    [
        (RIGHT, 5),  # three facts, must, may
        # Neighbouring sentences, each date in the other's: neither counts.
        ("Bitte zahlen Sie 120 Euro bis 2. März 2026. Sie können sich bis 16. März 2026 äußern.", 3),
        ("Sie können sich bis 2. März 2026 äußern. Bitte zahlen Sie 120 Euro bis 16. März 2026.", 5),
        # The date in the sentence behind the verb's.
        ("Bitte zahlen Sie 120 Euro. Das Geld muss bis 16. März 2026 da sein. Bis 2. März 2026 können Sie sich äußern.",
         5),
        ("Bitte zahlen Sie 120 Euro bis 16. März 2026.", 3),
    ],
)  # fmt: skip
def test_exchanged_dates_by_hand(part, answer, matched):
    counts = part("grounding").counts_of(answer, meta(PAY, HEARING))
    assert (counts.expected, counts.matched) == (5, matched)


def test_a_chain_in_the_wrong_order(part):
    first, second = (
        {"mode": "is", "stems": ["endet"], "facts": [["date", day]]} for day in ("2026-04-01", "2026-06-01")
    )
    right = "Die erste Frist endet am 1. April 2026. Die zweite endet am 1. Juni 2026."
    wrong = "Die erste Frist endet am 1. Juni 2026. Die zweite endet am 1. April 2026."
    counts = part("grounding").counts_of
    assert counts(right, meta(first, second)).f1 == 1 and counts(wrong, meta(first, second)).f1 == 0


def test_exchanged_dates_of_real_chains_and_letters_cost_facts(evaluation, part, chats, pairs):
    chained = [row for row in chats if row["hard"] and row["form"] == "deadline"]
    for row in chained:
        answer, dates = reference_of(row), [f for s in row["meta"]["statements"] for f in s["facts"] if f[0] == "date"]
        first, second = (part("german").plain_date(part("german").datetime.date.fromisoformat(v)) for _, v in dates[:2])
        swapped = answer.replace(first, "X").replace(second, first).replace("X", second)
        assert evaluation.score(swapped, row)["fact_f1"] < 1, row["id"]
    exchanged = [row for row in pairs if row["meta"]["fault"] == "exchanged"]
    assert chained and exchanged
    assert all(evaluation.score(row["rejected"][0]["content"], row)["fact_f1"] < 1 for row in exchanged)
