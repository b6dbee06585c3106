"""The builder: right sentences, wrong errors, held-out lemmas and wordings, faults that are faults."""

import itertools
import random
from collections import Counter

import pytest

from gretchen.projects.splits import split_of

LANGUAGES = ("en", "de")
CORRECTED = ("one", "none", "several", "rule-one", "rule-two")


def test_every_answer_is_perfect_by_the_second_route(evaluation, chats):
    for row in chats:
        scores = evaluation.score(row["messages"][-1]["content"], row)
        assert scores["f05"] == 1 and scores["labels"] in (None, 1) and scores["exact"] in (None, 1), row["id"]
        assert scores["over_correction"] in (None, 0), row["id"]


def test_the_two_routes_seldom_disagree(dataset):
    before = Counter(dataset.dropped())  # other tests of this process made rows, and dropped some
    rows = list(itertools.islice(dataset.chats(), 600))
    lost = {reason: count for reason, count in (Counter(dataset.dropped()) - before).items() if "routes" in reason}
    assert sum(lost.values()) < 0.02 * len(rows), lost


def test_forms_and_languages_are_balanced(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == set(dataset.FORMS)
    corrected = sum(forms[form] for form in CORRECTED)
    assert 0.27 < forms["none"] / corrected < 0.33, "30 % of the sentences are correct"
    for column in ("language", "asked"):
        counts = Counter(row["meta"][column] for row in chats)
        assert 0.44 < counts["en"] / counts.total() < 0.56
    assert 0.04 < sum(row["hard"] for row in chats) / len(chats) < 0.10


def test_every_label_is_planted(part, chats):
    labels = Counter((row["meta"]["language"], label) for row in chats for label, _, _ in row["meta"].get("errors", ()))
    expected = {(language, label) for language, own in part("errors").LABELS.items() for label in own}
    assert set(labels) == expected and min(labels.values()) >= 3, labels


def test_test_rows_have_other_lemmas(chats):
    """Content words, in any form, belong to one split; keys name the lemmas that a row uses."""
    lemmas = {split: set() for split in ("train", "validation", "test")}
    for row in chats:
        lemmas[split_of(row["group"])] |= {key.partition("#")[0] for key in row["group"] if key.startswith("lemma:")}
    assert not lemmas["train"] & lemmas["test"] and not lemmas["train"] & lemmas["validation"]
    assert len(lemmas["train"]) > 200 and len(lemmas["test"]) > 80


def test_no_held_out_noun_or_verb_stands_in_a_training_sentence(part, chats):
    lexicon, tagging = part("lexicon"), part("tagging")
    for language in LANGUAGES:
        held_out = {noun.lemma for noun in lexicon.all_nouns(language) if noun.split != "train"}
        held_out |= {verb.prefix + verb.lemma for verb in lexicon.all_verbs(language) if verb.split != "train"}
        for row in chats:
            meta = row["meta"]
            if meta["kind"] == "correct" and meta["language"] == language and split_of(row["group"]) == "train":
                found = [tagging.readings(language).get(word.lower(), ()) for word in meta["source"]]
                assert not {readings[0].lemma for readings in found if len(readings) == 1} & held_out, row["id"]


def test_hard_rows_have_pairs_of_errors_that_training_never_has(part, chats):
    pairs = {language: [set(pair) for pair in own] for language, own in part("grammars").HARD_PAIRS.items()}
    for row in chats:
        if row["form"] not in ("several", "rule-two"):
            continue
        labels = {label for label, _, _ in row["meta"]["errors"]}
        assert any(pair <= labels for pair in pairs[row["meta"]["language"]]) == row["hard"], row["id"]
        assert not row["hard"] or split_of(row["group"]) == "test"


def test_forms_with_another_reading_are_not_planted(part):
    grammar, draws, operators = part("german_patterns"), part("draws"), part("operators_de")
    rng = random.Random(4)
    for _ in range(300):
        try:
            made = grammar.PATTERNS["present"](draws.Draw(rng, "de", "train"))
        except draws.Mismatch:
            continue
        subject = [token for token in made.tokens if token.role == "subject"]
        for plant in operators.candidates(made):
            start = plant.parts[0].start
            wrong = plant.parts[0].wrong
            if plant.label == "VERB":
                assert subject[-1].text not in ("sie", "Sie"), "sie takes the verb forms of er and of wir"
                assert subject[-1].text in ("ich", "du", "wir") or not wrong[0].endswith("e"), "er gehe: Konjunktiv I"
            if plant.label == "CASE" and made.tokens[start].note in ("in", "an", "auf", "über"):
                own = operators.paradigm(made.tokens[start].text, made.tokens[start].gender)
                assert wrong[0] not in (own["acc"], own["dat"]), "in dem Park is another meaning, no error"


@pytest.mark.parametrize(
    ("text", "wrong", "label"),
    [
        ("Ich putze den Garten meines Freundes .", "Ich putze den Garten meines Freund .", "R:CASE"),
        ("Wir putzen den Garten ihres Onkels .", "Wir putzen den Garten ihres Onkel .", "R:CASE"),
        ("Ich putze das Haus meiner Tante .", "Ich putze das Haus meine Tante .", "R:CASE"),
        ("Ich suche die Tasche meines Neffen .", "Ich suche die Tasche meines Neffe .", "R:CASE"),
        ("Ich freue mich auf die Ferien .", "Ich freue sich auf die Ferien .", "R:REFL"),
        ("Ich freue mich auf die Ferien .", "Ich freue auf die Ferien .", "M:REFL"),
        ("Ich habe zwei Hunde .", "Ich habe zwei Hund .", "R:NUM"),
    ],
)
def test_the_second_route_knows_genitives_and_reflexive_pronouns(part, text, wrong, label):
    (edit,) = part("route").edits_between("de", tuple(wrong.split()), tuple(text.split()))
    assert edit.label == label


def test_a_fault_is_worse_and_every_form_has_pairs(dataset, evaluation, pairs):
    faults = Counter((row["form"], row["meta"]["fault"]) for row in pairs)
    assert {form for form, _ in faults} == set(dataset.FORMS)
    expected = {"uncorrected", "over-corrected", "wrong-rule", "wrong-fix"}
    assert {fault for form, fault in faults if form == "one"} == expected
    for row in pairs:
        chosen, rejected = (evaluation.score(row[side][0]["content"], row) for side in ("chosen", "rejected"))
        if row["meta"]["fault"] == "too-hard":
            assert rejected["above_level"] > chosen["above_level"], row["id"]
        elif row["meta"]["fault"] == "wrong-rule":
            assert rejected["labels"] < 1, row["id"]
            assert rejected["f05"] == chosen["f05"] or row["meta"]["kind"] == "explain", row["id"]
        else:
            assert rejected["f05"] < chosen["f05"] or rejected["labels"] < 1, row["id"]


def test_saying_that_all_is_right_is_chosen_and_rejected(pairs):
    nothing = ("Correct as it is.", "Alles richtig.")
    sides = {side: sum(row[side][0]["content"] in nothing for row in pairs) for side in ("chosen", "rejected")}
    assert min(sides.values()) > 20, sides


def test_rewards_prefer_the_right_side(evaluation, pairs):
    sides = [[evaluation.reward(row[side][0]["content"], row) for side in ("chosen", "rejected")] for row in pairs]
    better = [chosen > rejected for chosen, rejected in sides]
    assert sum(better) / len(better) > 0.97


def test_feedback_is_one_side_of_each_pair_with_its_verdict(dataset):
    rows = zip(itertools.islice(dataset.preferences(), 60), itertools.islice(dataset.feedback(), 60), strict=True)
    for pair, row in rows:
        assert row["prompt"] == pair["prompt"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]


def test_prompts_hold_the_answer(dataset, evaluation):
    for row in itertools.islice(dataset.prompts(), 40):
        assert evaluation.reward(row["meta"]["reference"], row) == pytest.approx(1), row["id"]


def test_no_question_comes_twice(chats):
    questions = ["\n".join(turn["content"] for turn in row["messages"][1:-1]) for row in chats]
    assert len(set(questions)) == len(questions)
