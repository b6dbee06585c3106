"""Estimates from scored rows: each metric with count and interval, per form, and the difference to another model.

0/1 metrics that are plain means get Wilson intervals at the effective number of rows and McNemar's exact test. All
others, the project's own aggregates among them, are bootstrapped over groups, with the same draws for every model on
the same rows. Of several training seeds the mean is estimated: each value is the mean of the seeds' values.
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
from gretchen.scoring.score_errors import num_errors
from gretchen.scoring.scored import Answer, ScoredRow
from gretchen.scoring.scored_rows import ScoredRows


@dataclass(frozen=True)
class Estimator:
    """Estimates of the metrics over some rows, scored once for each training seed (one, unless there are several)."""

    seeds: tuple[ScoredRows, ...]

    @property
    def evaluator(self) -> Evaluator:
        """The project's evaluator."""
        return self.seeds[0].evaluator

    @property
    def rows(self) -> tuple[ScoredRow, ...]:
        """The rows with the first seed's scores."""
        return self.seeds[0].rows

    @cached_property
    def values(self) -> dict[str, float]:
        """One value per metric, the mean over seeds; NaN where it applies to no row."""
        return {name: statistics.known_mean(self.by_seed(name)) for seed in self.seeds for name in seed.values}

    def by_seed(self, metric: str) -> tuple[float, ...]:
        """Return the metric's value for each seed, NaN where it applies to no row."""
        return tuple(seed.values.get(metric, math.nan) for seed in self.seeds)

    def is_proportion(self, metric: str) -> bool:
        """Return whether a metric is a plain mean of 0 or 1 for each row, with one sample per row and seed."""
        return all(seed.is_binary(metric) for seed in self.seeds)

    def is_binary(self, metric: str) -> bool:
        """Return whether a metric is 0 or 1 for each row, and answered once: what McNemar's test compares."""
        return len(self.seeds) == 1 and self.is_proportion(metric)

    def resamples(self, metric: str) -> statistics.Array:
        """Return the metric's value, the mean over seeds, in each bootstrap resample of groups."""
        return statistics.mean_resamples([seed.resamples(metric) for seed in self.seeds])

    def row_means(self, metric: str) -> list[float]:
        """Return each row's mean over seeds; NaN where the metric applies in none."""
        by_seed = [[row.mean(metric) for row in seed.rows] for seed in self.seeds]
        return [statistics.known_mean(values) for values in zip(*by_seed, strict=True)]

    def proportion_interval(self, metric: str) -> statistics.Interval:
        """Return the interval of a 0/1 metric's mean over forms; rows that share a group key count for less."""
        means = zip(self.row_means(metric), self.rows, strict=True)
        known = [(value, row) for value, row in means if not math.isnan(value)]
        groups = cluster_keys([row.group for _, row in known])
        return proportion_interval([value for value, _ in known], [row.form for _, row in known], groups)

    def estimate(self, metric: str) -> Estimate:
        """Return a metric's estimate; its value is None where it applies to no row."""
        value = self.values.get(metric, math.nan)
        if math.isnan(value):
            return Estimate(value=None, count=0, method="none")
        if not self.evaluator.settings.metrics[metric].interval:
            interval, method = None, "measured"
        elif self.is_proportion(metric):
            interval, method = self.proportion_interval(metric), "wilson"
        else:
            interval, method = statistics.percentiles(self.resamples(metric)), "bootstrap"
        count = len(self.rows)
        if all(seed.is_mean(metric) for seed in self.seeds):
            count = sum(not math.isnan(value) for value in self.row_means(metric))
        low, high = interval or (None, None)
        by_seed = self.by_seed(metric) if len(self.seeds) > 1 else ()
        known = tuple(None if math.isnan(value) else value for value in by_seed)
        return Estimate(value=value, low=low, high=high, count=count, method=method, by_seed=known)


@dataclass(frozen=True)
class ScoredSet:
    """A set's rows, scored once for each training seed. Forms that the card names as `closed` count apart."""

    seeds: tuple[ScoredRows, ...]

    @property
    def rows(self) -> tuple[ScoredRow, ...]:
        """All rows, with the first seed's scores."""
        return self.seeds[0].rows

    @cached_property
    def without_closed_forms(self) -> Estimator:
        """The estimator over the rows of open forms."""
        return Estimator(tuple(seed.open_rows for seed in self.seeds))

    def only(self, ids: Collection[str]) -> "ScoredSet":
        """Return the set with the rows of some ids."""
        if {row.id for row in self.rows} <= set(ids):
            return self
        return ScoredSet(tuple(seed.only(ids) for seed in self.seeds))

    def scores(self) -> SetScores:
        """Return the estimates: of each metric over open forms, and of the main metric per form."""
        estimator = self.without_closed_forms
        main, by_form = estimator.evaluator.main_metric, self.by_form()
        estimates = {form: rows.estimate(main) for form, rows in by_form.items()}
        closed = self.seeds[0].closed
        return SetScores(
            scores={name: estimator.estimate(name) for name in estimator.values},
            forms={form: estimate for form, estimate in estimates.items() if form not in closed},
            closed={form: estimate for form, estimate in estimates.items() if form in closed},
        )

    def by_form(self) -> dict[str, Estimator]:
        """Return {form: the estimator over its rows}, sorted by form."""
        forms = self.seeds[0].by_form
        return {form: Estimator(tuple(seed.by_form[form] for seed in self.seeds)) for form in forms}

    def num_errors(self) -> int:
        """Return the number of answers on which the project's score() raised."""
        return sum(num_errors(seed.rows) for seed in self.seeds)

    def share_ended(self) -> float:
        """Return the share of answers that ended with EOS or a stop string."""
        flags = [flag for seed in self.seeds for row in seed.rows for flag in row.ended]
        return sum(flags) / len(flags)


def score_set(
    evaluator: Evaluator, rows: Sequence[Row], answers: Iterable[Answer], closed: Sequence[str] = ()
) -> ScoredSet:
    """Score the answers to a set's rows. Raises as `Evaluator.score_answers` does."""
    return ScoredSet((ScoredRows(evaluator, tuple(evaluator.score_answers(rows, answers)), tuple(closed)),))


def over_seeds(sets: Sequence[ScoredSet]) -> ScoredSet:
    """Return the same rows answered by models of several training seeds as one set."""
    return ScoredSet(tuple(seed for scored_set in sets for seed in scored_set.seeds))


def main_difference(model: Estimator, other: Estimator) -> Difference | None:
    """Return the main metric's difference to another model; None where it has no value in one of them.

    Both must hold the same rows in the same order.
    """
    assert [row.id for row in model.rows] == [row.id for row in other.rows], "compared on different rows"
    metric = model.evaluator.main_metric
    value, other_value = (estimator.values.get(metric, math.nan) for estimator in (model, other))
    if math.isnan(value) or math.isnan(other_value):
        return None
    if model.is_binary(metric) and other.is_binary(metric):
        pairs = [(a.mean(metric), b.mean(metric)) for a, b in zip(model.rows, other.rows, strict=True)]
        p_value = statistics.mcnemar(pairs.count((1.0, 0.0)), pairs.count((0.0, 1.0)))
        return Difference(difference=value - other_value, p_value=p_value, test="mcnemar")
    p_value = statistics.bootstrap_p(model.resamples(metric) - other.resamples(metric))
    return Difference(difference=value - other_value, p_value=p_value, test="bootstrap")
