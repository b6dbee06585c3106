"""The words around a problem: a greeting, what is asked (data/questions.yaml), a closing; together a wording.

A wording is a group key of its own: a held-out row has held-out lemmas and a held-out wording.
"""

import random
from functools import cache
from typing import Any

from gretchen.projects.drawing import pick_wording

from .errors import LABELS
from .explanations import CORRECT
from .lexicon import questions


@cache
def wordings(form: str, asked: str) -> tuple[str, ...]:
    """Return every wording of a form in the language of the request."""
    words = questions()
    return tuple(
        f"{greeting}{ask}{closing}"
        for greeting in words["greetings"][asked]
        for ask in words["asks"][form][asked]
        for closing in words["closings"][asked]
    )


def pick(rng: random.Random, form: str, asked: str, split: str) -> tuple[str, str]:
    """Return a wording of a split, and its group key."""
    return pick_wording(rng, f"{form}/{asked}", wordings(form, asked), split)


def language_name(language: str, asked: str) -> str:
    """Return what a language is called in another."""
    return questions()["names"][asked][language]


@cache
def system_message(language: str, asked: str, name: str = "system") -> dict[str, Any]:  # a chat message
    """Return a system message of data/questions.yaml; system_plain asks for no explanations."""
    slots = {
        "language": language_name(language, asked),
        "correct": CORRECT[asked],
        "labels": " ".join(LABELS[language]),
    }
    return {"role": "system", "content": questions()[name][asked].format(**slots)}
