"""The questions' wordings: opening x core x closing, numbered per task and language, and the system messages.

A wording is a group of its own ('wording:<task>/<language>/<number>'), so held-out questions are held out by wording as
well as by company. `pick` takes a wording from the same split as the problem, so that no row is lost to a split that
its groups disagree on. The system message says the form of the answer; it is the same in all splits.
"""

import random
from functools import cache

from gretchen.projects.drawing import pick_wording

SYSTEM = {
    "facts": {
        "en": 'Reply in JSON: {"facts":[{"period","concept","quote","value","unit"}]}.'
        " quote: the line as printed; value in full units; null if not reported.",
        "de": 'Antworte in JSON: {"facts":[{"period","concept","quote","value","unit"}]}.'
        " quote: die Zeile wie gedruckt; value in vollen Einheiten; null, wenn nicht berichtet.",
    },
    "program": {
        "en": 'Reply in JSON: {"quote":[],"program"}.'
        " Steps: add, subtract, multiply, divide, greater; #0 is the first result.",
        "de": 'Antworte in JSON: {"quote":[],"program"}.'
        " Schritte: add, subtract, multiply, divide, greater; #0 ist das erste Ergebnis.",
    },
    "reading": {
        "en": 'Reply in JSON: {"quote":[],"answer":[],"scale"}.'
        ' answer as printed; scale "", thousand, million, billion or percent.',
        "de": 'Antworte in JSON: {"quote":[],"answer":[],"scale"}.'
        ' answer wie gedruckt; scale "", thousand, million, billion oder percent.',
    },
}
OPENINGS = {
    "en": ("", "Hello. ", "From the report: ", "For my notes: ", "Please: ", "Quick question. "),
    "de": ("", "Hallo. ", "Aus dem Bericht: ", "Für meine Notizen: ", "Bitte: ", "Kurze Frage. "),
}
CLOSINGS = {
    "en": ("", " Thanks.", " JSON only.", " Be exact.", " No comment."),
    "de": ("", " Danke.", " Nur JSON.", " Bitte genau.", " Ohne Kommentar."),
}
CORES = {
    "facts": {
        "en": ("Extract {x}.", "Give the facts for {x}.", "What does the report state for {x}?", "Read off {x}."),
        "de": ("Extrahiere {x}.", "Nenne die Fakten zu {x}.", "Was steht im Bericht zu {x}?", "Lies {x} ab."),
    },
    "facts-years": {
        "en": ("Extract {x} for {y}.", "Give the facts for {x} of {y}.", "What does the report state for {x} in {y}?",
               "Read off {x} for {y}."),
        "de": ("Extrahiere {x} für {y}.", "Nenne die Fakten zu {x} von {y}.", "Was steht im Bericht zu {x} für {y}?",
               "Lies {x} für {y} ab."),
    },
    "cell": {
        "en": ("What was {x} in {y}?", "How much was {x} in {y}?", "Quote {x} for {y}.",
               "Find the cell of {x} in {y}."),
        "de": ("Wie hoch war {x} im Jahr {y}?", "Welcher Betrag steht bei {x} im Jahr {y}?", "Zitiere {x} für {y}.",
               "Finde die Zelle zu {x} im Jahr {y}."),
    },
    "program": {
        "en": ("Write the program for {x}.", "Which steps compute {x}?", "Compute {x} as a program.",
               "I need {x} as a program."),
        "de": ("Schreibe das Programm für {x}.", "Welche Schritte berechnen {x}?", "Berechne {x} als Programm.",
               "Ich brauche {x} als Programm."),
    },
    "spans": {
        "en": ("Which items exceed {x} in {y}?", "List the items above {x} in {y}.",
               "Name what is larger than {x} in {y}.", "Which lines of {y} are above {x}?"),
        "de": ("Welche Posten liegen {y} über {x}?", "Nenne die Posten, die {y} über {x} liegen.",
               "Was ist {y} größer als {x}?", "Welche Zeilen übersteigen {y} den Betrag {x}?"),
    },
    "count": {
        "en": ("How many items exceed {x} in {y}?", "Count the items above {x} in {y}.",
               "How many lines of {y} are larger than {x}?", "Give the number of items above {x} in {y}."),
        "de": ("Wie viele Posten liegen {y} über {x}?", "Zähle die Posten, die {y} über {x} liegen.",
               "Wie viele Zeilen übersteigen {y} den Betrag {x}?", "Gib an, wie viele Posten {y} über {x} liegen."),
    },
    "difference": {
        "en": ("What was the change in {x} from {v} to {w}?", "By how much did {x} change from {v} to {w}?",
               "Compute the change in {x} between {v} and {w}.", "Give {x} of {w} less that of {v}."),
        "de": ("Wie hoch war die Änderung von {x} von {v} bis {w}?", "Um wie viel änderte sich {x} von {v} bis {w}?",
               "Berechne die Änderung von {x} zwischen {v} und {w}.", "Nenne {x} von {w} abzüglich {v}."),
    },
    "percent": {
        "en": ("What was the percentage change in {x} from {v} to {w}, to two digits?",
               "By what percentage did {x} change from {v} to {w}? Two digits.",
               "Compute the change in {x} from {v} to {w} in percent, two digits.",
               "Give the growth of {x} from {v} to {w} in percent to two digits."),
        "de": ("Wie hoch war die Änderung von {x} von {v} bis {w} in Prozent, auf zwei Stellen?",
               "Um wie viel Prozent änderte sich {x} von {v} bis {w}? Zwei Stellen.",
               "Berechne die Änderung von {x} von {v} bis {w} in Prozent, zwei Stellen.",
               "Nenne das Wachstum von {x} von {v} bis {w} in Prozent auf zwei Stellen."),
    },
    "broken-sum": {
        "en": ("In which year does {x} not equal its parts?", "One year's {x} does not add up. Which?",
               "Find the year whose {x} is inconsistent.", "Check {x}: in which year is it wrong?"),
        "de": ("In welchem Jahr passt {x} nicht zu seinen Teilen?", "In einem Jahr geht {x} nicht auf. In welchem?",
               "Finde das Jahr, dessen {x} nicht stimmt.", "Prüfe {x}: In welchem Jahr ist es falsch?"),
    },
}  # fmt: skip


@cache
def wordings(task: str, language: str) -> list[str]:
    """All wordings of a task in a language, in a fixed order; a wording's number is its index."""
    return [
        f"{opening}{core}{closing}"
        for core in CORES[task][language]
        for opening in OPENINGS[language]
        for closing in CLOSINGS[language]
    ]


def pick(rng: random.Random, task: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of that split, and its group key."""
    return pick_wording(rng, f"{task}/{language}", wordings(task, language), split)
