"""The metrics on cases computed by hand."""

import json
from types import SimpleNamespace

import pytest


def row(answer, **meta):
    return {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": answer}], "meta": meta}


def test_the_reference_scores_one(evaluation, chats):
    for chat in chats[:1000]:
        scores = evaluation.score(chat["messages"][-1]["content"], chat)
        assert all(value in (None, 1.0) for value in scores.values()), chat["id"]


@pytest.mark.parametrize(
    ("prediction", "exact"),
    [
        ("Complement: TAC TTT", 1.0),
        ("  complement:   TAC  TTT \n", 1.0),
        ("COMPLEMENT: TAC TTT", 1.0),
        ("Complement: tac ttt", 0.0),  # bases keep their case
        ("Complement: TAC TTA", 0.0),
        ("Complement: TACTTT", 1.0),  # the question leaves open how bases are grouped
        ("TAC TTT", 1.0),  # and whether the answer has a label
        ("TACTTT", 1.0),
        ("Reverse complement: TAC TTT", 0.0),
        ("The complement is TAC TTT.", 0.0),
        ("TAC TT", 0.0),
        ("", 0.0),
    ],
)
def test_normalisation(evaluation, prediction, exact):
    assert evaluation.score(prediction, row("Complement: TAC TTT"))["exact"] == exact


def test_lines_count(evaluation):
    right = row("ATG-M AAA-K\nProtein: M K")
    assert evaluation.score("ATG-M AAA-K\n\nprotein: M K", right)["exact"] == 1.0
    assert evaluation.score("ATG-M AAA-K Protein: M K", right)["exact"] == 0.0
    assert evaluation.score("ATG-M AAA-K\nMK", right)["exact"] == 1.0
    assert evaluation.score("Protein: M K", right)["exact"] == 0.0  # the question asks for the steps


@pytest.mark.parametrize(
    ("reference", "prediction", "exact"),
    [
        ("Invalid: Codon 2 AXG, letter X", "Codon 2 AXG, letter X", 0.0),  # that it is invalid is the answer
        ("Codon 3: AAA-K > TAA-*\nEffect: nonsense", "AAA-K > TAA-*\nnonsense", 0.0),  # which codon, too
        ("Codon 3: AAA-K > TAA-*\nEffect: nonsense", "codon 3: AAA-K > TAA-*\nnonsense", 1.0),
        ("BED: 11 57", "11 57", 1.0),
        ("BED: 11 57", "1157", 0.0),
        ("Strand: not given", "not given", 1.0),
        ("ORF: none", "none", 1.0),
        ("Codons: AAA AAG", "AAA AAG", 1.0),
    ],
)
def test_a_label_may_be_missing_where_it_says_nothing(evaluation, reference, prediction, exact):
    scores = evaluation.score(prediction, row(reference))
    assert scores["exact"] == exact
    assert evaluation.refuses("not given") and (exact == 0 or scores["numeric"] in (None, 1.0))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("TACTTT", "TACTTT", 1.0),
        ("TACTTA", "TACTTT", 5 / 6),  # one mismatch in six columns
        ("TACTT", "TACTTT", 5 / 6),  # one gap
        ("AAAA", "TTTT", 0.0),
        ("", "TTTT", 0.0),
    ],
)
def test_aligned_identity(evaluation, first, second, expected):
    assert evaluation.identity(first, second) == pytest.approx(expected)


def test_identity_reads_the_sequence_behind_the_label(evaluation):
    right = row("ATG-M AAA-K CCC-P TAG-*\nProtein: M K P *")
    assert evaluation.score("Protein: M K P *", right)["identity"] == 1.0
    assert evaluation.score("ATG-M AAA-R CCC-P TAG-*\nProtein: M R P *", right)["identity"] == 0.75
    assert evaluation.score("RNA: AUG", right)["identity"] == 0.0
    assert evaluation.score("Effect: missense", row("Effect: missense"))["identity"] is None


def test_numeric_closeness(evaluation):
    assert evaluation.score("GC: 4 of 12", row("GC: 5 of 12"))["numeric"] == pytest.approx((0.8 + 1) / 2)
    assert evaluation.score("GC: 5", row("GC: 5 of 12"))["numeric"] == 0.0
    assert evaluation.score("BED: 12 57", row("BED: 11 57"))["numeric"] == pytest.approx((1 - 1 / 11 + 1) / 2)
    assert evaluation.score("BED: 500 57", row("BED: 11 57"))["numeric"] == 0.5
    assert evaluation.score("RNA: AUG", row("RNA: AUG"))["numeric"] is None


def scored(evaluation, answer, prediction, abstain):
    on_disk = row(answer, abstain=abstain)
    on_disk["meta"] = json.dumps(on_disk["meta"])
    return SimpleNamespace(row=on_disk, predictions=(prediction,), scores=(evaluation.score(prediction, on_disk),))


def test_abstention_f1(evaluation):
    invalid, valid = "Invalid: Codon 2 AXG, letter X", "Protein: M K"
    rows = [
        scored(evaluation, invalid, invalid, True),
        scored(evaluation, invalid, "Invalid: Codon 1 ATG, partial", True),  # refused for a wrong reason
        scored(evaluation, invalid, valid, True),
        scored(evaluation, "Strand: not given", "Strand: not given", True),
        scored(evaluation, valid, "Ungültig: Codon 1 ATG, unvollständig", False),
        scored(evaluation, valid, valid, False),
    ]
    # three hits, one miss, one false alarm: 2 * 3 / (2 * 3 + 1 + 1)
    assert evaluation.aggregate(rows)["abstention_f1"] == pytest.approx(0.75)
    assert evaluation.aggregate(rows[-1:])["abstention_f1"] is None
