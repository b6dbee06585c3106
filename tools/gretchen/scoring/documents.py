"""What the embedded base knows before it can chat: exact match of answers at the end of held-out documents.

A document that its builder marked with `meta: {"answer": …}` is cut before the answer and continued as it is, without a
chat template. This separates what the base knows from the chat form that fine-tuning teaches.
"""

import dataclasses
import json
from types import SimpleNamespace

from gretchen import paths
from gretchen.files import read_jsonl
from gretchen.projects.card import Evaluation as EvaluationSettings
from gretchen.projects.card import Metric
from gretchen.projects.rows import Row
from gretchen.scoring.estimates import ScoredSet, score_set
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.request import Split
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import DOCUMENT_FOLDERS, sample

METRIC = "exact_match"


def document_rows(project: str, split: Split, limit: int | None) -> list[Row]:
    """Return a sample of a split's documents that end in a marked answer, `meta` decoded."""
    for name in DOCUMENT_FOLDERS:
        file = paths.build(project) / name / f"{split}.jsonl"
        if file.is_file():
            rows = [row | {"meta": json.loads(row.get("meta") or "{}") or {}} for row in read_jsonl(file)]
            return sample([row for row in rows if row["meta"].get("answer") and before_answer(row)], limit)
    return []


def before_answer(row: Row) -> str:
    """Return the document up to its answer ("" where it does not end in it), without the blank between them."""
    text, answer = row["text"], row["meta"]["answer"]
    return text.removesuffix(answer).rstrip(" ") if text.endswith(answer) else ""


def longest_answer(rows: list[Row]) -> int:
    """Return the longest answer's length in bytes, which is at least its number of tokens."""
    return max(len(row["meta"]["answer"].encode()) for row in rows)


def score_documents(project: str, rows: list[Row], answers: list[Answer]) -> ScoredSet:
    """Return the documents, scored by exact match of their answers."""
    metric = Metric(unit="share", better="higher", range=[0.0, 1.0])
    settings = EvaluationSettings(main=METRIC, metrics={METRIC: metric}, max_new_tokens=1)
    evaluator = Evaluator(project, settings, SimpleNamespace(score=_score))
    # A continuation may go on after the answer: whether it ended does not matter.
    return score_set(evaluator, rows, [dataclasses.replace(answer, ended=True) for answer in answers])


def _score(prediction: str, row: Row) -> dict[str, float]:
    """Return whether the continuation is the answer."""
    return {METRIC: float(is_answered(prediction, row["meta"]["answer"]))}


def is_answered(continuation: str, answer: str) -> bool:
    """Return whether a document's continuation is the answer, followed by the document's end or by a new line.

    A document may hold a second task or entry after the first: continuing with it is no error.
    """
    continuation, answer = continuation.strip(), answer.strip()
    return continuation == answer or continuation.startswith(f"{answer}\n")
