"""The questions' wordings: opening × core × closing, numbered per form and language, and the system messages.

A wording is a group of its own ('wording:<form>/<language>/<number>'), so that held-out questions are held out by
wording as well as by contract. The system message says the form of the answer; it is the same in all splits.
"""

import random
from functools import cache
from pathlib import Path

import yaml

from gretchen.projects.drawing import pick_wording


@cache
def _file() -> dict[str, dict]:
    """Return data/questions.yaml."""
    return yaml.safe_load((Path(__file__).parent / "data" / "questions.yaml").read_text(encoding="utf-8"))


@cache
def wordings(form: str, language: str) -> tuple[str, ...]:
    """Return every wording of a form; `{body}` stands in the middle or at the end."""
    file = _file()
    return tuple(
        f"{opening}{core}{closing}\n\n{{body}}"
        for core in file["cores"][form][language]
        for opening in file["openings"][language]
        for closing in file["closings"][language]
    )


def pick(rng: random.Random, form: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of a split, and its group key."""
    return pick_wording(rng, f"{form}/{language}", wordings(form, language), split)


def system_message(form: str, language: str, code: str = "") -> dict[str, str]:
    """Return the system message, which says how to answer; `code` is the language of an answer in code."""
    file = _file()
    return {"role": "system", "content": file["systems"][file["system_of"][form]][language].format(code=code)}


def task_line(form: str, language: str, slots: dict[str, str]) -> str:
    """Return the line that names a task in a document."""
    word = {"en": "Task", "de": "Aufgabe"}[language]
    return f"{word}: {_file()['lines'][form][language].format(**slots)}"
