"""The scored rows of one model: the value of each metric, and its values in bootstrap resamples, computed once."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from gretchen.scoring import statistics
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.scored import ScoredRow, default_aggregate


@dataclass(frozen=True)
class ScoredRows:
    """Some rows with the scores of one model's answers; `closed` names the forms that count apart."""

    evaluator: Evaluator
    rows: tuple[ScoredRow, ...]
    closed: tuple[str, ...] = ()

    @cached_property
    def open_rows(self) -> "ScoredRows":
        """The rows of open forms."""
        return replace(self, rows=tuple(row for row in self.rows if row.form not in self.closed))

    def only(self, ids: Collection[str]) -> "ScoredRows":
        """Return the rows of some ids."""
        return replace(self, rows=tuple(row for row in self.rows if row.id in ids))

    @cached_property
    def by_form(self) -> dict[str, "ScoredRows"]:
        """{form: its rows}, sorted by form."""
        forms = sorted({row.form for row in self.rows})
        return {form: replace(self, rows=tuple(row for row in self.rows if row.form == form)) for form in forms}

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
        own = [name for name, value in self.values.items() if not math.isnan(value) and not self.is_mean(name)]
        names = [name for name in own if self.evaluator.settings.metrics[name].interval]

        def statistic(rows: list[ScoredRow]) -> list[float]:
            values = self.evaluator.own_aggregate(rows)
            return [values.get(name, math.nan) for name in names]

        if not names:
            return {}
        resampled = statistics.bootstrap_statistic(statistic, self.rows, self.groups)
        return {name: resampled[:, i] for i, name in enumerate(names)}

    def is_mean(self, metric: str) -> bool:
        """Return whether a metric's value is the default mean, and no aggregate of the project's own."""
        value, mean = self.values.get(metric, math.nan), default_aggregate(self.rows, metric)
        return math.isclose(mean, value, rel_tol=0, abs_tol=1e-12) or (math.isnan(mean) and math.isnan(value))

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
