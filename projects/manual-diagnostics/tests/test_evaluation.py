"""The metrics: hand-worked dialogues, what games them, what must not raise."""

import pytest

SECTIONS = {"wiring": "2.1", "points": "3.1", "components": "4.1", "parts": "5.1", "causes": "6.1"}
CASE = {
    "kind": "loop", "language": "en", "sections": SECTIONS,
    "names": ["E-17", "F1", "K2", "B4", "M3", "MP1", "MP2", "MP9"],
    "priors": {"F1": 40, "K2": 30, "M3": 20, "B4": 10}, "given": {}, "greedy": 2,
    "faults": {"MP1": ["F1"], "MP2": ["B4", "F1", "K2"], "M3": ["M3"]},
    "readings": {"MP1": "230 V", "MP2": "231 V", "M3": "∞ Ω"}, "truth": ["M3"],
    "asking": {"MP1": "Measure MP1. [§3.1]", "MP2": "Measure MP2. [§3.1]",
               "M3": "Measure M3 with the power off. [§4.1]"},
    "first": "Measure MP1. [§3.1]", "conclusion": "Diagnosis: motor M3. Replace M3 (250 W). [§5.1]",
}  # fmt: skip
RIGHT = CASE["conclusion"]


def case(**more):
    return {"id": "x", "form": "dialogue", "group": "g", "meta": CASE | more}


def single(check, **more):
    meta = {
        "kind": "single",
        "language": "en",
        "check": check,
        "sections": SECTIONS,
        "names": ["F1", "MP1"],
        "cites": [],
    }
    return {"id": "x", "form": check, "group": "g", "meta": meta | more}


@pytest.fixture(scope="module")
def play(evaluation):
    """Return a function that plays a list of the model's turns against the technician; the last one is repeated."""

    def played(texts, row):
        turns, left = [], list(texts)
        while True:
            turns.append({"role": "assistant", "content": left.pop(0) if len(left) > 1 else left[0]})
            response = evaluation.reply(row, turns)
            if response is None:
                return turns
            turns.append({"role": "user", "content": response})

    return played


def test_a_dialogue_worked_out_by_hand(evaluation, play):
    turns = play(["Measure MP1. [§3.1]", "Measure M3 with the power off. [§4.1]", RIGHT], case())
    assert [turn["content"].strip(".") for turn in turns if turn["role"] == "user"][0].count("230 V") == 1
    scores = evaluation.score(turns, case())
    assert scores["diagnosis"] == 1 and scores["questions"] == 1 and scores["invented"] == 0
    assert scores["citation_precision"] == scores["citation_recall"] == 1
    longer = play(["Measure MP1. [§3.1]", "Measure MP2. [§3.1]", "Measure M3. [§4.1]", RIGHT], case())
    assert evaluation.score(longer, case())["questions"] == 1.5
    assert evaluation.oracle(case())([]) == CASE["first"]


def test_diagnosing_at_once_is_a_guess_and_counts_as_none(evaluation, play):
    turns = play([RIGHT], case())
    assert len(turns) == 1 and evaluation.score(turns, case())["diagnosis"] == 0
    assert evaluation.score(play(["Measure MP1. [§3.1]", RIGHT], case()), case())["diagnosis"] == 0


def test_listing_all_parts_and_hedging_count_as_none(evaluation, play):
    start = ["Measure M3. [§4.1]"]
    for text in ("Diagnosis: F1, K2, M3 or B4.", "Diagnosis: M3 or K2.", "Diagnosis: M3. Diagnosis: F1."):
        assert evaluation.score(play([*start, text], case()), case())["diagnosis"] == 0, text
    assert evaluation.score(play([*start, RIGHT], case()), case())["diagnosis"] == 1


def test_asking_and_diagnosing_in_one_turn_gets_no_reading(evaluation, play):
    turns = play(["Measure M3. Diagnosis: motor M3. [§5.1]"], case())
    assert len(turns) == 1 and evaluation.score(turns, case())["diagnosis"] == 0


def test_repeating_a_question_ends_after_eight_turns(evaluation, play):
    turns = play(["Measure MP1. [§3.1]"], case())
    assert len([turn for turn in turns if turn["role"] == "assistant"]) == 8
    assert evaluation.score(turns, case())["diagnosis"] == 0
    late = play([*["Measure MP1. [§3.1]"] * 8, RIGHT], case())
    assert evaluation.score(late, case())["diagnosis"] == 0, "the ninth turn is not heard"


