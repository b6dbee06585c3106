"""Made-up characters for the base's documents, and how a document begins.

A base that meets the same twenty-eight sheets again and again learns them by heart and cannot copy another one's facts.
So names are made of pieces of the bases' tokenizer, facts are recombined words of the cast's, and each document has a
character of its own. They are in the train split; held-out documents are about held-out characters of the cast.
"""

import json
import random
import re
from functools import cache

from gretchen import paths
from gretchen.projects.splits import official_key

from . import voices
from .characters import KINDS, PERSONS, TRADES, Character, Sheet, Words, cast_of, load

FREELY = {"en": "In your own words:", "de": "Mit eigenen Worten:"}  # before an answer that is not canonical
NUMBERS = 10**9
YEARS = (900, 2300)


def beginning(turns: list[str], language: str, is_canonical: bool) -> str:
    """Return a document up to its answer: what was said, a turn behind the other, and whether the answer is free."""
    return "\n".join([*turns, *([] if is_canonical else [FREELY[language]]), ""])


def character(rng: random.Random, language: str) -> Character:
    """Return a made-up character that speaks a language."""
    number, year = rng.randrange(NUMBERS), rng.randint(*YEARS)
    known = [voice for voice in voices.names() if language in load("voices")[voice]]
    facts = {kind: _name(rng) if kind in PERSONS else _phrase(rng, kind, language) for kind in KINDS}
    facts |= {"born": str(year - rng.randint(20, 70)), "year": str(year - rng.randint(2, 15))}
    people = {person: _phrase(rng, "role", language) for person in TRADES} | {"rival": _deed(rng, language)}
    sheet = Sheet(_words(rng, language), facts, {}, people)
    name = f"{_name(rng)} {_name(rng)}"
    key = official_key(f"character:made-up/{number}", "train")
    return Character(name, key, year, rng.choice(known), {language: sheet})


def _phrase(rng: random.Random, kind: str, language: str) -> str:
    """Return a value of a kind: one of the cast's, with one of its words replaced by an invented one or another's."""
    words = _value(rng, kind, language).split()
    i = rng.randrange(len(words))
    if words[i].casefold() in ("a", "an", "the", "ein", "eine", "der", "die", "das", "of", "to"):
        i = len(words) - 1
    other = _value(rng, kind, language).split()[-1]
    invented = _name(rng) if words[i][:1].isupper() else _name(rng).casefold()
    words[i] = other if rng.random() < 0.4 else invented
    return " ".join(words)


def _value(rng: random.Random, kind: str, language: str) -> str:
    """Return the fact of a character of the train split."""
    return rng.choice(cast_of("train", language)).sheet(language).facts[kind]


def _deed(rng: random.Random, language: str) -> str:
    """Return what a rival did: the deed of one with the last word of another's."""
    first, second = (rng.choice(cast_of("train", language)).sheet(language).people["rival"].split() for _ in range(2))
    return " ".join([*first[:-1], second[-1]]) if language == "en" else " ".join(first)


def _words(rng: random.Random, language: str) -> Words:
    """Return a character's words: each of another one's, one word of the sayings exchanged."""
    owners = [rng.choice(cast_of("train", language)).sheet(language).words for _ in range(4)]
    sayings = [saying.split() for saying in owners[3].sayings]
    changed = [
        " ".join([*saying[:-1], _name(rng).casefold()]) if len(saying) > 2 else " ".join(saying) for saying in sayings
    ]
    oath = f"{_name(rng)} and {_name(rng).casefold()}" if language == "en" and rng.random() < 0.5 else owners[1].oath
    return Words(owners[0].address, oath, owners[2].hedge, tuple(changed))


def _name(rng: random.Random) -> str:
    """Return a name of one to three pieces of the bases' tokenizer."""
    pieces = _pieces()
    name = "".join(rng.choice(pieces) for _ in range(rng.choice((2, 2, 3))))
    return name.capitalize()


@cache
def _pieces() -> tuple[str, ...]:
    """Return the tokens that are two or three small letters."""
    text = (paths.shared_recipes() / "tiny" / "architecture" / "tokenizer.json").read_text(encoding="utf-8")
    return tuple(token for token in json.loads(text)["model"]["vocab"] if re.fullmatch("[a-z]{2,3}", token))
