"""The socratic-debugging benchmark: a text file per conversation, with `<problem>`, `<bug_code>`, … `<dialogue>`.

Turns are `User:` and `Assistant:`, alternatives are tab-indented `<alt>` lines below a turn, and code lines are
numbered. A closing tag may be missing: a part then ends where the next one begins. Each turn of the assistant that asks
is a row; alternatives are further reference questions.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault

from .public_rows import tutor_row

PARTS = ("problem", "bug_code", "bug_desc", "bug_fixes", "stu_desc", "unit_tests", "dialogue")
TAG = re.compile(rf"^\s*<(/?)({'|'.join(PARTS)})>", re.MULTILINE)
TURN = re.compile(r"^(User|Assistant):[ \t]*(.*)$")


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows and faults of one conversation's file."""
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    parts, faults = _parts(file, text)
    yield from faults
    missing = [name for name in ("problem", "bug_code", "dialogue") if not parts.get(name, ("", 0))[0].strip()]
    if missing:
        yield Fault(str(file), 1, f"no <{missing[0]}>")
        return
    dialogue, line = parts["dialogue"]
    opening = f"{parts['problem'][0].strip()}\n```\n{parts['bug_code'][0].strip()}\n```"
    said: list[dict[str, Any]] = [{"role": "user", "content": opening}]
    for number, turn in enumerate(_turns(dialogue, line)):
        speaker, contents, at = turn
        if not contents[0]:
            yield Fault(str(file), at, f"a turn of {speaker} says nothing")
            continue
        if speaker == "Assistant" and contents[0].endswith("?"):
            row = tutor_row(f"debugging:{file.stem}", number, said, contents[0], [])
            row["meta"]["plan"][0]["questions"] = [content for content in contents if content]
            yield row
        said = [*said, {"role": "assistant" if speaker == "Assistant" else "user", "content": contents[0]}]


def _parts(file: Path, text: str) -> tuple[dict[str, tuple[str, int]], list[Fault]]:
    """Return each part's text and first line, and a fault for each closing tag that is missing."""
    parts, faults = {}, []
    tags = list(TAG.finditer(text))
    for i, tag in enumerate(tags):
        if tag[1]:
            continue
        following = tags[i + 1] if i + 1 < len(tags) else None
        line = text.count("\n", 0, tag.end()) + 1
        if following is None or (following[1], following[2]) != ("/", tag[2]):
            faults.append(Fault(str(file), line, f"<{tag[2]}> has no closing tag; read up to the next part"))
        parts[tag[2]] = (text[tag.end() : following.start() if following else len(text)], line)
    return parts, faults


def _turns(dialogue: str, first_line: int) -> Iterator[tuple[str, list[str], int]]:
    """Yield (speaker, content and its alternatives, line) of each turn."""
    speaker, contents, at = "", [], first_line
    for number, line in enumerate(dialogue.split("\n"), start=first_line):
        if turn := TURN.match(line):
            if speaker:
                yield speaker, contents, at
            speaker, contents, at = turn[1], [turn[2].strip()], number
        elif speaker and line.strip().startswith("<alt>"):
            contents.append(line.strip().removeprefix("<alt>").strip())
        elif speaker and line.strip():
            contents[-1] = f"{contents[-1]}\n{line.rstrip()}".strip()
    if speaker:
        yield speaker, contents, at
