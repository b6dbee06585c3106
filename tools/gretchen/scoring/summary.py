"""What a model's scored answers amount to: each metric with count and interval, per form, and against the base.

0/1 metrics that are plain means get Wilson intervals and McNemar's exact test. All others, the project's own
aggregates among them, are bootstrapped over groups, with the same draws for every model on the same rows.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gretchen.scoring import statistics
from gretchen.scoring.scorer import Evaluator, Scored, default_aggregate

Estimate = dict[str, Any]


def summary(evaluator: Evaluator, scored: Sequence[Scored], closed: Sequence[str]) -> dict[str, Any]:
    """Return {"scores": {metric: estimate}, "forms": …, "closed": …}: open forms together, the main metric per form.

    Forms that are closed tables count in no overall figure and stand apart. An estimate is value, low, high, count
    (rows that it applies to) and method; value None where the metric applies to no row.
    """
    apart = [one for one in scored if one.form in closed]
    open_rows = [one for one in scored if one.form not in closed]
    figures = evaluator.aggregate(open_rows)
    return {
        "scores": {name: estimate(evaluator, open_rows, name, value) for name, value in figures.items()},
        "forms": by_form(evaluator, open_rows),
        "closed": by_form(evaluator, apart),
    }


def by_form(evaluator: Evaluator, scored: Sequence[Scored]) -> dict[str, Estimate]:
    """Return {form: estimate of the main metric}, sorted by form."""
    found = {}
    for form in sorted({one.form for one in scored}):
        rows = [one for one in scored if one.form == form]
        found[form] = estimate(evaluator, rows, evaluator.main, evaluator.aggregate(rows).get(evaluator.main, math.nan))
    return found


def estimate(evaluator: Evaluator, scored: Sequence[Scored], metric: str, value: float) -> Estimate:
    """Return a figure with its interval. `value` is what the evaluator's aggregate says for the metric."""
    if is_plain_mean(scored, metric, value):
        count = sum(not math.isnan(one.mean(metric)) for one in scored)
        if is_binary(scored, metric):
            return _told(value, statistics.stratified_wilson(strata(scored, metric)), count, "wilson")
        interval = statistics.percentiles(resampled(evaluator, scored, metric, value))
        return _told(value, interval, count, "bootstrap")
    if math.isnan(value):
        return _told(value, None, 0, "none")
    return _told(value, statistics.percentiles(resampled(evaluator, scored, metric, value)), len(scored), "bootstrap")


def _told(value: float, interval: tuple[float, float] | None, count: int, method: str) -> Estimate:
    """Return an estimate as it stands in evaluation.json and results.json."""
    low, high = interval or (None, None)
    return {"value": None if math.isnan(value) else value, "low": low, "high": high, "count": count, "method": method}


def is_plain_mean(scored: Sequence[Scored], metric: str, value: float) -> bool:
    """Return whether a figure is the default mean, and no measure of the project's own."""
    return math.isclose(default_aggregate(scored, metric), value, rel_tol=0, abs_tol=1e-12)


def is_binary(scored: Sequence[Scored], metric: str) -> bool:
    """Return whether a metric is 0 or 1 for each row, with one sample a row."""
    return all(
        len(one.scores) == 1 and (one.scores[0].get(metric) is None or one.scores[0][metric] in (0.0, 1.0))
        for one in scored
    )


def strata(scored: Sequence[Scored], metric: str) -> list[tuple[int, int]]:
    """Return (successes, rows) of each form for a 0/1 metric."""
    counts: dict[str, list[int]] = {}
    for one in scored:
        value = one.mean(metric)
        if not math.isnan(value):
            form = counts.setdefault(one.form, [0, 0])
            form[0] += int(value)
            form[1] += 1
    return [(right, count) for right, count in counts.values()]


def resampled(evaluator: Evaluator, scored: Sequence[Scored], metric: str, value: float) -> np.ndarray:
    """Return the metric's figure in each bootstrap resample of groups (a row's first group key is drawn)."""
    groups = [one.group[0] for one in scored]
    if is_plain_mean(scored, metric, value):
        means = [one.mean(metric) for one in scored]
        return statistics.bootstrap_means(means, [one.form for one in scored], groups, statistics.RESAMPLES)

    def figure(rows: list[Scored]) -> float:
        return evaluator.aggregate(rows).get(metric, math.nan)

    return statistics.bootstrap_statistic(figure, scored, groups, statistics.RESAMPLES)


def against(
    evaluator: Evaluator, scored: Sequence[Scored], base: Sequence[Scored], closed: Sequence[str]
) -> dict[str, Any] | None:
    """Return the main metric's difference to the base on the same rows, with p-value and test; None if there is none.

    Both lists must hold the same rows in the same order.
    """
    ours = [one for one in scored if one.form not in closed]
    theirs = [one for one in base if one.form not in closed]
    assert [one.id for one in ours] == [one.id for one in theirs], "compared on different rows"
    metric = evaluator.main
    one, other = (evaluator.aggregate(rows).get(metric, math.nan) for rows in (ours, theirs))
    if math.isnan(one) or math.isnan(other):
        return None
    plain = is_plain_mean(ours, metric, one) and is_plain_mean(theirs, metric, other)
    if plain and is_binary(ours, metric) and is_binary(theirs, metric):
        pairs = [(a.mean(metric), b.mean(metric)) for a, b in zip(ours, theirs, strict=True)]
        p = statistics.mcnemar(pairs.count((1.0, 0.0)), pairs.count((0.0, 1.0)))
        return {"difference": one - other, "p": p, "test": "mcnemar"}
    p = statistics.bootstrap_p(resampled(evaluator, ours, metric, one) - resampled(evaluator, theirs, metric, other))
    return {"difference": one - other, "p": p, "test": "bootstrap"}
