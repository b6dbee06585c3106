"""Preference accuracy: how often a model finds the chosen answer of a held-out preference pair likelier.

A pair counts where the chosen answer's log-probability, given the prompt, is above the rejected one's (summed over the
answer's tokens and EOS); the margin is their difference in nats. It is what DPO trains (Rafailov et al. 2023), without
the reference model, so that base, SFT and DPO are on one scale. With answers of different length the shorter one would
have an advantage: a project's `preferences()` yields pairs of similar length.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gretchen import paths
from gretchen.files import text_hash, write_json
from gretchen.models.generate import Conversation, Model, render
from gretchen.models.likelihood import log_probabilities
from gretchen.projects.rows import Row
from gretchen.scoring import statistics
from gretchen.scoring.evaluation import Difference, Estimate, PreferenceResult
from gretchen.scoring.intervals import cluster_keys, proportion_interval
from gretchen.scoring.request import Split
from gretchen.scoring.scored import group_of
from gretchen.scoring.testset import load_set, rows_hash, sample

FILE = "preferences.json"
SIDES = ("chosen", "rejected")


@dataclass(frozen=True)
class PairSet:
    """The held-out pairs of a project, and the chat template by which they are rendered."""

    project: str
    template: str
    rows: list[Row]

    @property
    def groups(self) -> list[list[str]]:
        """Each pair's group keys."""
        return [group_of(row) for row in self.rows]


def preference_rows(project: str, split: Split, limit: int | None) -> list[Row]:
    """Return a split's preference pairs, at most `limit` of them; [] for a project without any."""
    return sample(load_set(project, split, "preferences"), limit)


def log_probability_margins(model: Model, rows: list[Row]) -> list[float]:
    """Return log p(chosen) - log p(rejected) of each pair, in nats."""
    chosen, rejected = (
        log_probabilities(model.model, [encode(model, row, row[side]) for row in rows]) for side in SIDES
    )
    return [a - b for a, b in zip(chosen, rejected, strict=True)]


def encode(model: Model, row: Row, answer: list[dict[str, Any]]) -> tuple[list[int], int]:
    """Return the token ids of a row's prompt and one answer with EOS, and the index of the answer's first token."""
    prompt = Conversation(row["prompt"], row.get("tools") or None)
    before, whole = render(model, prompt), render(model, Conversation([*prompt.messages, *answer], prompt.tools), False)
    # After EOS templates write a line break, which is no part of the answer.
    text = whole.removeprefix(before).rstrip("\n") if whole.startswith(before) else answer[-1]["content"]
    ids = model.tokenizer.encode(before, add_special_tokens=False)
    return ids + model.tokenizer.encode(text, add_special_tokens=False), len(ids)


def preference_result(
    margins: list[float],
    base: list[float] | None = None,
    parent: list[float] | None = None,
    groups: Sequence[Sequence[str]] = (),
) -> PreferenceResult:
    """Return accuracy and mean margin with intervals, and tests against the margins of base and parent.

    `groups` holds each pair's group keys: pairs that share one count for less in the accuracy's interval.
    """
    correct = [margin > 0 for margin in margins]
    count = len(margins)
    low, high = proportion_interval(correct, [""] * count, cluster_keys(groups))
    resamples = statistics.bootstrap_means(margins, [""] * count, [str(i) for i in range(count)])
    interval = statistics.percentiles(resamples)
    accuracy = Estimate(value=sum(correct) / count, low=low, high=high, count=count, method="wilson")
    margin = None
    if interval:
        mean = statistics.mean(margins)
        margin = Estimate(value=mean, low=interval[0], high=interval[1], count=count, method="bootstrap")
    return PreferenceResult(
        num_pairs=count,
        accuracy=accuracy,
        margin=margin,
        against_base=compare_accuracy(correct, base),
        against_parent=compare_accuracy(correct, parent),
    )


def compare_accuracy(correct: list[bool], other_margins: list[float] | None) -> Difference | None:
    """Return the accuracy's difference to another model on the same pairs, by McNemar's exact test."""
    if other_margins is None:
        return None
    other = [margin > 0 for margin in other_margins]
    pairs = list(zip(correct, other, strict=True))
    p_value = statistics.mcnemar(pairs.count((True, False)), pairs.count((False, True)))
    return Difference(difference=(sum(correct) - sum(other)) / len(correct), p_value=p_value, test="mcnemar")


def cached_margins(
    pairs: PairSet,
    weights: str,
    get_model: Callable[[], Model],
    compute: Callable[[Model, list[Row]], list[float]] = log_probability_margins,
) -> list[float]:
    """Return a model's margins, from runs/<project>/evaluations/<key>/preferences.json or computed and kept there."""
    key = text_hash(weights, text_hash(pairs.template), rows_hash(pairs.rows), "preferences")
    file = paths.runs(pairs.project) / "evaluations" / key / FILE
    if not file.is_file():
        ids = [row["id"] for row in pairs.rows]
        write_json(file, {"weights": weights, "ids": ids, "margins": compute(get_model(), pairs.rows)})
    return json.loads(file.read_text(encoding="utf-8"))["margins"]
