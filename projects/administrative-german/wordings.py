"""The questions' wordings: opening x core x closing, numbered per task and language, and the system messages.

A wording is a group of its own ('wording:<task>/<language>/<number>'), so held-out questions are held out by wording as
well as by procedure and municipality. Languages of questions: de, en, easy (easy German); answers are always German.
The system message says the form of the answer; it is the same in all splits.
"""

import random
from functools import cache

from gretchen.projects.drawing import pick_wording

SYSTEM = {
    "plain": "Du schreibst Behördendeutsch in klares Deutsch um: kurze Sätze, Verben, direkte Anrede. "
    "Alle Daten, Beträge, Zeichen, Ämter und Paragrafen bleiben.",
    "easy": "Du schreibst Leichte Sprache: ein Satz pro Zeile, eine Aussage pro Satz, keine Paragrafen. "
    "Daten, Beträge, Zeichen und Ämter bleiben.",
    "official": "Du schreibst amtliches Deutsch für Bescheide: Nominalstil, Passiv, Paragrafen. "
    "Alle Daten, Beträge, Zeichen und Ämter bleiben.",
    "json": "Du liest Bescheide. Antworte nur mit JSON. Daten als JJJJ-MM-TT, Beträge als Zahl in Euro, sonst wie im "
    "Text; null, wenn es nicht im Text steht.",
    "answer": "Du beantwortest Fragen zu Verwaltungsverfahren in klarem Deutsch. Nenne die Gründe mit Paragrafen und "
    "am Ende das Ergebnis. Du gibst keine Rechtsberatung.",
}
OPENINGS = {
    "de": ("", "Bitte: ", "Guten Tag. ", "Hallo, ", "Kurze Bitte: ", "Ich brauche Hilfe. "),
    "en": ("", "Please help: ", "Good morning. ", "Hello, ", "A short question. ", "I need help. "),
    "easy": ("", "Bitte helfen Sie mir. ", "Guten Tag. ", "Hallo. ", "Ich habe eine Frage. ", "Ich brauche Hilfe. "),
}
CLOSINGS = {
    "de": ("", " Danke.", " Vielen Dank!", " Bitte genau.", " Nichts weglassen."),
    "en": ("", " Thank you.", " Please answer in German.", " Simple German, please.", " Be exact, please."),
    "easy": ("", " Danke.", " Vielen Dank!", " Bitte einfach schreiben.", " Das ist wichtig für mich."),
}
CORES: dict[str, dict[str, tuple[str, ...]]] = {
    "simplify": {"de": (
        "Schreiben Sie diesen Satz in klarem Deutsch.", "Vereinfachen Sie diesen Satz.",
        "Wie heißt das in verständlichem Deutsch?", "Was bedeutet dieser Satz für mich?",
    )},
    "letter": {"de": (
        "Schreiben Sie diesen Brief in klarem Deutsch.", "Übersetzen Sie dieses Schreiben aus dem Amtsdeutschen.",
        "Machen Sie aus diesem Bescheid einen Brief, den alle verstehen.", "Vereinfachen Sie das ganze Schreiben.",
    )},
    "leichte-sprache": {"de": (
        "Schreiben Sie das in Leichter Sprache.", "Übertragen Sie den Text in Leichte Sprache.",
        "Ich brauche diesen Text in Leichter Sprache.", "Machen Sie daraus Leichte Sprache.",
    )},
    "formalise": {"de": (
        "Formulieren Sie das amtlich.", "Schreiben Sie das als Satz eines Bescheides.",
        "Wie steht das in einem Bescheid?", "Übertragen Sie das in Amtsdeutsch.",
    )},
    "notice": {"de": (
        "Schreiben Sie aus diesen Angaben das Schreiben der Behörde.", "Erstellen Sie den Bescheid zu diesem Fall.",
        "Verfassen Sie dazu ein amtliches Schreiben.", "Setzen Sie aus diesen Angaben ein Schreiben auf.",
    )},
    "facts-json": {"de": (
        "Lesen Sie diese Felder aus: {x}.", "Welche Werte stehen hier für {x}?", "Geben Sie {x} als JSON an.",
        "Extrahieren Sie {x}.",
    )},
    "deadline": {
        "de": ("Wann endet die Frist?", "Was ist der letzte Tag?", "Berechnen Sie den letzten Tag, mit Begründung.",
               "Bis wann läuft das, und warum?"),
        "en": ("When does the deadline end?", "What is the last day?", "Work out the last day, with reasons.",
               "How long do I have, and why?"),
        "easy": ("Wie lange habe ich Zeit?", "Was ist der letzte Tag für mich?", "Bis zu welchem Tag geht das?",
                 "An welchem Tag ist Schluss?"),
    },
    "payment": {
        "de": ("Wie hoch ist der gesuchte Betrag?", "Berechnen Sie den gesuchten Betrag.",
               "Was ist zu zahlen? Bitte mit Rechenweg.", "Welcher Betrag ergibt sich?"),
        "en": ("How much is it?", "Work out the amount that is asked for.", "What has to be paid? Show the steps.",
               "Which amount results?"),
        "easy": ("Wie viel Geld ist das?", "Wie viel muss ich bezahlen?", "Rechnen Sie das bitte für mich aus.",
                 "Was kostet mich das?"),
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
    return pick_wording(rng, f"amt:{task}/{language}", wordings(task, language), split)
