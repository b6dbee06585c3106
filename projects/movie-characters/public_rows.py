"""A row of public dialogue data: who is played, what was said before, the reply."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault

MOST_TURNS = 4  # before the reply


def reply_row(row_id: str, group: str, about: str, said: Sequence[str], reply: str) -> dict:
    """Return the chat row of a reply; of two speakers the one who replies is the assistant."""
    before = said[-MOST_TURNS:]
    # Turns alternate, and the one before the reply is the user's.
    roles = ["user" if (len(before) - i) % 2 else "assistant" for i in range(len(before))]
    turns: list[dict[str, Any]] = [{"role": "system", "content": about}]
    turns += [{"role": role, "content": text} for role, text in zip(roles, before, strict=True)]
    return {
        "id": row_id,
        "form": "public",
        "group": [group],
        "messages": [*turns, {"role": "assistant", "content": reply}],
        "meta": {"language": "en"},
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
        yield (number, entry) if isinstance(entry, dict) else Fault(str(file), number, "no JSON object")
