"""The words around a problem: an introduction, what is asked (data/questions.yaml), a closing; together a wording.

A wording is a group key of its own: a held-out row has a held-out domain and a held-out wording.
"""

import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gretchen.projects.drawing import pick_wording

SYSTEM = {
    "en": "You write and check event logs. Answer with what is asked for alone. Traces are written a>b>c.",
    "de": "Du schreibst und prüfst Ereignislogs. Antworte nur mit dem Verlangten. Abläufe schreibst du a>b>c.",
}
LEGEND = {
    "en": "Trees: -> sequence, X choice, + any order, * do and redo, O one or several, tau nothing.",
    "de": "Bäume: -> Folge, X Auswahl, + beliebige Reihenfolge, * tun und wiederholen, O mindestens eins, tau nichts.",
}
INTRODUCTIONS = {
    "en": (
        "The process of {name}:", "This is how {name} runs.", "Take the process of {name}.",
        "Here is the process of {name}:", "How {name} is handled:", "We look at {name}.",
    ),
    "de": (
        "Der Ablauf {name}:", "So sieht der Ablauf {name} aus.", "Nimm den Ablauf {name}.",
        "Hier ist der Ablauf {name}:", "Wie der Ablauf {name} aussieht:", "Es geht um den Ablauf {name}.",
    ),
}  # fmt: skip
LOG_INTRODUCTIONS = {
    "en": (
        "A log of {name}:", "This log is of {name}.", "Take this log of {name}.", "Here is a log of {name}:",
        "What was logged of {name}:", "We look at a log of {name}.",
    ),
    "de": (
        "Ein Log {name}:", "Dies ist das Log {name}.", "Nimm dieses Log {name}.", "Hier ist ein Log {name}:",
        "Was im Log {name} steht:", "Es geht um ein Log {name}.",
    ),
}  # fmt: skip
CLOSINGS = {
    "en": ("", " No explanation.", " Nothing else."),
    "de": ("", " Keine Erklärung.", " Sonst nichts."),
}
ABOUT_LOGS = ("log-variants", "dfg", "describe")
SPOILING = {
    "missing": {"en": "leave out one event", "de": "lass ein Ereignis weg"},
    "extra": {"en": "do one event twice in a row", "de": "mach ein Ereignis zweimal hintereinander"},
    "moved": {"en": "exchange two neighbouring events", "de": "vertausche zwei benachbarte Ereignisse"},
}


@cache
def questions() -> dict[str, dict[str, list[str]]]:
    """Return what is asked, by form and language."""
    return yaml.safe_load((Path(__file__).parent / "data" / "questions.yaml").read_text(encoding="utf-8"))


@cache
def wordings(form: str, language: str) -> tuple[str, ...]:
    """Return every wording of a form: {body} stands between the introduction and what is asked."""
    introductions = LOG_INTRODUCTIONS if form in ABOUT_LOGS else INTRODUCTIONS
    return tuple(
        f"{introduction}\n{{body}}\n{asked}{closing}"
        for introduction in introductions[language]
        for asked in questions()[form][language]
        for closing in CLOSINGS[language]
    )


def pick(rng: random.Random, form: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of a split, and its group key."""
    return pick_wording(rng, f"{form}/{language}", wordings(form, language), split)


def system_message(body: str, language: str) -> dict[str, Any]:  # a chat message
    """Return the system message; where the question shows a tree, it says what the signs mean."""
    is_tree = body.startswith(("->(", "X(", "+(", "*(", "O("))
    return {"role": "system", "content": f"{SYSTEM[language]} {LEGEND[language]}" if is_tree else SYSTEM[language]}
