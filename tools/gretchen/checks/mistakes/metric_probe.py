"""A project's metrics, tried on made-up answers to a few of its rows.

probe = Probe(load_evaluator("genome-chatbot"), rows)
probe.value(probe.oracle)       -> {"exact": 1.0, …}, the values of the perfect answers
probe.trivial()                 -> {"an empty answer": answers, …}, answers that no metric may like
"""

import copy
import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from gretchen.projects.rows import Row, group_keys, reference_of
from gretchen.projects.splits import split_of
from gretchen.scoring.baselines import baselines
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.scored import Answer, Prediction

NUM_ROWS, MAX_SAMPLES = 40, 8
NAMES = {"copied prompt": "the copied question", "most frequent answer": "the most frequent answer"}
Sample = Mapping[str, list[Row]]


class Probe:
    """Scores made-up answers to a few rows of the answered format: of every form some, test rows first."""

    def __init__(self, evaluator: Evaluator, rows: Sequence[Row]) -> None:
        samples = min(evaluator.settings.samples, MAX_SAMPLES)
        settings = evaluator.settings.model_copy(update={"samples": samples})
        self.evaluator = dataclasses.replace(evaluator, settings=settings)
        ordered = sorted(rows, key=lambda row: split_of(row["group"]) != "test")
        self.rows = [as_evaluated(row) for row in by_turns(ordered)[:NUM_ROWS]]
        self.train = [as_evaluated(row) for row in rows if split_of(row["group"]) == "train"]

    @cached_property
    def oracle(self) -> list[Answer]:
        """Return the perfect answers."""
        return self.answers(self.evaluator.oracle)

    def value(self, answers: list[Answer], rows: Sequence[Row] | None = None) -> dict[str, float]:
        """Return one value per metric of some answers."""
        scored = self.evaluator.score_answers(self.rows if rows is None else rows, answers)
        return self.evaluator.aggregate(scored)

    def trivial(self) -> dict[str, list[Answer]]:
        """Return {name: answers} of answers that no metric may like."""
        made = baselines(self.evaluator, self.rows, self.train)
        found = {NAMES[name]: given for name, given in made.items() if name in NAMES}
        if not self.evaluator.offers("reply"):
            found["an empty answer"] = self.answers(lambda row: "")
            found["another row's reference"] = self.answers(self.other_reference)
            found["the reference's first letter"] = self.answers(lambda row: reference_of(row)[:1])
            if all(len(reference_of(row)) > 1 for row in self.rows):
                found["half of the reference"] = self.answers(lambda row: half(reference_of(row)))
        return found

    def answers(self, answer_to: Callable[[Row], Prediction]) -> list[Answer]:
        """Return the answers to each row, as many as the card has samples, all the same."""
        samples = range(self.evaluator.settings.samples)
        given = [(row["id"], answer_to(row)) for row in self.rows]
        return [Answer(name, sample, answer, True) for name, answer in given for sample in samples]

    def other_reference(self, row: Row) -> str:
        """Return another reference: that of the next row of the same form, or of any."""
        start = self.rows.index(row)
        others = [*self.rows[start + 1 :], *self.rows[:start]]
        others.sort(key=lambda other: other.get("form") != row.get("form"))
        return next((text for text in map(reference_of, others) if text != reference_of(row)), "")


def by_turns(rows: Sequence[Row]) -> list[Row]:
    """Return rows with the first of each form in front, then the second ones, and so on."""
    seen: Counter[str] = Counter()
    ranks = []
    for row in rows:
        ranks.append(seen[row.get("form", "")])
        seen[row.get("form", "")] += 1
    order = sorted(range(len(rows)), key=ranks.__getitem__)
    return [rows[number] for number in order]


def half(text: str) -> str:
    """Return the first half of a text."""
    return text[: (len(text) + 1) // 2]


def as_evaluated(row: Row) -> Row:
    """Return a builder's row as evaluation.py gets it: `meta` a dict, `group` a list."""
    return copy.deepcopy({**row, "group": group_keys(row), "meta": row.get("meta") or {}})
