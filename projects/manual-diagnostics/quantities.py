"""Limits and readings: numbers with units, as meters show them and as manuals write them in English and German.

Limit.of(230, 10, "V").written("en")        -> "230 V ± 10 %"
Limit(Decimal("0.8"), Decimal("1.5"), "bar").written("de")  -> "0,8 bis 1,5 bar"
"""

import random
import re
from dataclasses import dataclass
from decimal import Decimal

OPEN = "∞"  # what a meter shows for an open circuit
UNITS = {"rpm": {"en": "rpm", "de": "1/min"}}
TO = {"en": "to", "de": "bis"}
AT_MOST = {"en": "at most", "de": "höchstens"}
NUMBER = r"\d+(?:[.,]\d+)?"
# The unit on a meter that measures something else.
WRONG_UNITS = {"V": ("mA", "Ω"), "bar": ("°C", "V"), "mA": ("V", "Ω"), "rpm": ("V", "°C"), "Ω": ("V", "mA")}


@dataclass(frozen=True)
class Limit:
    """From `low` to `high` in a unit; written with nominal value and percent where it has them."""

    low: Decimal
    high: Decimal
    unit: str
    nominal: Decimal | None = None
    percent: int = 0

    @classmethod
    def of(cls, nominal: int | Decimal, percent: int, unit: str) -> "Limit":
        """Return the limit of a nominal value with a tolerance in percent."""
        value = Decimal(nominal)
        part = value * percent / 100
        return cls((value - part).normalize(), (value + part).normalize(), unit, value, percent)

    def written(self, language: str) -> str:
        """Return the limit as the manual gives it."""
        unit = unit_in(self.unit, language)
        if self.nominal is not None:
            return f"{number(self.nominal, language)} {unit} ± {self.percent} %"
        if self.low == 0:
            return f"{AT_MOST[language]} {number(self.high, language)} {unit}"
        return f"{self.range(language)}"

    def range(self, language: str) -> str:
        """Return the limit as a range: what a reading is compared with."""
        low, high = number(self.low, language), number(self.high, language)
        return f"{low} {TO[language]} {high} {unit_in(self.unit, language)}"

    def holds(self, value: Decimal | None) -> bool:
        """Return whether a reading is within the limit; an open circuit (None) never is."""
        return value is not None and self.low <= value <= self.high


def unit_in(unit: str, language: str) -> str:
    """Return a unit as a language writes it."""
    return UNITS.get(unit, {}).get(language, unit)


def number(value: Decimal, language: str) -> str:
    """Return a number without needless zeros, with the language's decimal sign."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", ",") if language == "de" else text


def localised(text: str, language: str) -> str:
    """Return a spare part's data with the language's decimal sign."""
    return re.sub(r"(\d)\.(\d)", r"\1,\2", text) if language == "de" else text


def reading(value: Decimal | None, unit: str, language: str) -> str:
    """Return what a meter shows."""
    return f"{OPEN if value is None else number(value, language)} {unit_in(unit, language)}"


def value_of(text: str) -> Decimal | None:
    """Return the first number of a text; None where it has none, as in "∞ Ω"."""
    match = re.search(NUMBER, text[:200])
    return Decimal(match[0].replace(",", ".")) if match else None


def good_value(rng: random.Random, limit: Limit) -> Decimal:
    """Return a value within a limit."""
    return _between(rng, limit.low, limit.high, limit)


def high_value(rng: random.Random, limit: Limit) -> Decimal:
    """Return a resistance well above a limit."""
    return _between(rng, limit.high * 2, limit.high * 9, limit)


def bad_value(rng: random.Random, limit: Limit) -> Decimal:
    """Return a value outside a limit, as a fault causes it at a measuring point: nothing, or too little."""
    if rng.random() < 0.6:
        return Decimal(0)
    return _between(rng, limit.low * Decimal("0.15"), limit.low * Decimal("0.85"), limit)


def level_value(limit: Limit, level: float) -> Decimal:
    """Return a value at a height within a limit: 0 its low end, 1 its high end."""
    value = limit.low + (limit.high - limit.low) * Decimal(str(round(level, 3)))
    return min(max(_rounded(value, limit), limit.low), limit.high)


def weak_value(limit: Limit, share: float) -> Decimal:
    """Return a share of a limit's low end."""
    return _rounded(limit.low * Decimal(str(round(share, 3))), limit)


def near_value(rng: random.Random, limit: Limit) -> Decimal:
    """Return a value somewhat inside or outside a limit, for questions about tolerances."""
    if rng.random() < 0.5:
        return good_value(rng, limit)
    span = limit.high - limit.low
    if limit.low == 0 or rng.random() < 0.5:
        return _between(rng, limit.high + span * Decimal("0.1"), limit.high + span * Decimal("0.6"), limit)
    return _between(rng, limit.low - min(span, limit.low) * Decimal("0.6"), limit.low - span * Decimal("0.05"), limit)


def _between(rng: random.Random, low: Decimal, high: Decimal, limit: Limit) -> Decimal:
    """Return a random value between two, with as many decimals as a meter shows for the limit."""
    step = _step(limit)
    least, most = int(-(-low // step)), int(high // step)
    return rng.randint(min(least, most), max(least, most)) * step


def _step(limit: Limit) -> Decimal:
    """Return the last digit that a meter shows for a limit."""
    return Decimal(1) if limit.high >= 60 else Decimal("0.1") if limit.high >= 3 else Decimal("0.01")


def _rounded(value: Decimal, limit: Limit) -> Decimal:
    """Return a value as a meter shows it."""
    step = _step(limit)
    return round(value / step) * step
