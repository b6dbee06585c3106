"""The embedded base's corpus: short documents whose answer follows from the question, with names that can be copied."""

import itertools
import random
from collections import Counter

import pytest
from tokenizers import Tokenizer

from gretchen import paths
from gretchen.projects.card import load_card
from gretchen.projects.rows import reference_of
from gretchen.projects.splits import split_of

LONGEST_QUESTION, LONGEST_ANSWER = 290, 150  # tokens


@pytest.fixture(scope="module")
def documents(dataset):
    return list(itertools.islice(dataset.texts(), 1200))


@pytest.fixture(scope="module")
def count():
    tokenizer = Tokenizer.from_file(str(paths.shared_recipes() / "tiny" / "architecture" / "tokenizer.json"))
    return lambda text: len(tokenizer.encode(text).ids)


def test_the_documents_forms_are_tinys(dataset, documents):
    card = load_card(dataset.__file__.split("/")[-2])
    assert Counter(row["form"] for row in documents).keys() == set(card.forms.tiny) == set(dataset.SHORT_FORMS)
    assert list(itertools.islice(dataset.texts(), 50)) == documents[:50]


def test_a_document_ends_in_its_answer_and_is_short(documents, count):
    for row in documents:
        answer = row["meta"]["answer"]
        assert row["text"].endswith(f"\n{answer}") and count(answer) <= LONGEST_ANSWER, row["id"]
        assert count(row["text"]) <= LONGEST_QUESTION + LONGEST_ANSWER, row["id"]


def test_the_same_question_has_one_answer(documents, chats):
    answers = {}
    asked = [(row["text"].removesuffix(row["meta"]["answer"]), row["meta"]["answer"]) for row in documents]
    asked += [(row["meta"]["document"], reference_of(row)) for row in chats if "document" in row["meta"]]
    for question, answer in asked:
        assert answers.setdefault(question, answer) == answer


def test_held_out_documents_have_no_made_up_name(documents):
    held_out = [row for row in documents if split_of(row["group"]) != "train"]
    assert len(held_out) > 100 and not any("made-up" in key for row in held_out for key in row["group"])
    made_up = [row for row in documents if "made-up" in row["group"][0]]
    assert 0.5 < len(made_up) / (len(documents) - len(held_out)) < 0.8


def test_names_are_cut_into_the_same_tokens_in_question_and_answer(part):
    """Behind a blank on both sides: what a small model can copy."""
    tokenizer = Tokenizer.from_file(str(paths.shared_recipes() / "tiny" / "architecture" / "tokenizer.json"))
    rng, made_up, desk = random.Random(4), part("made_up"), part("desk")
    for number in range(60):
        case = made_up.made_up_case(rng, number, desk.APPLIED_FOR)
        problem = desk.missing(rng, case)
        name = case.office.text
        name_tokens = tokenizer.encode(f" {name}").tokens
        for text in (problem.source, problem.answer):
            tokens = tokenizer.encode(text).tokens
            runs = [tokens[i : i + len(name_tokens)] for i in range(len(tokens))]
            assert name not in text or name_tokens in runs, (name, text)


def test_chats_are_asked_as_documents(dataset, chats, documents, count):
    tiny = [row for row in chats if row["form"] in dataset.SHORT_FORMS]
    line = {row["text"].removesuffix(row["meta"]["answer"]).rstrip("\n").rsplit("\n", 1)[1] for row in documents}
    assert all(text.startswith("Aufgabe: ") for text in line)
    for row in tiny:
        beginning = dataset.as_document(row)
        assert beginning.endswith("\n") and beginning.startswith(row["meta"]["source"]), row["id"]
        assert row["hard"] or count(" ".join(m["content"] for m in row["messages"][:-1])) <= LONGEST_QUESTION
    assert dataset.as_document(next(row for row in chats if row["form"] == "letter")) is None
