"""What the label page says, in English and German.

texts("de").submit          "Absenden"
language_of("de-AT,de;q=0.9,en;q=0.8")      "de"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gretchen.feedback.labels import Flag, Scale

Language = Literal["en", "de"]


@dataclass(frozen=True)
class Texts:
    """All texts of the page in one language; braces are filled in by `str.format`."""

    heading: str
    name: str
    name_hint: str
    name_missing: str
    start: str
    progress: str
    sampling: str
    sampling_failed: str
    waiting: str
    done: str
    no_tasks: str
    question: str
    answer: str
    rank: str
    good: str
    is_good: str
    is_bad: str
    flags: str
    scales: str
    low_high: str
    submit: str
    back: str
    saved: str
    unranked: str
    scale_next: str
    keys: str
    agreement: str
    agreement_hint: str
    agreement_none: str
    agreement_columns: tuple[str, str, str, str]
    ranking: str
    export: str
    exported: str
    close: str
    roles: Mapping[str, str]
    flag_names: Mapping[Flag, str]
    scale_names: Mapping[Scale, str]

    def name_of(self, question: str) -> str:
        """Return the name of what an agreement is about; a judge's is its own."""
        names = {"ranking": self.ranking, "good": self.good, **self.flag_names, **self.scale_names}
        return names.get(question, question)


EN = Texts(
    heading="Label",
    name="Your name",
    name_hint="The exported file holds a pseudonym instead.",
    name_missing="Please type your name, at most 60 characters.",
    start="Start",
    progress="{judged} judged, {left} left for you",
    sampling="the models answer: {done} of {of} questions",
    sampling_failed="the models stopped answering: {problem}",
    waiting="The models are still answering. The next question appears here.",
    done="Thank you, nothing is left for you.",
    no_tasks="There is nothing to judge: no question got two different answers.",
    question="Question",
    answer="Answer {letter}",
    rank="Rank",
    good="Will do",
    is_good="yes",
    is_bad="no",
    flags="Problems",
    scales="Scales",
    low_high="1 low, 5 high; leave out what does not apply",
    submit="Submit",
    back="Back",
    saved="saved",
    unranked="Give every answer a rank; equal ranks are a tie.",
    scale_next="{scale} of answer {letter}: 1 to 5, Esc cancels",
    keys="Keys: A to {last} choose an answer, digits rank it (1 is the best), + and − say whether it will do, the "
    "letter of a problem marks it, the letter of a scale and then a digit rate it. Ctrl+Enter submits, R goes back.",
    agreement="Agreement",
    agreement_hint="Krippendorff's alpha: 1 is full agreement, 0 is chance, below 0 is worse than chance. Below 0.667 "
    "not even cautious conclusions are usual.",
    agreement_none="— all the same",
    agreement_columns=("", "alpha", "units", "raters"),
    ranking="Ranking, in pairs",
    export="Export",
    exported="{count} labels are in {file}",
    close="Close",
    roles={"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"},
    flag_names={
        "spam": "Spam",
        "no_answer": "Does not answer",
        "wrong_language": "Not in the language",
        "inappropriate": "Inappropriate",
        "personal_data": "Personal data",
        "hate": "Hate",
        "sexual": "Sexual content",
    },
    scale_names={
        "quality": "Quality",
        "helpful": "Helpful",
        "creative": "Creative",
        "humorous": "Humorous",
        "polite": "Polite",
        "harmless": "Harmless",
    },
)
DE = Texts(
    heading="Bewerten",
    name="Dein Name",
    name_hint="In der exportierten Datei steht stattdessen ein Pseudonym.",
    name_missing="Bitte gib deinen Namen ein, höchstens 60 Zeichen.",
    start="Los",
    progress="{judged} bewertet, {left} für dich übrig",
    sampling="die Modelle antworten: {done} von {of} Fragen",
    sampling_failed="die Modelle antworten nicht mehr: {problem}",
    waiting="Die Modelle antworten noch. Die nächste Frage erscheint hier.",
    done="Danke, für dich ist nichts mehr übrig.",
    no_tasks="Es gibt nichts zu bewerten: Keine Frage hat zwei verschiedene Antworten.",
    question="Frage",
    answer="Antwort {letter}",
    rank="Rang",
    good="Brauchbar",
    is_good="ja",
    is_bad="nein",
    flags="Probleme",
    scales="Skalen",
    low_high="1 niedrig, 5 hoch; lass weg, was nicht passt",
    submit="Absenden",
    back="Zurück",
    saved="gespeichert",
    unranked="Gib jeder Antwort einen Rang; gleiche Ränge sind ein Gleichstand.",
    scale_next="{scale} von Antwort {letter}: 1 bis 5, Esc bricht ab",
    keys="Tasten: A bis {last} wählen eine Antwort, Ziffern geben ihr den Rang (1 ist die beste), + und − sagen, ob "
    "sie brauchbar ist, der Buchstabe eines Problems markiert es, der Buchstabe einer Skala und dann eine Ziffer "
    "bewertet. Strg+Enter sendet ab, R geht zurück.",
    agreement="Übereinstimmung",
    agreement_hint="Krippendorffs Alpha: 1 ist volle Übereinstimmung, 0 ist Zufall, unter 0 schlechter als Zufall. "
    "Unter 0,667 sind auch vorsichtige Schlüsse nicht üblich.",
    agreement_none="— alle gleich",
    agreement_columns=("", "Alpha", "Einheiten", "Personen"),
    ranking="Reihenfolge, paarweise",
    export="Exportieren",
    exported="{count} Bewertungen stehen in {file}",
    close="Schließen",
    roles={"system": "System", "user": "Nutzer", "assistant": "Assistent", "tool": "Werkzeug"},
    flag_names={
        "spam": "Spam",
        "no_answer": "Antwortet nicht",
        "wrong_language": "Falsche Sprache",
        "inappropriate": "Unangemessen",
        "personal_data": "Persönliche Daten",
        "hate": "Hass",
        "sexual": "Sexueller Inhalt",
    },
    scale_names={
        "quality": "Qualität",
        "helpful": "Hilfreich",
        "creative": "Kreativ",
        "humorous": "Humorvoll",
        "polite": "Höflich",
        "harmless": "Harmlos",
    },
)
TEXTS: dict[Language, Texts] = {"en": EN, "de": DE}
LANGUAGES: dict[Language, str] = {"en": "English", "de": "Deutsch"}


def texts(language: Language) -> Texts:
    """Return the page's texts in a language."""
    return TEXTS[language]


def language_of(accepted: str) -> Language:
    """Return the first of our languages in an Accept-Language header, English where it names none."""
    for part in accepted.lower().split(","):
        if (code := part.strip()[:2]) in TEXTS:
            return code
    return "en"
