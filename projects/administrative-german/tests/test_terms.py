"""Words explained: each occurs in the grammar and is held out; explanation and sentence are both asked for."""

import random
import re
from collections import Counter

from gretchen.projects.rows import reference_of
from gretchen.projects.splits import split_of


def test_words_stand_in_official_sentences_and_in_each_split(part):
    terms, official, cases, statements = map(part, ("terms", "official", "cases", "statements"))
    rng, texts = random.Random(5), Counter()
    sentences = []
    for _ in range(1200):
        case = cases.draw_case(rng, rng.choice(cases.SPLITS))
        kind = rng.choice(rng.choice(statements.kinds_of(case)))
        sentences.append((kind, official.say(rng, kind, case)))
    for term in terms.terms():
        texts[term.name] = sum(kind in term.kinds and bool(re.search(term.pattern, text)) for kind, text in sentences)
    assert len(texts) >= 40 and min(texts.values()) > 0, texts
    splits = Counter(split_of(term.key) for term in terms.terms())
    assert min(splits.values()) >= 3 and set(splits) == {"train", "validation", "test"}


def test_an_explanation_names_its_ideas_and_officialisms_are_only_the_words(part):
    terms, items = part("terms"), part("statements")
    for term in terms.terms():
        assert all(items.is_literal(fact, term.plain) for fact in terms.explained(term).facts), term.name


def test_the_explanation_and_the_sentence_both_count(evaluation, part, chats):
    rows = [row for row in chats if row["form"] == "term" and not row["hard"]]
    assert len({key for row in rows for key in row["group"] if key.startswith("term:")}) > 25
    row = next(row for row in rows if "term:Widerspruch" in row["group"])
    explanation, sentence = reference_of(row).split("\n", 1)
    scores = [evaluation.score(text, row)["fact_success"] for text in (reference_of(row), explanation, sentence)]
    assert scores[0] == 1 and max(scores[1:]) < 0.9
    hard = [row for row in chats if row["form"] == "term" and row["hard"]]
    assert hard and all(sum(key.startswith("term:") for key in row["group"]) == 2 for row in hard)
