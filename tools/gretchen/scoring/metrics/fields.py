"""Precision, recall and F1 over fields: (key, value) pairs of an answer against those of the reference.

    field_scores([("a", 1), ("b", 2)], [("a", 1), ("c", 3)]).f1     -> 0.5

Each pair of the reference is matched at most once, so repeating a right field gains nothing and costs precision: a
second pair with the same key is wrong, whatever its value.

Not covered: partial credit for a value that is nearly right; `is_equal` decides.
"""

import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

Field = tuple[Hashable, Any]


@dataclass(frozen=True)
class FieldScores:
    """Counts of fields: in the answer, in the reference, and matched."""

    predicted: int
    expected: int
    matched: int

    @property
    def precision(self) -> float:
        """Share of the answer's fields that are right; 1 where neither side has any."""
        return self.matched / self.predicted if self.predicted else float(not self.expected)

    @property
    def recall(self) -> float:
        """Share of the reference's fields that the answer has."""
        return self.matched / self.expected if self.expected else float(not self.predicted)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.matched / (self.predicted + self.expected) if self.predicted + self.expected else 1.0


def field_scores(
    predicted: Sequence[Field], expected: Sequence[Field], is_equal: Callable[[Any, Any], bool] = operator.eq
) -> FieldScores:
    """Return the counts; `is_equal(predicted value, expected value)` compares values under the same key."""
    reference = dict(expected)
    seen: set[Hashable] = set()
    matched = 0
    for key, value in predicted:
        if key not in seen and key in reference and is_equal(value, reference[key]):
            matched += 1
        seen.add(key)
    return FieldScores(len(predicted), len(reference), matched)
