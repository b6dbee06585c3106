"""XES, read strictly and in chunks: traces and faults with their lines.

    for item in parse(chunks): …      -> Case, or Problem(line, reason)

Refused: XML that is not well-formed or ends too early, a document type (entities may expand without end), elements
where XES has none, attributes without key or value, values that their type does not have (31 February), events without
concept:name or with a faulty timestamp. A fault leaves out its trace; one that makes the rest unreadable ends the log.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.parsers import expat

from .logs import Case, Event

ATTRIBUTES = {"string", "date", "int", "float", "boolean", "id", "list", "container"}
CHILDREN = {
    "": {"log"},
    "log": {"extension", "global", "classifier", "trace"} | ATTRIBUTES,
    "global": ATTRIBUTES,
    "trace": {"event"} | ATTRIBUTES,
    "event": ATTRIBUTES,
    "values": ATTRIBUTES,
    "extension": set(),
    "classifier": set(),
} | {name: ATTRIBUTES | {"values"} for name in ATTRIBUTES}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
NUMBERS = {"int": re.compile(r"[+-]?\d{1,20}"), "boolean": re.compile(r"true|false|0|1")}


@dataclass(frozen=True)
class Problem:
    """What is wrong in a log, and on which line."""

    line: int
    reason: str


class _Stop(Exception):
    """The rest of the log cannot be read."""


def moment(text: str) -> datetime | None:
    """Return the time of an xs:dateTime with its time zone, None where it is none."""
    try:
        return datetime.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def parse(chunks: Iterable[bytes]) -> Iterator[Case | Problem]:
    """Yield the traces of a log, and what is wrong with those that are left out."""
    reader = _Reader()
    try:
        for chunk in chunks:
            reader.feed(chunk)
            yield from reader.drained()
        reader.feed(b"", is_final=True)
    except _Stop as stop:
        reader.items.append(Problem(reader.parser.CurrentLineNumber, str(stop)))
    except expat.ExpatError as error:
        reader.items.append(Problem(error.lineno, f"no well-formed XML: {expat.ErrorString(error.code)}"))
    yield from reader.drained()


class _Reader:
    """Collects traces from expat's events."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.path: list[str] = []
        self.items: list[Case | Problem] = []
        self.fault: Problem | None = None
        self.name, self.line, self.events, self.event = "", 0, [], {}

    def feed(self, chunk: bytes, is_final: bool = False) -> None:
        """Parse a chunk."""
        self.parser.Parse(chunk, is_final)

    def drained(self) -> Iterator[Case | Problem]:
        """Yield what has been collected, and forget it."""
        items, self.items = self.items, []
        yield from items

    def doctype(self, *declaration: object) -> None:
        """Refuse a document type."""
        raise _Stop("a document type declaration (<!DOCTYPE …>), which XES does not have")

    def text(self, text: str) -> None:
        """Refuse text between elements."""
        if text.strip():
            self.wrong(f"text between elements: {text.strip()[:30]!r}")

    def wrong(self, reason: str) -> None:
        """Note the first fault of a trace; outside of traces it ends the log."""
        if "trace" not in self.path:
            raise _Stop(reason)
        self.fault = self.fault or Problem(self.parser.CurrentLineNumber, reason)

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        element = element.rpartition(":")[2] if element.startswith("xes:") else element
        parent = self.path[-1] if self.path else ""
        self.path.append(element)
        if element not in CHILDREN.get(parent, set()):
            self.wrong(f"<{element}> in {f'<{parent}>' if parent else 'the document'}")
        elif element == "trace":
            self.name, self.events, self.fault = "", [], None
            self.line = self.parser.CurrentLineNumber
        elif element == "event":
            self.event = {}
        elif element in ATTRIBUTES:
            self.attribute(element, attributes, parent)

    def attribute(self, kind: str, attributes: dict[str, str], parent: str) -> None:
        """Check an attribute, and keep those that a trace's and an event's name, time and resource are."""
        key, value = attributes.get("key"), attributes.get("value")
        if not key or (value is None and kind not in ("list", "container")):
            self.wrong(f"<{kind}> without {'value' if key else 'key'}")
        elif not _is_valid(kind, value or ""):
            self.wrong(f"{key} is {value[:40]!r}, which is no {kind}")
        elif parent == "trace" and key == "concept:name":
            self.name = value
        elif parent == "event":
            self.event.setdefault(key, value)

    def end(self, element: str) -> None:
        """Close an element."""
        element = self.path[-1]
        if element == "event":
            self.finish_event()
        elif element == "trace":
            if not self.name.strip():
                self.wrong("a trace without concept:name")
            self.items.append(self.fault or Case(self.name, tuple(self.events), self.line))
        self.path.pop()

    def finish_event(self) -> None:
        """Add the event to its trace."""
        name, time = self.event.get("concept:name", "").strip(), self.event.get("time:timestamp")
        if not name:
            self.wrong("an event without concept:name")
        elif time is not None and moment(time) is None:
            self.wrong(f"time:timestamp is {time[:40]!r}, which is no date")
        else:
            self.events.append(Event(name, moment(time) if time else None, self.event.get("org:resource", "")))


def _is_valid(kind: str, value: str) -> bool:
    """Return whether a value is of its type."""
    if kind == "date":
        return moment(value) is not None
    if kind == "float":
        try:
            return len(value) < 60 and float(value) is not None
        except ValueError:
            return False
    return kind not in NUMBERS or NUMBERS[kind].fullmatch(value) is not None
