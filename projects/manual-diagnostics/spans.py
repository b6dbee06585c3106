"""Exact match and F1 of answer spans, as doc2dial and SQuAD score them (Rajpurkar et al. 2016): without case,
punctuation and English articles, F1 over tokens.
"""

import re
import string
from collections import Counter

from .turns import LONGEST

ARTICLES = re.compile(r"\b(?:a|an|the)\b")
PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised_span(text: str) -> str:
    """Return a span as it is compared."""
    return " ".join(ARTICLES.sub(" ", text[:LONGEST].lower().translate(PUNCTUATION)).split())


def exact_match(prediction: str, reference: str) -> float:
    """Return 1 where both spans are the same, else 0."""
    return float(normalised_span(prediction) == normalised_span(reference))


def f1(prediction: str, reference: str) -> float:
    """Return the F1 of the tokens of two spans; where one has none, whether both have none."""
    predicted, expected = normalised_span(prediction).split(), normalised_span(reference).split()
    if not predicted or not expected:
        return float(predicted == expected)
    shared = sum((Counter(predicted) & Counter(expected)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(expected)
    return 2 * precision * recall / (precision + recall)
