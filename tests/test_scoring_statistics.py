"""Intervals and tests against values worked by hand, statsmodels and scipy."""

import math

import numpy as np
import pytest

from gretchen.scoring import statistics


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        (15, 20, 0.5313, 0.8881),  # Newcombe 1998 and any table of Wilson's interval
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I: 81/263
        (1, 29, 0.0061, 0.1718),  # Newcombe 1998, table I: 1/29
    ],
)
def test_wilson_is_the_published_interval(right, count, low, high):
    assert statistics.wilson(right, count) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    for count in (1, 7, 300):
        for right in {0, 1, count // 2, count}:
            expected = proportion_confint(right, count, method="wilson")
            assert statistics.wilson(right, count) == pytest.approx(expected, abs=1e-9)


def test_mcnemar_by_hand_and_by_statsmodels():
    from statsmodels.stats.contingency_tables import mcnemar

    assert statistics.mcnemar(0, 0) == 1.0
    assert statistics.mcnemar(5, 0) == 2 / 2**5
    assert statistics.mcnemar(1, 8) == 2 * (1 + 9) / 2**9
    assert statistics.mcnemar(4, 4) == 1.0
    for first, second in ((3, 12), (0, 290), (40, 61)):
        expected = mcnemar([[0, first], [second, 0]], exact=True).pvalue
        assert statistics.mcnemar(first, second) == pytest.approx(expected, rel=1e-9)


def test_bootstrap_over_groups_is_wider_than_over_rows_when_groups_agree():
    values = np.repeat(np.random.default_rng(1).random(20), 10)
    whole = statistics.percentiles(statistics.bootstrap_means(values, ["f"] * 200, np.repeat(np.arange(20), 10)))
    single = statistics.percentiles(statistics.bootstrap_means(values, ["f"] * 200, np.arange(200)))
    assert whole[1] - whole[0] > 2 * (single[1] - single[0])
    # 20 groups: the standard error of their mean, by hand.
    error = values[::10].std() / math.sqrt(20)
    assert (whole[1] - whole[0]) / (2 * 1.96 * error) == pytest.approx(1, abs=0.1)
    assert whole[0] < values.mean() < whole[1]


def test_bootstrap_of_a_statistic_is_that_of_the_mean_where_it_is_one():
    values, groups = [0.1, 0.4, 0.4, 0.9, 0.5], ["a", "b", "b", "c", "d"]
    means = statistics.bootstrap_means(values, ["f"] * 5, groups)
    resampled = statistics.bootstrap_statistic(lambda rows: [sum(rows) / len(rows), len(rows)], values, groups)
    assert resampled.shape == (2000, 2)
    assert resampled[:, 0] == pytest.approx(means)
    assert set(resampled[:, 1]) <= set(range(4, 9))


def test_bootstrap_leaves_out_what_does_not_apply_and_averages_over_forms():
    draws = statistics.bootstrap_means([1.0, math.nan, 0.0], ["one", "one", "two"], ["a", "b", "c"], resamples=500)
    assert set(np.unique(draws[~np.isnan(draws)])) == {0.0, 0.5, 1.0}
    assert np.isnan(draws).any(), "a resample of the second row alone has no figure"


def test_two_models_get_the_same_draws():
    draws = statistics.group_draws(["b", "a", "a"], 50)[1]
    assert (draws == statistics.group_draws(["a", "b", "b"], 50)[1]).all()


def test_bootstrap_p():
    assert statistics.bootstrap_p(np.full(1999, 0.3)) == 2 / 2000
    assert statistics.bootstrap_p(np.array([-0.1, 0.1] * 500)) == 1.0
    assert statistics.bootstrap_p(np.zeros(10)) == 1.0
    assert statistics.bootstrap_p(np.array([0.2] * 90 + [-0.1] * 9)) == pytest.approx(2 * 10 / 100)
    assert statistics.bootstrap_p(np.array([math.nan])) == 1.0
    assert statistics.percentiles(np.array([math.nan])) is None


def test_holm_is_statsmodels():
    from statsmodels.stats.multitest import multipletests

    for p_values in ([0.01, 0.04, 0.03, 0.005], [0.5], [0.9, 0.8, 0.001], [0.02] * 4, []):
        expected = multipletests(p_values, method="holm")[1] if p_values else []
        assert statistics.holm(p_values) == pytest.approx(list(expected))
