"""Whose manner a line is in: a classifier of voices, trained on other contents and characters than it judges.

    voice_of("Rot and barnacles! My sister is Wenna, lad!", words, ["Wenna"], "en")     -> "gruff"

A character's words and the facts are masked (<oath>, <fact>), and words that belong to no grammar become <word>: what
is left is structure. Multinomial logistic regression (scikit-learn) on tokens, pairs and counts. It is trained
on lines rendered from the contents of the train split, and on a class of its own, `none`, of lines in no manner: plain
clauses, lines stuffed with a character's words, two manners in one, shuffled words, an assistant's.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from . import voices
from .characters import KINDS, PERSONS, Character, cast_of, load
from .contents import Content, contents, pick_content

NONE = "none"
LINES = 50  # of each training character, where a language has all voices
TOKEN = re.compile(r"\w+(?:['’]\w+)*|\.\.\.|[^\w\s]")
# Words that a grammar needs beside those of its templates.
FUNCTION_WORDS = frozenset(
    ["i", "my", "me", "is", "was", "are", "it", "that", "which", "the", "a", "an", "of", "in", "at", "to"]
    + ["ich", "mein", "meine", "mir", "ist", "war", "das"]
)
LONGEST = 1_000
ASSISTANT = (
    "Sure, here is the answer: {}.",
    "As an assistant I can tell you that {}.",
    "{}. How can I help you further?",
    "Certainly! {}. Is there anything else?",
)


def voice_of(line: str, words: Sequence[str], facts: Sequence[str], language: str) -> str:
    """Return the voice of a line, NONE where it is in none; `words` are address, oath, hedge and sayings."""
    from sklearn import config_context

    with config_context(assume_finite=True, skip_parameter_validation=True):
        return str(_classifier(language).predict([masked(line, words, facts, language)])[0])


def masked(line: str, words: Sequence[str], facts: Sequence[str], language: str) -> str:
    """Return a line's structure as a string of tokens."""
    names = ("address", "oath", "hedge", *["saying"] * (len(words) - 3))
    slots = [*zip(words, names, strict=True), *((fact, "fact") for fact in facts)]
    runs = {_tokens(value): f"<{name}>" for value, name in slots if _tokens(value)}
    tokens, masks, i = _tokens(line[:LONGEST]), [], 0
    sizes, kept = sorted({len(run) for run in runs}, reverse=True), _grammar_words(language)
    while i < len(tokens):
        size = next((size for size in sizes if tokens[i : i + size] in runs), 0)
        token = runs[tokens[i : i + size]] if size else tokens[i]
        masks.append(token if size or not token[0].isalnum() or token in kept else "<word>")
        i += size or 1
    return " ".join([*_counts(masks), "<start>", *masks, "<end>"])


def _tokens(text: str) -> tuple[str, ...]:
    """Return a text's words and marks."""
    return tuple(TOKEN.findall(text.casefold()))


def _counts(tokens: list[str]) -> Iterator[str]:
    """Yield counts as tokens: of masks, of sentences, of words in the longest one."""
    found = Counter(tokens)
    for name in ("<oath>", "<address>", "<hedge>", "<saying>", "<fact>", "!", "?", "..."):
        yield f"{name}x{min(found[name], 3)}"
    ends = [i for i, token in enumerate(tokens) if token in (".", "!", "?")] or [len(tokens)]
    longest = max(b - a for a, b in zip([0, *ends], [*ends, len(tokens)], strict=True))
    yield f"sentencesx{min(len(ends), 5)}"
    yield f"longestx{min(longest // 5, 6)}"
    yield f"sizex{min(len(tokens) // 8, 8)}"


@cache
def _grammar_words(language: str) -> frozenset[str]:
    """Return the words of the voices' templates, and function words."""
    templates = [text for voice in voices.names() for text in load("voices")[voice].get(language, ())]
    found = {word for text in templates for word in TOKEN.findall(re.sub(r"\{\w\}", " ", text).casefold())}
    return FUNCTION_WORDS | found


