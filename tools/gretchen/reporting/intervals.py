"""Estimates on a common scale, for the forest plots of pages: a dot and its interval, in per cent of the width.

scale = scale_of(estimates, range=(0.0, 1.0))
scale.bar(estimate)      -> Bar(low=88.5, value=91.7, high=94.0)
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gretchen.scoring.evaluation import Estimate

MARGIN = 0.05  # of the width, on a side that the values end


@dataclass(frozen=True)
class Bar:
    """Where an estimate stands on its scale, in per cent of the width; low and high are value where none is known."""

    low: float
    value: float
    high: float


@dataclass(frozen=True)
class Scale:
    """The ends of an axis."""

    start: float
    end: float

    @property
    def ticks(self) -> tuple[float, float, float]:
        """The values at the left end, in the middle and at the right end."""
        return self.start, (self.start + self.end) / 2, self.end

    def position(self, value: float) -> float:
        """Return where a value stands, in per cent of the width, at most at an end."""
        share = (value - self.start) / (self.end - self.start)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def bar(self, estimate: Estimate | None) -> Bar | None:
        """Return an estimate's dot and interval, None where it has no value."""
        if estimate is None or estimate.value is None:
            return None
        low = estimate.value if estimate.low is None else estimate.low
        high = estimate.value if estimate.high is None else estimate.high
        return Bar(self.position(low), self.position(estimate.value), self.position(high))


def scale_of(estimates: Iterable[Estimate | None], limits: tuple[float, float] = (-math.inf, math.inf)) -> Scale:
    """Return the scale of some estimates: the metric's range, and on a side where it is open what the values need."""
    known = [value for each in estimates if each for value in (each.low, each.value, each.high) if value is not None]
    start, end = limits
    least, most = min(known, default=0.0), max(known, default=1.0)
    margin = MARGIN * (most - least or 1.0)
    start = start if math.isfinite(start) else least - margin
    end = end if math.isfinite(end) else most + margin
    return Scale(start, end if end > start else start + 1.0)
