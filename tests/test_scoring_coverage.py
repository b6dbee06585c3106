"""The intervals of a mean over forms cover the true mean as often as they say: by simulation, seeded."""

import numpy as np
import pytest

from gretchen.scoring.intervals import proportion_interval
from gretchen.scoring.statistics import wilson

SIMULATIONS = 1500
# Rates of the genome chatbot's forms, as one evaluation recorded them (1.00 taken for 0.995).
RECORDED = [0.79, 0.995, 0.95, 0.84, 0.68, 0.995, 0.95, 0.89, 0.995, 0.68, 0.47, 0.995, 0.995, 0.95]
MIDDLE = [0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.5, 0.55, 0.6, 0.7, 0.8, 0.85, 0.9, 0.9]
CASES = {
    "recorded": (RECORDED, [19] * 14),
    "recorded, few rows": (RECORDED, [5] * 14),
    "recorded, unequal forms": (RECORDED, [5, 30] * 7),
    "near 0": ([0.02] * 14, [19] * 14),
    "near 0, few rows": ([0.02] * 14, [6] * 14),
    "near 1": ([0.98] * 14, [30] * 14),
    "one form is known": ([0.3] + [0.0] * 13, [19] * 14),
    "middle": (MIDDLE, [19] * 14),
    "middle, few rows": (MIDDLE, [6] * 14),
    "middle, unequal forms": (MIDDLE, [5, 30] * 7),
    "three forms": ([0.2, 0.5, 0.9], [10] * 3),
    "one form": ([0.3], [30]),
}
WORDING_EFFECT = 0.4  # intraclass correlation of two rows in the same words


def coverage(rates, counts, wordings):
    """Return how often the interval holds the true mean; with `wordings` two rows each are asked in the same words."""
    generator = np.random.default_rng(7)
    forms = np.repeat([f"form{i}" for i in range(len(rates))], counts)
    words = np.concatenate([[f"{i}:{j // 2}" for j in range(count)] for i, count in enumerate(counts)])
    things = [f"thing{i}" for i in range(len(forms))]
    _, index = np.unique(words, return_inverse=True)
    rate = np.repeat(rates, counts)
    word_rate = np.zeros(index.max() + 1)
    word_rate[index] = rate
    spread = 1 / WORDING_EFFECT - 1
    held = 0
    for _ in range(SIMULATIONS):
        chances = rate
        if wordings:
            some = (word_rate > 0) & (word_rate < 1)
            of_word = word_rate.copy()
            of_word[some] = generator.beta(word_rate[some] * spread, (1 - word_rate[some]) * spread)
            chances = of_word[index]
        values = (generator.random(len(rate)) < chances).astype(float)
        low, high = proportion_interval(values, forms, [things, words])
        held += low <= np.mean(rates) <= high
    return held / SIMULATIONS


@pytest.mark.parametrize("wordings", [False, True], ids=["independent rows", "rows in the same words"])
@pytest.mark.parametrize("case", CASES)
def test_a_95_percent_interval_covers_the_mean_over_forms(case, wordings):
    rates, counts = CASES[case]
    covered = coverage(rates, counts, wordings)
    standard_error = (0.94 * 0.06 / SIMULATIONS) ** 0.5  # of the simulation itself
    assert covered >= 0.94 - standard_error, f"{covered:.3f}"
    if min(rates) >= 0.1 and max(rates) <= 0.9:
        assert covered <= 0.98, f"{covered:.3f}: needlessly wide"


def test_one_form_of_independent_rows_is_nearly_wilsons_own_interval():
    values = [1.0] * 15 + [0.0] * 5
    low, high = proportion_interval(values, ["f"] * 20, [[str(i) for i in range(20)]])
    assert (low, high) == pytest.approx(wilson(15, 20), abs=0.03)
    assert proportion_interval([0.0] * 20, ["f"] * 20, []) == wilson(0, 20)
    assert proportion_interval([1.0] * 20, ["f", "g"] * 10, []) == pytest.approx(wilson(20, 20))


def test_rows_that_always_agree_count_once():
    values = np.repeat([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0], 4)
    words = np.repeat([f"w{i}" for i in range(10)], 4)
    low, high = proportion_interval(values, ["f"] * 40, [words])
    ten_rows, forty_rows = (high - low for low, high in (wilson(7, 10), wilson(28, 40)))
    assert ten_rows < high - low < 1.2 * ten_rows, "wider only by Student's quantile"
    assert high - low > 1.8 * forty_rows
