"""The questions' wordings: opening x core x closing, numbered per task and language, and the system messages.

A wording is a group of its own ('wording:<task>/<language>/<number>'), so held-out questions are held out by wording as
well as by procedure and municipality. Languages of questions: de, en, easy (easy German); answers are always German.
The system message says the form of the answer; it is the same in all splits.
"""

import random
from functools import cache

from gretchen.projects.drawing import pick_wording

from .questions import CITIZEN

SYSTEM = {
    "plain": "Du schreibst Behördendeutsch in klares Deutsch um: kurze Sätze, Verben, direkte Anrede. "
    "Alle Daten, Beträge, Zeichen, Ämter und Paragrafen bleiben.",
    "easy": "Du schreibst Leichte Sprache: ein Satz pro Zeile, eine Aussage pro Satz, keine Paragrafen. "
    "Daten, Beträge, Zeichen und Ämter bleiben.",
    "official": "Du schreibst amtliches Deutsch für Bescheide: Nominalstil, Passiv, Paragrafen. "
    "Alle Daten, Beträge, Zeichen und Ämter bleiben.",
    "json": "Du liest Bescheide. Antworte nur mit JSON. Daten als JJJJ-MM-TT, Beträge als Zahl in Euro, sonst wie im "
    "Text; null, wenn es nicht im Text steht.",
    "term": "Du erklärst Wörter aus Behördenbriefen in klarem Deutsch und sagst, was der Satz für die Person heißt. "
    "Alle Daten, Beträge, Zeichen, Ämter und Paragrafen bleiben.",
    "public": "Du schreibst Texte in klares Deutsch um: kurze Sätze, einfache Wörter. Was wichtig ist, bleibt.",
    "list": "Du prüfst Unterlagen und Formulare. Nenne jeden Punkt in einer Zeile.",
    "short": "Du antwortest Bürgern in ein, zwei klaren Sätzen auf Deutsch. Nenne nur, was gefragt ist.",
    "short-plain": "Du schreibst Amtsdeutsch in kurze, klare Sätze um: Daten ohne Wochentag, Gesetze abgekürzt.",
    "short-easy": "Du schreibst Leichte Sprache: ein kurzer Satz pro Zeile, keine Paragrafen.",
    "short-json": "Antworte nur mit JSON. Daten als JJJJ-MM-TT, Beträge als Zahl in Euro; null, wenn es fehlt.",
    "remedy-notice": "Du schreibst Rechtsbehelfsbelehrungen für Bescheide: zwei Sätze mit Frist, Stelle und Sitz.",
    "answer": "Du beantwortest Fragen zu Verwaltungsverfahren in klarem Deutsch. Nenne die Gründe mit Paragrafen und "
    "am Ende das Ergebnis. Du gibst keine Rechtsberatung.",
}
OPENINGS = {
    "de": ("", "Guten Morgen. ", "Guten Tag. ", "Hallo. ", "Entschuldigung. ", "Ich brauche Hilfe. "),
    "en": ("", "Please help. ", "Good morning. ", "Hello. ", "A short question. ", "I need help. "),
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
    "short-plain": {"de": (
        "Schreiben Sie diesen Satz kurz und klar.", "Kurz gesagt, in klarem Deutsch:", "Was heißt das, kurz und klar?",
        "Fassen Sie den Satz einfach.",
    )},
    "short-easy": {"de": (
        "Schreiben Sie den Satz in Leichter Sprache.", "Wie heißt das in Leichter Sprache?",
        "Bitte in Leichter Sprache.", "Sagen Sie das in Leichter Sprache.",
    )},
    "short-json": {"de": (
        "Lesen Sie {x} aus.", "Geben Sie diese Werte an: {x}.", "Welche Werte haben {x}?", "JSON mit {x}.",
    )},
    "missing": {
        "de": ("Welche Unterlagen fehlen noch?", "Prüfen Sie, ob alles da ist.", "Was muss noch nachgereicht werden?",
               "Ist der Antrag vollständig belegt?"),
        "en": ("Which papers are still missing?", "Check whether everything is there.", "What has to be handed in?",
               "Is the application complete?"),
        "easy": ("Was fehlt noch?", "Sind alle Papiere da?", "Welche Papiere muss ich noch schicken?",
                 "Was muss ich noch bringen?"),
    },
    "check-form": {
        "de": ("Prüfen Sie dieses Formular.", "Ist das Formular richtig ausgefüllt?", "Was muss hier ergänzt werden?",
               "Was stimmt in diesem Antrag nicht?"),
        "en": ("Check this form.", "Is the form filled in correctly?", "What has to be added or changed?",
               "What is wrong in this application?"),
        "easy": ("Ist mein Formular richtig?", "Was habe ich vergessen?", "Was ist hier falsch?",
                 "Schauen Sie bitte: Fehlt etwas?"),
    },
    "which-office": {
        "de": ("Wer ist zuständig für {x}?", "An wen wende ich mich? Es geht um {x}.", "Welche Stelle hilft bei {x}?",
               "Wo muss ich hin? Thema: {x}."),
        "en": ("Which office is in charge of {x}?", "Who can help me with {x}?", "Where do I have to go for {x}?",
               "Whom do I contact? It is about {x}."),
        "easy": ("Wer hilft mir? Es geht um {x}.", "Wo muss ich hingehen? Es geht um {x}.", "Wen frage ich nach {x}?",
                 "Welches Amt macht {x}?"),
    },
    "term": {
        "de": ("Was bedeutet „{x}“?", "Erklären Sie mir „{x}“ in diesem Satz.", "Was heißt „{x}“ hier?",
               "Ich verstehe „{x}“ nicht."),
        "en": ("What does „{x}“ mean here?", "Please explain „{x}“.", "I do not understand „{x}“.",
               "What is meant by „{x}“ in this sentence?"),
        "easy": ("Was ist „{x}“?", "Das Wort „{x}“ kenne ich nicht.", "Was meint das Amt mit „{x}“?",
                 "Sagen Sie mir: Was heißt „{x}“?"),
    },
    "remedy-notice": {"de": (
        "Schreiben Sie daraus die Rechtsbehelfsbelehrung.", "Formulieren Sie die Rechtsbehelfsbelehrung.",
        "Wie lautet die Belehrung unter dem Bescheid?", "Setzen Sie die Rechtsbehelfsbelehrung auf.",
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
} | {f"citizen-{name}": languages for name, languages in CITIZEN.items()}  # fmt: skip


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
