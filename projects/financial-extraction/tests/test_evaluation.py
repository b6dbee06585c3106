"""The metrics on cases worked by hand: what counts as right, what each kind of error costs, and what gaming gains."""

import json

import pytest

FACTS = [
    {"concept": "Revenue", "value": "1204500", "unit": "EUR", "period": "2025", "half_digit": "50"},
    {"concept": "CostOfSales", "value": "1000000", "unit": "EUR", "period": "2025", "half_digit": "50"},
    {"concept": "GrossProfit", "value": "204500", "unit": "EUR", "period": "2025", "half_digit": "50"},
    {"concept": "Cash", "value": None, "unit": "EUR", "period": "2025", "half_digit": "50"},
]


def row(*facts, **meta):
    return {"id": "r", "meta": {"kind": "facts", "facts": list(facts)} | meta}


def answer(*facts, **changes):
    plain = [{key: fact[key] for key in ("concept", "unit", "period")} for fact in facts]
    values = [fact["value"] if fact["value"] is None else float(fact["value"]) for fact in facts]
    return json.dumps({"facts": [p | {"value": v} | changes for p, v in zip(plain, values, strict=True)]})


def test_the_reference_scores_one(evaluation, chats):
    for example in chats:
        scores = evaluation.score(example["messages"][-1]["content"], example)
        assert scores["fact_f1"] == scores["json_valid"] == 1.0, example["id"]
        assert all(scores[name] in (None, 0.0) for name in scores if name.endswith(("_errors", "_facts"))), example[
            "id"
        ]
        assert evaluation.reward(example["messages"][-1]["content"], example) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("value", "f1", "scale_errors"),
    [
        ("1204500", 1, 0),
        ("1204549", 1, 0),  # within half the last printed digit: 1,204.5 thousand
        ("1204550", 1, 0),
        ("1204551", 0, 0),
        ("1.2045e6", 1, 0),
        ("1204.5", 0, 1),  # thousands not applied
        ("1204500000", 0, 1),
        ("-1204500", 0, 0),
        ("12045000", 0, 0),  # a tenfold is no scale
        ("null", 0, 0),
        ('"1204500"', 1, 0),  # a number in quotes is read: the form is strict, the type is not
        ("9" * 5000, 0, 0),
        ("NaN", 0, 0),
        ("Infinity", 0, 0),
        ("1e999", 0, 0),
        ("true", 0, 0),
    ],
)
def test_values(evaluation, value, f1, scale_errors):
    text = '{"facts":[{"concept":"Revenue","period":"2025","value":VALUE,"unit":"EUR"}]}'.replace("VALUE", value)
    scores = evaluation.score(text, row(FACTS[0]))
    assert (scores["fact_f1"], scores["scale_errors"]) == (f1, scale_errors)


def test_null_is_right_where_null_is_expected(evaluation):
    assert evaluation.score(answer(FACTS[3]), row(FACTS[3]))["fact_f1"] == 1
    assert evaluation.score(answer(FACTS[3], value=0), row(FACTS[3]))["fact_f1"] == 0


@pytest.mark.parametrize("key", ["concept", "unit", "period"])
def test_each_part_of_the_key_counts(evaluation, key):
    scores = evaluation.score(answer(FACTS[0], **{key: "other"}), row(FACTS[0]))
    assert scores["fact_f1"] == 0 and scores["invented_facts"] == 1


