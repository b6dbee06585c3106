"""Pairs of answers and single answers to judge, and what verdicts come to: which answer of each pair is better.

    pairs(tasks), singles(tasks)        -> tasks of two answers, tasks of one
    compared(pair, first, second)       -> Outcome: asked in both orders, decided where both say the same
    by_ratings(pair, ratings)           -> Outcome: the answer with the higher mean rating
    revised(single, verdict)            -> a task of the answer and its revision, None where it breaks no rule

Position bias is often larger than what answers differ by: a pair whose two orders disagree is no pair, and counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from gretchen.feedback.judging.verdicts import Comparison, Mode, Rating, Revision, Verdict
from gretchen.feedback.labels import CandidateAnswer, Task, task_of
from gretchen.projects.rows import Row, normalised

Ending = Literal["decided", "tie", "order decides", "malformed"]
ORDERS = ((0, 1), (1, 0))


@dataclass(frozen=True)
class Outcome:
    """What a judge's verdicts on a pair come to; `winner` is a position in the task, None where nothing is decided."""

    pair: Task
    winner: int | None
    ending: Ending
    verdicts: tuple[Verdict, ...]

    @property
    def preference(self) -> int:
        """1 where the task's first answer is the better one, -1 where the second is, 0 for a tie."""
        return {None: 0, 0: 1, 1: -1}[self.winner]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons given."""
        values = [verdict.value for verdict in self.verdicts]
        return tuple(value.reason for value in values if isinstance(value, Comparison | Rating))


def pairs(tasks: Iterable[Task]) -> list[Task]:
    """Return a task for every two answers of each task, none twice."""
    every = [part(task, two) for task in tasks for two in combinations(task.answers, 2)]
    return list({pair.id: pair for pair in every}.values())


def singles(tasks: Iterable[Task]) -> list[Task]:
    """Return a task for every answer of each task, none twice."""
    every = [part(task, (answer,)) for task in tasks for answer in task.answers]
    return list({single.id: single for single in every}.values())


def part(task: Task, answers: Iterable[CandidateAnswer]) -> Task:
    """Return a task of the same question with these answers."""
    row: Row = {"id": task.row_id, "form": task.form, "group": list(task.group), "prompt": list(task.prompt)}
    return task_of(row | ({"tools": list(task.tools)} if task.tools else {}), answers)


def compared(pair: Task, first: Verdict, second: Verdict) -> Outcome:
    """Return what the verdicts on a pair in both orders come to."""
    verdicts = (first, second)
    if any(verdict.value is None for verdict in verdicts):
        return Outcome(pair, None, "malformed", verdicts)
    if first.winner != second.winner:
        return Outcome(pair, None, "order decides", verdicts)
    return Outcome(pair, first.winner, "tie" if first.winner is None else "decided", verdicts)


def by_ratings(pair: Task, ratings: Mapping[str, Verdict]) -> Outcome | None:
    """Return what the ratings of a pair's answers come to; None where one of them is not rated yet."""
    names = [part(pair, (answer,)).id for answer in pair.answers]
    if not all(name in ratings for name in names):
        return None
    verdicts = tuple(ratings[name] for name in names)
    means = [verdict.value.mean for verdict in verdicts if isinstance(verdict.value, Rating)]
    if len(means) < 2:
        return Outcome(pair, None, "malformed", verdicts)
    if means[0] == means[1]:
        return Outcome(pair, None, "tie", verdicts)
    return Outcome(pair, int(means[1] > means[0]), "decided", verdicts)


def revised(single: Task, verdict: Verdict) -> Task | None:
    """Return a task of an answer and its revision; None where no rule is broken, or the revision says the same."""
    value, answer = verdict.value, single.answers[0]
    if not isinstance(value, Revision) or not value.broken or not value.revision.strip():
        return None
    if normalised(value.revision) == normalised(answer.text):
        return None
    revision = CandidateAnswer(text=value.revision.strip(), models=(f"revision by {verdict.judge.name}",))
    return part(single, (answer, revision))


def units(mode: Mode, tasks: Iterable[Task]) -> list[Task]:
    """Return what a judge is asked of first in a mode: pairs to compare, single answers to rate or to revise."""
    return pairs(tasks) if mode == "compare" else singles(tasks)
