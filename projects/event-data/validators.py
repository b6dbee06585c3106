"""The strict validator of generated logs: a log of the format that was asked for, or why it is none.

    log_of('case_id;activity\n1;pay', "csv")        -> (Case("1", (Event("pay"),)),)
    log_of('case_id;activity\n1', "csv")            raises Invalid("line 2 has 1 cell, expected 2")

Importers accept what no log should have: truncated XML, 31.02.2026, events without a name, references to objects that
are not there. All of these are refused, as are times that go backwards within a case and cases of no events. A code
fence around the whole answer is removed; nothing else may stand beside the log.
"""

import json
import re
from datetime import datetime
from typing import Any

from .logs import HEADERS, Case, Event, Log
from .xes import Problem, moment, parse

LONGEST, MOST_EVENTS = 40_000, 600
FENCE = re.compile(r"```[a-z]*\n(.*?)\n?```", re.DOTALL)
MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?")
OCEL_KEYS = {"objectTypes", "eventTypes", "objects", "events"}


class Invalid(Exception):
    """A text is not the log that was asked for; the message says why."""


def without_fence(text: str) -> str:
    """Return a text without blanks and a code fence around it."""
    match = FENCE.fullmatch(text.strip())
    return (match[1] if match else text).strip()


def log_of(text: str, format_: str) -> Log:
    """Return the log. Raises Invalid."""
    if len(text) > LONGEST:
        raise Invalid(f"{len(text):,} characters, at most {LONGEST:,} are read")
    text = without_fence(text)
    log = _xes(text) if format_ == "xes" else _ocel(text) if format_ == "ocel" else _csv(text, HEADERS[format_])
    if not log:
        raise Invalid("no cases")
    if sum(len(case.events) for case in log) > MOST_EVENTS:
        raise Invalid(f"more than {MOST_EVENTS} events")
    if len({case.name for case in log}) < len(log):
        raise Invalid("two cases have the same name")
    for case in log:
        _check(case, format_ != "csv")
    return log


def _check(case: Case, is_timed: bool) -> None:
    """Raise Invalid for a case without events, or whose times are missing or go backwards."""
    if not case.events:
        raise Invalid(f"case {case.name[:40]} has no events")
    times = [event.time for event in case.events]
    if is_timed and (None in times or times != sorted(times)):
        raise Invalid(f"the times of case {case.name[:40]} are missing or go backwards")


def _csv(text: str, header: tuple[str, ...]) -> Log:
    """Return the log of CSV lines; a case's lines may stand anywhere. Raises Invalid."""
    lines = text.split("\n")
    if lines[0].rstrip("\r") != ";".join(header):
        raise Invalid(f"line 1 is not {';'.join(header)}")
    events: dict[str, list[Event]] = {}
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line.split(";")]
        if len(cells) != len(header):
            raise Invalid(
                f"line {number} has {len(cells)} {'cell' if len(cells) == 1 else 'cells'}, expected {len(header)}"
            )
        if not all(cells):
            raise Invalid(f"line {number} has an empty cell")
        time = clock(cells[2]) if len(cells) > 2 else None
        if len(cells) > 2 and time is None:
            raise Invalid(f"line {number}: {cells[2][:40]!r} is no time")
        events.setdefault(cells[0], []).append(Event(cells[1], time, cells[3] if len(cells) > 3 else ""))
    return tuple(Case(name, tuple(listed)) for name, listed in events.items())


def clock(text: str) -> datetime | None:
    """Return the time of a cell like 2026-03-02T08:04, None where there is no such time."""
    try:
        return datetime.fromisoformat(text) if MINUTE.fullmatch(text) else None
    except ValueError:
        return None


def _xes(text: str) -> Log:
    """Return the log of XES. Raises Invalid."""
    cases = []
    for item in parse([text.encode("utf-8", "surrogatepass")]):
        if isinstance(item, Problem):
            raise Invalid(f"line {item.line}: {item.reason}")
        cases.append(item)
    return tuple(cases)


def _ocel(text: str) -> Log:
    """Return the log of OCEL 2.0: the events of each object, by time. Raises Invalid."""
    try:
        log = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"no JSON: {str(error)[:80]}") from None
    if not isinstance(log, dict) or set(log) != OCEL_KEYS or not all(isinstance(log[key], list) for key in OCEL_KEYS):
        raise Invalid(f"expected an object with the lists {', '.join(sorted(OCEL_KEYS))}")
    types = {kind: _names(log[f"{kind}Types"]) for kind in ("object", "event")}
    objects = [_checked(item, types["object"], ("id", "type")) for item in log["objects"]]
    events = [_checked(item, types["event"], ("id", "type", "time")) for item in log["events"]]
    for items in (objects, events):
        if len({item["id"] for item in items}) < len(items):
            raise Invalid("two objects or events have the same id")
    traces: dict[str, list[Event]] = {item["id"]: [] for item in objects}
    for event in sorted(events, key=_time_of):
        for name in _related(event, traces):
            traces[name].append(Event(event["type"], _time_of(event)))
    return tuple(Case(name, tuple(listed)) for name, listed in traces.items())


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # JSON of any kind
    """Return a JSON object. Raises ValueError where a key is there twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("an object has a key twice")
    return dict(pairs)


def _names(items: list[Any]) -> set[str]:
    """Return the names of types. Raises Invalid."""
    for item in items:
        if not isinstance(item, dict) or not _is_name(item.get("name")) or not isinstance(item.get("attributes"), list):
            raise Invalid("a type has no name or no list of attributes")
    return {item["name"] for item in items}


def _is_name(value: object) -> bool:
    """Return whether a value is a string that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def _checked(item: Any, types: set[str], keys: tuple[str, ...]) -> dict[str, Any]:  # OCEL's own keys
    """Return an object or event. Raises Invalid where a key, its type's declaration or its time is missing."""
    if not isinstance(item, dict) or not all(_is_name(item.get(key)) for key in keys):
        raise Invalid(f"an object or event without {', '.join(keys)}")
    if item["type"] not in types:
        raise Invalid(f"{item['id'][:40]} is of type {item['type'][:40]!r}, which is not declared")
    if "time" in keys and moment(item["time"]) is None:
        raise Invalid(f"{item['id'][:40]}: {item['time'][:40]!r} is no time")
    return item


def _time_of(event: dict[str, Any]) -> datetime:
    """Return an event's time."""
    return moment(event["time"])


def _related(event: dict[str, Any], objects: dict[str, list[Event]]) -> list[str]:
    """Return the objects that an event names, each once. Raises Invalid where one is not there, or none is named."""
    related = event.get("relationships")
    if not isinstance(related, list) or not related:
        raise Invalid(f"event {event['id'][:40]} has no relationships")
    for relation in related:
        if not isinstance(relation, dict) or not all(_is_name(relation.get(key)) for key in ("objectId", "qualifier")):
            raise Invalid(f"event {event['id'][:40]}: a relationship without objectId or qualifier")
        if relation["objectId"] not in objects:
            raise Invalid(f"event {event['id'][:40]} names object {relation['objectId'][:40]!r}, which is not there")
    return list(dict.fromkeys(relation["objectId"] for relation in related))
