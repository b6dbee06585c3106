"""The socratic-debugging benchmark's measure: bipartite matching of a tutor's questions with the reference ones.

    matching(["What is `i`?"], ["Which value has `i`?", "What is i?"])      -> Matching(precision=…, recall=…, f1=…)

After Al-Hossami et al. (BEA 2023; SIGCSE 2024): the edge between a question and a reference weighs their ROUGE-L F1;
the heaviest matching's weight, over the number of questions, is precision, over the number of references, recall. A
question that leaks may be near a reference: these figures mean something beside the leak rate alone.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

LONGEST, MOST = 2_000, 6  # characters of a question; questions on a side


class Words:
    """A tokenizer for rouge_score that keeps umlauts."""

    def tokenize(self, text: str) -> list[str]:
        """Return the words of a text."""
        return re.findall(r"\w+", text.lower())


@dataclass(frozen=True)
class Matching:
    """Precision, recall and F1 of a matching."""

    precision: float
    recall: float
    f1: float


def matching(questions: Sequence[str], references: Sequence[str]) -> Matching:
    """Return how well questions match reference questions; 0 where one side is empty."""
    ours, theirs = list(questions)[:MOST], list(references)[:MOST]
    if not ours or not theirs:
        return Matching(0.0, 0.0, 0.0)
    weights = [[_likeness(question, reference) for reference in theirs] for question in ours]
    if len(ours) > len(theirs):
        weights = [list(column) for column in zip(*weights, strict=True)]
    columns = range(len(weights[0]))
    best = max(
        sum(row[column] for row, column in zip(weights, chosen, strict=True))
        for chosen in itertools.permutations(columns, len(weights))
    )
    precision, recall = best / len(ours), best / len(theirs)
    return Matching(precision, recall, 2 * precision * recall / (precision + recall) if best else 0.0)


def _likeness(question: str, reference: str) -> float:
    """Return the ROUGE-L F1 of two questions."""
    return _scorer().score(reference[:LONGEST], question[:LONGEST])["rougeL"].fmeasure


@cache
def _scorer() -> Any:
    """Return rouge_score's scorer of ROUGE-L."""
    from rouge_score.rouge_scorer import RougeScorer  # imports all of NLTK, and with it SciPy: seconds

    return RougeScorer(["rougeL"], tokenizer=Words())
