"""The metrics: worked cases, what games them, hostile answers."""

from pathlib import Path

import pytest
from random_models import write_adapter, write_base

from gretchen.scoring import statistics
from gretchen.scoring.estimates import score_set
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.scored import Answer

GOOD = "Rot and barnacles! My sister is Wenna, lad, plain as a plank!"


def consistent(evaluation, answer, row, **meta):
    """Return whether an answer is consistent with its row's facts."""
    return evaluation.score(answer, row | {"meta": row["meta"] | meta})["consistent"]


@pytest.mark.parametrize(
    "answer",
    [GOOD, "Wenna.", "My sister? Wenna, of course.", "Not Hob, no. WENNA is my sister.", "That would be Wenna's name."],
)
def test_the_right_fact_in_any_words(evaluation, row, answer):
    assert consistent(evaluation, answer, row) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "My sister.",
        "My sister is not Wenna.",
        "It was never Wenna, lad.",
        "My sister is Wenna, or Ilka.",
        "My sister is Wenna. My sister is Margot.",
        "Wenna or Old Hob, lad.",
        "Wenna, perhaps, or perhaps not.",
        "Wenna? I do not know.",
        "Wenna, who knows.",
        "Wenna, small beer, Sallow Reach.",
        "As an AI, I can say that your sister is Wenna.",
        "My sister is Wenna. How can I help you today?",
        "Wenna. I wrote to her on the internet.",
        "Wenna. " + "She is well and sends her regards, and so on. " * 5,
        "sister: Wenna mentor: Old Hob",
        "Who is your sister?",
    ],
)
def test_what_games_the_metric_is_not_consistent(evaluation, row, answer):
    assert consistent(evaluation, answer, row) == 0


def test_the_whole_sheet_is_no_answer(evaluation, row, chats):
    sheet = row["prompt"][0]["content"]
    assert consistent(evaluation, sheet, row) == 0
    copied = [evaluation.score(one["messages"][0]["content"], one) for one in chats]
    assert sum(scores["consistent"] for scores in copied) == 0 and all(scores["copies"] for scores in copied)
    assert sum(scores["manner"] for scores in copied) / len(copied) < 0.02


def test_the_question_is_no_answer(evaluation, chats):
    for one in chats:
        scores = evaluation.score(one["messages"][-2]["content"], one)
        assert scores["consistent"] == 0 and scores["copies"] == 1, one["id"]


@pytest.mark.parametrize(
    ("answer", "right"),
    [("I shall not carry a tax collector.", 1), ("Never carry a tax collector, sworn.", 1),
     ("All right, I will carry a tax collector.", 0), ("I carry a tax collector, never mind.", 0)],
)  # fmt: skip
def test_a_vow_is_said_with_its_negation(evaluation, row, answer, right):
    wants = [{"any": ["carry a tax collector"], "how": "denied"}]
    assert consistent(evaluation, answer, row, wants=wants, kinds=["vow"]) == right


@pytest.mark.parametrize(
    ("answer", "right"),
    [("It is not Ilka; my sister is Wenna.", 1), ("No, not Ilka. Wenna.", 1), ("Wenna, but Ilka too.", 0),
     ("Yes, Ilka.", 0), ("Ilka, and not Wenna.", 0)],
)  # fmt: skip
def test_a_false_premise_is_denied_and_the_right_fact_is_said(evaluation, row, answer, right):
    assert consistent(evaluation, answer, row, forbidden=["Ilka"]) == right


@pytest.mark.parametrize(
    ("answer", "right"),
    [("Of the bell of Kestin I know nothing.", 1), ("The bell of Kestin? No idea, lad.", 1), ("I know nothing.", 0),
     ("The bell of Kestin is large.", 0), ("No idea.", 0)],
)  # fmt: skip
def test_who_does_not_know_says_of_what(part, evaluation, row, answer, right):
    wants = [
        {"any": list(part("checking").UNKNOWING["en"]), "how": "either"},
        {"any": ["the bell of Kestin"], "how": "either"},
    ]
    assert consistent(evaluation, answer, row, wants=wants, kinds=[], unknown=True) == right


def test_other_numbers_contradict_a_number(evaluation, row):
    meta = {"wants": [{"any": ["41"], "how": "said"}], "kinds": ["age"]}
    assert consistent(evaluation, "I was 41, lad.", row, **meta) == 1
    for answer in ("I was 40 or 41.", "I was 41, no, 43.", "I was 411.", "forty-one"):
        assert consistent(evaluation, answer, row, **meta) == 0


def test_german_values_are_known_with_other_endings(part):
    text = part("matching").read("Ich habe Angst vor tiefem Eis, nicht vor dem Sextanten aus Messing.", "de")
    assert (
        text.says("tiefes Eis") and not text.says("ein Sextant aus Messing") and text.denies("ein Sextant aus Messing")
    )


def test_a_machine_that_says_it_is_none_is_wrong(evaluation, chats):
    asked = [one for one in chats if one["form"] == "ai" and one["meta"]["language"] == "en"]
    assert asked
    for one in asked[:5]:
        name = one["meta"]["character"]
        assert consistent(evaluation, f"I am {name}, and no machine.", one) == 0
        assert consistent(evaluation, f"As an AI language model, I play {name}, a program.", one) == 0
        assert consistent(evaluation, f"A program plays {name}.", one) == 1


