"""Checks of what a project's evaluation.py returns: known metrics, finite numbers within the card's range."""

import math
from collections.abc import Mapping
from typing import Any

from gretchen.errors import UserError
from gretchen.names import unknown
from gretchen.projects.card import Metric

Metrics = Mapping[str, Metric]


def checked_scores(returned: Any, metrics: Metrics, function: str) -> dict[str, float | None]:
    """Return the scores of one call as floats. `function` names file and function in messages.

    Raises UserError for anything but a dict, an unknown metric, a value that is no number, or one out of its range.
    """
    if not isinstance(returned, Mapping):
        raise UserError(f"{function} returned {returned!r}", 'it returns a dict: {"metric": number or None}')
    scores: dict[str, float | None] = {}
    for name, value in returned.items():
        metric = metrics.get(name)
        # The message is built only for a wrong value: the bootstrap calls this thousands of times.
        if metric is None or not (value is None or is_within(value, *metric.range)):
            raise wrong_score(str(name), value, metrics, function)
        scores[name] = None if value is None else float(value)
    return scores


def wrong_score(name: str, value: Any, metrics: Metrics, function: str) -> UserError:
    """Return the error for an unknown metric or a wrong value."""
    if name not in metrics:
        problem, hint = unknown("metric", name, metrics)
        return UserError(f"{function} returned an {problem}", f"{hint}; the card names them in evaluation.metrics")
    number = checked_number(value, f"{function}: {name}")
    low, high = metrics[name].range
    return UserError(f"{function}: {name} is {number:g}", f"the card says its range is {low:g} to {high:g}")


def is_within(value: Any, low: float, high: float) -> bool:
    """Return whether a value is a finite number between `low` and `high`, with a tolerance for rounding."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return math.isfinite(number) and low - 1e-9 <= number <= high + 1e-9


def checked_number(value: Any, name: str) -> float:
    """Return a score as a float. Raises UserError, beginning with `name`, where it is no finite number."""
    if not is_within(value, -math.inf, math.inf):
        raise UserError(f"{name} is {value!r}", "a score is a finite number, or None where the metric does not apply")
    return float(value)
