"""Estimates from scored rows: each metric with count and interval, per form, and the difference to the base.

0/1 metrics that are plain means get Wilson intervals at the effective number of rows and McNemar's exact test. All
others, the project's own aggregates among them, are bootstrapped over groups, with the same draws for every model on
the same rows.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from gretchen.projects.rows import Row
from gretchen.scoring import statistics
from gretchen.scoring.evaluation import Difference, Estimate, SetScores
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.intervals import cluster_keys, proportion_interval
from gretchen.scoring.scored import Answer, ScoredRow, default_aggregate


@dataclass(frozen=True)
class Estimator:
    """Estimates of the metrics over some scored rows. A project's own aggregate is resampled once, where needed."""

    evaluator: Evaluator
    rows: tuple[ScoredRow, ...]

    @cached_property
    def values(self) -> dict[str, float]:
        """One value per metric, NaN where it applies to no row."""
        return self.evaluator.aggregate(self.rows)

    @cached_property
    def groups(self) -> list[str]:
        """The key of each row that the bootstrap draws."""
        return [row.group[0] for row in self.rows]

    @cached_property
    def own_resamples(self) -> dict[str, statistics.Array]:
        """{metric: its value in each resample} for the project's own metrics that are no plain mean."""
        names = [name for name, value in self.values.items() if not math.isnan(value) and not self.is_mean(name)]

        def statistic(rows: list[ScoredRow]) -> list[float]:
            values = self.evaluator.own_aggregate(rows)
            return [values.get(name, math.nan) for name in names]

        if not names:
            return {}
        resampled = statistics.bootstrap_statistic(statistic, self.rows, self.groups)
        return {name: resampled[:, i] for i, name in enumerate(names)}

    def is_mean(self, metric: str) -> bool:
        """Return whether a metric's value is the default mean, and no aggregate of the project's own."""
        value = self.values.get(metric, math.nan)
        return math.isclose(default_aggregate(self.rows, metric), value, rel_tol=0, abs_tol=1e-12)

    def is_binary(self, metric: str) -> bool:
        """Return whether a metric is a plain mean of 0 or 1 for each row, with one sample per row."""
        return self.is_mean(metric) and all(
            len(row.scores) == 1 and row.scores[0].get(metric) in (None, 0.0, 1.0) for row in self.rows
        )

    def resamples(self, metric: str) -> statistics.Array:
        """Return the metric's value in each bootstrap resample of groups (by a row's first group key)."""
        if not self.is_mean(metric):
            return self.own_resamples[metric]
        means = [row.mean(metric) for row in self.rows]
        return statistics.bootstrap_means(means, [row.form for row in self.rows], self.groups)

    def proportion_interval(self, metric: str) -> statistics.Interval:
        """Return the interval of a 0/1 metric's mean over forms; rows that share a group key count for less."""
        rows = [row for row in self.rows if not math.isnan(row.mean(metric))]
        values, forms = [row.mean(metric) for row in rows], [row.form for row in rows]
        return proportion_interval(values, forms, cluster_keys([row.group for row in rows]))

    def estimate(self, metric: str) -> Estimate:
        """Return a metric's estimate; its value is None where it applies to no row."""
        value = self.values.get(metric, math.nan)
        if math.isnan(value):
            return Estimate(value=None, count=0, method="none")
        if self.is_binary(metric):
            interval, method = self.proportion_interval(metric), "wilson"
        else:
            interval, method = statistics.percentiles(self.resamples(metric)), "bootstrap"
        count = len(self.rows)
        if self.is_mean(metric):
            count = sum(not math.isnan(row.mean(metric)) for row in self.rows)
        low, high = interval or (None, None)
        return Estimate(value=value, low=low, high=high, count=count, method=method)


@dataclass(frozen=True)
class ScoredSet:
    """A set's scored rows. Forms that the card names as `closed` count apart."""

    evaluator: Evaluator
    rows: tuple[ScoredRow, ...]
    closed: tuple[str, ...] = ()

    @cached_property
    def without_closed_forms(self) -> Estimator:
        """The estimator over the rows of open forms."""
        return Estimator(self.evaluator, tuple(row for row in self.rows if row.form not in self.closed))

    def only(self, ids: Collection[str]) -> "ScoredSet":
        """Return the set with the rows of some ids."""
        return ScoredSet(self.evaluator, tuple(row for row in self.rows if row.id in ids), self.closed)

    def scores(self) -> SetScores:
        """Return the estimates: of each metric over open forms, and of the main metric per form."""
        estimator = self.without_closed_forms
        return SetScores(
            scores={name: estimator.estimate(name) for name in estimator.values},
            forms=self.by_form(estimator.rows),
            closed=self.by_form([row for row in self.rows if row.form in self.closed]),
        )

    def by_form(self, rows: Sequence[ScoredRow]) -> dict[str, Estimate]:
        """Return {form: estimate of the main metric}, sorted by form."""
        estimates = {}
        for form in sorted({row.form for row in rows}):
            estimator = Estimator(self.evaluator, tuple(row for row in rows if row.form == form))
            estimates[form] = estimator.estimate(self.evaluator.main_metric)
        return estimates

    def share_ended(self) -> float:
        """Return the share of answers that ended with EOS or a stop string."""
        flags = [flag for row in self.rows for flag in row.ended]
        return sum(flags) / len(flags)


def score_set(
    evaluator: Evaluator, rows: Sequence[Row], answers: Iterable[Answer], closed: Sequence[str] = ()
) -> ScoredSet:
    """Score the answers to a set's rows. Raises as `Evaluator.score_answers` does."""
    return ScoredSet(evaluator, tuple(evaluator.score_answers(rows, answers)), tuple(closed))


def against_base(model: Estimator, base: Estimator) -> Difference | None:
    """Return the main metric's difference to the base; None where it has no value in one of them.

    Both must hold the same rows in the same order.
    """
    assert [row.id for row in model.rows] == [row.id for row in base.rows], "compared on different rows"
    metric = model.evaluator.main_metric
    value, base_value = (estimator.values.get(metric, math.nan) for estimator in (model, base))
    if math.isnan(value) or math.isnan(base_value):
        return None
    if model.is_binary(metric) and base.is_binary(metric):
        pairs = [(a.mean(metric), b.mean(metric)) for a, b in zip(model.rows, base.rows, strict=True)]
        p_value = statistics.mcnemar(pairs.count((1.0, 0.0)), pairs.count((0.0, 1.0)))
        return Difference(difference=value - base_value, p_value=p_value, test="mcnemar")
    p_value = statistics.bootstrap_p(model.resamples(metric) - base.resamples(metric))
    return Difference(difference=value - base_value, p_value=p_value, test="bootstrap")
