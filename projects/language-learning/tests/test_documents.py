"""The embedded base's documents, and the forms of `tiny`: what a rule decides, in tokens that can be copied."""

import itertools
import random
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from tokenizers import Tokenizer

from gretchen import paths
from gretchen.projects.splits import split_of

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_file(str(paths.shared_recipes() / "tiny/architecture/tokenizer.json"))


@pytest.fixture(scope="module")
def texts(dataset):
    return list(itertools.islice(dataset.texts(), 1200))


def test_documents_end_in_their_answer_and_are_of_the_forms_of_tiny(part, texts):
    forms = yaml.safe_load((PROJECT / "project.yaml").read_text(encoding="utf-8"))["forms"]["tiny"]
    assert {*part("documents").FORMS} == {*forms} and {row["form"] for row in texts} == {*forms, "drill"}
    for row in texts:
        assert (row["form"] == "drill") == (row["meta"] == {})
        assert row["form"] == "drill" or row["text"].endswith(f"\n{row['meta']['answer']}")
    splits = Counter(split_of(row["group"]) for row in texts)
    assert None not in splits and splits["test"] / splits.total() == pytest.approx(0.10, abs=0.03)


def test_every_label_that_a_rule_decides_comes_as_often_as_others(part, texts):
    labels = Counter((row["id"].split("-")[3], row["meta"]["answer"].split("\n1. ")[1].split()[0])
                     for row in texts if row["form"] == "rule-one")  # fmt: skip
    assert {*labels} == {(language, name) for language, own in part("decided").DECIDED_LABELS.items() for name in own}
    assert min(labels.values()) >= 4, labels


def test_a_question_as_a_document_holds_what_is_asked_and_not_its_answer(dataset, part, chats):
    for row in chats:
        beginning = dataset.as_document(row)
        assert (beginning is not None) == (row["form"] in part("documents").FORMS), row["id"]
        if beginning:
            *given, line, _ = beginning.split("\n")
            assert re.match("(Task|Aufgabe): ", line)
            for text in given:
                assert re.sub("^[A-Z][a-z]+: ", "", text) in row["messages"][1]["content"], row["id"]
            assert row["messages"][-1]["content"] not in given


def test_questions_and_answers_of_tiny_are_short(chats, part, tokenizer):
    for row in chats:
        if row["form"] in part("documents").FORMS:
            *prompt, answer = row["messages"]
            assert sum(len(tokenizer.encode(turn["content"]).ids) + 8 for turn in prompt) < 250, row["id"]
            assert len(tokenizer.encode(answer["content"]).ids) < 200, row["id"]


def test_what_is_copied_is_cut_into_the_same_tokens(texts, tokenizer):
    """All but the first word of a sentence, whose blank the answer lacks; what an explanation shows stands free."""
    for row in texts:
        if row["form"] in ("rule-one", "drill"):
            *_, answer = row["text"].split("\n" if row["form"] == "drill" else "]")
            sentence = answer.split("\n")[0].strip()
            first, _, rest = sentence.partition(" ")
            behind_blank, at_start = (tokenizer.encode(before + sentence).tokens for before in (" ", ""))
            count = len(tokenizer.encode(f" {rest}").tokens)
            assert behind_blank[-count:] == at_start[-count:], row["id"]
        if row["form"] in ("rule-one", "rule-two", "rule-explain"):
            for shown in re.findall(r"(?:^|\n)(?:\d\. )?[A-Z0-9]+ (.+? → .+?):", row["meta"]["answer"]):
                assert not re.search(r'["(]', shown), row["id"]


@pytest.mark.parametrize(
    ("language", "label", "rule", "verdicts"),
    [
        ("en", "DET", "sound", {True}), ("en", "DET", "missing", {False}), ("en", "WO", "frequency", {True}),
        ("en", "SVA", "third", {True, False}), ("en", "TENSE", "past", {True, False}), ("en", "PREP", "time", {True}),
        ("en", "PREP", "taken", {False}), ("de", "CASE", "preposition", {True, False}), ("de", "V2", "second", {True}),
        ("de", "CASE", "verb", {False}), ("de", "GENDER", "noun", {False}), ("de", "AUX", "sein", {False}),
        ("de", "ADJ", "after", {True}), ("de", "VERB", "person", {True, False}),
    ],
)  # fmt: skip
def test_a_rule_decides_what_the_sentence_shows(part, language, label, rule, verdicts):
    """Of agreement and tense those with regular forms; of cases those after prepositions that take one case alone."""
    grammars, draws, is_decided = part("grammars"), part("draws"), part("decided").is_decided
    rng, found = random.Random(1), set()
    for _ in range(300):
        try:
            made = grammars.sentence(draws.Draw(rng, language, "train"))
        except draws.Mismatch:
            continue
        plants = grammars.by_label(made, language).get(label, ())
        found |= {is_decided(language, made.tokens, item) for item in plants if item.rule == rule}
    assert found == verdicts


def test_invented_words_are_regular_and_new(part):
    invented, lexicon, english, german = (part(name) for name in ("invented", "lexicon", "english", "german"))
    rng = random.Random(3)
    words = {invented.invented(rng) for _ in range(2000)}
    assert len(words) > 1800
    known = {noun.lemma for noun in lexicon.all_nouns("en")} | {verb.lemma for verb in lexicon.all_verbs("en")}
    assert len(words & known) < 0.01 * len(words)
    for word in words - known:
        assert english.third(word) == word + "s" and english.ing(word) == word + "ing"
        verb = lexicon.Verb(word + "en", "", (), "A1", "train", False, True, False, False, ())
        assert german.conjugated(verb)[0] == word + "e" and german.conjugated(verb)[3] == word + "en"
