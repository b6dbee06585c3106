"""Deadlines on cases worked by hand from §§ 187 to 193 BGB, and both computations against each other."""

import datetime
import random

import pytest


def day(text):
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "number", "unit", "land", "end"),
    [
        ("2025-01-31", 1, "month", "SH", "2025-02-28"),  # February has no 31st: its last day, a Friday
        ("2026-01-31", 1, "month", "SH", "2026-03-02"),  # 28 February 2026 is a Saturday
        ("2024-01-31", 1, "month", "SH", "2024-02-29"),  # leap year
        ("2024-02-29", 1, "month", "SH", "2024-04-02"),  # 29 March is Good Friday, 1 April Easter Monday
        ("2025-03-18", 1, "month", "HE", "2025-04-22"),  # 18 April 2025 is Good Friday
        ("2026-05-07", 1, "week", "NW", "2026-05-15"),  # 14 May 2026 is Ascension Day
        ("2025-05-19", 1, "month", "NW", "2025-06-20"),  # Corpus Christi is a holiday in NW …
        ("2025-05-19", 1, "month", "SH", "2025-06-19"),  # … and none in SH
        ("2025-09-30", 1, "month", "SN", "2025-10-30"),
        ("2025-10-17", 2, "week", "SN", "2025-11-03"),  # Reformation Day, a Friday
        ("2025-10-17", 2, "week", "BY", "2025-10-31"),
        ("2025-11-05", 14, "day", "SN", "2025-11-20"),  # Buß- und Bettag is a holiday in SN alone
        ("2025-11-05", 14, "day", "ST", "2025-11-19"),
        ("2025-12-11", 14, "day", "BE", "2025-12-29"),  # Christmas, then a weekend
        ("2025-09-06", 14, "day", "TH", "2025-09-22"),  # a Saturday, Weltkindertag too
    ],
)
def test_deadlines_by_hand(part, start, number, unit, land, end):
    deadlines, again = part("deadlines"), part("deadline_check")
    assert deadlines.end_of(day(start), deadlines.Period(number, unit), land) == day(end)
    assert again.end_again(day(start), number, unit, land) == day(end)


@pytest.mark.parametrize(
    ("start", "number", "unit", "last"),
    [
        ("2026-01-01", 1, "month", "2026-01-31"),  # § 187 (2): the first day counts
        ("2026-01-15", 1, "month", "2026-02-14"),
        ("2025-01-31", 1, "month", "2025-02-28"),  # the day before the 31st of February: § 188 (3)
        ("2026-03-01", 12, "month", "2027-02-28"),
        ("2027-03-01", 12, "month", "2028-02-29"),
        ("2026-06-01", 2, "week", "2026-06-14"),
    ],
)
def test_a_first_day_that_counts(part, start, number, unit, last):
    deadlines, again = part("deadlines"), part("deadline_check")
    assert deadlines.last_day(day(start), deadlines.Period(number, unit), inclusive=True) == day(last)
    working = deadlines.next_working_day(day(last), "SH")
    assert again.end_again(day(start), number, unit, "SH", inclusive=True) == working


def test_mariae_himmelfahrt_is_a_holiday_where_most_are_catholic(part):
    deadlines, again = part("deadlines"), part("deadline_check")
    start, month = day("2025-07-15"), deadlines.Period(1, "month")  # 15 August 2025 is a Friday
    for land, catholic, end in (("BY", True, "2025-08-18"), ("BY", False, "2025-08-15"), ("SL", False, "2025-08-18"),
                                ("BW", True, "2025-08-15")):  # fmt: skip
        assert deadlines.end_of(start, month, land, catholic) == day(end), (land, catholic)
        assert again.end_again(start, 1, "month", land, catholic) == day(end), (land, catholic)


@pytest.mark.parametrize(
    ("posted", "tax", "arrived"),
    [
        ("2024-12-30", False, "2025-01-02"),  # before 2025: the third day
        ("2025-01-02", False, "2025-01-06"),  # since 2025: the fourth, even a holiday in BY
        ("2025-01-02", True, "2025-01-07"),  # under the AO the next working day (Heilige Drei Könige in BY)
        ("2025-04-14", False, "2025-04-18"),
        ("2025-04-14", True, "2025-04-22"),  # Good Friday to Easter Monday
        ("2026-03-02", True, "2026-03-06"),
    ],
)
def test_when_a_letter_counts_as_notified(part, posted, tax, arrived):
    assert part("deadlines").notified(day(posted), "BY", tax=tax) == day(arrived)
    assert part("deadline_check").notified_again(day(posted), "BY", tax=tax) == day(arrived)


def test_holidays_of_both_routes_agree_in_each_land(part):
    deadlines, again = part("deadlines"), part("deadline_check")
    for land in deadlines.LAENDER:
        for year in range(2023, 2032):
            for catholic in (False, True):
                ours = set(deadlines.holidays_of(land, year, catholic))
                assert ours == set(again.free_days(land, year, catholic)), (land, year, catholic)


def test_both_computations_agree_on_random_deadlines(part):
    deadlines, again = part("deadlines"), part("deadline_check")
    rng = random.Random(7)
    for _ in range(3000):
        start = day("2023-06-01") + datetime.timedelta(days=rng.randrange(2200))
        period = deadlines.Period(rng.randint(1, 6), rng.choice(("day", "week", "month")))
        land, inclusive = rng.choice(list(deadlines.LAENDER)), rng.random() < 0.3
        end = deadlines.end_of(start, period, land, inclusive=inclusive)
        assert end == again.end_again(start, period.number, period.unit, land, inclusive=inclusive)


@pytest.mark.parametrize(
    ("due", "paid", "months"),
    [("2026-02-16", "2026-02-16", 0), ("2026-02-16", "2026-02-17", 1), ("2026-02-16", "2026-03-16", 1),
     ("2026-02-16", "2026-03-17", 2), ("2026-01-31", "2026-02-28", 1), ("2026-01-31", "2026-03-01", 2),
     ("2025-11-17", "2026-02-18", 4)],
)  # fmt: skip
def test_months_begun(part, due, paid, months):
    assert part("reckoning").months_begun(day(due), day(paid)) == months


def test_the_land_matters_in_many_deadlines(dataset, part, chats):
    """A holiday that some Land does not have moves the end: in random deadlines this is one in a hundred."""
    deadlines = part("deadlines")
    rows = [row for row in chats if row["form"] == "deadline"]
    named = [row for row in rows if "Feiertag in " in row["messages"][-1]["content"]]
    assert len(named) > 0.15 * len(rows)
    everywhere = set.intersection(*(set(deadlines.holidays_of(land, 2025).values()) for land in deadlines.LAENDER))
    regional = [row for row in named if not any(f"({name})" in row["messages"][-1]["content"] for name in everywhere)]
    assert len(regional) > 0.05 * len(rows)
