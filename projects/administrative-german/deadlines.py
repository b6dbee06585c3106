"""Deadlines by §§ 187 to 193 BGB, with the public holidays of each Land (package holidays), and the day on which a
letter counts as notified.

    end_of(date(2026, 1, 31), Period(1, "month"), "SH")     -> 2026-02-28 is a Saturday, so Monday, 2026-03-02

An event's own day does not count (§ 187 (1)); a deadline that runs from the beginning of a day includes it (§ 187 (2)).
Months end on the day of the same number, or the month's last (§ 188 (2), (3)). If the last day is a Saturday, Sunday or
public holiday, the next working day is (§ 193).

A letter counts as notified on the third day after posting, on the fourth if posted from 2025 on (§ 41 (2) VwVfG, § 37
(2) SGB X, § 122 (2) AO). Under the AO that day is itself a deadline's end and moves to the next working day; otherwise
it does not move.

Not covered: the hour of the end, other reliefs (Wiedereinsetzung), holidays of single municipalities but for Mariä
Himmelfahrt in Bavaria (`catholic`).
"""

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Literal

from dateutil.relativedelta import relativedelta

LAENDER = {
    "BW": "Baden-Württemberg", "BY": "Bayern", "BE": "Berlin", "BB": "Brandenburg", "HB": "Bremen", "HH": "Hamburg",
    "HE": "Hessen", "MV": "Mecklenburg-Vorpommern", "NI": "Niedersachsen", "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz", "SL": "Saarland", "SN": "Sachsen", "ST": "Sachsen-Anhalt", "SH": "Schleswig-Holstein",
    "TH": "Thüringen",
}  # fmt: skip
FOUR_DAYS_SINCE = datetime.date(2025, 1, 1)  # Postrechtsmodernisierungsgesetz, by the day of posting
Unit = Literal["day", "week", "month"]
_SINGULAR = {"day": "Tag", "week": "Woche", "month": "Monat"}


@dataclass(frozen=True)
class Period:
    """A number of days, weeks or months."""

    number: int
    unit: Unit

    def genitive(self) -> str:
        """Return it after "innerhalb": "eines Monats", "von zwei Wochen"."""
        if self.number == 1:
            return {"day": "eines Tages", "week": "einer Woche", "month": "eines Monats"}[self.unit]
        return f"von {self.dative()}"

    def accusative(self) -> str:
        """Return it as a length: "einen Monat", "zwei Wochen"."""
        if self.number == 1:
            return f"{'eine' if self.unit == 'week' else 'einen'} {_SINGULAR[self.unit]}"
        return f"{self.count()} {_SINGULAR[self.unit]}{'e' if self.unit != 'week' else 'n'}"

    def dative(self) -> str:
        """Return it after "von": "einem Monat", "zwei Wochen", "14 Tagen"."""
        if self.number == 1:
            return f"{'einer' if self.unit == 'week' else 'einem'} {_SINGULAR[self.unit]}"
        return f"{self.count()} {_SINGULAR[self.unit]}{'n' if self.unit == 'week' else 'en'}"

    def count(self) -> str:
        """Return the number as a word, or from seven on in digits."""
        return (
            ("", "ein", "zwei", "drei", "vier", "fünf", "sechs")[self.number] if self.number < 7 else str(self.number)
        )


@cache
def holidays_of(land: str, year: int, catholic: bool = False) -> dict[datetime.date, str]:
    """Return a Land's public holidays of a year, with their German names."""
    import holidays

    categories = ("public", "catholic") if catholic and land == "BY" else ("public",)
    return dict(holidays.Germany(subdiv=land, years=year, categories=categories, language="de").items())


def holiday(day: datetime.date, land: str, catholic: bool = False) -> str:
    """Return the name of the public holiday on a day, "" where there is none."""
    return holidays_of(land, day.year, catholic).get(day, "")


def is_working_day(day: datetime.date, land: str, catholic: bool = False) -> bool:
    """Return whether a day is no Saturday, Sunday or public holiday."""
    return day.weekday() < 5 and not holiday(day, land, catholic)


def next_working_day(day: datetime.date, land: str, catholic: bool = False) -> datetime.date:
    """Return the day itself if it is a working day, else the next one: § 193 BGB."""
    while not is_working_day(day, land, catholic):
        day += datetime.timedelta(days=1)
    return day


def last_day(start: datetime.date, period: Period, inclusive: bool = False) -> datetime.date:
    """Return the day on which a period ends, before § 193: `inclusive` where the first day counts (§ 187 (2))."""
    length = relativedelta(**{f"{period.unit}s": period.number})
    if not inclusive:
        return start + length
    day = datetime.timedelta(days=1)
    # The day before the one of the same number; where the month has no such day, its last (§ 188 (3)).
    return start + length - day if start.day == 1 else start - day + length


def end_of(
    start: datetime.date, period: Period, land: str, catholic: bool = False, inclusive: bool = False
) -> datetime.date:
    """Return the last day of a deadline: §§ 187, 188 and 193 BGB."""
    return next_working_day(last_day(start, period, inclusive), land, catholic)


def days_of_post(posted: datetime.date) -> int:
    """Return after how many days a letter counts as notified: 4 since 2025, 3 before."""
    return 4 if posted >= FOUR_DAYS_SINCE else 3


def notified(posted: datetime.date, land: str, catholic: bool = False, tax: bool = False) -> datetime.date:
    """Return the day on which a letter counts as notified; under the AO (`tax`) never a weekend or holiday."""
    day = posted + datetime.timedelta(days=days_of_post(posted))
    return next_working_day(day, land, catholic) if tax else day
