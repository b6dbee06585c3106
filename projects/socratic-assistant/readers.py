"""Public tutoring data in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=socratic-assistant SOURCE=path

    .txt                the socratic-debugging benchmark: a file per conversation (debugging_reader.py)
    *_socratic.jsonl    GSM8K's sub-questions: `Question ** step <<calc>>`, `#### n`
    .csv, .jsonl        MathDial: `conversation` of turns between `|EOM|`, `Teacher: (focus)…` (mathdial_reader.py)
    dataset.json        CIMA: `prepDataset` with `tutorResponses`

A faulty row is yielded as a Fault with file, line and reason. A row's plan is one move: the reference question, with
the later values (of GSM8K, MathDial) as secrets and no anchors, for nothing says which words the next step needs.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.json_lines import json_objects
from gretchen.projects.rows import Fault

from . import debugging_reader, mathdial_reader
from .public_rows import tutor_row

KNOWN = "a benchmark's .txt files, MathDial's .csv or .jsonl, GSM8K's *_socratic.jsonl, CIMA's dataset.json can be read"
CALCULATION = re.compile(r"<<[^<>]*=([^<>]*)>>")


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all files of a folder. Raises UserError where nothing can be read."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist", "SOURCE= names a file or a folder")
    files = sorted(file for file in path.rglob("*") if file.is_file() and _reader_of(file)) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path} holds no tutoring data", KNOWN)
    for file in files:
        reader = _reader_of(file)
        if reader is None:
            raise UserError(f"{file.name} is no data that can be read", KNOWN)
        yield from reader(file)


def _reader_of(file: Path) -> Callable[[Path], Iterator[dict | Fault]] | None:
    """Return the reader of a file's format, None where there is none."""
    name = file.name.lower()
    if name.endswith("_socratic.jsonl"):
        return _gsm8k
    readers = {".txt": debugging_reader.read, ".csv": mathdial_reader.read, ".jsonl": mathdial_reader.read}
    return _cima if name == "dataset.json" else readers.get(file.suffix.lower())


def _gsm8k(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each sub-question: the problem and the steps so far are the prompt."""
    for item in json_objects(file):
        if isinstance(item, Fault):
            yield item
            continue
        number, entry = item
        question, answer = entry.get("question"), entry.get("answer")
        if not isinstance(question, str) or not isinstance(answer, str) or "####" not in answer:
            yield Fault(str(file), number, "no `question`, or an `answer` without `####`")
            continue
        yield from _sub_questions(file, number, question, answer)


def _sub_questions(file: Path, number: int, problem: str, answer: str) -> Iterator[dict | Fault]:
    """Yield a row for each line `Question ** step` of an answer."""
    steps, _, result = answer.partition("####")
    lines = [line.partition(" ** ") for line in steps.strip().split("\n") if line.strip()]
    said = [{"role": "user", "content": problem}]
    for i, (asked, mark, step) in enumerate(lines):
        if not mark:
            yield Fault(str(file), number, f"line {i + 1} of the answer has no ` ** `: {asked[:40]!r}")
            return
        later = [value for _, _, rest in lines[i:] for value in CALCULATION.findall(rest)] + [result.strip()]
        if not asked.strip().endswith("?"):
            yield Fault(str(file), number, f"sub-question {i + 1} has no question mark: {asked[:40]!r}")
        else:
            yield tutor_row(f"gsm8k:{file.name}:{number}", i, said, asked.strip(), later)
        said = [*said, {"role": "assistant", "content": asked.strip()}]
        said = [*said, {"role": "user", "content": CALCULATION.sub("", step).strip() or "…"}]


def _cima(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each tutor's response of CIMA's `prepDataset` that is a question."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig", errors="replace")).get("prepDataset")
    except (ValueError, AttributeError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        yield Fault(str(file), 1, "no JSON object with `prepDataset`")
        return
    for number, (key, entry) in enumerate(entries.items(), start=1):
        said = entry.get("past_convo") if isinstance(entry, dict) else None
        responses = entry.get("tutorResponses") if isinstance(entry, dict) else None
        if not isinstance(said, list) or not isinstance(responses, list) or not all(isinstance(t, str) for t in said):
            yield Fault(str(file), number, f"entry {key}: no `past_convo` and `tutorResponses`")
            continue
        # Turns alternate, the tutor begins, and the student has the last word.
        turns = [
            {"role": "user" if (len(said) - i) % 2 else "assistant", "content": text} for i, text in enumerate(said)
        ]
        questions = [text for text in responses if isinstance(text, str) and text.strip().endswith("?")]
        if not questions or not turns:
            yield Fault(str(file), number, f"entry {key}: no tutor's response is a question")
            continue
        yield tutor_row(f"cima:{key}", 0, turns, questions[0], [])
