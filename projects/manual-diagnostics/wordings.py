"""The words around a problem: a lead, what is asked (data/questions.yaml), a closing; together a wording.

A wording is a group key of its own: a held-out row has a held-out family and a held-out wording.
"""

import random
from functools import cache
from pathlib import Path

import yaml

from gretchen.projects.drawing import pick_wording

SYSTEM = {
    "en": 'Use the manual alone, cite it like [§1.2]. One measurement a turn, at the end "Diagnosis: part."',
    "de": 'Nur nach Handbuch, Abschnitte so: [§1.2]. Eine Messung je Antwort, am Ende "Diagnose: Teil."',
}
LEADS = {
    "en": ("", "I am on site. ", "Hello. ", "Service call. ", "Short question. ", "I am at the machine. "),
    "de": ("", "Bin vor Ort. ", "Hallo. ", "Serviceeinsatz. ", "Kurze Frage. ", "Ich stehe am Gerät. "),
}
CLOSINGS = {
    "en": ("", " Thanks."),
    "de": ("", " Danke."),
}


@cache
def questions() -> dict[str, dict[str, list[str]]]:
    """Return what is asked, by kind of question and language."""
    return yaml.safe_load((Path(__file__).parent / "data" / "questions.yaml").read_text(encoding="utf-8"))


@cache
def wordings(question: str, language: str) -> tuple[str, ...]:
    """Return every wording of a kind of question."""
    return tuple(
        f"{lead}{asked}{closing}"
        for lead in LEADS[language]
        for asked in questions()[question][language]
        for closing in CLOSINGS[language]
    )


def pick(rng: random.Random, question: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of a split, and its group key."""
    return pick_wording(rng, f"{question}/{language}", wordings(question, language), split)
