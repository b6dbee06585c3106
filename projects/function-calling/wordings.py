"""What stands around a request: opening and closing, the system message, questions, refusals, small talk.

Opening × closing is a wording, numbered per language, and a group of its own: held-out rows are held out by wording as
well as by function. `pick_frame` takes one from the split of the row's functions.
"""

import random
import re
from datetime import datetime
from functools import cache

from gretchen.projects.drawing import pick_wording
from gretchen.projects.splits import Split, official_key

from .numerals import data

MARKED = re.compile(r"<([^>]*)>")


def pick_frame(rng: random.Random, language: str, split: Split) -> tuple[str, str]:
    """Return a frame with {request} in it, of that split, and its group key."""
    return pick_wording(rng, f"request/{language}", frames(language), split)


@cache
def frames(language: str) -> tuple[str, ...]:
    """Return every opening of a language with every closing, {request} between them."""
    openings, closings = (data("replies")[name][language] for name in ("openings", "closings"))
    return tuple(f"{opening}{{request}}{closing}" for opening in openings for closing in closings)


def system_message(now: datetime, language: str) -> dict[str, str]:
    """Return the system message, which says the time."""
    weekday = data("replies")["weekdays"][language][now.weekday()]
    text = data("replies")["system"][language].format(now=now.strftime("%Y-%m-%d %H:%M"), weekday=weekday)
    return {"role": "system", "content": text}


def question(asks: str, language: str) -> tuple[str, str]:
    """Return the question for a missing value, and the word that a question must hold to ask for it."""
    marked = data("questions")[asks][language]
    return MARKED.sub(r"\1", marked), MARKED.search(marked)[1].lower()


def refusal(rng: random.Random, language: str, first: bool = False) -> str:
    """Return a sentence that says that no tool fits: one at random, or always the first."""
    refusals = data("replies")["refusals"][language]
    return refusals[0] if first else rng.choice(refusals)


def small_talk(rng: random.Random, language: str, split: Split) -> tuple[str, str, str]:
    """Return a remark that needs no tool, its answer, and a group key; the last remarks are held out."""
    lines = data("replies")["small_talk"][language]
    numbers = {"test": [len(lines) - 1], "validation": [len(lines) - 2], "train": range(len(lines) - 2)}[split]
    number = rng.choice(list(numbers))
    remark, answer = lines[number].split(" | ")
    return remark, answer, official_key(f"talk:{language}/{number}", split)
