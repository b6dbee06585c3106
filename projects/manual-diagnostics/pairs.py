"""Pairs: a right turn of a dialogue, or a right answer, against one with a single fault (faults.py).

    draw_pair(rng, problem)     -> Pair(turns before, the right turn, a faulty one, "repeated"), or None

A faulty turn is a pair only if it costs something: the dialogue is played on from it, and scored.
"""

import random
from dataclasses import dataclass

from . import loop
from .evaluation import score
from .faults import MAKERS, Moment, Turns
from .problems import Problem

TRIES = 8
FAULTS_OF = {
    "question": (
        "repeated", "repeated", "uninformative", "uninformative", "early", "several", "section", "invented", "language",
    ),
    "conclusion": ("part", "part", "part", "late", "section", "invented", "language"),
    "contradiction": ("believed", "believed", "section"),
    "vague": ("believed", "believed", "section"),
    "lookup": ("content", "content", "section", "silent"),
    "tolerance": ("content", "content", "section", "silent"),
    "safety": ("content", "content", "section", "silent"),
    "repair": ("order",),
    "cite": ("section", "section", "everything"),
    "absent": ("made-up", "made-up", "made-up", "language"),
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """The turns before, the right turn, a faulty one, and what is wrong with it."""

    before: Turns
    chosen: str
    rejected: str
    fault: str


def draw_pair(rng: random.Random, problem: Problem) -> Pair | None:
    """Return a pair of a problem's turns, None where no fault was found in a few tries."""
    before, chosen = _moment(rng, problem)
    moment = Moment(rng, problem, before, chosen)
    kind = _kind(moment)
    for _ in range(TRIES):
        fault = rng.choice(FAULTS_OF[kind])
        rejected = MAKERS[fault](moment)
        if rejected and rejected != chosen and (fault == "language" or _costs(moment, rejected)):
            return Pair(before, chosen, rejected, fault)
    return None


def _moment(rng: random.Random, problem: Problem) -> tuple[Turns, str]:
    """Return the turns before one of the model's, and that turn: the first one where the form has no dialogue."""
    if problem.form not in ("dialogue", "symptom"):
        return [], problem.answer
    turns = loop.played(problem.meta)
    position = rng.randrange(0, len(turns), 2)
    return turns[:position], turns[position]["content"]


def _kind(moment: Moment) -> str:
    """Return which faults a turn can have: a form's own, or those of questions and conclusions."""
    if moment.problem.form in ("contradiction", "vague") or moment.meta["kind"] != "loop":
        return moment.problem.form
    return "conclusion" if moment.chosen == moment.meta["conclusion"] else "question"


def _costs(moment: Moment, rejected: str) -> bool:
    """Return whether the rejected turn scores worse than the right one, with the greedy technician going on from it."""
    row = {"id": "", "meta": moment.meta, "messages": []}
    right, wrong = (score(_played_on(moment, text), row) for text in (moment.chosen, rejected))
    lower = ("diagnosis", "exact", "citation_precision", "citation_recall", "safety_order")
    higher = ("questions", "invented")
    pairs = [(right[name], wrong[name], 1) for name in lower] + [(right[name], wrong[name], -1) for name in higher]
    return any(None not in (a, b) and sign * (a - b) > 0 for a, b, sign in pairs)


def _played_on(moment: Moment, text: str) -> Turns | str:
    """Return the dialogue with a turn in it, or the turn alone."""
    if moment.meta["kind"] != "loop":
        return text
    return loop.played(moment.meta, [*moment.before, {"role": "assistant", "content": text}])
