"""What the embedded base knows before it can chat: answers at the end of held-out documents.

A document that its builder marked with `meta: {"answer": …}` is cut before the answer and continued as it stands,
without a template. So nobody takes the form that fine-tuning teaches for knowledge.
"""

import json
from types import SimpleNamespace
from typing import Any

from gretchen import paths
from gretchen.files import read_jsonl
from gretchen.scoring.predictions import Answer, Job
from gretchen.scoring.scorer import Evaluator
from gretchen.scoring.summary import open_figures, summary
from gretchen.scoring.testset import sample

METRIC = "exact_match"
FOLDERS = ("texts", "base-corpus")


def document_rows(project: str, limit: int | None) -> list[dict[str, Any]]:
    """Return a sample of the held-out documents that end in a marked answer, `meta` decoded."""
    for name in FOLDERS:
        file = paths.build(project) / name / "test.jsonl"
        if file.is_file():
            rows = [row | {"meta": json.loads(row.get("meta") or "{}") or {}} for row in read_jsonl(file)]
            return sample([row for row in rows if row["meta"].get("answer") and before(row)], limit)
    return []


def before(row: dict[str, Any]) -> str:
    """Return the document up to its answer ("" where it does not end in it); the blank between is the model's."""
    text, answer = row["text"], row["meta"]["answer"]
    return text.removesuffix(answer).rstrip(" ") if text.endswith(answer) else ""


def document_jobs(rows: list[dict[str, Any]]) -> list[Job]:
    """Return what is asked: each document as it stands before its answer."""
    return [Job(row, before(row)) for row in rows]


def longest_answer(rows: list[dict[str, Any]]) -> int:
    """Return the longest answer's length in bytes, which is no less than its tokens."""
    return max(len(row["meta"]["answer"].encode()) for row in rows)


def document_summary(project: str, rows: list[dict[str, Any]], given: list[Answer]) -> dict[str, Any]:
    """Return overall and per-form exact match of the documents' answers, as summary() tells it."""
    metric = SimpleNamespace(range=(0, 1), better="higher")
    settings = SimpleNamespace(main=METRIC, metrics={METRIC: metric})
    evaluator = Evaluator(project, settings, SimpleNamespace(score=_score))
    predictions = {one.id: [one.prediction] for one in given}
    scored = evaluator.score_all(rows, predictions)
    return summary(open_figures(evaluator, scored, closed=()), scored)


def _score(prediction: str, row: dict[str, Any]) -> dict[str, float]:
    """Return whether the continuation is the answer."""
    return {METRIC: float(answers(prediction, row["meta"]["answer"]))}


def answers(continuation: str, answer: str) -> bool:
    """Return whether a document's continuation is the answer, followed by the document's end or by a new line.

    A document may hold a second task or entry after the first: a model that goes on with one has answered all the same.
    """
    continuation, answer = continuation.strip(), answer.strip()
    return continuation == answer or continuation.startswith(f"{answer}\n")
