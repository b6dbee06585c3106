"""The builder: right answers, held-out families and wordings, faults that are faults."""

import itertools
import random
import re
from collections import Counter

from gretchen.projects.splits import split_of

SPLITS = ("train", "validation", "test")
NAME = re.compile(r"\b(?:MP\d+|[A-Z]\d)\b")


def test_every_answer_is_right_and_every_dialogue_is_solved(evaluation, part, chats):
    loop = part("loop")
    for row in chats:
        answer = row["messages"][-1]["content"]
        scores = evaluation.score(loop.played(row["meta"]) if row["meta"]["kind"] == "loop" else answer, row)
        assert scores["exact"] in (None, 1) and scores["diagnosis"] in (None, 1), row["id"]
        assert scores["citation_precision"] == 1 and scores["citation_recall"] in (None, 1), row["id"]
        assert scores["invented"] == 0 and scores["safety_order"] in (None, 1), row["id"]


def test_the_two_routes_agree(dataset):
    before = sum(dataset.dropped().values())  # other tests of this process made rows, and dropped some
    rows = list(itertools.islice(dataset.chats(), 600))
    assert sum(dataset.dropped().values()) - before < 0.01 * len(rows)


def test_forms_languages_and_splits(dataset, chats):
    forms = Counter(row["form"] for row in chats)
    assert set(forms) == set(dataset.FORMS)
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.5 * min(shares), forms
    languages = Counter(row["meta"]["language"] for row in chats)
    assert 0.42 < languages["en"] / languages.total() < 0.58
    assert 0.04 < sum(row["hard"] for row in chats) / len(chats) < 0.10
    for split in ("train", "test"):
        assert {row["form"] for row in chats if split_of(row["group"]) == split} == set(dataset.FORMS), split


def test_held_out_families_are_in_no_training_row(part):
    catalogue = part("catalogue")
    names = {split: {family.names["en"] for family in catalogue.families(split)} for split in SPLITS}
    assert len(catalogue.all_families()) >= 25 and [len(names[split]) for split in SPLITS] >= [20, 4, 6]
    assert sum(map(len, names.values())) == len(catalogue.all_families())


def test_hard_rows_are_larger_and_have_a_page_missing(chats):
    hard = [row for row in chats if row["hard"]]
    for row in hard:
        assert len(row["meta"]["priors"]) >= 5 and split_of(row["group"]) == "test"
    missing = [row for row in chats if re.search(r"\((page|Seite) \d+ ", row["messages"][1]["content"])]
    assert len(missing) > 0.8 * len(hard) and all(row["hard"] for row in missing)
    assert max(len(row["meta"]["priors"]) for row in chats if not row["hard"] and "priors" in row["meta"]) <= 5


def test_one_code_means_different_things_on_different_devices(part):
    rng, meanings = random.Random(1), {}
    families = part("catalogue").families("train")
    for _ in range(600):
        device = part("drawing").draw_device(rng, rng.choice(families), part("drawing").Size(3))
        for code, meaning in device.codes:
            meanings.setdefault(code, set()).add(meaning["en"])
    several = [code for code, found in meanings.items() if len(found) > 1]
    assert len(several) > 50


def test_training_dialogues_are_whole_and_the_others_stop_at_the_first_question(dataset, chats):
    for row in chats:
        turns = [turn["role"] for turn in row["messages"]]
        if row["form"] not in dataset.WHOLE:
            assert turns == ["system", "user", "assistant"], row["id"]
        elif split_of(row["group"]) == "train":
            assert re.search("Diagnos", row["messages"][-1]["content"]), row["id"]
        else:
            assert len(turns) == 3, row["id"]
    assert max(len(row["messages"]) for row in chats) >= 7


def test_the_best_test_is_one_that_was_not_made(chats):
    for row in chats:
        if row["form"] == "next":
            question = row["messages"][1]["content"].rpartition("\n\n")[2]
            assert NAME.search(row["messages"][2]["content"])[0] not in NAME.findall(question), row["id"]


def test_readings_fall_along_a_chain_and_are_all_gone_or_all_weak_behind_a_fault(chats):
    for row in chats:
        meta = row["meta"]
        if meta["kind"] != "loop":
            continue
        bad = [meta["readings"][test] for test, parts in meta["faults"].items() if meta["truth"][0] in parts
               and test.startswith("MP")]  # fmt: skip
        zero = [text.startswith("0 ") for text in bad]
        assert all(zero) or not any(zero), row["id"]


def test_a_fault_is_a_fault_and_every_form_has_one(dataset, evaluation, pairs):
    faults = Counter((row["form"], row["meta"]["fault"]) for row in pairs)
    assert {form for form, _ in faults} == set(dataset.FORMS)
    assert len({fault for _, fault in faults}) == 15
    for row in pairs:
        assert (row["meta"]["fault"] == "language") == (row["meta"]["differs_in"] == "language")
        if row["meta"]["kind"] == "single" and row["meta"]["fault"] != "language":
            chosen, rejected = (evaluation.reward(row[side][0]["content"], row) for side in ("chosen", "rejected"))
            assert chosen > rejected, row["id"]


def test_a_question_asked_twice_costs_a_turn(part, pairs):
    loop = part("loop")
    rows = [row for row in pairs if row["meta"]["fault"] in ("repeated", "late", "several")]
    assert len(rows) > 25
    for row in rows:
        before = [turn for turn in row["prompt"][2:]]
        lengths = [len(loop.played(row["meta"], [*before, row[side][0]])) for side in ("chosen", "rejected")]
        assert lengths[0] < lengths[1], row["id"]


def test_sides_are_of_like_length(pairs):
    ratios = [len(row["rejected"][0]["content"]) / len(row["chosen"][0]["content"]) for row in pairs]
    assert 0.75 < sum(ratios) / len(ratios) < 1.5


def test_feedback_is_one_side_of_each_pair_with_its_verdict(dataset, pairs):
    verdicts = Counter()
    for pair, row in zip(pairs, itertools.islice(dataset.feedback(), 150), strict=False):
        assert row["prompt"] == pair["prompt"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]
        verdicts[row["label"]] += 1
    assert 50 < verdicts[True] < 100


def test_documents_hold_excerpt_question_and_answer_of_the_tiny_forms(dataset):
    rows = list(itertools.islice(dataset.texts(), 60))
    assert {row["form"] for row in rows} == set(dataset.TINY)
    for row in rows:
        assert row["text"].endswith("\n" + row["meta"]["answer"]) and row["text"].startswith(("Manual ", "Handbuch "))


def test_a_question_as_a_document_is_the_beginning_of_one(dataset, chats):
    forms = {row["form"]: dataset.as_document(row) for row in chats}
    assert {form for form, document in forms.items() if document} == set(dataset.TINY)
    for row in chats[:200]:
        if document := dataset.as_document(row):
            assert document == row["messages"][-2]["content"] + "\n"


def test_the_card_pins_networkx_as_the_machine_has_it():
    import networkx

    assert networkx.__version__ == "3.6.1"