def test_two_measurements_in_one_turn_are_refused(play):
    turns = play(["Measure MP1 and M3.", RIGHT], case())
    assert turns[1]["content"] == "One measurement at a time, please."
    turns = play(["Measure MP9.", "Measure K7.", "Measure MP1.", "Hello?", RIGHT], case())
    assert [turn["content"] for turn in turns[1:4:2]] == ["I have no limits for MP9.", "There is no K7 here."]
    assert turns[7]["content"] == "What shall I measure?"


def test_the_technician_gives_up_after_three_turns_without_a_measurement(evaluation, play):
    turns = play(["I would look at the wiring.", "Hm.", "?", "Measure M3. [§4.1]", RIGHT], case())
    assert len(turns) == 5 and evaluation.score(turns, case())["diagnosis"] == 0


def test_what_no_test_tells_apart_is_answered_as_a_set(evaluation, play):
    row = case(truth=["B4", "K2"], readings={"MP1": "230 V", "MP2": "0 V", "M3": "20 Ω"})
    start = ["Measure MP1. [§3.1]", "Measure MP2. [§3.1]"]
    both = "Diagnosis: sensor B4 or relay K2. No further test tells them apart. [§2.1]"
    scores = evaluation.score(play([*start, both], row), row)
    assert scores["diagnosis"] == 1 and scores["citation_precision"] == 1
    assert evaluation.score(play([*start, "Diagnosis: relay K2. [§5.1]"], row), row)["diagnosis"] == 0


def test_a_wrong_reading_is_mended_by_measuring_again(evaluation, play):
    row = case(given={"MP1": True, "MP2": False}, check="contradiction", pair=["MP1", "MP2"], cites=["2.1"], greedy=2)
    again = "MP1 is out of range, MP2 behind it is in range: a contradiction. Measure MP1 again. [§2.1]"
    scores = evaluation.score(play([again, RIGHT], row), row)
    assert scores["exact"] == 1 and scores["diagnosis"] == 1, "MP1 right, MP2 right: only M3 is left"
    assert evaluation.score(play([RIGHT], row), row)["exact"] == 0


def test_citing_everything_halves_precision_and_not_recall(evaluation):
    everything = " ".join(f"[§{number}]" for number in SECTIONS.values())
    scores = evaluation.score(f"Diagnosis: motor M3. {everything}", case())
    assert scores["citation_precision"] == pytest.approx(1 / 5) and scores["citation_recall"] == 1
    scores = evaluation.score("Diagnosis: motor M3.", case())
    assert scores["citation_precision"] == scores["citation_recall"] == 0


def test_inventing_a_part_a_code_or_a_section_is_noticed(evaluation):
    for text in ("Diagnosis: fuse F7. [§5.1]", "Measure MP4. [§3.1]", "That is E-99. [§5.1]", "Measure MP1. [§9.9]"):
        assert evaluation.score(text, case())["invented"] == 1, text
    assert evaluation.score("Measure MP1. [§3.1]", case())["invented"] == 0


def test_always_abstaining_is_worth_little(evaluation, part):
    from gretchen.scoring.scored import ScoredRow

    silent, absent = "The manual does not say.", single("absent")
    known = single("meaning", phrase="door open", others=["service due"], cites=["6.1"])
    assert evaluation.score(silent, absent)["exact"] == 1 and evaluation.score(silent, known)["exact"] == 0
    assert evaluation.score(silent, case())["diagnosis"] == 0
    rows = [ScoredRow(row, (silent,), ({},), (True,)) for row in (absent, known, known, known)]
    assert evaluation.aggregate(rows)["abstention_f1"] == pytest.approx(2 / (2 + 3))
    assert evaluation.aggregate([ScoredRow(case(), (silent,), ({},), (True,))])["abstention_f1"] is None
    assert evaluation.score("The manual does not say. F1: 207 to 253 V.", absent)["exact"] == 0, "abstains and answers"
    assert evaluation.score("Das Handbuch nennt dazu keine Angabe.", absent)["exact"] == 1


