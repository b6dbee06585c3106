"""MathDial's conversations (CSV or JSON lines): `conversation` holds turns between `|EOM|`.

A teacher's turn begins with `Teacher: (focus)`, `(probing)`, `(telling)` or `(generic)`; everybody else is the student,
whose name differs from row to row. Rows are the turns of focus and probing; the ground truth's number is secret.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from gretchen.projects.json_lines import json_objects
from gretchen.projects.rows import Fault

from .public_rows import tutor_row

TURN = re.compile(r"\s*([\w .'-]{1,40}):\s*(?:\((\w+)\))?\s*(.*)", re.DOTALL)
ASKING = ("focus", "probing")


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows and faults of a file."""
    items = json_objects(file) if file.suffix.lower() == ".jsonl" else _csv(file)
    for item in items:
        if isinstance(item, Fault):
            yield item
            continue
        number, entry = item
        conversation, problem = entry.get("conversation"), entry.get("question")
        if not isinstance(conversation, str) or not isinstance(problem, str) or not conversation.strip():
            yield Fault(str(file), number, "no `question` and `conversation`")
            continue
        yield from _turns(file, number, problem, entry)


def _csv(file: Path) -> Iterator[tuple[int, dict]]:
    """Yield (line number, cells by column) of a CSV file, whose cells have line breaks."""
    csv.field_size_limit(1 << 24)
    reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig", errors="replace"), newline=""))
    for entry in reader:
        yield reader.line_num, entry


def _turns(file: Path, number: int, problem: str, entry: dict) -> Iterator[dict | Fault]:
    """Yield a row for each guiding turn of one conversation."""
    said = [{"role": "user", "content": problem}]
    truth = re.findall(r"-?\d[\d,]*\.?\d*", str(entry.get("ground_truth") or ""))
    for i, part in enumerate(entry["conversation"].split("|EOM|")):
        turn = TURN.fullmatch(part)
        if turn is None or not turn[3].strip():
            yield Fault(str(file), number, f"turn {i + 1} has no speaker or says nothing: {part.strip()[:40]!r}")
            continue
        content = " ".join(turn[3].split())
        if turn[1].strip() != "Teacher":
            said = [*said, {"role": "user", "content": content}]
            continue
        if turn[2] in ASKING and content.endswith("?"):
            yield tutor_row(f"mathdial:{file.stem}:{entry.get('qid') or number}", i, said, content, truth[-1:])
        said = [*said, {"role": "assistant", "content": content}]
