"""Kinds of parameters: the JSON schema, how a value is drawn, how each language says it.

    value = MINUTES.draw(rng, "de", now)     -> Value(argument=20, phrase="zwanzig Minuten", bare="zwanzig Minuten")

`argument` is what the call must hold, `phrase` how a request says it, `bare` how it stands alone as an answer.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from .moments import date_phrase, day_phrase, time_phrase
from .numerals import LANGUAGES, counted, data, joined, percentage, quoted, spelled


@dataclass(frozen=True)
class Value:
    """A drawn value: the call's argument, the phrase for it in a request, and the phrase alone."""

    argument: Any
    phrase: str
    bare: str


Draw = Callable[[random.Random, str, datetime], Value]


@dataclass(frozen=True)
class Kind:
    """A kind of parameter; `asks` names the question for it in questions.yaml, "" where none is asked."""

    schema: dict[str, Any]
    draw: Draw
    asks: str = ""


def _value(argument: Any, phrase: str, bare: str = "") -> Value:
    """Return a value that stands alone as it stands in a request, unless `bare` differs."""
    return Value(argument, phrase, bare or phrase)


def plain(number: Decimal | int) -> int | float:
    """Return a number as JSON has it: an integer where it is whole."""
    return int(number) if number == int(number) else float(number)


def number(low: int, high: int, decimals: int = 1, words: bool = False) -> Kind:
    """Return a kind of number: every other one whole; with three decimals, none is."""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        value = Decimal(rng.randint(low, high))
        if decimals == 3:
            value += Decimal(rng.randrange(1, 1000, 2)) / 1000
        elif decimals and rng.random() < 0.5:
            value += Decimal(rng.choice((50, 25, 75))) / 100
        return _value(plain(value), spelled(rng, value, language, words))

    return Kind({"type": "number"}, draw)


def integer(low: int, high: int, words: bool = False) -> Kind:
    """Return a kind of whole number."""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        value = rng.randint(low, high)
        return _value(value, spelled(rng, value, language, words))

    return Kind({"type": "integer"}, draw)


def noun(name: str, low: int, high: int, step: int = 1, decimals: bool = False) -> Kind:
    """Return a kind of counted number: minutes, people …"""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        value = Decimal(rng.randrange(low, high + 1, step))
        if decimals and rng.random() < 0.5:
            value += Decimal("0.5")
        return _value(plain(value), counted(rng, value, name, language))

    return Kind({"type": "number" if decimals else "integer"}, draw, name if name in data("questions") else "")


def percent(low: int, high: int) -> Kind:
    """Return a kind of percentage, whole or with a half."""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        value = Decimal(rng.randint(low, high)) + (Decimal("0.5") if rng.random() < 0.2 else 0)
        return _value(plain(value), percentage(rng, value, language))

    return Kind({"type": "number"}, draw, "percent")


