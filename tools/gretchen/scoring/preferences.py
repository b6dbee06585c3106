"""Which of two answers a model finds likelier: held-out preference pairs, for every model of the table.

A pair is right where the chosen answer's log-probability, given the prompt, is above the rejected one's (summed over
the answer's tokens and the one that ends it); the margin is their difference in nats. It is what DPO trains (Rafailov
et al. 2023), without the reference, so that base, SFT and DPO stand on one scale. Answers of unlike length would
favour the shorter: `preferences()` pairs are of like length.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from gretchen import paths
from gretchen.files import text_hash, write_json
from gretchen.models.generate import Conversation, Model, render
from gretchen.models.likelihood import log_probabilities
from gretchen.scoring import statistics
from gretchen.scoring.testset import load_set, rows_hash, sample

Row = dict[str, Any]
FILE = "preferences.json"


def pairs(project: str, limit: int | None) -> list[Row]:
    """Return the held-out preference pairs, at most `limit` of them; [] for a project without any."""
    return sample(load_set(project, "test", "preferences"), limit)


def margins(model: Model, rows: list[Row]) -> list[float]:
    """Return for each pair log p(chosen) - log p(rejected), in nats."""
    chosen, rejected = (
        log_probabilities(model.model, [encode(model, row, row[side]) for row in rows])
        for side in ("chosen", "rejected")
    )
    return [one - other for one, other in zip(chosen, rejected, strict=True)]


def encode(model: Model, row: Row, answer: list[Row]) -> tuple[list[int], int]:
    """Return the token ids of a row's prompt and one answer, up to the token that ends it, and where it begins."""
    asked = Conversation(row["prompt"], row.get("tools") or None)
    before, whole = render(model, asked), render(model, Conversation([*asked.messages, *answer], asked.tools), False)
    # Behind the end token templates write a line break, which is no part of the answer.
    said = whole.removeprefix(before).rstrip("\n") if whole.startswith(before) else answer[-1]["content"]
    ids = model.tokenizer.encode(before, add_special_tokens=False)
    return ids + model.tokenizer.encode(said, add_special_tokens=False), len(ids)


def told_of(margin: list[float], base: list[float] | None, parent: list[float] | None) -> dict[str, Any]:
    """Return accuracy with interval, mean margin with interval (nats), and tests against base and parent."""
    right = [value > 0 for value in margin]
    low, high = statistics.wilson(sum(right), len(right))
    names = [str(i) for i in range(len(margin))]
    drawn = statistics.percentiles(statistics.bootstrap_means(margin, [""] * len(margin), names))
    return {
        "count": len(margin),
        "accuracy": {"value": sum(right) / len(right), "low": low, "high": high},
        "margin": {"value": float(np.mean(margin)), "low": drawn[0], "high": drawn[1]} if drawn else None,
        "against_base": against(right, base),
        "against_parent": against(right, parent),
    }


def against(right: list[bool], other: list[float] | None) -> dict[str, Any] | None:
    """Return the accuracy's difference to another model on the same pairs, with McNemar's exact test."""
    if other is None:
        return None
    theirs = [value > 0 for value in other]
    both = list(zip(right, theirs, strict=True))
    p = statistics.mcnemar(both.count((True, False)), both.count((False, True)))
    return {"difference": (sum(right) - sum(theirs)) / len(right), "p": p, "test": "mcnemar"}


def margins_of(
    project: str,
    weights: str,
    template: str,
    rows: list[Row],
    get_model: Callable[[], Model],
    asked: Callable[[Model, list[Row]], list[float]] = margins,
) -> list[float]:
    """Return a model's margins, from runs/<project>/evaluations/<key>/preferences.json or asked for and kept there."""
    name = text_hash(weights, text_hash(template), rows_hash(rows), "preferences")
    file = paths.runs(project) / "evaluations" / name / FILE
    if not file.is_file():
        ids = [row["id"] for row in rows]
        write_json(file, {"weights": weights, "ids": ids, "margins": asked(get_model(), rows)})
    return json.loads(file.read_text(encoding="utf-8"))["margins"]
