"""Pairs and verdicts: one fault each, and pairs where what a fault looks like is right."""

import itertools
from collections import Counter

from gretchen.projects.splits import split_of


def test_preferences_are_wrong_in_one_named_way(dataset, evaluation):
    rows = list(itertools.islice(dataset.preferences(), 2000))
    faults = Counter(row["meta"]["fault"] for row in rows)
    assert set(faults) == {fault for kinds in dataset.pairs.FAULTS.values() for fault in kinds}
    for row in rows:
        chosen, rejected = row["chosen"][0]["content"], row["rejected"][0]["content"]
        assert chosen != rejected and 0.6 <= len(rejected) / len(chosen) <= 1.67
        assert split_of(row["group"]) is not None
        assert (row["meta"]["differs_in"] == "language") == (row["meta"]["fault"] == "other-language")
        assert evaluation.score(rejected, {"chosen": row["chosen"]})["exact"] == 0, row["id"]


def test_what_a_fault_looks_like_is_right_in_other_pairs(dataset):
    rows = list(itertools.islice(dataset.preferences(), 2000))
    forms, imitated = Counter(row["form"] for row in rows), dataset.pairs.IMITATED
    assert min(forms[form] for fault in imitated for form in imitated[fault]) >= 40
    right = " ".join(row["chosen"][0]["content"] for row in rows)
    assert all(right.count(text) >= 10 for text in ("Complement: ", "RNA: ", "Invalid: ", ": not given", ", partial"))
    faults = Counter(row["meta"]["fault"] for row in rows)
    assert 0.5 < faults["refused"] / sum(row["form"] == "invalid-input" for row in rows) < 1.0
    partial = [
        row for row in rows if row["meta"]["fault"] == "confident" and ", partial" in row["chosen"][0]["content"]
    ]
    assert {row["form"] for row in partial} == {"invalid-input"}
    assert all(row["rejected"][0]["content"].split("\n")[-1].startswith("Protein: ") for row in partial)


def test_feedback_is_one_side_of_each_pair_with_its_label(dataset):
    pairs = list(itertools.islice(dataset.preferences(), 800))
    rows = list(itertools.islice(dataset.feedback(), 800))
    for pair, row in zip(pairs, rows, strict=True):
        assert row["prompt"] == pair["prompt"] and row["group"] == pair["group"]
        assert row["completion"] == pair["chosen" if row["label"] else "rejected"]
        assert ("fault" in row["meta"]) == (not row["label"])
    assert 0.45 < sum(row["label"] for row in rows) / len(rows) < 0.55
