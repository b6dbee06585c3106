"""The lexicon: nouns, verbs, adjectives and phrases of data/english.yaml and data/german.yaml, by split.

    nouns("en", "food", "train")      -> the nouns of a class that rows of a split may use
    verbs("de", "test")               -> verbs with their complements

Every content word belongs to one split: * in the file is test, + is validation. A row's keys name the lemmas that it
uses, so test sentences have other lemmas than training's. Function words, names and times are shared.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from gretchen.projects.splits import Split, official_key

FILES = {"en": "english", "de": "german"}
MARKS: dict[str, Split] = {"*": "test", "+": "validation"}
LEVELS = ("A1", "A2", "B1", "B2")
_ENGLISH = re.compile(r"([\w-]+)(?:/(\w+))?(~)?(?:%([mf]))?(?:=(.+))?")
_VERB = re.compile(r"([\w|-]+)(?:\(([^)]*)\))?\s*(.*)")


@dataclass(frozen=True)
class Noun:
    """A noun: plural "" where it has none; gender m, f, n or w (weak masculine) in German, m, f of English persons."""

    lemma: str
    plural: str
    gender: str
    gloss: str
    level: str
    split: Split
    kind: str  # its class: food, person …


@dataclass(frozen=True)
class Verb:
    """A verb with irregular forms ("" where regular), its auxiliary in German, and its complements."""

    lemma: str
    prefix: str
    forms: tuple[str, ...]  # en: past, participle; de: du, er, participle
    level: str
    split: Split
    is_stative: bool
    is_willed: bool
    takes_sein: bool
    is_reflexive: bool
    complements: tuple[str, ...]


@dataclass(frozen=True)
class Trait:
    """An adjective with the preposition that it takes, and what follows."""

    adjective: str
    level: str
    split: Split
    complement: str


def data(language: str) -> dict:
    """Return a language's file."""
    return _file(FILES[language])


@cache
def _file(name: str) -> dict:
    """Return a file of data/."""
    return yaml.safe_load((Path(__file__).parent / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


def rules() -> dict:
    """Return the explanations: data/rules.yaml."""
    return _file("rules")


def questions() -> dict:
    """Return the wordings of requests: data/questions.yaml."""
    return _file("questions")


def lemma_key(language: str, lemma: str, split: Split) -> str:
    """Return the group key of a content word."""
    return official_key(f"lemma:{language}/{lemma}", split)


def _marked(entry: str) -> tuple[str, Split]:
    """Return an entry without its mark, and its split."""
    return (entry[1:], MARKS[entry[0]]) if entry[0] in MARKS else (entry, "train")


def _leveled(entry: str) -> tuple[str, str]:
    """Return an entry without its level, and the level, A1 where none is given."""
    match = re.search(r":([AB][12])", entry)
    return (entry.replace(match[0], ""), match[1]) if match else (entry, "A1")


def _english_noun(entry: str, kind: str) -> Noun:
    """Return an English noun from its entry."""
    text, split = _marked(entry)
    text, level = _leveled(text)
    lemma, plural, mass, gender, gloss = _ENGLISH.fullmatch(text).groups(default="")
    return Noun(lemma, "" if mass else plural or lemma + "s", gender, gloss, level, split, kind)


def _german_noun(entry: str, kind: str) -> Noun:
    """Return a German noun from its entry."""
    text, split = _marked(entry)
    text, level = _leveled(text)
    text, _, gloss = text.partition("=")
    lemma, gender, plural = text.split("/")
    return Noun(lemma, "" if plural == "-" else plural, gender, gloss, level, split, kind)


@cache
def all_nouns(language: str) -> tuple[Noun, ...]:
    """Return every noun."""
    read = _english_noun if language == "en" else _german_noun
    return tuple(read(entry, kind) for kind, text in data(language)["nouns"].items() for entry in text.split())


@cache
def nouns(language: str, kind: str, split: Split) -> tuple[Noun, ...]:
    """Return the nouns of a class and split."""
    return tuple(noun for noun in all_nouns(language) if (noun.kind, noun.split) == (kind, split))


@cache
def all_verbs(language: str) -> tuple[Verb, ...]:
    """Return every verb."""
    return tuple(_verb(language, line) for line in data(language)["verbs"])


def _verb(language: str, line: str) -> Verb:
    """Return a verb from its line."""
    text, split = _marked(line)
    head, *complements = (part.strip() for part in text.split(" | "))
    name, forms, rest = _VERB.fullmatch(head).groups()
    words = rest.split()
    level = next(word for word in words if word in LEVELS)
    prefix, _, stem = name.rpartition("|")
    given = tuple(form.strip() for form in (forms or "").split(",")) if language == "de" else tuple(words[:2])
    irregular = given if language == "de" or words.index(level) == 2 else ()
    flags = {"is_stative": "stative" in words, "is_willed": "unwilled" not in words, "takes_sein": "sein" in words}
    flags["is_reflexive"] = "sich" in words
    return Verb(stem, prefix, irregular, level, split, complements=tuple(complements), **flags)


@cache
def verbs(language: str, split: Split) -> tuple[Verb, ...]:
    """Return the verbs of a split."""
    return tuple(verb for verb in all_verbs(language) if verb.split == split)


@cache
def adjectives(language: str, kind: str, split: Split) -> tuple[tuple[str, str], ...]:
    """Return the adjectives of a kind (object, mass, state) and split, each with its level."""
    marked = (_marked(entry) for entry in data(language)["adjectives"][kind].split())
    return tuple(_leveled(text) for text, own in marked if own == split)


@cache
def traits(language: str, split: Split) -> tuple[Trait, ...]:
    """Return the adjectives with prepositions of a split."""
    found = []
    for line in data(language)["traits"]:
        text, own = _marked(line)
        head, complement = text.split(" | ")
        if own == split:
            found.append(Trait(*_leveled(head.strip()), own, complement))
    return tuple(found)


@cache
def plain_words(language: str) -> frozenset[str]:
    """Return the words that frames, time phrases and names spell out, in lower case: level A1."""
    parts = data(language)
    texts = [text for verb in all_verbs(language) for text in verb.complements]
    texts += [verb.prefix for verb in all_verbs(language)]
    texts += [text for phrases in parts["times"].values() for text in phrases]
    texts += [*parts["names"]["m"], *parts["names"]["f"], *parts["cities"], *parts["languages"], *parts["adverbs"]]
    return frozenset(re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", " ".join(texts)).lower().split())


@cache
def levels(language: str) -> dict[str, str]:
    """Return {lemma: CEFR level} of the content words."""
    known = {noun.lemma: noun.level for noun in all_nouns(language)}
    known |= {verb.prefix + verb.lemma: verb.level for verb in all_verbs(language)}
    for text in data(language)["adjectives"].values():
        known |= dict(_leveled(entry.lstrip("*+")) for entry in text.split())
    return known
