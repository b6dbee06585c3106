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
from gretchen.models.likelihood import OnBatch, log_probabilities
from gretchen.projects.rows import Row, tools_of, turn_text
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


def preference_rows(project: str, split: Split, limit: int | None) -> list[Row]:
    """Return a split's preference pairs, at most `limit` of them; [] for a project without any."""
    return sample(load_set(project, split, "preferences"), limit)


def log_probability_margins(model: Model, rows: list[Row], on_batch: OnBatch | None = None) -> list[float]:
    """Return log p(chosen) - log p(rejected) of each pair, in nats; `on_batch` gets the answers so far, and of all."""
    encoded = [encode(model, row, row[side]) for row in rows for side in SIDES]
    if on_batch:
        on_batch(0, len(encoded))
    values = log_probabilities(model.model, encoded, on_batch)
    return [chosen - rejected for chosen, rejected in zip(values[::2], values[1::2], strict=True)]


def encode(model: Model, row: Row, answer: list[dict[str, Any]]) -> tuple[list[int], int]:
    """Return the token ids of a row's prompt and one answer with EOS, and the index of the answer's first token."""
    prompt = Conversation(row["prompt"], tools_of(row))
    before, whole = render(model, prompt), render(model, Conversation([*prompt.messages, *answer], prompt.tools), False)
    # After EOS templates write a line break, which is no part of the answer.
    text = whole.removeprefix(before).rstrip("\n") if whole.startswith(before) else turn_text(answer[-1])
    ids = model.tokenizer.encode(before, add_special_tokens=False)
    return ids + model.tokenizer.encode(text, add_special_tokens=False), len(ids)


@dataclass(frozen=True)
class Margins:
    """A model's margins on the pairs, in the pairs' order: a row for each training seed, one unless there are several.

    A pair counts as correct where its margin is above 0.
    """

    by_seed: tuple[tuple[float, ...], ...]

    def of(self, pairs: Sequence[int]) -> "Margins":
        """Return the margins of some pairs."""
        return Margins(tuple(tuple(margins[i] for i in pairs) for margins in self.by_seed))

    @property
    def correct(self) -> list[float]:
        """The share of seeds in which each pair is correct."""
        return [sum(margin > 0 for margin in pair) / len(pair) for pair in zip(*self.by_seed, strict=True)]

    @property
    def means(self) -> list[float]:
        """Each pair's margin, the mean over seeds."""
        return [statistics.mean(pair) for pair in zip(*self.by_seed, strict=True)]


def preference_result(
    margins: Margins, pairs: Sequence[Row], base: Margins | None = None, parent: Margins | None = None
) -> PreferenceResult:
    """Return accuracy and mean margin with intervals, and tests against the base and the model that a run started from.

    Pairs whose sides differ in the language alone (`meta: {"differs_in": "language"}`) count apart; where there are no
    others, they are all that is counted. Pairs that share a group key count for less in the accuracy's interval.
    """
    language = [i for i, row in enumerate(pairs) if differs_in_language(row)]
    chosen = [i for i in range(len(pairs)) if i not in set(language)]
    if not chosen:
        chosen, language = language, []
    rows, own = [pairs[i] for i in chosen], margins.of(chosen)
    return PreferenceResult(
        num_pairs=len(rows),
        accuracy=accuracy(own, rows),
        margin=mean_margin(own, rows),
        against_base=compare_accuracy(own, base.of(chosen), rows) if base else None,
        against_parent=compare_accuracy(own, parent.of(chosen), rows) if parent else None,
        language=accuracy(margins.of(language), [pairs[i] for i in language]) if language else None,
    )


def differs_in_language(row: Row) -> bool:
    """Return whether a pair's sides say the same in two languages."""
    return isinstance(row.get("meta"), dict) and row["meta"].get("differs_in") == "language"


def accuracy(margins: Margins, pairs: Sequence[Row]) -> Estimate:
    """Return the share of pairs that are correct."""
    correct = margins.correct
    low, high = proportion_interval(correct, [""] * len(pairs), cluster_keys([group_of(row) for row in pairs]))
    by_seed = tuple(statistics.mean(Margins((seed,)).correct) for seed in margins.by_seed)
    return Estimate(
        value=statistics.mean(correct),
        low=low,
        high=high,
        count=len(pairs),
        method="wilson",
        by_seed=by_seed if len(by_seed) > 1 else (),
    )


def mean_margin(margins: Margins, pairs: Sequence[Row]) -> Estimate | None:
    """Return the mean margin; None where it is not a number."""
    interval = statistics.percentiles(resampled(margins.means, pairs))
    if not interval:
        return None
    value = statistics.mean(margins.means)
    return Estimate(value=value, low=interval[0], high=interval[1], count=len(pairs), method="bootstrap")


def resampled(values: Sequence[float], pairs: Sequence[Row]) -> statistics.Array:
    """Return the mean of the pairs' values in each bootstrap resample of groups (by a pair's first group key)."""
    return statistics.bootstrap_means(values, [""] * len(pairs), [group_of(row)[0] for row in pairs])


def compare_accuracy(margins: Margins, other: Margins, pairs: Sequence[Row]) -> Difference:
    """Return the accuracy's difference to another model on the same pairs.

    It is tested by McNemar's exact test, with several training seeds by the paired bootstrap.
    """
    correct, others = margins.correct, other.correct
    difference = (sum(correct) - sum(others)) / len(pairs)
    if len(margins.by_seed) > 1 or len(other.by_seed) > 1:
        p_value = statistics.bootstrap_p(resampled(correct, pairs) - resampled(others, pairs))
        return Difference(difference=difference, p_value=p_value, test="bootstrap")
    disagreements = list(zip(correct, others, strict=True))
    p_value = statistics.mcnemar(disagreements.count((1.0, 0.0)), disagreements.count((0.0, 1.0)))
    return Difference(difference=difference, p_value=p_value, test="mcnemar")


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
