"""What a model's scored answers amount to: each metric with count and interval, per form, and against the base.

0/1 metrics that are plain means get Wilson intervals and McNemar's exact test. All others, the project's own
aggregates among them, are bootstrapped over groups, with the same draws for every model on the same rows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gretchen.scoring import statistics
from gretchen.scoring.scorer import Evaluator, Scored, default_aggregate

Estimate = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """The figures of some scored rows. What is dear, resampling a project's own aggregate, is done once, if at all."""

    evaluator: Evaluator
    scored: tuple[Scored, ...]

    @cached_property
    def values(self) -> dict[str, float]:
        """One figure per metric, NaN where it applies to no row."""
        return self.evaluator.aggregate(self.scored)

    @cached_property
    def groups(self) -> list[str]:
        """The key of each row that the bootstrap draws."""
        return [one.group[0] for one in self.scored]

    @cached_property
    def own(self) -> dict[str, np.ndarray]:
        """{metric: its figure in each resample} for the measures of the project's own that are no plain mean."""
        names = [name for name, value in self.values.items() if not math.isnan(value) and not self.is_mean(name)]

        def figures(rows: list[Scored]) -> list[float]:
            told = self.evaluator.own_aggregate(rows)
            return [told.get(name, math.nan) for name in names]

        resampled = statistics.bootstrap_statistic(figures, self.scored, self.groups) if names else np.empty((0, 0))
        return {name: resampled[:, place] for place, name in enumerate(names)}

    def is_mean(self, metric: str) -> bool:
        """Return whether a metric's figure is the default mean, and no measure of the project's own."""
        value = self.values.get(metric, math.nan)
        return math.isclose(default_aggregate(self.scored, metric), value, rel_tol=0, abs_tol=1e-12)

    def is_binary(self, metric: str) -> bool:
        """Return whether a metric is a plain mean of 0 or 1 for each row, with one sample a row."""
        return self.is_mean(metric) and all(
            len(one.scores) == 1 and one.scores[0].get(metric) in (None, 0.0, 1.0) for one in self.scored
        )

    def resampled(self, metric: str) -> np.ndarray:
        """Return the metric's figure in each bootstrap resample of groups (a row's first group key is drawn)."""
        if not self.is_mean(metric):
            return self.own[metric]
        means = [one.mean(metric) for one in self.scored]
        return statistics.bootstrap_means(means, [one.form for one in self.scored], self.groups)

    def strata(self, metric: str) -> list[tuple[int, int]]:
        """Return (successes, rows) of each form for a 0/1 metric."""
        counts: dict[str, list[int]] = {}
        for one in self.scored:
            value = one.mean(metric)
            if not math.isnan(value):
                form = counts.setdefault(one.form, [0, 0])
                form[0] += int(value)
                form[1] += 1
        return [(right, count) for right, count in counts.values()]

    def estimate(self, metric: str) -> Estimate:
        """Return a metric's value, low, high, count (rows it applies to) and method; value None: it applies to none."""
        value = self.values.get(metric, math.nan)
        if math.isnan(value):
            return {"value": None, "low": None, "high": None, "count": 0, "method": "none"}
        if self.is_binary(metric):
            interval, method = statistics.stratified_wilson(self.strata(metric)), "wilson"
        else:
            interval, method = statistics.percentiles(self.resampled(metric)), "bootstrap"
        count = len(self.scored)
        if self.is_mean(metric):
            count = sum(not math.isnan(one.mean(metric)) for one in self.scored)
        low, high = interval or (None, None)
        return {"value": value, "low": low, "high": high, "count": count, "method": method}


def open_figures(evaluator: Evaluator, scored: Sequence[Scored], closed: Sequence[str]) -> Figures:
    """Return the figures of the rows that count: forms that are closed tables stand apart."""
    return Figures(evaluator, tuple(one for one in scored if one.form not in closed))


def summary(figures: Figures, scored: Sequence[Scored]) -> dict[str, Any]:
    """Return {"scores": {metric: estimate}, "forms": …, "closed": …}: open forms together, the main metric per form.

    `figures` are those of the open forms among all the `scored` rows.
    """
    counted = {one.form for one in figures.scored}
    return {
        "scores": {name: figures.estimate(name) for name in figures.values},
        "forms": by_form(figures.evaluator, figures.scored),
        "closed": by_form(figures.evaluator, [one for one in scored if one.form not in counted]),
    }


def by_form(evaluator: Evaluator, scored: Sequence[Scored]) -> dict[str, Estimate]:
    """Return {form: estimate of the main metric}, sorted by form."""
    found = {}
    for form in sorted({one.form for one in scored}):
        rows = tuple(one for one in scored if one.form == form)
        found[form] = Figures(evaluator, rows).estimate(evaluator.main)
    return found


def against(ours: Figures, base: Figures) -> dict[str, Any] | None:
    """Return the main metric's difference to the base on the same rows, with p-value and test; None if there is none.

    Both must hold the same rows in the same order.
    """
    assert [one.id for one in ours.scored] == [one.id for one in base.scored], "compared on different rows"
    metric = ours.evaluator.main
    one, other = (figures.values.get(metric, math.nan) for figures in (ours, base))
    if math.isnan(one) or math.isnan(other):
        return None
    if ours.is_binary(metric) and base.is_binary(metric):
        pairs = [(a.mean(metric), b.mean(metric)) for a, b in zip(ours.scored, base.scored, strict=True)]
        p = statistics.mcnemar(pairs.count((1.0, 0.0)), pairs.count((0.0, 1.0)))
        return {"difference": one - other, "p": p, "test": "mcnemar"}
    p = statistics.bootstrap_p(ours.resampled(metric) - base.resampled(metric))
    return {"difference": one - other, "p": p, "test": "bootstrap"}
