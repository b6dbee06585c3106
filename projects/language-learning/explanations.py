"""How errors are explained: one typed line each, in the language of the request.

explained(error, "de", "en")    -> 'AUX habe → bin: "fahren" forms the perfect with "sein".'
correction(faulty, "de", "en")  -> the corrected sentence, and the numbered lines
"""

import re

from .errors import Error, Faulty
from .lexicon import rules

CORRECT = {"en": "Correct as it is.", "de": "Alles richtig."}
IS_CORRECT = re.compile(r"(correct as it is|alles richtig)\.?", re.IGNORECASE)
LINE = re.compile(r"(?:\d+[.)]\s*)?([A-Z][A-Z0-9]+) (.+?) (?:→|->) (.+?):(?: (.*))?")
LONGEST_LINE = 400


def explained(error: Error, language: str, asked: str) -> str:
    """Return an error's line: label, what was written → what is right, the rule."""
    return f"{error.label} {error.wrong} → {error.right}: {rule_of(error, language, asked)}"


def rule_of(error: Error, language: str, asked: str) -> str:
    """Return the rule that explains an error, a sentence with a full stop."""
    terms = rules()["terms"][asked]
    slots = {key: terms[value] if key in ("case", "gender") else value for key, value in error.slots.items()}
    return rules()[language][error.label][error.rule][asked].format(**slots)


def name_of(label: str, language: str, asked: str) -> str:
    """Return what a label is called."""
    return rules()["names"][language][label][asked]


def correction(faulty: Faulty, language: str, asked: str) -> str:
    """Return the tutor's answer: the corrected sentence and a numbered line for each error, or that it is correct."""
    if not faulty.errors:
        return CORRECT[asked]
    lines = [f"{number}. {explained(error, language, asked)}" for number, error in enumerate(faulty.errors, start=1)]
    return "\n".join([faulty.sentence.text, *lines])


def read_line(line: str) -> tuple[str, str, str] | None:
    """Return label, wrong and right of an explanation's line, None for any other line."""
    match = LINE.fullmatch(line.strip()[:LONGEST_LINE])
    return (match[1], match[2], match[3]) if match else None
