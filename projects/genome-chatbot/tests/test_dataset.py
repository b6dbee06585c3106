"""The builder: deterministic, its answers right by a third computation, its splits as documented."""

import itertools
import json
import random
import re
import time
import warnings
from collections import Counter
from pathlib import Path

import pytest
import yaml
from Bio.Seq import Seq

from gretchen.projects.drawing import wordings_in
from gretchen.projects.splits import split_of

CLOSED = {"codon-lookup", "amino-acid-codons"}


def answer_of(row):
    return row["messages"][-1]["content"]


def sequence_in(text):
    """Return the longest run of codon groups in a string, without spaces."""
    runs = re.findall(r"\b[A-Z]{3}(?: [A-Z]{1,3})+\b", text)
    return max(runs, key=len).replace(" ", "")


def to_first_stop(letters):
    head, stop, _ = letters.partition("*")
    return head + stop


def of_form(rows, form):
    matching = [row for row in rows if row["form"] == form]
    assert len(matching) >= 15, f"only {len(matching)} rows of {form}"
    return matching


def test_builder_is_deterministic(dataset):
    for builder in (dataset.texts, dataset.chats, dataset.preferences, dataset.feedback, dataset.prompts):
        assert list(itertools.islice(builder(), 500)) == list(itertools.islice(builder(), 500))


def test_the_card_names_the_closed_forms(dataset):
    card = yaml.safe_load((Path(__file__).parents[1] / "project.yaml").read_text(encoding="utf-8"))
    assert set(card["closed"]) == set(dataset.CLOSED) == CLOSED


def test_no_row_is_dropped(dataset, chats, documents):
    assert dataset.dropped() == {}


def test_ids_and_prompts_are_unique(chats, documents):
    ids = [row["id"] for row in (*chats, *documents)]
    assert len(ids) == len(set(ids))
    prompts = [tuple(message["content"] for message in row["messages"][:-1]) for row in chats]
    assert len(prompts) == len(set(prompts))


def test_forms_and_languages_are_balanced(dataset, chats):
    normal = [row for row in chats if not row["hard"]]
    forms = Counter(row["form"] for row in normal)
    assert set(forms) == set(dataset.CHAT_WEIGHTS)
    share = len(normal) / sum(dataset.CHAT_WEIGHTS.values())
    for form, weight in dataset.CHAT_WEIGHTS.items():
        assert forms[form] == pytest.approx(weight * share, rel=0.25), form
    languages = Counter(row["meta"]["language"] for row in chats)
    assert abs(languages["en"] - languages["de"]) < 0.06 * len(chats)
    assert 0.04 < sum(row["hard"] for row in chats) / len(chats) < 0.08


def test_every_row_has_one_split_and_hard_rows_are_held_out(chats, documents):
    splits = Counter(split_of(row["group"]) for row in chats if not row["hard"])
    assert None not in splits and splits["train"] / splits.total() == pytest.approx(0.85, abs=0.02)
    assert {split_of(row["group"]) for row in chats if row["hard"]} == {"test"}
    splits = Counter(split_of(row["group"]) for row in documents)
    assert None not in splits and splits["test"] / splits.total() == pytest.approx(0.10, abs=0.02)


def test_every_form_has_test_rows(chats):
    test = Counter(row["form"] for row in chats if split_of(row["group"]) == "test" and not row["hard"])
    assert min(test.values()) >= 8 and len(test) == 16, test


def test_hard_sequences_are_longer_than_any_normal_one(chats):
    forms = {"complement", "reverse-complement", "transcription", "gc-count"}
    lengths = {
        hard: [
            len(sequence_in(row["messages"][0]["content"]))
            for row in chats
            if row["form"] in forms and row["hard"] is hard
        ]
        for hard in (False, True)
    }
    assert max(lengths[False]) <= 24 and min(lengths[True]) >= 27


def test_every_form_has_wordings_in_each_split(part):
    wordings = part("wordings")
    for form, languages in wordings.CORES.items():
        for language in ("en", "de"):
            assert len(set(wordings.wordings(form, language))) == len(wordings.wordings(form, language)) >= 24
            count = len(wordings.wordings(form, language))
            counts = [len(wordings_in(f"{form}/{language}", count, split)) for split in ("train", "validation", "test")]
            assert min(counts) >= 1 and sum(counts) == len(wordings.wordings(form, language)), (form, languages)


def test_complements_and_proteins_are_right(chats):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a partial codon is only a warning: make it an error
        for form, answer in (
            ("complement", lambda seq: seq.complement()),
            ("reverse-complement", lambda seq: seq.reverse_complement()),
            ("transcription", lambda seq: seq.transcribe()),
            ("translation", lambda seq: to_first_stop(str(seq.translate()))),
            ("translation-worked", lambda seq: to_first_stop(str(seq.translate()))),
        ):
            for row in of_form(chats, form):
                shown = sequence_in(row["messages"][0]["content"])
                label, given = answer_of(row).split("\n")[-1].split(": ")
                assert given.replace(" ", "") == str(answer(Seq(shown))), row["id"]


