"""The metrics on cases computed by hand."""

import json
from types import SimpleNamespace

import pytest


def row(answer, question="?", **meta):
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], "meta": meta}


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
    assert evaluation.refusal("not given") == "not given" and (exact == 0 or scores["numeric"] in (None, 1.0))


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


def test_numbers_are_right_or_wrong(evaluation):
    assert evaluation.score("GC: 4 of 12", row("GC: 5 of 12"))["numeric"] == 0.5
    assert evaluation.score("GC: 05 of 12", row("GC: 5 of 12"))["numeric"] == 1.0
    assert evaluation.score("GC: 5", row("GC: 5 of 12"))["numeric"] == 0.0
    assert evaluation.score("RNA: AUG", row("RNA: AUG"))["numeric"] is None


@pytest.mark.parametrize(
    ("prediction", "numeric"),
    [
        ("BED: 4711 9999", 1.0),
        ("BED: 4712 9999", 0.0),  # copied, not converted: the end says nothing, the question gives it
        ("BED: 4710 9999", 0.0),  # converted twice
        ("BED: 4711 9998", 1.0),
        ("BED: " + "9" * 400 + " 9999", 0.0),
        ("BED: " + "9" * 5000 + " 9999", 0.0),  # more digits than an int may be read from
    ],
)
def test_a_number_that_the_question_gives_does_not_count(evaluation, prediction, numeric):
    assert evaluation.score(prediction, row("BED: 4711 9999", "Convert GFF3 4712 9999 to BED."))["numeric"] == numeric


def test_where_the_question_gives_all_numbers_all_must_be_right(evaluation):
    right = row("GFF3: 11 11", "Convert BED 10 11 to GFF3.")
    assert evaluation.score("GFF3: 11 11", right)["numeric"] == 1.0
    assert evaluation.score("GFF3: 10 11", right)["numeric"] == 0.0


def scored(evaluation, answer, prediction, abstain):
    on_disk = row(answer, abstain=abstain)
    on_disk["meta"] = json.dumps(on_disk["meta"])
    return SimpleNamespace(row=on_disk, predictions=(prediction,), scores=(evaluation.score(prediction, on_disk),))


def test_abstention_f1(evaluation):
    invalid, valid = "Invalid: Codon 2 AXG, letter X", "Protein: M K"
    rows = [
        scored(evaluation, invalid, invalid, True),
        scored(evaluation, invalid, "Ungültig: Codon 2 AXG, Buchstabe X", True),  # in another language: exact says so
        scored(evaluation, invalid, "Invalid: Codon 1 ATG, partial", True),  # refused for a wrong reason
        scored(evaluation, invalid, valid, True),
        scored(evaluation, "Strand: not given", "Strand: not given", True),
        scored(evaluation, valid, "Ungültig: Codon 1 ATG, unvollständig", False),
        scored(evaluation, valid, valid, False),
    ]
    # three hits, a wrong reason, a miss, a false alarm: 2 * 3 / (2 * 3 + 1 + 1 + 1)
    assert evaluation.aggregate(rows)["abstention_f1"] == pytest.approx(6 / 9)
    assert evaluation.aggregate(rows[-1:])["abstention_f1"] is None


@pytest.mark.parametrize("answer", ["Invalid: because", "Ungültig: Codon", "Invalid: Codon 2", "not given"])
def test_a_refusal_without_the_fault_is_none(evaluation, answer):
    rows = [scored(evaluation, "Invalid: Codon 2 AXG, letter X", answer, True)] * 3
    assert evaluation.aggregate(rows)["abstention_f1"] == 0.0


def test_always_wrong_coordinates_score_nothing(evaluation, chats):
    rows = [chat for chat in chats if chat["form"] == "coordinates"]
    assert len(rows) > 20
    for chat in rows:
        label, numbers = chat["messages"][-1]["content"].split(": ")
        start, end = map(int, numbers.split())
        for wrong in (start - 1, start + 1):
            assert evaluation.score(f"{label}: {wrong} {end}", chat)["numeric"] == 0.0
