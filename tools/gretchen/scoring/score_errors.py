"""Answers on which a project's score() raised: each costs its row's score, not the evaluation.

Such an answer gets the worst value of each metric that applies to other answers of its form: left out, it would raise
the mean of a model that answers nonsense. How many there were is counted, and the first trace is kept in a file.
"""

import dataclasses
import math
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.projects.card import Metric
from gretchen.scoring.scored import Prediction, ScoredRow, Scores

FILE = "score-error.txt"


def trace_text(row_id: str, prediction: Prediction, error: UserError) -> str:
    """Return what the file holds: the message, the answer, and the trace of what the project's code raised."""
    trace = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""
    return f"{error}\n\nrow: {row_id}\nanswer: {prediction!r}\n\n{trace}"


def with_worst_scores(scored: Sequence[ScoredRow], metrics: Mapping[str, Metric]) -> list[ScoredRow]:
    """Return the rows with the worst scores for the answers on which score() raised."""
    if not any(any(row.errors) for row in scored):
        return list(scored)
    applicable: dict[str, set[str]] = defaultdict(set)
    for row in scored:
        for scores, error in zip(row.scores, row.errors, strict=True):
            if not error:
                applicable[row.form] |= {name for name, value in scores.items() if value is not None}
    everywhere = set().union(*applicable.values())

    def replaced(row: ScoredRow) -> ScoredRow:
        worst = worst_scores(applicable.get(row.form) or everywhere, metrics)
        scores = zip(row.scores, row.errors, strict=True)
        return dataclasses.replace(row, scores=tuple(worst if error else own for own, error in scores))

    return [replaced(row) if any(row.errors) else row for row in scored]


def worst_scores(names: set[str], metrics: Mapping[str, Metric]) -> Scores:
    """Return the worst value of some metrics; None where the card's range has none."""
    worst = {name: metrics[name].range[metrics[name].better == "lower"] for name in sorted(names)}
    return {name: value if math.isfinite(value) else None for name, value in worst.items()}


def num_errors(rows: Sequence[ScoredRow]) -> int:
    """Return the number of answers on which score() raised."""
    return sum(bool(error) for row in rows for error in row.errors)


def write_first_trace(rows: Sequence[ScoredRow], folder: Path) -> Path | None:
    """Write the first trace into a folder and return the file; without errors remove an old one and return None."""
    file = folder / FILE
    first = next((error for row in rows for error in row.errors if error), None)
    if first is None:
        file.unlink(missing_ok=True)
        return None
    write_text(file, first)
    return file
