"""The builder: deterministic, right by a second reading, split as promised, in both registers."""

import itertools
import json
import re
from collections import Counter

import pytest

from gretchen.projects.drawing import wordings_in
from gretchen.projects.rows import reference_of
from gretchen.projects.splits import split_of
from gretchen.scoring.metrics.readability import amstad, counts_of


def question_of(row):
    return row["messages"][-2]["content"]


def test_builder_is_deterministic(dataset):
    for builder in (dataset.chats, dataset.preferences, dataset.feedback, dataset.prompts):
        assert list(itertools.islice(builder(), 60)) == list(itertools.islice(builder(), 60))


def test_forms_come_as_often_as_their_weights(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == set(dataset.FORMS)
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.4 * min(shares), forms
    assert 0.05 < sum(row["hard"] for row in chats) / len(chats) < 0.09


def test_ids_and_prompts_are_unique(chats):
    assert len({row["id"] for row in chats}) == len({question_of(row) for row in chats}) == len(chats)


def test_every_row_has_one_split_and_hard_rows_are_held_out(chats):
    splits = Counter(split_of(row["group"]) for row in chats if not row["hard"])
    assert None not in splits and splits["train"] / splits.total() == pytest.approx(0.85, abs=0.03)
    assert {split_of(row["group"]) for row in chats if row["hard"]} == {"test"}


def test_every_form_has_test_rows_and_no_procedure_is_in_two_splits(dataset, chats):
    test = Counter(row["form"] for row in chats if split_of(row["group"]) == "test" and not row["hard"])
    assert set(dataset.FORMS) == set(test) and min(test.values()) >= 5, test
    splits = {}
    for row in chats:
        splits.setdefault(row["meta"]["procedure"], set()).add(split_of(row["group"]))
    assert all(len(found) == 1 for found in splits.values())
    counts = Counter(next(iter(found)) for found in splits.values())
    assert counts["train"] >= 20 and counts["test"] >= 5 and counts["validation"] >= 3


def test_each_wording_is_enough_in_each_split(part):
    wordings = part("wordings")
    for task, languages in wordings.CORES.items():
        for language in languages:
            texts = wordings.wordings(task, language)
            assert len(set(texts)) == len(texts) >= 90
            splits = ("train", "validation", "test")
            counts = [len(wordings_in(f"amt:{task}/{language}", len(texts), split)) for split in splits]
            assert min(counts) >= 1 and sum(counts) == len(texts), (task, language)


def test_questions_come_in_three_languages(part, chats):
    cores = part("wordings").CORES
    asked = Counter(row["meta"]["asked_in"] for row in chats if len(cores.get(row["form"], "deeneasy")) > 1)
    assert set(asked) == {"de", "en", "easy"} and min(asked.values()) > 0.15 * asked.total()


def test_both_registers_state_every_fact_of_the_case(part):
    """Rendered and read back: each statement in each register, and no fact more."""
    import random

    cases, official, plain, easy, statements = map(part, ("cases", "official", "plain", "easy", "statements"))
    rng, seen = random.Random(3), Counter()
    for _ in range(600):
        case = cases.draw_case(rng, rng.choice(cases.SPLITS))
        for kind in rng.choice(statements.kinds_of(case)):
            stated = [statements.statement(kind, case)]
            assert statements.differences(official.say(rng, kind, case), stated) == [], kind
            assert statements.differences(plain.say(rng, kind, case), stated) == [], kind
            assert statements.differences(easy.say(kind, case), stated, law=False) == [], kind
            seen[kind] += 1
    assert set(seen) == {kind for letters in statements.BY_KIND.values() for letter in letters for kind in letter}


def test_a_text_that_disagrees_with_its_case_is_noticed(part):
    import random

    cases, plain, statements, tasks = map(part, ("cases", "plain", "statements", "tasks"))
    case = cases.draw_case(random.Random(1), "train", ("charge",))
    stated, text = [statements.statement("pay", case)], plain.say(random.Random(1), "pay", case)
    assert tasks.checked(text, stated) == text
    with pytest.raises(tasks.Mismatch, match="lost amount"):
        tasks.checked(text.replace("Euro", "Taler"), stated)
    with pytest.raises(tasks.Mismatch, match="extra date"):
        tasks.checked(text + " Am 1. Mai 2031.", stated)


def test_plain_is_plainer_than_official(chats):
    rows = [row for row in chats if row["form"] in ("simplify", "letter")]
    gains = [amstad(reference_of(row)) - amstad(row["meta"]["source"]) for row in rows]
    assert sum(gain > 0 for gain in gains) > 0.85 * len(gains) and sum(gains) / len(gains) > 12
    lengths = [counts_of(reference_of(row)).words_per_sentence for row in rows]
    assert sum(lengths) / len(lengths) < 11


def test_plain_is_no_copy_of_official_with_other_words(part, chats):
    """The two registers are two grammars: they share few runs of four words."""
    rates = [
        part("style").copy_rate(reference_of(row), row["meta"]["source"]) for row in chats if row["form"] == "simplify"
    ]
    assert sum(rates) / len(rates) < 0.05


def test_leichte_sprache_has_short_lines_and_cites_no_law(chats):
    for row in chats:
        if row["form"] == "leichte-sprache":
            lines = [line for line in reference_of(row).splitlines() if line]
            assert all(len(line.split()) <= 14 for line in lines), row["id"]
            assert "§" not in reference_of(row)


def test_dates_on_which_something_is_due_are_working_days(part):
    import random

    cases, deadlines = part("cases"), part("deadlines")
    rng = random.Random(11)
    for _ in range(500):
        case = cases.draw_case(rng, "train")
        for due in (case.due, case.documents_until, case.hearing_until, case.remedy_until, case.appointment.date()):
            assert deadlines.is_working_day(due, case.town.land, case.town.catholic)


def test_hard_rows_chain_two_deadlines_or_state_five_things(chats):
    hard = [row for row in chats if row["hard"]]
    for row in hard:
        if row["form"] == "deadline":
            assert reference_of(row).count("(§ 187 ") == 2, row["id"]
        elif row["form"] in ("letter", "notice"):
            assert len(row["meta"]["statements"]) >= 4, row["id"]
    others = [row for row in chats if not row["hard"] and row["form"] == "deadline"]
    assert all(reference_of(row).count("(§ 187 ") == 1 for row in others)


def test_json_answers_hold_what_was_asked_for(chats):
    absent = 0
    for row in chats:
        if row["form"] == "facts-json":
            answer = json.loads(reference_of(row))
            assert list(answer) == list(row["meta"]["fields"]) and all(name in question_of(row) for name in answer)
            absent += None in answer.values()
    assert absent


def test_answers_that_compute_say_that_they_are_no_advice(chats):
    rows = [row for row in chats if row["meta"]["style"] == "answer" and "result" in row["meta"]]
    assert rows and all(reference_of(row).endswith("Das ist keine Rechtsberatung.") for row in rows)


def test_preferences_are_worse_in_one_named_way_and_of_like_length(evaluation, part, pairs):
    faults = Counter(row["meta"]["fault"] for row in pairs)
    assert set(faults) == {fault for kinds in part("pairs").FAULTS.values() for fault in kinds}
    for row in pairs:
        chosen, rejected = row["chosen"][0]["content"], row["rejected"][0]["content"]
        assert 0.6 <= len(rejected) / len(chosen) <= 1.67 and split_of(row["group"]) is not None
        right, wrong = evaluation.score(chosen, row), evaluation.score(rejected, row)
        assert right["fact_success"] == 1 and wrong["fact_success"] < 1, row["id"]
    longer = sum(len(row["rejected"][0]["content"]) > len(row["chosen"][0]["content"]) for row in pairs)
    assert 0.2 < longer / len(pairs) < 0.8


def test_a_duty_and_an_option_are_each_on_both_sides(pairs):
    ways = Counter()
    for row in pairs:
        if row["meta"]["fault"] == "mode":
            sides = [len(re.findall(r"[Kk]önnen|kann", row[side][0]["content"])) for side in ("chosen", "rejected")]
            ways[sides[0] < sides[1]] += 1
    assert len(ways) == 2 and min(ways.values()) > 5, ways


def test_feedback_is_one_side_of_each_pair_with_its_verdict(dataset):
    pairs, verdicts = (list(itertools.islice(build(), 200)) for build in (dataset.preferences, dataset.feedback))
    for pair, row in zip(pairs, verdicts, strict=True):
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]
        assert ("fault" in row["meta"]) == (not row["label"])


def test_prompts_are_questions_of_their_own_whose_reference_is_right(dataset, evaluation, chats):
    rows = list(itertools.islice(dataset.prompts(), 300))
    seen = {question_of(row) for row in chats}
    assert len([row for row in rows if row["prompt"][-1]["content"] in seen]) < 0.05 * len(rows)
    for row in rows:
        assert evaluation.score(row["meta"]["reference"], row)["fact_success"] == 1, row["id"]
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1)
