"""The cast of data/cast-*.yaml: forty invented characters with typed facts, limits of knowledge, words of their own.

    cast_of("test", "en")[0].sheet("en").facts["sister"]     -> "Hester"
    values("sister", "en")                          -> every sister's name: what contradicts it

`late` facts are of kinds that no training row asks about; `people` says what a mentor or friend does for a living, and
what a rival did. A character is held out as a whole: its group key names its split.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from gretchen.projects.splits import Split, official_key, split_of

DATA = Path(__file__).parent / "data"
PERSONS = ("mother", "sister", "mentor", "friend", "rival")
KINDS = ("role", "home", "birthplace", *PERSONS, "tool", "pet", "fear", "drink", "dish", "event", "year", "born", "vow",
         "dream")  # fmt: skip
LATE_KINDS = ("song", "scar", "debt", "charm")
TRADES = ("mentor", "friend")  # people with a trade; the rival has done something


@dataclass(frozen=True)
class Words:
    """What a character likes to say: a form of address, an oath, a hedge, sayings."""

    address: str
    oath: str
    hedge: str
    sayings: tuple[str, ...]

    def all(self) -> tuple[str, ...]:
        """Return all of them."""
        return self.address, self.oath, self.hedge, *self.sayings


@dataclass(frozen=True)
class Sheet:
    """A character in one language: words, facts by kind, late facts, what mentor and friend do and the rival did."""

    words: Words
    facts: dict[str, str]
    late: dict[str, str]
    people: dict[str, str]


@dataclass(frozen=True)
class Character:
    """A character; `year` is where its knowledge ends."""

    name: str
    key: str
    year: int
    voice: str
    sheets: dict[str, Sheet] = field(compare=False)

    @property
    def split(self) -> Split:
        """The split that the character is in."""
        return cast(Split, split_of(self.key))

    @property
    def first_name(self) -> str:
        """The name without a title: what stands before a line of theirs."""
        parts = [part for part in self.name.split() if part not in TITLES]
        return parts[0]

    def sheet(self, language: str) -> Sheet:
        """Return the character in a language."""
        return self.sheets[language]


TITLES = ("Inspector", "Commander", "Sister", "Brother", "Doctor", "Dr.", "Professor", "Captain", "Colonel", "Princess",
          "Marquise", "Grandmother", "Unit")  # fmt: skip


@cache
def load(name: str) -> Any:  # a mapping of data/<name>.yaml
    """Return a file of data/."""
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def everybody() -> tuple[Character, ...]:
    """Return the whole cast."""
    files = sorted(file.stem for file in DATA.glob("cast-*.yaml"))
    return tuple(_character(entry) for file in files for entry in load(file))


@cache
def cast_of(split: str, language: str) -> tuple[Character, ...]:
    """Return the characters of a split that speak a language."""
    return tuple(one for one in everybody() if one.split == split and language in one.sheets)


@cache
def values(kind: str, language: str) -> frozenset[str]:
    """Return every value of a kind of fact in the cast; persons are of one kind, and so are trades."""
    sheets = [one.sheet(language) for one in everybody() if language in one.sheets]
    if kind in PERSONS or kind == "tie":
        return frozenset(sheet.facts[person] for sheet in sheets for person in PERSONS)
    if kind in ("trade", "role"):
        return frozenset(t for s in sheets for t in (s.facts["role"], *(s.people[p] for p in TRADES)))
    if kind == "feud":
        return frozenset(sheet.people["rival"] for sheet in sheets)
    if kind in ("home", "birthplace"):
        return frozenset(sheet.facts[place] for sheet in sheets for place in ("home", "birthplace"))
    return frozenset(value for s in sheets for value in ((s.facts | s.late).get(kind),) if value)


def _character(entry: dict[str, Any]) -> Character:
    """Return the character of a file's entry; in German what is not translated is as in English."""
    english = Sheet(_words(entry["words"]), _strings(entry["facts"]), _strings(entry["late"]), entry["people"])
    sheets = {"en": english}
    if german := entry.get("de"):
        facts = english.facts | _strings(german["facts"])
        late = {"song": english.late["song"]}
        sheets["de"] = Sheet(_words(german["words"]), facts, late, german["people"])
    key = official_key(f"character:{entry['name']}", entry.get("split", "train"))
    return Character(entry["name"], key, entry["year"], entry["voice"], sheets)


def _strings(facts: dict[str, Any]) -> dict[str, str]:
    """Return facts as strings; years are numbers in the file."""
    return {kind: str(value) for kind, value in facts.items()}


def _words(entry: dict[str, Any]) -> Words:
    """Return a character's words."""
    return Words(entry["address"], entry["oath"], entry["hedge"], tuple(entry["sayings"]))
