"""Object-centric event logs in JSON, OCEL 1.0 and 2.0, flattened: each object of each type is a case.

    1.0     {"ocel:events": {"e1": {"ocel:activity", "ocel:timestamp", "ocel:omap": ["o1"]}}, "ocel:objects": {…}}
    2.0     {"events": [{"id", "type", "time", "relationships": [{"objectId", "qualifier"}]}], "objects": […], …}

An event without type or time, of an undeclared type, or that names an object that is not there is a Fault; so is an
object without a type. Objects that no event names give no case.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault

from .logs import Case, Event


@dataclass(frozen=True)
class Entry:
    """An event or object as its file has it: id, type, time as written, and the objects that an event names."""

    id: Any
    type: Any
    time: Any = None
    objects: Any = ()


def read(file: Path) -> Iterator[tuple[str, Case] | Fault]:
    """Yield (object type, case) and faults."""
    text = _text(file)
    try:
        log = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Fault(str(file), getattr(error, "lineno", 1), f"not JSON: {getattr(error, 'msg', error)}")
        return
    entries = _entries(log)
    if entries is None:
        yield Fault(str(file), 1, "no OCEL: it has neither ocel:events and ocel:objects nor events and objects")
        return
    events, objects, declared = entries
    traces: dict[str, list[Event]] = {}
    types: dict[str, str] = {}
    for entry in objects:
        if reason := _object_fault(entry, types):
            yield Fault(str(file), _line(text, entry.id), reason)
        else:
            types[entry.id] = entry.type
    for entry in events:
        if reason := _event_fault(entry, types, declared):
            yield Fault(str(file), _line(text, entry.id), reason)
            continue
        for name in dict.fromkeys(entry.objects):
            traces.setdefault(name, []).append(Event(" ".join(entry.type.split()), _time(entry.time)))
    for kind in dict.fromkeys(types.values()):
        for name in (name for name in types if types[name] == kind and name in traces):
            yield kind, Case(name, _by_time(traces[name]), _line(text, name))


def _text(file: Path) -> str:
    """Return a file's text, unpacked where its name says so."""
    data = gzip.decompress(file.read_bytes()) if file.name.lower().endswith(".gz") else file.read_bytes()
    return data.decode("utf-8", errors="replace")


def _entries(log: Any) -> tuple[list[Entry], list[Entry], set[str] | None] | None:
    """Return events, objects and the declared event types (None in 1.0); None where this is no OCEL."""
    if not isinstance(log, dict):
        return None
    old = isinstance(log.get("ocel:events"), dict) and isinstance(log.get("ocel:objects"), dict)
    if old:
        events = [
            Entry(key, _get(e, "ocel:activity"), _get(e, "ocel:timestamp"), _get(e, "ocel:omap"))
            for key, e in log["ocel:events"].items()
        ]
        return events, [Entry(key, _get(o, "ocel:type")) for key, o in log["ocel:objects"].items()], None
    if not isinstance(log.get("events"), list) or not isinstance(log.get("objects"), list):
        return None
    events = [Entry(_get(e, "id"), _get(e, "type"), _get(e, "time"), _related(e)) for e in log["events"]]
    objects = [Entry(_get(o, "id"), _get(o, "type")) for o in log["objects"]]
    return events, objects, {_get(t, "name") for t in log.get("eventTypes") or ()}


def _get(item: Any, key: str) -> Any:
    """Return an item's value of a key, None where it is no object or has none."""
    return item.get(key) if isinstance(item, dict) else None


def _related(event: Any) -> list[Any] | None:
    """Return the objects that an event of 2.0 names, None where it has no list of them."""
    relations = _get(event, "relationships")
    return [_get(relation, "objectId") for relation in relations] if isinstance(relations, list) else None


def _object_fault(entry: Entry, types: dict[str, str]) -> str:
    """Return what is wrong with an object, "" when nothing is."""
    if not _is_name(entry.id) or not _is_name(entry.type):
        return f"object {entry.id!r:.40} has no id or no type"
    return f"object {entry.id!r:.40} is there twice" if entry.id in types else ""


def _event_fault(entry: Entry, types: dict[str, str], declared: set[str] | None) -> str:
    """Return what is wrong with an event, "" when nothing is."""
    name = f"event {entry.id!r:.40}"
    if not _is_name(entry.id) or not _is_name(entry.type):
        return f"{name} has no id or no activity"
    if declared is not None and entry.type not in declared:
        return f"{name} is of type {entry.type!r:.40}, which eventTypes does not declare"
    if _time(entry.time) is None:
        return f"{name}: {entry.time!r:.40} is no time"
    if not isinstance(entry.objects, list) or not entry.objects:
        return f"{name} names no object"
    absent = [o for o in entry.objects if not isinstance(o, str) or o not in types]
    return f"{name} names object {absent[0]!r:.40}, which is not there" if absent else ""


def _is_name(value: object) -> bool:
    """Return whether a value is a string that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def _time(value: Any) -> datetime | None:
    """Return a time in ISO form, without its time zone where it has one; None where it is none."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _by_time(events: list[Event]) -> tuple[Event, ...]:
    """Return events by time; in the order of the file where only some have a time zone."""
    if len({event.time.tzinfo is None for event in events}) > 1:
        return tuple(events)
    return tuple(sorted(events, key=lambda event: event.time))


def _line(text: str, name: object) -> int:
    """Return the first line that has a name in quotes, 1 where none has."""
    position = text.find(json.dumps(name, ensure_ascii=False)) if isinstance(name, str) else -1
    return text.count("\n", 0, max(0, position)) + 1
