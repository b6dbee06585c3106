"""RoleBench: JSON lines of {"role": "Ada Stone", "question": …, "generated": ["…"]}, in train.jsonl and test.jsonl.

What a role is like stands in desc.json ({role: description}) in one of the folders above a file, `profiles-eng` of the
release; without it the name has to do. The official split, in a file's name, is kept. Chinese rows are not read: the
metrics know English and German.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gretchen.projects.json_lines import json_objects
from gretchen.projects.rows import Fault
from gretchen.projects.splits import official_key

from .public_rows import reply_row

DESCRIPTIONS = ("desc.json", "profiles-eng/desc.json")
CHINESE = re.compile("[\u4e00-\u9fff]")
LONGEST = 400  # characters of a description


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows and faults of one file."""
    described = _descriptions(file.parent)
    for item in json_objects(file):
        if isinstance(item, Fault):
            yield item
            continue
        number, entry = item
        role, question, answers = entry.get("role"), entry.get("question"), entry.get("generated")
        answer = answers[0] if isinstance(answers, list) and answers else answers
        if not all(isinstance(text, str) and text.strip() for text in (role, question, answer)):
            yield Fault(str(file), number, "no `role`, `question` and `generated`")
        elif CHINESE.search(question + answer):
            yield Fault(str(file), number, "a Chinese row: the metrics know English and German")
        else:
            group = f"rolebench:{role}:{question.strip()}"
            split = next((name for name in ("train", "test") if name in file.stem), None)
            about = " ".join([f"Play {role.strip()}.", described.get(role, "")[:LONGEST]]).strip()
            key = official_key(group, split) if split else group
            row_id = f"rolebench-{file.parent.name}-{file.stem}-{number}"
            yield reply_row(row_id, key, about, [question.strip()], answer.strip())


@cache
def _descriptions(folder: Path) -> dict[str, str]:
    """Return {role: description} of the nearest file of descriptions, {} without a readable one."""
    files = (above / name for above in (folder, *folder.parents) for name in DESCRIPTIONS)
    file = next((file for file in files if file.is_file()), None)
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig")) if file else {}
    except (ValueError, RecursionError):
        entries = {}
    return {role: text for role, text in entries.items() if isinstance(text, str)} if isinstance(entries, dict) else {}
