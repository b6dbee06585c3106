"""Baselines that need no model: the copied prompt, the most frequent answer of each form in the train split, and those
that the project's evaluation.py adds: `baselines(row) -> {name: answer}`, the same names for every row.

A metric in which one of them does well is the wrong main metric.
"""

from collections import Counter, defaultdict
from functools import partial
from typing import Any

from gretchen.projects.rows import Row, reference_of
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.scored import Answer, Prediction
from gretchen.scoring.testset import conversation


def copied_prompt(row: Row) -> str:
    """Return the row's own question: the content of its last user turn."""
    questions = [turn["content"] for turn in conversation(row).messages if turn["role"] == "user"]
    return questions[-1] if questions else ""


def most_frequent_answers(train: list[Row]) -> dict[str, str]:
    """Return {form: its most frequent answer}, alphabetically the first of a tie; "" is the key of all forms."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        answer = reference_of(row)
        if not answer:
            continue
        counts[row.get("form", "")][answer] += 1
        counts[""][answer] += 1
    return {form: min(counter, key=lambda text: (-counter[text], text)) for form, counter in counts.items()}


def baselines(evaluator: Evaluator, rows: list[Row], train: list[Row]) -> dict[str, list[Answer]]:
    """Return {baseline: its answers, `samples` for each row}. In a closed loop a baseline repeats the same turn.

    Without answers in the train rows there is no most frequent one.
    """
    texts = {"copied prompt": {row["id"]: copied_prompt(row) for row in rows}}
    frequent = most_frequent_answers(train)
    if frequent:
        texts["most frequent answer"] = {row["id"]: frequent.get(row.get("form", ""), frequent[""]) for row in rows}
    for row in rows:
        for name, answer in evaluator.own_baselines(row).items():
            texts.setdefault(name, {})[row["id"]] = answer
    return {
        name: [answer for row in rows for answer in _answers(evaluator, row, by_row[row["id"]])]
        for name, by_row in texts.items()
    }


def _answers(evaluator: Evaluator, row: Row, text: str) -> list[Answer]:
    """Return `samples` equal answers to a row."""
    prediction: Prediction = text
    if evaluator.offers("reply"):
        prediction = evaluator.play(row, partial(_same, text))
    return [Answer(row["id"], sample, prediction, ended=True) for sample in range(evaluator.settings.samples)]


def _same(text: str, turns: list[dict[str, Any]]) -> str:
    """Return `text`, whatever the turns before."""
    return text
