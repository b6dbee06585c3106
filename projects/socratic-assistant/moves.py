"""Moves of a tutor: the next question, by which words it is known, what it must not say, and the student's reply.

    moves = code_plan(bug, "predict", "en", rng)      code_moves.py, math_moves.py
    moves[0].questions                                every way to ask it that is known

Wordings are in data/tutor.yaml (the tutor's) and data/student.yaml (the student's).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ORDINALS = {
    "en": ("first", "second", "third", "fourth", "fifth"),
    "de": ("ersten", "zweiten", "dritten", "vierten", "fünften"),
}
COARSER = {"start": "variable", "choice": "branch"}
OPENED, OPENED_SHARE = ("trace", "expected"), 0.3  # forms whose question may stand behind an opening sentence
NOMINATIVE = ("erste", "zweite", "dritte", "vierte", "fünfte")


@dataclass(frozen=True)
class Secret:
    """What the tutor must not say at a move; "" and 0 where there is nothing left to keep."""

    values: tuple[str, ...] = ()  # numbers and texts that the student has yet to find
    line: int = 0  # the faulty line
    code: str = ""  # what the student sees
    fixed: str = ""  # the function as it should be
    operands: tuple[str, ...] = ()  # the numbers of the calculation that is next


@dataclass(frozen=True)
class Move:
    """One move, as a row's `meta` holds it."""

    form: str
    questions: tuple[str, ...]
    anchors: tuple[str, ...]  # all of them; each `a|b`, alternatives
    secret: Secret
    reply: str

    def as_json(self) -> dict[str, Any]:  # as JSON has it: lists for tuples
        """Return the move as a row's meta holds it."""
        plain = asdict(self)
        return plain | {
            "questions": list(self.questions),
            "anchors": list(self.anchors),
            "secret": {key: list(v) if isinstance(v, tuple) else v for key, v in plain["secret"].items() if v},
        }


def move_of(plain: Mapping[str, Any]) -> Move:
    """Return a move from a row's meta."""
    secret = {key: tuple(v) if isinstance(v, list) else v for key, v in plain["secret"].items()}
    questions, anchors = tuple(plain["questions"]), tuple(plain["anchors"])
    return Move(plain["form"], questions, anchors, Secret(**secret), plain["reply"])


@cache
def wording_file(name: str) -> Any:  # nested tables of templates
    """Return the templates of data/<name>.yaml."""
    return yaml.safe_load((Path(__file__).parent / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


def questions_of(
    subject: str, form: str, kind: str, language: str, slots: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return (questions, anchors) of a form, with the slots filled."""
    entry = wording_file("tutor")[subject][form]
    entry = entry.get(kind) or entry.get(COARSER.get(kind)) or entry.get("other") or entry[""]
    questions = [template.format(**slots) for template in entry[language]]
    return questions, [anchor.format(**slots) for anchor in entry["anchors"][language]]


def varied(rng: random.Random | None, questions: Sequence[str], form: str, language: str) -> list[str]:
    """Return the questions in random order, some behind a sentence that calms or opens; the first alone without rng."""
    if rng is None:
        return list(questions[:1])
    shuffled = rng.sample(list(questions), len(questions))
    kind = "calming" if form == "tell-me" else "opening" if form in OPENED and rng.random() < OPENED_SHARE else ""
    openings = wording_file("tutor")[kind][language] if kind else ()
    return [f"{rng.choice(openings)} {question}" if kind else question for question in shuffled]
