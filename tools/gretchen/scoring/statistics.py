"""Intervals and tests for scores: Wilson and McNemar for 0/1 metrics, the bootstrap over groups for all others.

Arithmetic only: estimates.py decides what is compared with what. All intervals are 95 %. They cover the choice of test
rows, not the variance between training seeds.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

RESAMPLES = 2000
CONFIDENCE = 0.95
QUANTILE = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
Interval = tuple[float, float]
Array = np.ndarray


def mean(values: Sequence[float]) -> float:
    """Return the mean of some values."""
    return float(np.mean(values))


def known_mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are not NaN; NaN where all are."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def mean_resamples(resampled: Sequence[Array]) -> Array:
    """Return, per resample, the mean of statistics that were resampled by the same draws; NaN does not count."""
    if len(resampled) == 1:
        return resampled[0]
    known = ~np.isnan(resampled)
    counts = known.sum(axis=0)
    return np.where(known, resampled, 0).sum(axis=0) / np.where(counts > 0, counts, np.nan)


def wilson(successes: float, count: float, quantile: float = QUANTILE) -> Interval:
    """Return the score interval of a proportion (Wilson 1927) at a normal quantile. `count` must be above 0."""
    share, square = successes / count, quantile**2
    centre = share + square / (2 * count)
    half = quantile * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    scale = 1 + square / count
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test from the two counts of disagreement."""
    discordant = only_first + only_second
    tail = sum(math.comb(discordant, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**discordant)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of several tests corrected for their number (Holm 1979), in their order."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected, largest = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


def group_draws(groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> tuple[Array, Array]:
    """Return each row's group number, and how often each resample draws each group (shape: resamples × groups).

    The draws depend on the set of groups and the seed only: two models on the same rows get the same draws, which
    makes their comparison a paired one.
    """
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    even = np.full(len(names), 1 / len(names))
    return number, np.random.default_rng(seed).multinomial(len(names), even, size=resamples)


def bootstrap_means(
    values: Sequence[float], strata: Sequence[str], groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> Array:
    """Return, per resample of whole groups, the mean over strata of the mean over rows. NaN values do not apply."""
    number, draws = group_draws(groups, resamples, seed)
    names, stratum = np.unique(np.asarray(strata, dtype=str), return_inverse=True)
    known = ~np.isnan(np.asarray(values, dtype=float))
    sums = np.zeros((draws.shape[1], len(names)))
    counts = np.zeros_like(sums)
    np.add.at(sums, (number[known], stratum[known]), np.asarray(values, dtype=float)[known])
    np.add.at(counts, (number[known], stratum[known]), 1.0)
    totals = draws @ counts
    means = np.divide(draws @ sums, totals, out=np.full_like(totals, np.nan), where=totals > 0)
    present = totals > 0
    return np.where(present, means, 0).sum(axis=1) / np.where(present.any(axis=1), present.sum(axis=1), np.nan)


def bootstrap_statistic(
    statistic: Callable[[list[Any]], Sequence[float]],
    rows: Sequence[Any],
    groups: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Array:
    """Return, per resample of whole groups, the values of `statistic`: for metrics that are no mean."""
    number, draws = group_draws(groups, resamples, seed)
    members = [[rows[i] for i in np.flatnonzero(number == group)] for group in range(draws.shape[1])]
    resampled = (np.repeat(np.arange(len(draw)), draw).tolist() for draw in draws)
    values = [statistic([row for group in chosen for row in members[group]]) for chosen in resampled]
    return np.array(values, dtype=float)


def percentiles(resampled: Array, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the percentile interval of a resampled statistic; None where it is NaN in every resample."""
    known = resampled[~np.isnan(resampled)]
    if not len(known):
        return None
    low, high = np.percentile(known, [50 * (1 - confidence), 50 * (1 + confidence)])
    return float(low), float(high)


def bootstrap_p(differences: Array) -> float:
    """Return the two-sided p-value of paired differences: how often a resample falls on the other side of 0.

    One is added to both counts (Davison and Hinkley 1997), so it is never 0: with 2,000 resamples it is at least 0.001.
    """
    known = differences[~np.isnan(differences)]
    if not len(known):
        return 1.0
    other_side = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (1 + other_side) / (1 + len(known))))
