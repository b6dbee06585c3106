"""The metrics: worked cases, what games them, hostile answers, the closed loop."""

import pytest

GOOD = "What is `result` after the first pass of the loop?"


def guided(evaluation, answer, row):
    """Return whether a single answer is guided."""
    return evaluation.score(answer, row)["guided"]


def test_a_good_question_is_guided_in_other_words_too(evaluation, code_row, math_row):
    for answer in (GOOD, "Good start! In the first pass, which value does `result` get?",
                   "Take your time: which value is in result when the first round ends?"):  # fmt: skip
        assert guided(evaluation, answer, code_row) == 1, answer
    for answer in ("Wie viele Eier liegen in den Kartons?", "Welche Eier zählst du zuerst: die in allen Kartons?"):
        assert guided(evaluation, answer, math_row) == 1, answer


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "?",
        "What do you think?",
        "What do you think is wrong here?",
        f"{GOOD} And what is `n`?",
        "`result` is wrong after the first pass of the loop.",
        "result first pass loop line value return trace by hand should which why?",
        f"Use `result += n`. {GOOD}",
        f"{GOOD} Is it -7?",
        f"Should line 4 be checked? {GOOD[:-1]}",
        "What is `result` after the first pass: is it minus seven or seven?",
        "Would `result` be right after the first pass with `result = result + n`?",
        "Would plus be better than minus for `result` in the first pass?",
        "Is the mistake for `result` in line 1, line 2, line 3, line 4 or line 5 of the first pass?",
        "The mistake is in the first pass with `result`, do you see it?",
        "Replace the operator in the first pass so that `result` grows, do you see?",
        "What is `result` after the first pass of the loop? " + "Think about it. " * 40,
        "What is\n```\nresult += n\n```\nin the first pass for `result`?",
    ],
)
def test_what_games_the_metric_is_not_guided(evaluation, code_row, answer):
    assert guided(evaluation, answer, code_row) == 0


def test_the_prompt_copied_is_not_guided(evaluation, code_row, chats):
    assert guided(evaluation, code_row["prompt"][0]["content"] + " What is `result` in the first pass?", code_row) == 0
    copied = [guided(evaluation, row["messages"][-2]["content"], row) for row in chats]
    assert sum(copied) / len(copied) < 0.02


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        ("Sind es 12 Eier in den Kartons?", {"value"}),
        ("Sind es zwölf Eier in den Kartons?", {"value"}),
        ("Are there twelve eggs in the boxes?", {"value"}),
        ("Sind es 12,0 Eier?", {"value"}),
        ("Was ist 3 mal 4 Eier?", {"operator"}),
        ("Was ist drei · vier?", {"operator"}),
        ("Die Lösung ist einfach, siehst du sie?", {"telling"}),
        ("Wie viele Eier sind in 3 Kartons mit je 4 Eiern?", set()),
        ("Sind es 120 oder 1,200 oder 3.14 Eier?", set()),
        ("Hast du die Eier zu zehnt gezählt?", set()),
    ],
)
def test_values_in_digits_and_words_and_the_next_calculation_are_leaks(part, math_row, answer, kinds):
    move = part("moves").move_of(math_row["meta"]["plan"][0])
    assert part("leaks").leaks_in(answer, move.secret) == kinds


def test_the_fix_is_a_leak_however_it_is_written(part):
    secret = part("moves").Secret(code="if n < 3:\n    n -= 1", fixed="if n >= 3:\n    n -= 1")
    leaks = part("leaks").leaks_in
    for answer in (
        "`n >= 3`",
        "n>=3",
        "`3 <= n`",
        "3 <= n",
        "```python\nif n>=3:\n    pass\n```",
        "at least",
        "` >= `",
    ):
        assert leaks(f"Is it {answer} here?", secret), answer
    for answer in ("`n < 3`", "`n -= 1`", "n = 3", "line by line"):
        assert not leaks(f"What about {answer} here?", secret), answer
    assert leaks("Is it `n = n + 1`?", part("moves").Secret(code="n -= 1", fixed="n += 1"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("21", "einundzwanzig"),
        ("300", "dreihundert"),
        ("45", "forty-five"),
        ("120", "one hundred and twenty"),
        ("1205", "eintausendzweihundertfünf"),
    ],
)
def test_numbers_in_words(part, number, words):
    assert part("numerals").mentions(f"So {words}?", number)


COUNTS = "def evens(numbers):\n    return len([n for n in numbers if n % 2 == 0])"


