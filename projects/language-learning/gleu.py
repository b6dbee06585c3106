"""GLEU, as JFLEG's script computes it (Napoles et al. 2015, revised 2016).

    statistics(hypothesis, source, reference)   -> the ten sums of a sentence
    sentence_gleu(statistics)                   -> 0 to 1, zeros smoothed
    corpus_gleu(sentences)                      -> 0 to 1: for each sentence the statistics of each reference

For n-grams of 1 to 4 tokens: those shared with the reference, less those shared with what only the source has, over the
hypothesis's; geometric mean, times the brevity penalty. With several references the script draws one for each sentence,
500 times, with the seeds 0, 101, 202 …, and averages: so does this.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

ORDER = 4
ROUNDS = 500
Statistics = tuple[int, ...]  # lengths of hypothesis and reference, then matches and n-grams for n = 1 to 4


def statistics(hypothesis: Sequence[str], source: Sequence[str], reference: Sequence[str]) -> Statistics:
    """Return a sentence's sums."""
    sums = [len(hypothesis), len(reference)]
    for n in range(1, ORDER + 1):
        ours, theirs, right = (_ngrams(words, n) for words in (hypothesis, source, reference))
        only_source = Counter({gram: count for gram, count in theirs.items() if gram not in right})
        matches = (ours & right).total() - (ours & only_source).total()
        sums += [max(matches, 0), max(len(hypothesis) + 1 - n, 0)]
    return tuple(sums)


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """Return how often each n-gram occurs."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) + 1 - n))


def sentence_gleu(sums: Statistics) -> float:
    """Return a sentence's GLEU, each zero taken as one."""
    return _gleu([value or 1 for value in sums])


def corpus_gleu(sentences: Sequence[Sequence[Statistics]]) -> float:
    """Return the GLEU of a corpus of at least one sentence; 0 where any sum is."""
    most = max(len(refs) for refs in sentences)
    if most == 1:
        return _gleu([sum(column) for column in zip(*(refs[0] for refs in sentences), strict=True)])
    table = np.array([[refs[k % len(refs)] for k in range(most)] for refs in sentences])
    rounds = table[np.arange(len(sentences)), _draws(len(sentences), most)].sum(axis=1)
    return float(np.mean([_gleu(sums.tolist()) for sums in rounds]))


@cache
def _draws(count: int, references: int) -> Any:  # an array, rounds × sentences
    """Return which reference each sentence gets in each round, as the script draws them."""
    drawn = []
    for number in range(ROUNDS):
        rng = random.Random(number * 101)
        drawn.append([rng.randint(0, references - 1) for _ in range(count)])
    return np.array(drawn)


def _gleu(sums: Sequence[float]) -> float:
    """Return GLEU of sums."""
    if not all(sums):
        return 0.0
    hypothesis, reference, *rest = sums
    precision = sum(math.log(a / b) for a, b in zip(rest[::2], rest[1::2], strict=True)) / ORDER
    return math.exp(min(0.0, 1 - reference / hypothesis) + precision)