def test_gc_counts_are_right(chats):
    for row in of_form(chats, "gc-count"):
        shown = sequence_in(row["messages"][0]["content"])
        count, length = re.search(r"GC: (\d+) (?:of|von) (\d+)$", answer_of(row)).groups()
        assert (int(count), int(length)) == (shown.count("G") + shown.count("C"), len(shown))


def test_reading_frames_are_right(chats):
    frames = Counter()
    for row in of_form(chats, "orf"):
        shown = sequence_in(row["messages"][0]["content"])
        frame = re.match(r"^(?:...)*?(ATG(?:...)*?(?:TAA|TAG|TGA))", shown)
        frames[bool(frame)] += 1
        if frame:
            assert answer_of(row).split("\n")[0].removeprefix("ORF: ").replace(" ", "") == frame[1], row["id"]
        else:
            assert answer_of(row) in ("ORF: none", "ORF: keiner")
    assert min(frames.values()) > 0.2 * frames.total()


def test_effects_are_balanced_and_right(chats):
    kinds = Counter()
    for row in of_form(chats, "codon-effect"):
        kinds[row["meta"]["kind"]] += 1
        number, before, old, after, new = re.match(r"Codon (\d+): (...)-(.) > (...)-(.)\n", answer_of(row)).groups()
        shown = re.findall(r"ATG(?: [ACGT]{3})+", row["messages"][0]["content"])[0].split()
        assert shown[int(number) - 1] == before
        assert (str(Seq(before).translate()), str(Seq(after).translate())) == (old, new)
    assert len(kinds) == 5 and min(kinds.values()) > 0.1 * kinds.total()


def test_hgvs_names_use_ter_and_the_equals_sign(chats):
    for row in of_form(chats, "hgvs-write"):
        name = answer_of(row).split("HGVS: ")[1]
        assert re.fullmatch(r"p\.\([A-Z][a-z]{2}\d+(=|[A-Z][a-z]{2})\)", name), name
        assert name.endswith("=)") == (row["meta"]["kind"] == "synonymous")
        assert name.endswith("Ter)") == (row["meta"]["kind"] == "nonsense")
        assert re.search("protein", row["messages"][0]["content"], re.IGNORECASE), "c. or p.? The question says which"


def test_coordinates_are_right(chats):
    for row in of_form(chats, "coordinates"):
        start, end = re.search(r"\b(\d+) (\d+)", row["messages"][0]["content"]).groups()
        target, moved, same = answer_of(row).replace(":", "").split()
        assert int(moved) == int(start) + (1 if target == "GFF3" else -1) and same == end


def test_invalid_input_is_always_refused_and_valid_never(chats):
    assert str(Seq("ATGQJ").reverse_complement()) == "JQCAT"  # Biopython accepts it
    faults = Counter()
    for row in chats:
        refused = answer_of(row).startswith(("Invalid: ", "Ungültig: "))
        assert refused == (row["form"] == "invalid-input"), row["id"]
        if refused:
            faults[row["meta"]["fault"]] += 1
            number, codon = re.match(r"\w+: Codon (\d+) ([A-Z]+), ", answer_of(row)).groups()
            shown = re.findall(r"\b[A-Z]{3}(?: [A-Z]{1,3})+\b", row["messages"][0]["content"])
            assert max(shown, key=len).split()[int(number) - 1] == codon, row["id"]
    assert len(faults) == 3 and min(faults.values()) > 0.18 * faults.total()


def test_a_partial_codon_is_refused_only_where_codons_are_translated(chats):
    answered = Counter()
    for row in chats:
        if row["form"] == "invalid-input":
            translated = row["meta"]["task"] in ("translation", "translation-worked")
            assert translated or row["meta"]["fault"] != "partial"
            codons = max(re.findall(r"\b[A-Z]{3}(?: [A-Z]{1,3})+\b", row["messages"][0]["content"]), key=len).split()
            before = codons[: int(re.search(r"\d+", answer_of(row))[0]) - 1]
            assert not (translated and {"TAA", "TAG", "TGA"} & set(before)), "translation ends before the fault"
        elif row["form"] in ("complement", "reverse-complement", "transcription", "gc-count", "orf"):
            answered[row["form"]] += len(sequence_in(row["messages"][0]["content"])) % 3 > 0
    assert len(answered) == 5 and min(answered.values()) >= 15


