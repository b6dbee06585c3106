"""Requests: a function's sentence in a language, filled with drawn values; what is left out is dropped with its words.

    write(rng, FUNCTIONS["set_timer"], "de", now)                  -> "Stell einen Timer auf zwanzig Minuten."
    write(rng, FUNCTIONS["set_timer"], "de", now, {"minutes"})     -> "Stell einen Timer."

A sentence in data/requests/ has its slots in braces; a part in brackets goes where its slot has no value.
"""

import random
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import yaml

from . import devices
from .kinds import Value
from .numerals import DATA, dative, eastern
from .registry import Function

PART = re.compile(r"\[([^\]]*\{(\w+)[^\]]*)\]")
SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True)
class Request:
    """A written request and the call that serves it; `values` are those that the text states."""

    function: Function
    language: str
    text: str
    values: dict[str, Value]

    @property
    def arguments(self) -> dict[str, Any]:
        """The call's arguments, in the order of the schema."""
        return {name: self.values[name].argument for name in self.function.parameters if name in self.values}


@cache
def sentences() -> dict[str, dict[str, Any]]:
    """Return {function: {language: sentence, "then": {language: sentence}}}."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files = sorted((DATA / "requests").glob("*.yaml"))
    written = [yaml.load(file.read_text(encoding="utf-8"), loader) for file in files]
    return {name: texts for part in [*written, devices.sentences()] for name, texts in part.items()}


def droppable(function: Function, language: str) -> list[str]:
    """Return the parameters that a request in a language can leave out."""
    return [match[2] for match in PART.finditer(sentences()[function.name][language])]


def draw_values(rng: random.Random, function: Function, language: str, now: datetime) -> dict[str, Value]:
    """Return a value for each parameter; two parameters of one kind differ."""
    values: dict[str, Value] = {}
    for name, parameter in function.parameters.items():
        taken = [
            values[other].argument
            for other in values
            if function.parameters[other].kind.schema == parameter.kind.schema
        ]
        value = parameter.kind.draw(rng, language, now)
        while value.argument in taken or value.argument == parameter.default:
            value = parameter.kind.draw(rng, language, now)
        values[name] = value
    return values


def write(
    rng: random.Random, function: Function, language: str, now: datetime, omitted: frozenset[str] = frozenset()
) -> Request:
    """Return a request for a function that leaves out some parameters."""
    values = draw_values(rng, function, language, now)
    if language == "ar" and rng.random() < 0.3:
        values = {name: _with_eastern_digits(value) for name, value in values.items()}
    stated = {name: value for name, value in values.items() if name not in omitted}
    return Request(function, language, fill(sentences()[function.name][language], stated, language), stated)


def fill(sentence: str, values: dict[str, Value], language: str) -> str:
    """Return a sentence with the values' phrases, without the parts that have none."""
    kept = PART.sub(lambda part: part[1] if part[2] in values else "", sentence)
    text = SLOT.sub(lambda slot: _form(values[slot[1]], slot[2]), kept)
    text = re.sub(r" {2,}", " ", text).strip()
    if language == "fr":
        text = re.sub(r"\bde (?=[AEIOUÉ])", "d'", text)  # d'Athènes, d'Omar
    return capitalised(text, language)


def _with_eastern_digits(value: Value) -> Value:
    """Return a value whose phrase has Eastern Arabic digits, where it is a number or a list of numbers."""
    first = value.argument[0] if isinstance(value.argument, list) else value.argument
    if isinstance(first, bool) or not isinstance(first, int | float):
        return value
    return Value(value.argument, eastern(value.phrase), eastern(value.bare))


def _form(value: Value, form: str | None) -> str:
    """Return a value's phrase in the form that a sentence asks for."""
    return value.bare if form == "bare" else dative(value.phrase) if form == "dative" else value.phrase


def capitalised(text: str, language: str) -> str:
    """Return a sentence that begins with a capital; Turkish i has its own, a file's name stays as it is."""
    if "." in text.split(" ")[0].rstrip("."):
        return text
    first = "İ" if language == "tr" and text[0] == "i" else text[0].upper()
    return first + text[1:]


def with_argument(request: Request, name: str, value: Value) -> dict[str, Any]:
    """Return a request's arguments with another value."""
    return request.arguments | {name: value.argument}