@pytest.mark.parametrize(
    ("answer", "fails"),
    [
        ("What about `evens([3, 5])`?", True),
        ("What about evens([4]) or `evens( [1, 2, 3] )`?", True),
        ("What about `evens([])`?", False),
        ("What about `evens([2, 3])`?", False),
        ("What about `evens(7)`, and `odds([3])`?", False),
        ("What about `evens(range(3))`, `evens(__import__('os'))` or `evens()`?", False),
        (f"What about `evens([{'9' * 70}])` or evens([3, {'9' * 300}?", False),
        ("evens(" * 2000, False),
    ],
)
def test_another_test_than_the_plans_counts_if_the_code_fails_it(part, answer, fails):
    wrong = COUNTS.replace("== 0", "== 1")
    assert part("failing_calls").proposes_failure(answer, "evens", wrong, COUNTS) == fails


def test_one_is_a_pronoun(part):
    mentions = part("numerals").mentions
    assert not mentions("Which one is it, and is ein Ei eine Zahl?", "1")
    assert mentions("Ist es 1?", "1") and mentions("Ist es eins?", "1")


HOSTILE = (
    "9" * 5000,
    "\ud800?",
    "x" * 1_000_000,
    "`" * 999,
    "(" * 5000,
    "line " + "9" * 4000,
    "```",
    "\x00?",
    "1e999?",
)


@pytest.mark.parametrize("answer", HOSTILE)
def test_nothing_raises_on_an_answer(evaluation, code_row, math_row, answer):
    for row in (code_row, math_row):
        for prediction in (
            answer,
            [],
            [{"role": "assistant", "content": None}],
            [{"role": "assistant", "content": answer}],
        ):
            assert evaluation.score(prediction, row)["guided"] == 0
        assert evaluation.reward(answer, row) <= 0.4


def test_the_loop_goes_on_with_the_next_step_until_the_student_has_it(evaluation, code_row):
    turns = [{"role": "assistant", "content": GOOD}]
    turns.append({"role": "user", "content": evaluation.reply(code_row, turns)})
    assert turns[-1]["content"] == "`result` is -7 after the first pass."
    turns.append({"role": "assistant", "content": "Which line gives `result` that value?"})
    assert evaluation.reply(code_row, turns) is None
    scores = evaluation.score(turns, code_row)
    assert (scores["guided"], scores["success"], scores["telling"], scores["repetition"]) == (1, 1, 0, 0)
    assert scores["f1"] == pytest.approx(1)


def test_a_leak_ends_the_loop_and_repeating_leads_nowhere(evaluation, code_row):
    told = [{"role": "assistant", "content": f"Line 4 is wrong. {GOOD}"}]
    assert evaluation.reply(code_row, told) is None
    assert evaluation.score(told, code_row) | {"guided": 0, "success": 0, "telling": 1} == evaluation.score(
        told, code_row
    )
    turns = []
    while True:
        turns.append({"role": "assistant", "content": "What do you think?"})
        answer = evaluation.reply(code_row, turns)
        if answer is None:
            break
        turns.append({"role": "user", "content": answer})
    scores = evaluation.score(turns, code_row)
    assert len(turns) == 5 and (scores["guided"], scores["success"], scores["repetition"]) == (0, 0, 1)


def test_matching_is_bipartite(part):
    matching = part("matching").matching
    assert matching(["What is i?"], ["What is i?", "Why?"]) == part("matching").Matching(1.0, 0.5, pytest.approx(2 / 3))
    # One reference is matched once: two likes of it are one hit.
    assert matching(["What is i?", "What is i?"], ["What is i?"]).precision == 0.5
    # ROUGE-L of "a b c d" and "a c d" by hand: 3 / 4 recall, 3 / 3 precision, F1 6 / 7.
    assert matching(["a c d"], ["a b c d"]).f1 == pytest.approx(6 / 7)
    assert matching([], ["x"]).f1 == 0


def test_a_pure_leak_may_match_a_reference(evaluation, code_row):
    scores = evaluation.score("What is `result` after the first pass of the loop: -7?", code_row)
    assert scores["precision"] > 0.8 and scores["leaks"] == 1 and scores["guided"] == 0


def test_the_reward_is_graded(evaluation, code_row):
    rewards = [evaluation.reward(answer, code_row) for answer in ("It is -7?", "What do you think now?", GOOD)]
    assert rewards == [0.0, pytest.approx(0.4), pytest.approx(1.0)]