def test_f1_by_hand(evaluation):
    right = row(*FACTS[:2])
    assert evaluation.score(answer(FACTS[0]), right)["fact_f1"] == pytest.approx(2 / 3)  # P 1, R 1/2
    assert evaluation.score(answer(*FACTS), right)["fact_f1"] == pytest.approx(2 * 2 / (4 + 2))  # P 1/2, R 1
    assert evaluation.score(answer(*FACTS), right)["invented_facts"] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "{}",
        "[]",
        "null",
        '{"facts":null}',
        '{"facts":[{"concept":"Revenue"}]}',
        '{"facts":[{"concept":"Revenue","value":1204500,"unit":"EUR","period":"2025","note":"x"}]}',
        '{"facts":[{"concept":"Revenue","value":1204500,"value":1,"unit":"EUR","period":"2025"}]}',
        '{"facts":[{"concept":"Revenue","value":1204500,"unit":"EUR","period":2025}]}',
        '{"facts":[{"concept":"Revenue","value":1204500,"unit":"EUR","period":"2025"}',
        '{"facts":[]}',
        '{"program":"multiply(7, 7)"}',
        "9" * 5000,
        "\ud800",
        '{"facts":' + "[" * 20_000,
        '{"facts":[{"concept":"' + "a" * 1_000_000 + '","value":1,"unit":"EUR","period":"2025"}]}',
        "{" * 100_000,
    ],
)
def test_what_is_not_of_the_form_is_wrong_and_raises_nothing(evaluation, text):
    program = {"id": "r", "meta": {"kind": "program", "program": "add(3, 2)", "result": 5.0}}
    reading = {"id": "r", "meta": {"kind": "reading", "answer": ["3"], "scale": "", "answer_type": "span"}}
    for reference in (row(FACTS[0]), program, reading):
        assert evaluation.score(text, reference)["fact_f1"] == 0
        assert evaluation.reward(text, reference) <= 0.2


def test_json_beside_words_counts_as_facts_but_not_as_valid(evaluation):
    text = f"Here are the facts:\n```json\n{answer(FACTS[0])}\n```"
    assert evaluation.score(text, row(FACTS[0])) | {} == evaluation.score(answer(FACTS[0]), row(FACTS[0])) | {
        "json_valid": 0.0
    }


# Gaming: none of these may come near the right answer.


def test_repeating_a_right_fact_costs_precision(evaluation):
    assert evaluation.score(answer(*[FACTS[0]] * 9), row(FACTS[0]))["fact_f1"] == pytest.approx(2 / 10)


def test_listing_every_value_for_a_concept_gains_nothing(evaluation):
    guesses = [FACTS[0] | {"value": str(number)} for number in (1, 2, 1204500, 3)]
    assert evaluation.score(answer(*guesses), row(FACTS[0]))["fact_f1"] == 0  # the first is taken


def test_listing_every_concept_costs_precision(evaluation):
    others = [FACTS[0] | {"concept": f"Concept{i}"} for i in range(20)]
    assert evaluation.score(answer(FACTS[0], *others), row(FACTS[0]))["fact_f1"] < 0.1


def test_two_answers_are_none(evaluation):
    assert evaluation.score(f"{answer(FACTS[0])} or {answer(FACTS[1])}", row(FACTS[0]))["fact_f1"] == 0
    assert evaluation.score(f"{answer(FACTS[0])}\n{answer(FACTS[0])}", row(FACTS[0]))["fact_f1"] == 0


def test_copying_the_question_scores_nothing(evaluation, chats):
    for example in chats[:500]:
        for turn in example["messages"][:-1]:
            assert evaluation.score(turn["content"], example)["fact_f1"] == 0


def test_always_null_and_always_zero_score_little(evaluation, chats):
    facts = [example for example in chats if example["meta"]["kind"] == "facts"]
    for constant in (None, 0):
        shares = [
            evaluation.score(answer(*example["meta"]["facts"], value=constant), example)["fact_f1"] for example in facts
        ]
        assert sum(shares) / len(shares) < 0.25


PROGRAM = {"id": "r", "meta": {"kind": "program", "program": "subtract(5, 3)", "result": 2.0}}
CELL = {"id": "r", "meta": {"kind": "reading", "answer": ["1,204.5"], "scale": "thousand", "answer_type": "span"}}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('{"program":"subtract(5, 3)"} or {"program":"subtract(3, 5)"}', PROGRAM),
        ('{"program":"subtract(3, 5), subtract(5, 3), add(5, 3)"}', PROGRAM),  # the last step counts
        ('{"program":["subtract(5, 3)","add(5, 3)"]}', PROGRAM),
        ('{"program":"2.0"}', PROGRAM),  # the result without a program
        ('{"quote":["subtract(5, 3)"],"program":""}', PROGRAM),
        ('{"answer":["1,204.5","1,100.0","88.2"],"scale":"thousand"}', CELL),  # every cell of the table
        ('{"answer":["1,204.5 1,100.0"],"scale":"thousand"}', CELL),
        ('{"answer":["1,204.5"],"scale":["thousand","million"]}', CELL),
        ('{"answer":["1,204.5"],"scale":"thousand or million"}', CELL),
        ('{"quote":["Revenue 1,204.5"],"answer":[],"scale":"thousand"}', CELL),
    ],
)
def test_hedging_gains_nothing_in_programs_and_cells(evaluation, text, row):
    assert evaluation.score(text, row)["fact_f1"] == 0
    assert evaluation.reward(text, row) < 0.6


