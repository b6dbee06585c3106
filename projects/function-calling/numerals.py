"""Numbers as each language writes them: decimal marks, grouping, number words, counted nouns, percentages, lists.

    written(Decimal("1250.5"), "de")   -> "1.250,5"
    counted(5, "minutes", "ar")        -> "5 دقائق"

Every phrase is written from its value and never parsed back.

Not covered: Arabic number words (they agree with their noun in gender and case), ordinals.
"""

import random
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("en", "de", "fr", "es", "tr", "ar")
DATA = Path(__file__).parent / "data"
# Decimal mark and mark between thousands.
MARKS = {"en": ".,", "de": ",.", "fr": ", ", "es": ",.", "tr": ",.", "ar": ".,"}
WORDS = {
    "en": ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    "de": ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    "fr": ("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    "es": ("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    "tr": ("iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on", "on bir", "on iki"),
}
AND = {"en": " and ", "de": " und ", "fr": " et ", "es": " y ", "tr": " ve ", "ar": " و"}
PERCENT = {
    "en": ("{n}%", "{n} percent"), "de": ("{n} %", "{n} Prozent"), "fr": ("{n} %", "{n} pour cent"),
    "es": ("{n} %", "{n} por ciento"), "tr": ("%{n}", "yüzde {n}"), "ar": ("{n}%", "{n} في المئة"),
}  # fmt: skip
QUOTES = {"en": "“{}”", "de": "„{}“", "fr": "« {} »", "es": "«{}»", "tr": "“{}”", "ar": "«{}»"}
EASTERN = str.maketrans("0123456789.,", "٠١٢٣٤٥٦٧٨٩٫٬")


@cache
def data(name: str) -> dict:
    """Return the content of data/<name>.yaml."""
    return yaml.load((DATA / f"{name}.yaml").read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def written(value: Decimal | int, language: str, grouped: bool = True) -> str:
    """Return a number with the language's decimal mark and, from 1,000 on, its mark between thousands."""
    mark, group = MARKS[language]
    text = f"{Decimal(value):,f}" if grouped else f"{Decimal(value):f}"
    return text.replace(",", "\0").replace(".", mark).replace("\0", group)


def spelled(rng: random.Random, value: Decimal | int, language: str, words: bool = True) -> str:
    """Return a number as a person writes it: a word from two to twelve, with its thousands grouped or not."""
    is_word = words and language in WORDS and value == int(value) and 2 <= value <= 12
    if is_word and rng.random() < 0.5:
        return WORDS[language][int(value) - 2]
    return written(value, language, grouped=rng.random() < 0.5)


def eastern(phrase: str) -> str:
    """Return an Arabic phrase with Eastern Arabic digits: 3.5 -> ٣٫٥."""
    return phrase.translate(EASTERN)


def percentage(rng: random.Random, value: Decimal | int, language: str) -> str:
    """Return a percentage."""
    return rng.choice(PERCENT[language]).format(n=written(value, language))


def noun_of(value: Decimal | int, noun: str, language: str) -> str:
    """Return the form of a counted noun that stands behind a number."""
    forms = data("nouns")[noun][language]
    if language != "ar":
        return forms[0] if value == 1 or len(forms) == 1 else forms[1]
    if value != int(value):
        return forms[3]
    rest = int(value) % 100
    return forms[2] if 3 <= rest <= 10 else forms[3] if rest > 10 else forms[0]


def counted(rng: random.Random, value: Decimal | int, noun: str, language: str) -> str:
    """Return a number with its noun: "five minutes", "5 Minuten", "دقيقتين"."""
    if language == "ar" and value == 2:
        return data("nouns")[noun]["ar"][1]
    return f"{spelled(rng, value, language)} {noun_of(value, noun, language)}"


def dative(phrase: str) -> str:
    """Return a German plural in the dative: "5 Jahre" -> "5 Jahren"."""
    return phrase if phrase.endswith("n") else f"{phrase}n"


def joined(phrases: list[str], language: str) -> str:
    """Return phrases as a list with the language's "and" before the last one, in Arabic before each but the first."""
    if language == "ar":
        return AND[language].join(phrases)
    if language == "es" and phrases[-1].lower().startswith(("i", "hi")):
        return f"{', '.join(phrases[:-1])} e {phrases[-1]}"
    return ", ".join(phrases[:-1]) + AND[language] + phrases[-1]


def quoted(text: str, language: str) -> str:
    """Return a text in the language's quotation marks."""
    return QUOTES[language].format(text)
