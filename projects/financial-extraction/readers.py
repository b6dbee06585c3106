"""Public data sets in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=financial-extraction SOURCE=path/to/finqa/dataset

    FinQA      train.json, dev.json, test.json: [{id, pre_text, post_text, table, qa{question, program, exe_ans}}]
    TAT-QA     tatqa_dataset_{train,dev,test_gold}.json: [{table{uid, table}, paragraphs, questions}]
    SEC        a folder with sub.txt, num.txt and pre.txt of the Financial Statement Data Sets (sec_reader.py)

An official split is preserved: the group key names it. A faulty row is yielded as a Fault with file, line and reason;
so is a question without an answer (FinQA's private test, TAT-QA's test without gold).

Not covered: checking the answers beyond running FinQA's programs; they are the data sets' own.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.projects.rows import Fault
from gretchen.projects.splits import Split, official_key

from . import finqa, sec_reader, tatqa
from .tasks import compact
from .wordings import SYSTEM

KNOWN = "FinQA's and TAT-QA's .json files and a folder of the SEC's Financial Statement Data Sets can be read"
TYPES = ("span", "multi-span", "arithmetic", "count")


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    folders = sorted(file.parent for file in path.rglob("num.txt")) if path.is_dir() else []
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not folders and not files:
        raise UserError(f"{path} holds no .json and no num.txt", KNOWN)
    for file in files:
        if file.suffix != ".json":
            raise UserError(f"{file} is no .json", KNOWN)
        yield from _json(file)
    for folder in folders:
        yield from sec_reader.read(folder)


def _json(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows of a FinQA or TAT-QA file: entries with 'questions' are TAT-QA's."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        yield Fault(str(file), error.lineno, f"not JSON: {error.msg}")
        return
    if not isinstance(entries, list) or not entries:
        yield Fault(str(file), 1, "expected a list of entries")
        return
    reader = _tatqa if any(isinstance(entry, dict) and "questions" in entry for entry in entries) else _finqa
    yield from reader(file, entries, _Lines(text))


class _Lines:
    """Finds the line that names an entry, from the last line on."""

    def __init__(self, text: str) -> None:
        self.text, self.position, self.line = text, 0, 1

    def of(self, name: object) -> int:
        """Return the line of an entry's name, or of the entry before where it has none."""
        start = self.text.find(json.dumps(name, ensure_ascii=False), self.position) if isinstance(name, str) else -1
        if start >= 0:
            self.line += self.text.count("\n", self.position, start)
            self.position = start
        return self.line


def split_of_file(file: Path) -> Split:
    """Return the official split that a file's name says: train, validation or test."""
    name = file.stem.lower()
    return "test" if "test" in name else "validation" if "dev" in name or "valid" in name else "train"


def _finqa(file: Path, entries: list[Any], lines: _Lines) -> Iterator[dict | Fault]:
    """Yield one row per question; all questions on one page share its group."""
    split = split_of_file(file)
    for number, entry in enumerate(entries, start=1):
        line = lines.of(entry.get("id") if isinstance(entry, dict) else None)
        reason = _finqa_fault(entry)
        if reason:
            yield Fault(str(file), line, f"entry {number}: {reason}")
            continue
        qa, table = entry["qa"], [_texts(cells) for cells in entry["table"]]
        parts = ["\n".join(entry["pre_text"]), _markdown(table), "\n".join(entry["post_text"]), qa["question"]]
        meta = {"kind": "program", "source": "FinQA", "language": "en", "program": qa["program"], "table": table}
        key = official_key(f"finqa:{entry['id'].rsplit('-', 1)[0]}", split)
        name, answer = f"finqa-{split}-{entry['id']}", compact({"program": qa["program"]})
        yield _row(name, "finqa", key, parts, answer, meta | {"result": qa["exe_ans"]})


