"""What the student's first message looks like: introduction, code or story, statement, ending; together a wording.

A wording is a group key of its own: a held-out row has a held-out function or story, and a held-out wording.
"""

import random
from functools import cache
from typing import Any

from gretchen.projects.drawing import pick_wording

from .moves import wording_file

SYSTEM = {
    "en": "You are a Socratic tutor. Ask one guiding question; never give the answer away.",
    "de": "Du bist ein sokratischer Tutor. Stell eine Frage, die weiterhilft, und verrate nie die Lösung.",
}
ENDINGS = {
    "why": {"en": ("", " Right?", " Or is it not?"), "de": ("", " Oder?", " Stimmt doch, oder?")},
    "recap": {"en": ("", " I am happy.", " That took a while."), "de": ("", " Ich bin froh.", " Das hat gedauert.")},
    "off-topic": {"en": ("", " Well?", " I would rather talk about that."),
                  "de": ("", " Na?", " Darüber rede ich lieber.")},
    "tell-me": {"en": ("", " Please!", " It is due today."), "de": ("", " Bitte!", " Das muss heute fertig sein.")},
}  # fmt: skip
ENDINGS["counterexample"] = ENDINGS["why"]
BODY = {
    "code": "{introduction}\n```\n{{body}}\n```\n{statement}{ending}",
    "math": "{introduction} {{story}}\n{statement}{ending}",
}


@cache
def wordings(subject: str, form: str, language: str) -> tuple[str, ...]:
    """Return every wording of a form."""
    file = wording_file("student")[subject]
    endings = ENDINGS.get(form, {}).get(language) or file["endings"][language]
    return tuple(
        BODY[subject].format(introduction=introduction, statement=statement, ending=ending)
        for introduction in file["introductions"][language]
        for statement in file["statements"][form][language]
        for ending in endings
    )


def pick(rng: random.Random, subject: str, form: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of a split, and its group key."""
    return pick_wording(rng, f"{subject}/{form}/{language}", wordings(subject, form, language), split)


def system_message(language: str) -> dict[str, Any]:  # a chat message
    """Return the system message."""
    return {"role": "system", "content": SYSTEM[language]}


def numbered(code: str) -> str:
    """Return code with line numbers."""
    return "\n".join(f"{number} {line}" for number, line in enumerate(code.split("\n"), start=1))
