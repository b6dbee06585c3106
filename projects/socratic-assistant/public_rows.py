"""A row of public tutoring data: what was said, the reference question, the values that must not be told."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault

from .moves import Move, Secret
from .wordings import system_message


def tutor_row(key: str, number: int, said: Sequence[dict[str, Any]], question: str, later: Sequence[str]) -> dict:
    """Return the chat row of one tutor's turn; rows of one conversation share a group."""
    values = tuple(dict.fromkeys(value.replace(",", "").strip() for value in later))
    move = Move("public", (question,), (), Secret(values=values), "…")
    return {
        "id": f"public-{key}-{number}",
        "form": "public",
        "group": [key],
        "messages": [system_message("en"), *said, {"role": "assistant", "content": question}],
        "meta": {"language": "en", "subject": "public", "plan": [move.as_json()]},
    }


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]] | Fault]:
    """Yield (line number, object) of a file of JSON objects, and a fault for each line that is none."""
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            yield number, entry
        else:
            yield Fault(str(file), number, "no JSON object")