def _finqa_fault(entry: object) -> str:
    """Return what is wrong with an entry, "" when nothing is."""
    if not isinstance(entry, dict) or not isinstance(entry.get("qa"), dict):
        return "no object with 'qa'"
    if not isinstance(entry.get("id"), str) or not entry["id"]:
        return "'id' is missing"
    for column in ("pre_text", "post_text", "table"):
        if not isinstance(entry.get(column), list):
            return f"'{column}' is no list"
    if not all(isinstance(cells, list) and cells for cells in entry["table"]):
        return "'table' has a row that is no list of cells"
    qa = entry["qa"]
    for column in ("question", "program"):
        if not isinstance(qa.get(column), str) or not qa[column].strip():
            return f"qa.{column} is missing or empty"
    if not isinstance(qa.get("exe_ans"), int | float | str):
        return "qa.exe_ans is missing"
    table = tuple(tuple(_texts(cells)) for cells in entry["table"])
    result = finqa.execute(qa["program"], table)
    return "" if result == qa["exe_ans"] else f"qa.program gives {result}, qa.exe_ans is {qa['exe_ans']}"


def _tatqa(file: Path, entries: list[Any], lines: _Lines) -> Iterator[dict | Fault]:
    """Yield one row per question; all questions on one table share its group."""
    split = split_of_file(file)
    for number, entry in enumerate(entries, start=1):
        table = entry.get("table") if isinstance(entry, dict) else None
        if not isinstance(table, dict) or not isinstance(table.get("table"), list) or not table.get("uid"):
            yield Fault(str(file), lines.line, f"entry {number}: 'table' has no uid and table")
            continue
        lines.of(table["uid"])
        cells = [_texts(row) for row in table["table"] if isinstance(row, list) and row]
        paragraphs = [
            p for p in entry.get("paragraphs") or () if isinstance(p, dict) and isinstance(p.get("text"), str)
        ]
        texts = [
            p["text"] for p in sorted(paragraphs, key=lambda p: p["order"] if isinstance(p.get("order"), int) else 0)
        ]
        key = official_key(f"tatqa:{table['uid']}", split)
        for question in entry.get("questions") or ():
            uid = question.get("uid") if isinstance(question, dict) else None
            line, reason = lines.of(uid), _tatqa_fault(question)
            if reason:
                yield Fault(str(file), line, f"question {uid}: {reason}")
                continue
            spans = question["answer"] if isinstance(question["answer"], list) else [question["answer"]]
            answer = {"answer": [str(span) for span in spans], "scale": question["scale"]}
            meta = {"kind": "reading", "source": "TAT-QA", "language": "en", "answer_type": question["answer_type"]}
            parts = [_markdown(cells), "\n".join(texts), question["question"]]
            name = f"tatqa-{split}-{uid}"
            yield _row(name, f"tatqa-{question['answer_type']}", key, parts, compact(answer), meta | answer)


def _tatqa_fault(question: object) -> str:
    """Return what is wrong with a question, "" when nothing is."""
    if not isinstance(question, dict) or not isinstance(question.get("uid"), str):
        return "no object with a uid"
    if not isinstance(question.get("question"), str) or not question["question"].strip():
        return "'question' is missing or empty"
    if question.get("answer_type") not in TYPES:
        return f"answer_type is {question.get('answer_type')!r}; expected {', '.join(TYPES)}"
    if question.get("scale") not in tatqa.SCALES:
        return f"scale is {question.get('scale')!r}; expected one of {tatqa.SCALES}"
    answer = question.get("answer")
    spans = answer if isinstance(answer, list) else [answer]
    if not spans or not all(isinstance(s, str | int | float) and not isinstance(s, bool) and s != "" for s in spans):
        return "'answer' is missing or empty"
    return ""


def _texts(cells: list[Any]) -> list[str]:
    """Return a table's cells as strings, an empty one for null."""
    return ["" if cell is None else str(cell) for cell in cells]


def _markdown(table: list[list[str]]) -> str:
    """Return a table of any shape as Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([*lines[:1], f"|{' --- |' * len(table[0])}", *lines[1:]]) if table else ""


def _row(name: str, form: str, key: str, parts: list[str], answer: str, meta: dict[str, Any]) -> dict[str, Any]:
    """Return a chat row; `parts` are what the question shows, in order."""
    turns = [
        {"role": "system", "content": SYSTEM[meta["kind"]]["en"]},
        {"role": "user", "content": "\n\n".join(part for part in parts if part.strip())},
        {"role": "assistant", "content": answer},
    ]
    return {"id": name, "form": form, "group": key, "messages": turns, "meta": meta}
