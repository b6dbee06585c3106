"""The interval of a mean over forms of 0/1 scores: Wilson's, at the effective number of rows.

    proportion_interval([1, 0, 1, 1], ["gc", "gc", "orf", "orf"], [["seq1", "seq2", "seq1", "seq3"]])  -> (low, high)

Rows that show the same thing or have the same wording are right or wrong together, so they count for less than their
number. How much less is estimated from the rows. The variance of the mean is robust to clusters of each kind of group
key (Liang and Zeger 1986) and to two kinds at once (Cameron, Gelbach and Miller 2011). It gives the number of
independent rows that would have the same variance (Kish 1965), and Wilson's interval is taken at that number (Dean and
Pagano 2015, "Evaluating confidence interval methods for binomial proportions in clustered surveys"). The quantile is
Student's, at Satterthwaite's (1946) degrees of freedom, since the variance is itself estimated from few rows.

tests/test_scoring_coverage.py shows by simulation that the 95 % intervals cover the true mean.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from gretchen.scoring.statistics import CONFIDENCE, Interval, wilson

Array = np.ndarray


def proportion_interval(values: Sequence[float], forms: Sequence[str], clusters: Sequence[Sequence[str]]) -> Interval:
    """Return the 95 % interval of the unweighted mean over forms of 0/1 values.

    `forms` holds each row's form; `clusters` holds, for each kind of group key, each row's key. At least one row.
    """
    scores = np.asarray(values, dtype=float)
    form = _codes(forms)
    rows_of_form = np.bincount(form)
    mean = float((np.bincount(form, scores) / rows_of_form).mean())
    even = len(rows_of_form) ** 2 / float((1 / rows_of_form).sum())  # independent rows, if all forms were equally hard
    by_form, units = _variance(scores, form, [_codes(keys) for keys in clusters])
    variance = float(by_form.sum())
    if not 0 < mean < 1 or variance <= 0:
        return wilson(mean * even, even)
    degrees = variance**2 / float((by_form**2 / np.maximum(units - 1, 1)).sum())
    effective = mean * (1 - mean) / variance
    return wilson(mean * effective, effective, _student_quantile(max(1.0, degrees)))


def cluster_keys(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return each row's key for each kind of key, from the rows' groups: the i-th keys of all groups are of one kind.

    A row without a key of a kind is alone in it.
    """
    kinds = max(map(len, groups), default=0)
    return [
        [group[kind] if kind < len(group) else f"\0{row}" for row, group in enumerate(groups)] for kind in range(kinds)
    ]


def _codes(keys: Sequence[str]) -> Array:
    """Return each key's number, from 0."""
    return np.unique(np.asarray(keys, dtype=str), return_inverse=True)[1]


def _variance(scores: Array, form: Array, clusters: Sequence[Array]) -> tuple[Array, Array]:
    """Return the variance of the mean over forms, in parts by form, and how many independent units each form has.

    It is the largest of those by rows, by each kind of cluster, and by two kinds at once.
    """
    count = np.bincount(form)
    residuals = (scores - (np.bincount(form, scores) / count)[form]) / (len(count) * count[form])
    rows = _by_form(residuals, form, np.arange(len(scores)))
    kinds = [_by_form(residuals, form, cluster) for cluster in clusters]
    crossed = [(a + b - rows[0], np.minimum(m, n)) for i, (a, m) in enumerate(kinds) for b, n in kinds[i + 1 :]]
    return max([rows, *kinds, *crossed], key=lambda estimate: float(estimate[0].sum()))


def _by_form(residuals: Array, form: Array, cluster: Array) -> tuple[Array, Array]:
    """Return the variance by form that one kind of cluster gives, and the number of its clusters in each form.

    A cluster that reaches over several forms adds its covariance, shared among them. A form that is one single cluster
    says nothing of the scatter between clusters: its rows are taken for independent.
    """
    within = _codes_of_pairs(form, cluster)
    totals = np.bincount(within, residuals)
    form_of = np.zeros(len(totals), dtype=int)
    cluster_of = np.zeros(len(totals), dtype=int)
    form_of[within], cluster_of[within] = form, cluster
    units = np.bincount(form_of, minlength=form.max() + 1)
    sums = np.bincount(cluster_of, totals)
    squares = np.bincount(form_of, totals**2, minlength=len(units)) * units / np.maximum(units - 1, 1)
    covariance = np.bincount(form_of, totals * (sums[cluster_of] - totals), minlength=len(units))
    rows = np.bincount(form)
    alone = np.bincount(form, residuals**2) * rows / np.maximum(rows - 1, 1)
    is_single = units == 1
    return np.where(is_single, alone, squares + covariance), np.where(is_single, rows, units)


def _codes_of_pairs(one: Array, other: Array) -> Array:
    """Return the number of each pair of numbers, from 0."""
    return np.unique(one.astype(np.int64) * (int(other.max()) + 1) + other, return_inverse=True)[1]


def _student_quantile(degrees: float) -> float:
    """Return Student's two-sided 95 % quantile at (not necessarily whole) degrees of freedom."""
    return float(stdtrit(min(degrees, 1e6), (1 + CONFIDENCE) / 2))
