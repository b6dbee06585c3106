"""A row with the scores of its answers: what a project's `aggregate` gets a list of."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gretchen.projects.rows import Row

# One answer, or, in a closed loop, the turns after the prompt as messages.
Prediction = str | list[dict[str, Any]]
# A score per metric; None where the metric does not apply.
Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class Answer:
    """One sample of a row: what the model answered (in a closed loop: the turns), and whether generation ended.

    It ended where an EOS token or a stop string was generated, in a closed loop: in each turn of the model.
    """

    id: str
    sample: int
    prediction: Prediction
    ended: bool


@dataclass(frozen=True)
class ScoredRow:
    """A row with the predictions of its samples, their scores, and whether they ended.

    `errors` holds, for each sample on which the project's score() raised, the trace, "" for the others.
    """

    row: Row
    predictions: tuple[Prediction, ...]
    scores: tuple[Scores, ...]
    ended: tuple[bool, ...]
    errors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The row's id."""
        return self.row["id"]

    @property
    def form(self) -> str:
        """The row's task form, "" where it has none."""
        return self.row.get("form") or ""

    @property
    def group(self) -> list[str]:
        """The keys that the split keeps together; the bootstrap draws by the first."""
        return group_of(self.row)

    def mean(self, metric: str) -> float:
        """Return the metric's mean over samples; NaN where it applies to none."""
        values = [value for scores in self.scores if (value := scores.get(metric)) is not None]
        return sum(values) / len(values) if values else math.nan


def group_of(row: Row) -> list[str]:
    """Return a row's group keys: those that the split keeps together; its id where it names none."""
    group = row.get("group") or [row["id"]]
    return [group] if isinstance(group, str) else group


def default_aggregate(scored: Sequence[ScoredRow], metric: str) -> float:
    """Return a metric's mean over samples, then rows, then forms; NaN where it applies to no row."""
    forms = defaultdict(list)
    for scored_row in scored:
        value = scored_row.mean(metric)
        if not math.isnan(value):
            forms[scored_row.form].append(value)
    means = [sum(values) / len(values) for values in forms.values()]
    return sum(means) / len(means) if means else math.nan