def _share(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a whole percentage in tens."""
    value = rng.randrange(10, 100, 10)
    return _value(value, percentage(rng, value, language))


def amount(low: int, high: int, step: int = 1) -> Kind:
    """Return a kind of money amount, in full or with two decimals; a step above 1 gives round ones alone."""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        value = Decimal(rng.randrange(low, high, step))
        if step == 1 and rng.random() < 0.4:
            value += Decimal(rng.choice(("0.50", "0.90", "0.25", "0.95")))
        return _value(plain(value), spelled(rng, value, language, words=False))

    return Kind({"type": "number"}, draw)


def enum(name: str) -> Kind:
    """Return a kind of enumeration, its words in words.yaml."""
    words = {str(key): text.split(" | ") for key, text in data("words")[name].items()}

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        key = rng.choice(list(words))
        return _value(key, words[key][LANGUAGES.index(language)])

    asks = name if name in data("questions") else ""
    return Kind({"type": "string", "enum": list(words)}, draw, asks)


def _tongue(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a language to translate into: another than the request's own."""
    value = TONGUES.draw(rng, language, now)
    return value if value.argument != OWN_TONGUE[language] else _tongue(rng, language, now)


def flag(name: str) -> Kind:
    """Return a kind that is true where the request says so."""
    words = data("words")[name][True].split(" | ")
    return Kind({"type": "boolean"}, lambda rng, language, now: _value(True, words[LANGUAGES.index(language)]))


def text(name: str, asks: str = "", in_quotes: bool = True) -> Kind:
    """Return a kind of text that is passed on as it stands in the request."""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        texts = data("texts")[name]
        chosen = rng.choice(texts if isinstance(texts, list) else texts.get(language, texts["en"]))
        return _value(chosen, quoted(chosen, language) if in_quotes else chosen)

    return Kind({"type": "string"}, draw, asks)


def several(kind: Kind, low: int = 2, high: int = 3) -> Kind:
    """Return a kind of list of different values."""

    def draw(rng: random.Random, language: str, now: datetime) -> Value:
        values: dict[str, Value] = {}
        count = rng.randint(low, high)
        while len(values) < count:
            value = kind.draw(rng, language, now)
            values.setdefault(str(value.argument), value)
        phrase = joined([value.phrase for value in values.values()], language)
        return _value([value.argument for value in values.values()], phrase)

    return Kind({"type": "array", "items": kind.schema}, draw)


def _city(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a city: the call has its English name."""
    key, words = rng.choice(list(data("words")["city"].items()))
    return _value(key, words.split(" | ")[LANGUAGES.index(language)])


def _date(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a date with its year."""
    day = (now + timedelta(days=rng.randint(10, 400))).date()
    return _value(day.isoformat(), date_phrase(rng, day, language))


def _near(rng: random.Random, now: datetime) -> datetime:
    """Return a day within four months, every other time within six days."""
    return now + timedelta(days=rng.randint(0, 6) if rng.random() < 0.5 else rng.randint(7, 120))


def _day(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a day, as seen from now."""
    day = _near(rng, now).date()
    return _value(day.isoformat(), day_phrase(rng, day, now.date(), language)[0])


def _clock(rng: random.Random) -> tuple[int, int]:
    """Return hour and minute of a time of day."""
    return rng.randint(6, 21), rng.choice((0, 15, 30, 30, 45, rng.randrange(0, 60, 5)))


def _time(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a time of day."""
    hour, minute = _clock(rng)
    phrase, bare = time_phrase(rng, hour, minute, language)
    return Value(f"{hour:02}:{minute:02}", phrase, phrase)


def _when(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a day with a time."""
    day, (hour, minute) = (_near(rng, now) + timedelta(days=1)).date(), _clock(rng)
    (on, alone), (at, clock) = day_phrase(rng, day, now.date(), language), time_phrase(rng, hour, minute, language)
    bare = f"{alone} saat {clock.replace(':', '.')}" if language == "tr" else f"{on} {at}"
    return Value(f"{day.isoformat()}T{hour:02}:{minute:02}", f"{on} {at}", bare)


def _code(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a booking code of capitals and digits."""
    code = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(2)) + str(rng.randint(100, 9999))
    return _value(code, code)


def _contact(rng: random.Random, language: str, now: datetime) -> Value:
    """Return a contact: an object of name and phone number."""
    name, phone = PERSON.draw(rng, language, now).argument, f"0{rng.randint(151, 179)} {rng.randint(100000, 999999)}"
    return _value({"name": name, "phone": phone}, f"{name}{'،' if language == 'ar' else ','} {phone}")


NUMBER = number(2, 950)
AMOUNT, CAPITAL = amount(12, 980), amount(1000, 90000, 500)
PERCENT, RATE, TIP = percent(2, 60), percent(2, 9), percent(3, 25)
SHARE = Kind({"type": "integer"}, _share, "percent")
MINUTES = noun("minutes", 2, 90)
CITY = Kind({"type": "string", "description": "English name"}, _city, "city")
ORIGIN = Kind(CITY.schema, _city, "origin")
PERSON = text("person", "person", in_quotes=False)
DATE = Kind({"type": "string", "description": "YYYY-MM-DD"}, _date)
DAY = Kind({"type": "string", "description": "YYYY-MM-DD"}, _day, "day")
TIME = Kind({"type": "string", "description": "HH:MM"}, _time, "time")
WHEN = Kind({"type": "string", "description": "YYYY-MM-DDTHH:MM"}, _when, "when")
CODE = Kind({"type": "string"}, _code, "code")
CONTACT = Kind(
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "phone": {"type": "string"}},
        "required": ["name", "phone"],
    },
    _contact,
)
TONGUES = enum("tongue")
OWN_TONGUE = dict(zip(LANGUAGES, ("english", "german", "french", "spanish", "turkish", "arabic"), strict=True))
TONGUE = Kind(TONGUES.schema, _tongue, TONGUES.asks)
TITLE, SONG, NAME, WORD = text("title"), text("song"), text("name"), text("word")
SENTENCE, FILE = text("sentence"), text("file", in_quotes=False)
