"""Answers that need no model: the copied prompt, and the most frequent answer of each form in the train split.

A metric that one of them beats is the wrong main metric.
"""

from collections import Counter, defaultdict
from functools import partial
from typing import Any

from gretchen.projects.rows import reference_of
from gretchen.scoring.scorer import Evaluator, Prediction
from gretchen.scoring.testset import conversation

Row = dict[str, Any]


def copied_prompt(row: Row) -> str:
    """Return the row's own question: the text of its last user turn."""
    asked = [turn["content"] for turn in conversation(row).messages if turn["role"] == "user"]
    return asked[-1] if asked else ""


def most_frequent_answers(train: list[Row]) -> dict[str, str]:
    """Return {form: its most frequent answer}, the first in the alphabet among equals; "" is the key of all forms."""

    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        answer = reference_of(row)
        if not answer:
            continue
        answers[row.get("form", "")][answer] += 1
        answers[""][answer] += 1
    return {form: min(counted, key=lambda text: (-counted[text], text)) for form, counted in answers.items()}


def baselines(evaluator: Evaluator, rows: list[Row], train: list[Row]) -> dict[str, dict[str, list[Prediction]]]:
    """Return {baseline: {row id: its answer, as often as there are samples}}.

    Without answered train rows there is only the copied prompt. In a closed loop a baseline always says the same.
    """
    samples = evaluator.settings.samples
    texts = {"copied prompt": {row["id"]: copied_prompt(row) for row in rows}}
    frequent = most_frequent_answers(train)
    if frequent:
        texts["most frequent answer"] = {row["id"]: frequent.get(row.get("form", ""), frequent[""]) for row in rows}
    if not evaluator.offers("reply"):
        return {name: {key: [text] * samples for key, text in answers.items()} for name, answers in texts.items()}
    return {
        name: {row["id"]: [evaluator.play(row, partial(_same, answers[row["id"]]))] * samples for row in rows}
        for name, answers in texts.items()
    }


def _same(text: str, turns: list[dict[str, Any]]) -> str:
    """Say `text`, whatever was said before."""
    return text
