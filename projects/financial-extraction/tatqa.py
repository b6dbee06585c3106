"""TAT-QA's metrics (Zhu et al. 2021, ACL): exact match, F1 and scale, as its scorer computes them.

    em_and_f1(["1,204.5"], "thousand", Gold(["1204.5"], "thousand", "span"))      -> (1.0, 1.0)

Reimplemented from the paper and the scorer's documented behaviour, its quirks included: an answer's numbers are
rounded to two digits and multiplied by the scale; several spans are sorted and joined into one string; for
arithmetic and count questions F1 is exact match; a bare number without a scale may stand for a percentage; a
parenthesised number is negative only where nothing but digits and points stands between the parentheses; any word may
be a scale (evaluation.py's `Reading` allows only SCALES).

Not covered: operator accuracy, which needs a model's internals.
"""

import math
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

SCALES = ("", "thousand", "million", "billion", "percent")
_FACTORS = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000, "percent": 0.01}
_NOT_IN_NUMBERS = str.maketrans("", "", "'\"\\$€£¥%(),[]")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
LONGEST = 4000  # characters of a span that are looked at
MOST_SPANS = 50


@dataclass(frozen=True)
class Gold:
    """The reference of a question: its spans or number as strings, scale and answer type."""

    answer: Sequence[str]
    scale: str
    answer_type: str


def factor(word: str) -> float:
    """Return what a scale word multiplies by, 1 for any other word."""
    return next((value for name, value in _FACTORS.items() if name in word.lower()), 1)


def is_number(text: str) -> bool:
    """Return whether a string is a number, a scale word behind it allowed."""
    words = " ".join(word.translate(_NOT_IN_NUMBERS) for word in text.split()).split()
    try:
        return bool(words) and not math.isnan(float(words[0])) and (len(words) < 2 or factor(words[1]) != 1)
    except ValueError:
        return False


def to_number(text: str) -> float | int | None:
    """Return the first number of a string, with its scale word, sign and percent sign; None where it has none."""
    match = re.search(r"([+-]?\d+(?:\.\d+)?)|[+-]?\.\d+", text.translate(_NOT_IN_NUMBERS))
    if not match or not match[1]:  # a number without a digit before its point is none
        return None
    word = re.search(r"[\d.]+\s?[a-zA-Z]+", text)
    value = (float if "." in match[1] else int)(match[1]) * (factor(word[0]) if word else 1)
    value *= -1 if re.search(r"\([\d.\s]+\)", text.strip()) else 1
    value *= 0.01 if re.search(r"[\d.\s]+%", text.strip()) else 1
    return round(value, 4)


def normalized(text: str) -> str:
    """Return a string as it is compared: small letters, without punctuation and articles, numbers in one form."""
    parts = []
    for token in text.lower().split(" "):
        bare = token if is_number(token) else token.translate(_NO_PUNCTUATION)
        if is_number(bare):
            number = to_number(bare)
            bare = str(number)
        bare = " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())
        if bare:
            parts.append(bare)
    return " ".join(parts)


def answer_string(spans: Sequence[str], scale: str) -> str:
    """Return an answer as one string: spans sorted, numbers multiplied by the scale, to four digits."""
    parts = []
    for text in sorted(spans):
        number = to_number(text) if is_number(text) else None
        if number is None:
            parts.append(f"{text} {scale}" if scale else text)
        elif "%" in text:
            parts.append(f"{number:.4f}")
        else:
            parts.append(f"{round(number, 2) * factor(scale):.4f}")
    return " ".join(parts)


def em_and_f1(spans: Sequence[str], scale: str, gold: Gold) -> tuple[float, float]:
    """Return exact match and F1 of an answer's spans with its scale; (0, 0) for an answer that is none."""
    spans = [span[:LONGEST] for span in spans[:MOST_SPANS]]
    if not spans or not gold.answer:
        return 0.0, 0.0
    try:
        return _compared(spans, scale, gold)
    except (ValueError, OverflowError):
        return 0.0, 0.0


def scale_match(spans: Sequence[str], scale: str, gold: Gold) -> float:
    """Return 1 where the scale is the reference's; 0 for an answer without spans, as the scorer has it."""
    return float(bool(spans) and bool(gold.answer) and scale == gold.scale)


def _compared(spans: Sequence[str], scale: str, gold: Gold) -> tuple[float, float]:
    """Return exact match and F1, the better of the readings of the answer; raises ValueError, OverflowError."""
    candidates = [answer_string(spans, scale)]
    if len(spans) == 1 and not scale and "%" not in spans[0] and is_number(spans[0]):
        number = to_number(spans[0])
        if number is not None:
            candidates.append(f"{number:.4f}")
    expected = normalized(answer_string(gold.answer, gold.scale))
    em, f1 = max((float(normalized(text) == expected), _bag_f1(normalized(text), expected)) for text in candidates)
    return em, em if gold.answer_type in ("arithmetic", "count") else round(f1, 2)


def _bag_f1(predicted: str, expected: str) -> float:
    """Return the F1 of two strings' sets of words."""
    first, second = set(predicted.split()), set(expected.split())
    common = len(first & second)
    precision = common / len(first) if first else 1.0
    recall = common / len(second) if second else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