@cache
def _classifier(language: str) -> Any:  # a fitted scikit-learn pipeline
    """Return the classifier of a language, trained; about a second."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    lines, labels = zip(*_training_lines(language), strict=True)
    vectorizer = CountVectorizer(
        tokenizer=str.split, token_pattern=None, lowercase=False, ngram_range=(1, 2), binary=True, min_df=2
    )
    return make_pipeline(vectorizer, LogisticRegression(C=10.0, max_iter=100, tol=1e-3)).fit(lines, labels)


def _training_lines(language: str) -> Iterator[tuple[str, str]]:
    """Yield (masked line, voice) of the train split's characters and contents."""
    rng = random.Random(f"manner {language}")
    people = cast_of("train", language)
    lines = LINES // len({one.voice for one in people}) * len(voices.names())
    for one in people:
        words = one.sheet(language).words
        for i in range(lines):
            content, remark, facts = _draw(rng, one, rng.choice(people), language)
            line = voices.say(rng, one.voice, words, content, remark, language)
            yield masked(line, words.all(), facts, language), one.voice
            if i % 3 == 0:
                spoiled = _spoiled(rng, i // 3, one, rng.choice(people), content, remark, language)
                yield masked(spoiled, words.all(), facts, language), NONE


def _draw(rng: random.Random, one: Character, other: Character, language: str) -> tuple[Content, Content, list[str]]:
    """Return a content filled with facts of a character, a remark, and the facts."""
    path = rng.choice(_paths(language))
    kind, false = rng.choice(PERSONS), other.sheet(language).facts[rng.choice(KINDS)]
    own = path.rpartition("/")[2]
    facts = one.sheet(language).facts
    fact = facts.get(own, facts[rng.choice(KINDS)])
    slots = {"x": fact, "t": fact, "n": one.name, "p": facts[kind], "y": false, "g": "Alma"}
    content = pick_content(rng, path, language, "train").filled(**slots)
    if path.startswith("facts/") and rng.random() < 0.25:
        denial = pick_content(rng, "denials", language, "train").filled(**slots)
        fragment = content.fragment[:1].upper() + content.fragment[1:]
        content = Content(f"{denial.clause}; {content.clause}", f"{denial.fragment}. {fragment}", content.key)
    category = rng.choice(sorted(load(f"contents-{language}")["remarks"]))
    return content, pick_content(rng, f"remarks/{category}", language, "train"), [*slots.values()]


@cache
def _paths(language: str) -> tuple[str, ...]:
    """Return the lists of content that have lines for training; those of facts, which most rows have, twice."""
    file = load(f"contents-{language}")
    nested = [f"{name}/{key}" for name in ("facts", "recall", "emotions") for key in file.get(name, ())]
    paths = [*nested, *nested, *(name for name in ("unknown", "era", "ai", "scene", "news") if name in file)]
    return tuple(path for path in paths if contents(path, language)["train"])


def _spoiled(
    rng: random.Random, i: int, one: Character, other: Character, content: Content, remark: Content, language: str
) -> str:
    """Return a line in no manner, the kinds of spoiling in turn."""
    words, plain = one.sheet(language).words, content.clause[:1].upper() + content.clause[1:]
    line = voices.say(rng, one.voice, words, content, remark, language)
    match i % 6:
        case 0:
            return rng.choice((f"{plain}.", f"{plain}. {remark.clause}.", content.clause))
        case 1:
            said = [*words.all(), *words.all()[: rng.randint(0, 4)]]
            return ", ".join([content.fragment, *rng.sample(said, len(said))])
        case 2:
            return f"{line} {words.oath}, {words.address}, {', '.join(words.sayings)}, {words.hedge}, {words.oath}!"
        case 3:
            if other.voice == one.voice:
                return f"{line} {line}"
            return f"{line} {voices.say(rng, other.voice, words, content, remark, language)}"
        case 4:
            tokens = line.split()
            return " ".join(rng.sample(tokens, len(tokens)))
        case _:
            return rng.choice(ASSISTANT).format(content.clause)