def test_ranges_need_both_ends_the_unit_and_one_verdict(evaluation):
    row = single("tolerance", low="207", high="253", unit="V", reading="260", within=False, cites=["3.1"])
    assert evaluation.score("MP1: 207 to 253 V. 260 V is outside tolerance. [§3.1]", row)["exact"] == 1
    assert evaluation.score("MP1: 207,0 bis 253 V, 260 V liegt außerhalb der Toleranz.", row)["exact"] == 1
    for text in (
        "MP1: 207 to 253 V. 260 V is within tolerance.", "MP1: 207 to 253. 260 is outside tolerance.",
        "MP1: 200 to 253 V. 260 V is outside tolerance.", "207 to 253 V, within or outside tolerance.",
        "MP1: 207 to 253 V, or 200 to 260 V, or 1 to 2 V: outside.", "outside",
    ):  # fmt: skip
        assert evaluation.score(text, row)["exact"] == 0, text


def test_other_meanings_beside_the_right_one_are_wrong(evaluation):
    row = single("meaning", phrase="door open", others=["service due"], cites=["6.1"], span="F-1: door open")
    scores = evaluation.score("F-1: door open. [§6.1]", row)
    assert scores["exact"] == 1 and scores["span_em"] == 1 and scores["span_f1"] == 1
    assert evaluation.score("door open, service due", row)["exact"] == 0


def test_steps_count_once_in_their_order_with_safety_first(evaluation):
    measure, steps = "Isolate and wait 5 min", ["Open the box", "Pull out F1", "Close the box"]
    row = single("order", measure=measure, steps=steps, works=steps, cites=["2.1"])
    listed = "\n".join(f"{i}. {step}." for i, step in enumerate((measure, *steps), start=1))
    scores = evaluation.score(f"{listed} [§2.1]", row)
    assert scores["exact"] == 1 and scores["safety_order"] == 1
    last = "\n".join((*steps, measure))
    scores = evaluation.score(last, row)
    assert scores["exact"] == 0 and scores["safety_order"] == 0
    assert evaluation.score(f"{listed}\n{listed}", row)["exact"] == 0, "the whole list twice"
    assert evaluation.score("\n".join((measure, steps[1], steps[0], steps[2])), row)["exact"] == 0


def test_copying_the_manual_answers_nothing(evaluation, chats):
    for row in chats[:300]:
        copied = row["messages"][1]["content"]
        scores = evaluation.score(copied, row)
        assert not scores["diagnosis"], row["id"]
        assert not scores["exact"], row["id"]
        assert row["form"] != "safety" or not scores["safety_order"], row["id"]
        assert scores["invented"] == 0, "what stands in manual or question is not invented"


def test_squads_own_cases_of_span_scores(part):
    spans = part("spans")
    assert spans.exact_match("The Fuse, F1!", "fuse F1") == 1
    assert spans.f1("replace the fuse", "replace fuse F1") == pytest.approx(2 * (2 / 2) * (2 / 3) / (2 / 2 + 2 / 3))
    assert spans.f1("", "x") == 0 and spans.f1("the", "a") == 1


@pytest.mark.parametrize("answer", [
    "", " ", "\ud800", "9" * 5000, "§" * 3000, "Diagnosis:" * 2000, "x" * 1_000_000, "Measure " * 9000, "∞ Ω", "[§5.1]",
    "Diagnosis: ." , "1,2.3,4", "MP1" * 4000, "\x00", [], [{"role": "user", "content": "x"}],
    [{"role": "assistant", "content": None}], [{"role": "assistant"}],
])  # fmt: skip
def test_no_answer_raises(evaluation, chats, answer):
    for row in (*{row["form"]: row for row in chats[:400]}.values(), single("letters", letters=["A"])):
        scores = evaluation.score(answer, row)
        assert not scores["diagnosis"] and 0 <= evaluation.reward(answer, row) <= 0.2
        if isinstance(answer, str):
            evaluation.reply(row, [{"role": "assistant", "content": answer}])


def test_three_hundred_dialogues_are_played_in_seconds(evaluation, part, chats):
    import time

    loop, rows = part("loop"), [row for row in chats if row["meta"]["kind"] == "loop"][:300]
    start = time.process_time()
    for row in rows:
        evaluation.score(loop.played(row["meta"]), row)
    assert len(rows) == 300 and time.process_time() - start < 5
