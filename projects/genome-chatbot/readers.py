"""Public data sets in their own formats, read as chat rows from a user's own copy.

    make data PROJECT=genome-chatbot SOURCE=path/to/Q&A_dataset.csv
    make data PROJECT=genome-chatbot SOURCE=path/to/pubmedqa/data

    GeneTuring   Q&A_dataset.csv: Model, Module, Question, Goldstandard, and empty columns
    PubMedQA     ori_pqal.json: {PMID: {QUESTION, CONTEXTS, final_decision, LONG_ANSWER, …}}

GeneTuring's questions about one sequence or one SNP share a group, whatever the module. PubMedQA's official split is
kept: its authors' test rows, which test_ground_truth.json or test_set.json in the same folder names, are test here. An
entry that stands in several of its files is read once.

A faulty row is yielded as a Fault with file, line and reason. Neither file is shipped: GeneTuring states no licence.
Not covered: checking the answers; they are the data set's own.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from gretchen.errors import UserError
from gretchen.projects.rows import Fault
from gretchen.projects.splits import official_key, split_of

from .sequences import key as sequence_key

COLUMNS = ("Module", "Question", "Goldstandard")
DECISIONS = ("yes", "no", "maybe")
TEST_FILES = ("test_ground_truth.json", "test_set.json")  # PMIDs of PubMedQA's 500 test rows
# What GeneTuring's questions are about, where they spell it out.
_DNA, _SNP = re.compile(r"\b[ACGTN]{20,}\b", re.IGNORECASE), re.compile(r"\brs\d+\b", re.IGNORECASE)
MAX_FIELD = 10_000_000  # GeneTuring has whole genes in one field; csv's own limit is 131,072 characters


def read(path: str | Path) -> Iterator[dict | Fault]:
    """Yield rows and faults of a file, or of all .csv and .json files of a folder. Raises UserError for other files."""
    path = Path(path)
    files = sorted([*path.rglob("*.csv"), *path.rglob("*.json")]) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path} holds no .csv and no .json file", "GeneTuring's .csv and PubMedQA's .json can be read")
    for file in files:
        if not file.is_file():
            raise UserError(f"{file} does not exist", "SOURCE= names a file or a folder")
        if file.suffix not in (".csv", ".json"):
            raise UserError(f"{file} is neither .csv nor .json", "GeneTuring's .csv and PubMedQA's .json can be read")
    for file in files:
        if file.suffix == ".csv":
            yield from _geneturing(file)
    yield from _pubmedqa([file for file in files if file.suffix == ".json"])


def _geneturing(file: Path) -> Iterator[dict | Fault]:
    """Yield a row per question; questions about the same sequence or SNP share a group, as do equal ones."""
    csv.field_size_limit(MAX_FIELD)
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.DictReader(stream)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
        if missing:
            yield Fault(
                str(file), 1, f"no column {', '.join(missing)}; expected the header Model,Module,Question,Goldstandard"
            )
            return
        for number, row in enumerate(rows, 1):
            values = {name: (row[name] or "").strip() for name in COLUMNS}
            empty = [name for name in COLUMNS if not values[name]]
            if empty:
                yield Fault(str(file), rows.line_num, f"{', '.join(empty)} is empty")
                continue
            module = re.sub(r"\W+", "-", values["Module"].lower()).strip("-")
            group = _geneturing_group(values["Question"])
            meta = {"source": "GeneTuring", "module": values["Module"]}
            yield _row(
                f"geneturing-{number}", f"geneturing-{module}", group, values["Question"], values["Goldstandard"], meta
            )


def _geneturing_group(question: str) -> str:
    """Return the group of what a question is about: its sequence (either strand), its SNP, else its words."""
    if dna := _DNA.search(question):
        return f"geneturing:{_digest(sequence_key(dna[0].upper()))}"
    snp = _SNP.search(question)
    return f"geneturing:{_digest(snp[0] if snp else question)}"


def _pubmedqa(files: list[Path]) -> Iterator[dict | Fault]:
    """Yield a row per abstract of all files, each once, with the official split's groups."""
    folders = {file.parent for file in files}
    test = {pmid for folder in folders for name in TEST_FILES for pmid in _pmids(folder / name)}
    seen: set[str] = set()
    for file in files:
        yield from _pubmedqa_file(file, test, seen)


def _pmids(file: Path) -> list[str]:
    """Return the PMIDs that a file of PubMedQA names; none where it is missing or not JSON."""
    try:
        return list(json.loads(file.read_text(encoding="utf-8", errors="replace")))
    except (OSError, ValueError, TypeError):
        return []


def _pubmedqa_file(file: Path, test: set[str], seen: set[str]) -> Iterator[dict | Fault]:
    """Yield a row per abstract that was not `seen`: contexts and question, answered with yes, no or maybe."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        yield Fault(str(file), error.lineno, f"not JSON: {error.msg}")
        return
    if not isinstance(entries, dict):
        yield Fault(str(file), 1, "expected an object: PMID to entry")
        return
    if all(isinstance(entry, str) for entry in entries.values()) and set(entries.values()) <= set(DECISIONS):
        return  # test_ground_truth.json, or predictions: no questions
    if not any("final_decision" in entry for entry in entries.values() if isinstance(entry, dict)):
        yield Fault(str(file), 1, "no entry has a final_decision: unlabelled (PQA-U), or not PubMedQA's")
        return
    for pmid, entry in entries.items():
        if pmid in seen:
            continue
        reason = _pubmedqa_fault(entry)
        if reason:
            yield Fault(str(file), text.count("\n", 0, max(0, text.find(f'"{pmid}"'))) + 1, f"PMID {pmid}: {reason}")
            continue
        seen.add(pmid)
        question = "\n".join([*entry["CONTEXTS"], entry["QUESTION"]])
        meta = {"source": "PubMedQA", "pmid": pmid, "long_answer": entry.get("LONG_ANSWER", "")}
        group = _pubmedqa_group(pmid, test)
        yield _row(f"pubmedqa-{pmid}", "pubmedqa", group, question, f"Answer: {entry['final_decision']}", meta)


def _pubmedqa_group(pmid: str, test: set[str]) -> str:
    """Return an abstract's group: in the official split where the test rows are known, else by its hash."""
    key = f"pubmedqa:{pmid}"
    if not test:
        return key
    rest = "validation" if split_of(key) == "validation" else "train"
    return official_key(key, "test" if pmid in test else rest)


def _pubmedqa_fault(entry: object) -> str:
    """Return what is wrong with an entry, "" for a valid one."""
    if not isinstance(entry, dict):
        return "the entry is not an object"
    question, contexts = entry.get("QUESTION"), entry.get("CONTEXTS")
    if not isinstance(question, str) or not question.strip():
        return "QUESTION is missing or empty"
    if not isinstance(contexts, list) or not all(isinstance(part, str) for part in contexts):
        return "CONTEXTS is not a list of strings"
    if entry.get("final_decision") not in DECISIONS:
        return f"final_decision is {entry.get('final_decision')!r}; expected yes, no or maybe"
    return ""


def _digest(text: str) -> str:
    """Return a short name for a long question: the same for the same words, whatever their whitespace and case."""
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()[:16]


def _row(name: str, form: str, group: str, question: str, answer: str, meta: dict) -> dict:
    """Return a chat row of a question and its answer."""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"id": name, "form": form, "group": group, "messages": messages, "meta": meta}