def test_questions_that_undo_each_other_share_a_group(part):
    problems, sequences = part("problems"), part("sequences")
    assert len({sequences.key(strand) for strand in ("AAG TC", "UUC AG", "GA CTT", "CT GAA")}) == 1
    rng = random.Random(0)
    for make in (problems.coordinates, problems.hgvs_write, problems.hgvs_read):
        for _ in range(200):
            problem = make(rng, "en", "train", False)
            text = f"{problem.given}\n{problem.answer}"
            name, bed = re.search(r"p\.\(\w+=?\)", text), re.search(r"BED: (\d+) (\d+)", text)
            assert problem.keys == [f"hgvs:{name[0]}" if name else f"coordinates:{bed[1]}-{bed[2]}"]


def test_a_stop_codes_for_no_amino_acid(chats):
    for row in of_form(chats, "codon-lookup"):
        codon = re.search(r"\b[ACGT]{3}\b", row["messages"][0]["content"])[0]
        assert answer_of(row).endswith((": none, stop codon", ": keine, Stoppcodon")) == (
            str(Seq(codon).translate()) == "*"
        )
    assert not [row for row in of_form(chats, "amino-acid-codons") if "TAA" in answer_of(row)]


def test_wordings_fit_what_they_ask(part, chats):
    wordings = part("wordings")
    for form in wordings.CORES:
        for language in ("en", "de"):
            for wording in wordings.wordings(form, language):
                assert not re.search(r"only|brief|kurz\.|Nur ", wording)
                assert not form.startswith("then-") or re.search("original|first|ursprünglich|erste", wording)
                assert "translat" not in form or "(*)" in wording or "with *" in wording or "mit *" in wording
    for row in of_form(chats, "record-facts"):
        first_line = re.search(r"^(>|LOCUS |\w+ \. gene )", row["messages"][0]["content"], re.MULTILINE)
        assert first_line, "a record starts on a line of its own"


def test_records_hold_their_answer_or_the_answer_says_so(chats):
    absent = 0
    for row in of_form(chats, "record-facts"):
        value = answer_of(row).split(": ", 1)[1]
        absent += row["meta"]["abstain"]
        assert (value in row["messages"][0]["content"]) != row["meta"]["abstain"], row["id"]
        assert (row["meta"]["record"], row["meta"]["field"]) != ("GFF3", "length"), "its start and end give one"
    assert absent


def test_documents_end_in_their_answer_and_answers_look_like_the_chats(chats, documents):
    for row in documents:
        assert row["text"].endswith(row["meta"]["answer"]) and row["meta"]["answer"] != row["text"]
    for form in {row["form"] for row in documents} - {"record-facts"}:
        labels = {re.split(r"[\d:]", answer_of(row).split("\n")[-1])[0] for row in chats if row["form"] == form}
        document_labels = {
            re.split(r"[\d:]", row["text"].split("\n")[-1])[0] for row in documents if row["form"] == form
        }
        assert document_labels <= labels, form


def test_every_question_has_a_document_of_the_corpus(dataset, chats, documents):
    lines = {line for row in documents for line in row["text"].splitlines()}
    for row in chats:
        prefix = dataset.as_document(row)
        assert prefix == dataset.as_document(row | {"meta": json.dumps(row["meta"])})
        if row["form"] == "two-steps":
            assert prefix is None
            continue
        assert prefix.endswith("\n") and answer_of(row) not in prefix
        if not (row["hard"] and row["form"] == "record-facts"):  # a hard one names its record
            assert re.findall(r"^(?:Task|Aufgabe): .*$", prefix, re.MULTILINE)[-1] in lines
    assert dataset.as_document({"messages": [], "meta": {}}) is None


def test_documents_come_fast_enough(dataset):
    started = time.process_time()
    list(itertools.islice(dataset.texts(), 5000))
    assert time.process_time() - started < 2.0


def test_different_answers_of_the_two_ways_raise(part, monkeypatch):
    sequences = part("sequences")
    monkeypatch.setitem(sequences.AMINO_ACIDS, "AAA", "R")
    with pytest.raises(sequences.Disagreement, match="protein: 'R' by Biopython, 'K' by the plain tables"):
        sequences.protein(["AAA"])


def test_prompts_are_questions_of_their_own_whose_reference_is_right(dataset, evaluation, chats):
    rows = list(itertools.islice(dataset.prompts(), 2000))
    questions = {row["prompt"][-1]["content"] for row in rows if len(row["prompt"]) == 1}
    seen = {row["messages"][0]["content"] for row in chats if len(row["messages"]) == 2}
    assert len(questions & seen) < 0.02 * len(questions)
    assert not {row["form"] for row in rows} & CLOSED
    for row in rows:
        assert row["prompt"][-1]["role"] == "user"
        assert evaluation.score(row["meta"]["reference"], row)["exact"] == 1
        assert evaluation.score("nothing", row)["exact"] == 0
    splits = Counter(split_of(row["group"]) for row in rows)
    assert None not in splits and splits["test"] / splits.total() == pytest.approx(0.10, abs=0.03)
