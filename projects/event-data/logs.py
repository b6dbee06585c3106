"""Event logs: cases of events, and the formats that they are written in: CSV, XES, OCEL 2.0 JSON.

    written(log, "csv")         -> "case_id;activity\n1;register claim\n…"
    Formats: csv (case and activity), timed (CSV with timestamp and resource), xes, ocel.

XES: IEEE 1849-2016, with concept:name and time:timestamp. OCEL 2.0 (Berti et al. 2024): one object for each case.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from .trees import Trace

FORMATS = ("csv", "timed", "xes", "ocel")
HEADERS = {"csv": ("case_id", "activity"), "timed": ("case_id", "activity", "timestamp", "org:resource")}
QUALIFIER = "case"


@dataclass(frozen=True)
class Event:
    """An event of a case; its format may have neither time nor resource."""

    activity: str
    time: datetime | None = None
    resource: str = ""


@dataclass(frozen=True)
class Case:
    """A case: its name, its events in order, and the line of its file that it begins on (0: it has no file)."""

    name: str
    events: tuple[Event, ...]
    line: int = field(default=0, compare=False)

    @property
    def trace(self) -> Trace:
        """The activities."""
        return tuple(event.activity for event in self.events)

    @property
    def footprint(self) -> tuple:
        """What two cases that are copies of each other share: activities, resources, times since the first event."""
        start = self.events[0].time if self.events else None
        return tuple(
            (event.activity, event.resource, None if start is None or event.time is None else event.time - start)
            for event in self.events
        )


Log = tuple[Case, ...]


def plain_log(traces: Iterable[Trace]) -> Log:
    """Return a log of these traces without times, its cases numbered from 1."""
    return tuple(Case(str(i), tuple(map(Event, trace))) for i, trace in enumerate(traces, start=1))


def written(log: Log, format_: str, case_type: str = "case") -> str:
    """Return a log in a format; `case_type` is the object type of OCEL."""
    if format_ == "xes":
        return _xes(log)
    if format_ == "ocel":
        return json.dumps(_ocel(log, case_type), ensure_ascii=False, separators=(",", ":"))
    lines = [HEADERS[format_], *(_cells(case, event, format_) for case in log for event in case.events)]
    return "\n".join(";".join(line) for line in lines)


def minute(time: datetime) -> str:
    """Return a time as the builder's CSV has it."""
    return time.strftime("%Y-%m-%dT%H:%M")


def _cells(case: Case, event: Event, format_: str) -> tuple[str, ...]:
    """Return the cells of an event's line."""
    cells = (case.name, event.activity)
    return cells if format_ == "csv" else (*cells, minute(event.time), event.resource)


def _xes(log: Log) -> str:
    """Return a log as XES, one event a line."""
    lines = ['<log xes.version="1849-2016" xes.features="">']
    for case in log:
        lines.append(f'<trace><string key="concept:name" value={quoteattr(case.name)}/>')
        for event in case.events:
            name = f'<string key="concept:name" value={quoteattr(event.activity)}/>'
            lines.append(f'<event>{name}<date key="time:timestamp" value="{utc(event.time)}"/></event>')
        lines.append("</trace>")
    return "\n".join([*lines, "</log>"])


def utc(time: datetime) -> str:
    """Return a time as XML and OCEL have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ocel(log: Log, case_type: str) -> dict[str, Any]:  # the keys of OCEL 2.0's JSON schema
    """Return a log as OCEL 2.0: events sorted by time."""
    events = sorted((event.time, i, case.name, event.activity) for case in log for i, event in enumerate(case.events))
    names = list(dict.fromkeys(event.activity for case in log for event in case.events))
    return {
        "objectTypes": [{"name": case_type, "attributes": []}],
        "eventTypes": [{"name": name, "attributes": []} for name in names],
        "objects": [{"id": case.name, "type": case_type} for case in log],
        "events": [
            {"id": f"e{number}", "type": activity, "time": utc(time),
             "relationships": [{"objectId": name, "qualifier": QUALIFIER}]}
            for number, (time, _, name, activity) in enumerate(events, start=1)
        ],
    }  # fmt: skip