def test_a_number_in_json_is_compared_as_python_reads_it(evaluation):
    row = {"id": "r", "meta": {"kind": "reading", "answer": ["100"], "scale": "", "answer_type": "arithmetic"}}
    for number in ("100", "100.0", "1e2", "1.00E+2", '"100"'):
        assert evaluation.score(f'{{"answer":{number},"scale":""}}', row)["exact_match"] == 1, number


def test_identities(evaluation):
    right = row(*FACTS[:3])
    assert evaluation.score(answer(*FACTS[:3]), right)["identity_errors"] == 0
    rounded = [FACTS[0], FACTS[1], FACTS[2] | {"value": "204600"}]  # each amount may be off by half a digit: 3 x 50
    assert evaluation.score(answer(*rounded), right)["identity_errors"] == 0
    broken = [FACTS[0], FACTS[1], FACTS[2] | {"value": "204700"}]
    assert evaluation.score(answer(*broken), right)["identity_errors"] == 1
    assert evaluation.score(answer(*FACTS[:2]), right)["identity_errors"] == 1
    assert evaluation.score(answer(FACTS[0]), row(FACTS[0]))["identity_errors"] is None


def test_a_total_that_does_not_add_up_costs_reward(evaluation, chats):
    example = next(row for row in chats if row["form"] == "total")
    reference = example["messages"][-1]["content"]
    facts = json.loads(reference)["facts"]
    broken = json.dumps({"facts": [*facts[:-1], facts[-1] | {"value": facts[-1]["value"] * 2}]})
    assert evaluation.score(reference, example)["identity_errors"] == 0
    assert evaluation.score(broken, example)["identity_errors"] == 1
    assert evaluation.reward(broken, example) < evaluation.reward(reference, example) - 0.2


def test_rewards_are_graded(evaluation):
    right = row(*FACTS[:2])
    texts = ["no JSON", answer(FACTS[3]), answer(FACTS[0] | {"value": "1204400"}, FACTS[1] | {"value": "1"}),
             answer(FACTS[0], FACTS[1] | {"value": "1"}), answer(*FACTS[:2])]  # fmt: skip
    rewards = [evaluation.reward(text, right) for text in texts]
    assert rewards == sorted(rewards) and len(set(rewards)) == len(rewards)
    assert rewards[0] == 0 and rewards[-1] == 1


def test_programs_and_readings_are_one_fact(evaluation):
    program = {"id": "r", "meta": {"kind": "program", "program": "add(1, 2)", "result": 3.0}}
    assert evaluation.score('{"program":"add(2, 1)"}', program)["program"] == 1
    other = evaluation.score('{"program":"subtract(5, 2)"}', program)
    assert (other["fact_f1"], other["execution"], other["program"]) == (1, 1, 0)
    reading = {
        "id": "r",
        "meta": {"kind": "reading", "answer": ["1.204,5"], "scale": "thousand", "answer_type": "span"},
    }
    assert evaluation.score('{"answer":["1.204,5"],"scale":"thousand"}', reading)["fact_f1"] == 1
    wrong = evaluation.score('{"answer":["1.204,5"],"scale":"million"}', reading)
    assert (wrong["fact_f1"], wrong["scale"]) == (0, 0)
    assert evaluation.score('{"answer":["1.204,5"],"scale":"dozen"}', reading)["json_valid"] == 0


def test_the_answer_is_a_schema(evaluation):
    for name, model in evaluation.FORMS.items():
        schema = model.model_json_schema()
        assert schema["additionalProperties"] is False and schema["type"] == "object", name
