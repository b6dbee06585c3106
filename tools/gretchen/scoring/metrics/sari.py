"""SARI (Xu et al. 2016, TACL): how well a simplification keeps, adds and deletes n-grams of source and references.

    sari(source, prediction, [reference])                       -> 0 to 100, the paper's variant
    sari(source, prediction, [reference], deletion="f1")        -> F1 for deletion too

Two variants are in use, and their figures differ: with deletion="precision", as in the paper and its authors' script,
deletion counts by precision alone; with "f1" by F1. Both are the mean over 1- to 4-grams of (keep F1 + add F1 +
deletion) / 3. Tokens are words, figures and marks, in lower case; the authors' script splits at blanks.

SARI gives an empty answer about a third and a good one about three quarters: it is no main metric.

Not covered: a corpus-level score; average over sentences, as the authors do.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

MOST_TOKENS = 2000
_TOKEN = re.compile(r"\w+(?:[.,/:-]\w+)*|[^\w\s]")
Ngram = tuple[str, ...]


def sari(
    source: str, prediction: str, references: Sequence[str], deletion: Literal["precision", "f1"] = "precision"
) -> float:
    """Return SARI in percent."""
    source_tokens, predicted, *expected = (_tokens(text) for text in (source, prediction, *references))
    scores = [_of_order(order, source_tokens, predicted, expected, deletion) for order in range(1, 5)]
    return 100 * sum(scores) / len(scores)


def _tokens(text: str) -> list[str]:
    """Return a text's tokens in lower case, the first MOST_TOKENS of them."""
    return _TOKEN.findall(text.lower())[:MOST_TOKENS]


def _ngrams(tokens: list[str], order: int) -> Counter[Ngram]:
    """Return how often each n-gram of an order comes."""
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def _of_order(order: int, source: list[str], predicted: list[str], references: list[list[str]], deletion: str) -> float:
    """Return the mean of keep, add and delete for n-grams of one order, 0 to 1.

    Source and prediction count once for each reference, so that an n-gram weighs by how many references have it.
    """
    number = len(references)
    in_source, in_predicted = (
        Counter({gram: count * number for gram, count in _ngrams(tokens, order).items()})
        for tokens in (source, predicted)
    )
    in_references: Counter[Ngram] = Counter()
    for tokens in references:
        in_references.update(_ngrams(tokens, order))
    keep = _weighted_f1(in_source & in_predicted, in_source & in_references)
    precision, f1 = _deletion(in_source - in_predicted, in_source - in_references)
    return (keep + _addition(in_source, in_predicted, in_references) + (f1 if deletion == "f1" else precision)) / 3


def _weighted_f1(kept: Counter[Ngram], expected: Counter[Ngram]) -> float:
    """Return the F1 of the n-grams kept."""
    right = kept & expected
    precision = sum(right[gram] / kept[gram] for gram in right) / len(kept) if kept else 0.0
    recall = sum(right[gram] / expected[gram] for gram in right) / len(expected) if expected else 0.0
    return _f1(precision, recall)


def _deletion(deleted: Counter[Ngram], expected: Counter[Ngram]) -> tuple[float, float]:
    """Return precision and F1 of the n-grams deleted."""
    right = deleted & expected
    precision = sum(right[gram] / deleted[gram] for gram in right) / len(deleted) if deleted else 0.0
    recall = sum(right[gram] / expected[gram] for gram in right) / len(expected) if expected else 0.0
    return precision, _f1(precision, recall)


def _addition(source: Counter[Ngram], predicted: Counter[Ngram], references: Counter[Ngram]) -> float:
    """Return the F1 of the n-grams added, each counted once."""
    added, expected = set(predicted) - set(source), set(references) - set(source)
    right = added & set(references)
    return _f1(len(right) / len(added) if added else 0.0, len(right) / len(expected) if expected else 0.0)


def _f1(precision: float, recall: float) -> float:
    """Return the harmonic mean, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
