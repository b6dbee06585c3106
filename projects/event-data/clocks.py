"""Times and people of a log: when cases start, how long it takes to the next event, who may do what.

    schedule = draw_schedule(rng)
    timed(rng, traces, schedule, Staff({"register claim": ["Ada", "Ben"]}))       -> a Log

Minutes are working minutes: where work is done on weekdays from 8 to 17 only, the night between two events does not
count. The gaps of a log are the quantiles of their law in random order, so that a short log follows it too.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from .logs import Case, Event, Log
from .trees import Trace

OPENS, CLOSES = 8, 17
LAWS = ("fixed", "uniform", "exponential")
PEOPLE = ("Ada", "Ben", "Cem", "Dora", "Emil", "Fatma", "Gino", "Hanna", "Ivo", "Jana", "Kofi", "Lea", "Marek", "Nora",
          "Omar", "Pia", "Quirin", "Rosa", "Sven", "Tara", "Uwe", "Vera", "Willi", "Xenia", "Yara", "Zoe")  # fmt: skip


@dataclass(frozen=True)
class Schedule:
    """Start of the first case, minutes to the next case's, whether office hours hold, and the law of gaps in minutes.

    `low` is a fixed gap, the least of a uniform law, or the mean of an exponential one; `high` a uniform law's most.
    """

    start: str
    every: int
    has_hours: bool
    law: str
    low: int
    high: int = 0

    @classmethod
    def of(cls, meta: dict[str, Any]) -> "Schedule":
        """Return the schedule that a row's meta holds."""
        return cls(**meta)

    @property
    def meta(self) -> dict[str, Any]:  # its fields, as JSON
        """The schedule as a row's meta holds it."""
        return asdict(self)

    @property
    def mean(self) -> float:
        """The law's mean, in minutes."""
        return (self.low + self.high) / 2 if self.law == "uniform" else float(self.low)

    def quantiles(self, number: int) -> list[float]:
        """Return so many gaps in minutes that follow the law, in rising order."""
        shares = [(i + 0.5) / number for i in range(number)]
        if self.law == "uniform":
            return [self.low + share * (self.high - self.low) for share in shares]
        return [self.low * -math.log(1 - share) if self.law == "exponential" else self.low for share in shares]


def draw_schedule(rng: random.Random, laws: Sequence[str] = LAWS) -> Schedule:
    """Return a random schedule that starts on a working day of 2026 at a full hour."""
    day = datetime(2026, 1, 5) + timedelta(weeks=rng.randrange(50), days=rng.randrange(5))
    start = (day + timedelta(hours=rng.randint(OPENS, CLOSES - 2))).isoformat(timespec="minutes")
    law, low = rng.choice(laws), rng.choice((5, 10, 15, 20, 30, 45, 60, 90))
    high = low * rng.choice((2, 3)) if law == "uniform" else 0
    return Schedule(start, rng.choice((15, 30, 60, 120)), rng.random() < 0.5, law, low, high)


@dataclass(frozen=True)
class Staff:
    """Who may do which activity, and which two activities of a case need two people."""

    people: Mapping[str, Sequence[str]]
    four_eyes: Sequence[str] = ()

    def assigned(self, rng: random.Random, events: Sequence[Event], name: str) -> str:
        """Return someone who may do an activity after these events, "" where nobody is named for it."""
        before = [event.resource for event in events if event.activity == name]
        if before and name in self.four_eyes:
            return before[0]  # in a loop the same again, else nobody would be left for the other activity
        busy = {event.resource for event in events if {event.activity, name} == set(self.four_eyes)}
        return rng.choice([p for p in self.people[name] if p not in busy]) if name in self.people else ""


NOBODY = Staff({})


def timed(rng: random.Random, traces: Sequence[Trace], schedule: Schedule, staff: Staff = NOBODY) -> Log:
    """Return a log of these traces with times, and with people where activities have any."""
    gaps = [max(1, round(gap)) for gap in schedule.quantiles(max(1, sum(len(trace) - 1 for trace in traces)))]
    rng.shuffle(gaps)
    start, cases = datetime.fromisoformat(schedule.start), []
    for number, trace in enumerate(traces, start=1):
        time, events = start, []
        for i, name in enumerate(trace):
            time = later(time, gaps.pop(), schedule.has_hours) if i else time
            events.append(Event(name, time, staff.assigned(rng, events, name)))
        cases.append(Case(str(number), tuple(events)))
        start = later(start, schedule.every, schedule.has_hours)
    return tuple(cases)


def later(time: datetime, minutes: float, has_hours: bool) -> datetime:
    """Return the time so many working minutes later."""
    if not has_hours:
        return time + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    while True:
        time = _opening(time)
        closing = time.replace(hour=CLOSES, minute=0, second=0, microsecond=0)
        if time + left < closing:
            return time + left
        left -= closing - time
        time = closing


def _opening(time: datetime) -> datetime:
    """Return the time itself in office hours, else the next opening."""
    if time.hour >= CLOSES:
        time = (time + timedelta(days=1)).replace(hour=OPENS, minute=0, second=0, microsecond=0)
    if time.hour < OPENS:
        time = time.replace(hour=OPENS, minute=0, second=0, microsecond=0)
    while time.weekday() > 4:
        time = (time + timedelta(days=1)).replace(hour=OPENS, minute=0, second=0, microsecond=0)
    return time


def is_open(time: datetime) -> bool:
    """Return whether a time is in office hours."""
    return time.weekday() < 5 and OPENS <= time.hour < CLOSES


def working_minutes(start: datetime, end: datetime, has_hours: bool) -> float:
    """Return the working minutes between two times; at most a year of them is counted."""
    if not has_hours:
        return (end - start).total_seconds() / 60
    total, time = 0.0, _opening(start)
    for _ in range(366):
        if time >= end:
            return total
        closing = time.replace(hour=CLOSES, minute=0, second=0, microsecond=0)
        total += (min(end, closing) - time).total_seconds() / 60
        time = _opening(closing)
    return total


def duration_distance(log: Log, schedule: Schedule) -> float | None:
    """Return Wasserstein's distance of the log's gaps and their law, over the law's mean; None without any gap."""
    from scipy.stats import wasserstein_distance

    pairs = [(a.time, b.time) for case in log for a, b in zip(case.events, case.events[1:], strict=False)]
    gaps = [working_minutes(a.replace(tzinfo=None), b.replace(tzinfo=None), schedule.has_hours) for a, b in pairs]
    if not gaps:
        return None
    return min(10.0, float(wasserstein_distance(gaps, schedule.quantiles(200))) / schedule.mean)


def rules_kept(log: Log, schedule: Schedule, staff: Staff) -> float | None:
    """Return the share of events in office hours and by someone who may do them, 0 where two eyes did what needs four.

    None where nothing of the kind is asked for.
    """
    if not schedule.has_hours and not staff.people:
        return None
    kept = [
        (not schedule.has_hours or is_open(event.time))
        and (event.activity not in staff.people or event.resource in staff.people[event.activity])
        and not _breaks(case, event, staff.four_eyes)
        for case in log
        for event in case.events
    ]
    return sum(kept) / len(kept)


def _breaks(case: Case, event: Event, four_eyes: Sequence[str]) -> bool:
    """Return whether whoever did an event of `four_eyes` also did another activity of it in the same case."""
    others = {e.resource for e in case.events if e.activity in four_eyes and e.activity != event.activity}
    return event.activity in four_eyes and event.resource in others