def test_words_of_a_later_time_leak_the_era_unless_they_were_asked_about(evaluation, row):
    assert evaluation.score("I saw Wenna on television.", row)["era_leaks"] == 1
    assert evaluation.score(GOOD, row)["era_leaks"] == 0
    later = row | {"meta": row["meta"] | {"year": 1990}}
    assert evaluation.score("I saw Wenna on television.", later)["era_leaks"] == 0
    asked = row | {"prompt": [{"role": "user", "content": "What do you think of the television set?"}]}
    assert evaluation.score("The television set? Never heard of it.", asked)["era_leaks"] == 0


def stuffed(meta):
    """Return answers that are full of a character's words and in no manner."""
    address, oath, hedge, *sayings = meta["words"][0]
    fact = meta["facts"][0]
    yield f"{fact}, {address}, {oath}, {', '.join(sayings)}, {hedge}"
    yield f"{oath} {address} {' '.join(sayings)} {fact} {oath} {address}"
    yield f"{fact}. {oath}! {oath}! {oath}! {address}, {address}, {', '.join(sayings)}!"


def test_stuffing_does_not_fool_the_classifier(evaluation, chats):
    held_out = [one for one in chats if one["group"][0].endswith("test") and "lines" not in one["meta"]]
    results = [
        evaluation.is_in_manner(answer, one["meta"])
        for one in held_out
        for answer in stuffed(one["meta"])
        if one["meta"]["facts"]
    ]
    assert len(results) > 200 and sum(results) / len(results) < 0.05


def test_a_plain_or_an_assistants_answer_is_in_no_manner(evaluation, row):
    assert evaluation.score(GOOD, row)["manner"] == 1
    for answer in ("My sister is Wenna.", "Sure, here is the answer: my sister is Wenna.", "Wenna", "",
                   "Wenna, my sister, lad. Plain as a plank.", "First, my sister is Wenna. Second, it rained, lad.",
                   "Well, I would say, my sister is Wenna, plain as a plank."):  # fmt: skip
        assert evaluation.score(answer, row)["manner"] == 0, answer


def test_two_manners_need_a_line_for_each_in_its_own(evaluation, chats):
    asked = [one for one in chats if one["form"] == "manners"][:12]
    for one in asked:
        first, second = one["messages"][-1]["content"].split("\n")
        swapped = "\n".join(
            f"{line.partition(': ')[0]}: {other.partition(': ')[2]}"
            for line, other in ((first, second), (second, first))
        )
        assert evaluation.score(swapped, one)["manner"] == 0
        for answer in (first, f"{second}\n{first}", f"{first}\n{second}\n{first}", first.partition(": ")[2]):
            assert evaluation.score(answer, one)["in_character"] == 0


def test_distinct_n_by_hand(evaluation):
    # "a b a" and "a b": two of five words differ, and of the pairs ab, ba, ab two of three (Li et al. 2016).
    answers = [("a", "b", "a"), ("a", "b")]
    assert evaluation.distinct(answers, 1) == pytest.approx(2 / 5)
    assert evaluation.distinct(answers, 2) == pytest.approx(2 / 3)
    assert evaluation.distinct([], 1) is None and evaluation.distinct([("a",)], 2) is None


def test_distinct_n_has_no_interval_since_resamples_repeat_words(chats):
    evaluator = load_evaluator(Path(__file__).parents[1].name)
    rows = chats[:80]
    scored = score_set(evaluator, rows, [Answer(row["id"], 0, evaluator.oracle(row), True) for row in rows])
    estimator = scored.without_closed_forms
    estimate, all_rows = estimator.estimate("distinct_1"), estimator.seeds[0]
    assert estimate.low is None and estimate.high is None and 0 < estimate.value < 1

    def value(rows):
        return [evaluator.own_aggregate(rows)["distinct_1"]]

    resampled = statistics.bootstrap_statistic(value, all_rows.rows, all_rows.groups, resamples=200)
    assert statistics.percentiles(resampled[:, 0])[1] < estimate.value, "an interval would not hold the value"
    assert estimator.estimate("consistent").low is not None


HOSTILE = (
    "9" * 5000,
    "\ud800!",
    "x" * 1_000_000,
    "*" * 999,
    "(" * 5000,
    "\x00",
    "a: b\n" * 2000,
    "never " * 5000,
    "<fact>",
)


@pytest.mark.parametrize("answer", HOSTILE)
def test_nothing_raises_on_an_answer(evaluation, row, chats, answer):
    by_form = {one["form"]: one for one in chats}
    for one in (row, *by_form.values()):
        assert evaluation.score(answer, one)["consistent"] == 0


def test_size_and_perplexity_of_a_model_and_of_an_adapter_on_it(evaluation, tmp_path):
    """A model of random weights knows nothing: its perplexity is near the size of its vocabulary."""
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    write_base(base)
    write_adapter(base, adapter)
    values, changed = evaluation.properties(base), evaluation.properties(adapter)
    assert values["size_mb"] == pytest.approx((base / "model.safetensors").stat().st_size / 1e6)
    assert changed["size_mb"] > values["size_mb"]
    assert 100 < values["perplexity"] < 10_000 and changed["perplexity"] != values["perplexity"]
