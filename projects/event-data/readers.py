"""Public event logs in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=event-data SOURCE=path/to/log.xes.gz

    XES        .xes, .xes.gz (xes.py)
    CSV        .csv, .csv.gz with a header; ; or , between cells; columns case_id, activity, timestamp, and others
    OCEL       .json, .jsonocel: 1.0 (ocel:events) and 2.0 (events, objects); each object type gives a log of its own
               (ocel_reader.py)

Two or three successive cases make a row: their variants, their directly-follows graph, or their figures are asked for.
A faulty case, event or line is yielded as a Fault with file, line and reason.

Not covered: OCEL in XML and SQLite; attributes other than activity and time.
"""

import csv
import io
import itertools
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault
from gretchen.projects.splits import split_of

from . import analysis, ocel_reader
from .logs import Case, Event, Log, plain_log, written
from .wordings import pick, system_message
from .xes import Problem, parse

KNOWN = "XES (.xes, .xes.gz), CSV (.csv, .csv.gz) and OCEL in JSON (.json, .jsonocel) can be read"
CASES, MOST_EVENTS = 3, 48
CHUNK = 1 << 16
COLUMNS = {
    "case": ("case_id", "case:concept:name", "case", "caseid", "case id", "case_concept_name"),
    "activity": ("activity", "concept:name", "event", "task", "concept_name"),
    "time": ("timestamp", "time:timestamp", "time", "complete timestamp", "time_timestamp"),
}
TIMES = ("%d-%m-%Y:%H.%M", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S")


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    files = sorted(file for file in path.rglob("*") if _reader_of(file)) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path} holds no log", KNOWN)
    for file in files:
        reader = _reader_of(file)
        if reader is None:
            raise UserError(f"{file.name} is no log that can be read", KNOWN)
        yield from _rows(file, reader(file))


def _reader_of(file: Path) -> Callable[[Path], Iterator[tuple[str, Case] | Fault]] | None:
    """Return the reader of a file's format, None where there is none."""
    name = file.name.lower().removesuffix(".gz")
    readers = {".xes": _xes, ".csv": _csv, ".json": ocel_reader.read, ".jsonocel": ocel_reader.read}
    return next((reader for ending, reader in readers.items() if name.endswith(ending)), None)


def _xes(file: Path) -> Iterator[tuple[str, Case] | Fault]:
    """Yield the cases and faults of an XES log."""
    for item in parse(_chunks(file)):
        yield Fault(str(file), item.line, item.reason) if isinstance(item, Problem) else ("", item)


def _chunks(file: Path) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked where its name says so; a packed file that breaks off ends there."""
    unpack = zlib.decompressobj(31).decompress if file.name.lower().endswith(".gz") else bytes
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            try:
                yield unpack(chunk)
            except zlib.error:
                return


def _csv(file: Path) -> Iterator[tuple[str, Case] | Fault]:
    """Yield the cases and faults of a CSV log; the lines of a case may stand anywhere, its events are put in order."""
    text = io.StringIO(b"".join(_chunks(file)).decode("utf-8-sig", errors="replace"), newline="")
    head = text.readline()
    separator = ";" if head.count(";") >= head.count(",") else ","
    header = [cell.strip().lower() for cell in next(csv.reader([head], delimiter=separator), [])]
    columns = {name: next((header.index(n) for n in names if n in header), None) for name, names in COLUMNS.items()}
    if missing := [names[0] for key, names in COLUMNS.items() if columns[key] is None and key != "time"]:
        yield Fault(str(file), 1, f"no column {missing[0]}; the header is {head.strip()[:80]!r}")
        return
    events: dict[str, list[tuple[Event, int]]] = {}
    reader = csv.reader(text, delimiter=separator)
    for cells in reader:
        line = reader.line_num + 1
        if reason := _cells_fault(cells, header, columns):
            yield Fault(str(file), line, reason)
            continue
        time = None if columns["time"] is None else time_of(cells[columns["time"]])
        event = Event(" ".join(cells[columns["activity"]].split()), time)
        events.setdefault(cells[columns["case"]].strip(), []).append((event, line))
    for name, listed in events.items():
        yield "", Case(name, in_order([event for event, _ in listed]), listed[0][1])


def in_order(events: list[Event]) -> tuple[Event, ...]:
    """Return the events by time; in the order of the file where one has none, or only some have a time zone."""
    times = [event.time for event in events]
    if None in times or len({time.tzinfo is None for time in times}) > 1:
        return tuple(events)
    return tuple(sorted(events, key=lambda event: event.time))


def _cells_fault(cells: list[str], header: list[str], columns: dict[str, int | None]) -> str:
    """Return what is wrong with a line, "" when nothing is."""
    if len(cells) != len(header):
        return f"{len(cells)} cells, the header has {len(header)}"
    for key in ("case", "activity"):
        if not cells[columns[key]].strip():
            return f"{header[columns[key]]} is empty"
    if columns["time"] is not None and time_of(cells[columns["time"]]) is None:
        return f"{header[columns['time']]} is {cells[columns['time']][:40]!r}, which is no time"
    return ""


def time_of(text: str) -> datetime | None:
    """Return a time in ISO's or another usual form, None where it is none."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    for form in TIMES:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def _rows(file: Path, items: Iterable[tuple[str, Case] | Fault]) -> Iterator[dict | Fault]:
    """Yield a row for two or three successive cases of the same kind, and every fault."""
    forms, waiting, kind = itertools.cycle(analysis.FORMS), [], ""
    for item in items:
        if isinstance(item, Fault):
            yield item
            continue
        next_kind, case = item
        if not case.events or len(case.events) > MOST_EVENTS:
            number = len(case.events)
            yield Fault(
                str(file), case.line, f"case {case.name[:40]} has {number} events; rows hold 1 to {MOST_EVENTS}"
            )
            continue
        if waiting and (next_kind != kind or not _has_room(waiting, case)):
            yield _row(file, kind, tuple(waiting), next(forms))
            waiting = []
        kind = next_kind
        waiting.append(case)
    if waiting:
        yield _row(file, kind, tuple(waiting), next(forms))


def _has_room(waiting: list[Case], case: Case) -> bool:
    """Return whether a case fits into a row with those that wait."""
    return len(waiting) < CASES and sum(len(c.events) for c in [*waiting, case]) <= MOST_EVENTS


def _row(file: Path, kind: str, log: Log, form: str) -> dict:
    """Return the chat row about some cases of a log, renamed 1, 2, 3."""
    form = form if analysis.lines_about(log, form, "en") else "log-variants"  # single events have no graph
    name = f"{file.name}{f'/{kind}' if kind else ''}/{log[0].name}"
    key = f"log:{name}"
    wording, wording_key = pick(random.Random(key), form, "en", split_of(key))
    body = written(plain_log(case.trace for case in log), "csv")
    labels = ", ".join(analysis.LABELS["en"])
    content = wording.format(body=body, name=kind or file.name.partition(".")[0], labels=labels)
    lines = analysis.lines_about(log, form, "en")
    answer = {"role": "assistant", "content": "\n".join(lines)}
    return {
        "id": f"{form}-{name}",
        "form": form,
        "group": [key, wording_key],
        "messages": [system_message(body, "en"), {"role": "user", "content": content}, answer],
        "meta": {"kind": "lines", "language": "en", "lines": lines, "source": file.name},
    }
