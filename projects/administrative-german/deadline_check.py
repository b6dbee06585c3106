"""A second computation of deadlines, independent of deadlines.py: its own holidays and its own arithmetic of months.

Easter is computed by Gauss's rule in Butcher's form, the other holidays are a table by Land, a period is walked day by
day. A row whose two dates differ is dropped and counted.

Not covered: years before 2019, when some Länder had other holidays.
"""

import datetime
from functools import cache

_ONE = datetime.timedelta(days=1)
# (month, day): Länder; () is all of them.
_FIXED: dict[tuple[int, int], str] = {
    (1, 1): "", (1, 6): "BW BY ST", (5, 1): "", (8, 15): "SL", (9, 20): "TH", (10, 3): "",
    (10, 31): "BB HB HH MV NI SN ST SH TH", (11, 1): "BW BY NW RP SL", (12, 25): "", (12, 26): "",
}  # fmt: skip
# Days after Easter Sunday: Länder.
_MOVING: dict[int, str] = {-2: "", 1: "", 39: "", 50: "", 60: "BW BY HE NW RP SL"}


def easter(year: int) -> datetime.date:
    """Return Easter Sunday (Butcher 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + weekday - 7 * ((a + 11 * h + 22 * weekday) // 451) + 114, 31)
    return datetime.date(year, month, day + 1)


@cache
def free_days(land: str, year: int, catholic: bool = False) -> frozenset[datetime.date]:
    """Return the public holidays of a Land in a year."""
    days = {datetime.date(year, *key) for key, where in _FIXED.items() if not where or land in where.split()}
    sunday = easter(year)
    days |= {sunday + offset * _ONE for offset, where in _MOVING.items() if not where or land in where.split()}
    if land == "BB":
        days |= {sunday, sunday + 49 * _ONE}
    if land == "SN":  # Buß- und Bettag: the Wednesday before 23 November
        before = datetime.date(year, 11, 22)
        days.add(before - ((before.weekday() - 2) % 7) * _ONE)
    if catholic and land == "BY":
        days.add(datetime.date(year, 8, 15))
    days |= _womens_day_and_others(land, year)
    return frozenset(days)


def _womens_day_and_others(land: str, year: int) -> set[datetime.date]:
    """Return the holidays that began in some year: women's day, and Berlin's single ones."""
    days = set()
    if (land == "BE" and year >= 2019) or (land == "MV" and year >= 2023):
        days.add(datetime.date(year, 3, 8))
    if land == "BE" and year in (2020, 2025):
        days.add(datetime.date(year, 5, 8))
    if land == "BE" and year == 2028:
        days.add(datetime.date(year, 6, 17))
    return days


def is_free(day: datetime.date, land: str, catholic: bool = False) -> bool:
    """Return whether a deadline cannot end on a day: Saturday, Sunday, public holiday."""
    return day.isoweekday() in (6, 7) or day in free_days(land, day.year, catholic)


def end_again(
    start: datetime.date, number: int, unit: str, land: str, catholic: bool = False, inclusive: bool = False
) -> datetime.date:
    """Return the last day of a deadline, counted day by day."""
    day = start - _ONE if inclusive else start
    if unit == "month":
        day = _months_later(start, number, start.day - inclusive)
    else:
        for _ in range(number * (7 if unit == "week" else 1)):
            day += _ONE
    while is_free(day, land, catholic):
        day += _ONE
    return day


def _months_later(day: datetime.date, number: int, day_number: int) -> datetime.date:
    """Return the day of that number some months later, or the month's last day (§ 188 (3) BGB); 0: the day before."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    following = datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(following - _ONE, datetime.date(year, month + 1, 1) + (day_number - 1) * _ONE)


def notified_again(posted: datetime.date, land: str, catholic: bool = False, tax: bool = False) -> datetime.date:
    """Return the day on which a letter counts as notified."""
    day = datetime.date.fromordinal(posted.toordinal() + (3 if posted.year < 2025 else 4))
    while tax and is_free(day, land, catholic):
        day += _ONE
    return day
