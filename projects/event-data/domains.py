"""The domains of data/domains.yaml: activities, roles and blocks in English and German.

    domains("train")[0].blocks[1]     -> Block("+", (Activity("check policy", "Police prüfen", "clerk", 20), …))

A domain is held out as a whole: its group key names its split.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import yaml

from gretchen.projects.splits import Split, official_key, split_of

LINE = re.compile(r"(->|[X+*?O]) (.+)")
ACTIVITY = re.compile(r"(.+?) / (.+?) @ (\w+) (\d+)")


@dataclass(frozen=True)
class Activity:
    """An activity: its names, the role that carries it out, its typical minutes."""

    en: str
    de: str
    role: str
    minutes: int

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return self.de if language == "de" else self.en


@dataclass(frozen=True)
class Block:
    """A part of a process: -> steps, X choice, + any order, * do and redo, ? optional, O inclusive choice."""

    operator: str
    activities: tuple[Activity, ...]


@dataclass(frozen=True)
class Domain:
    """What a process is about; names are pairs of English and German."""

    key: str
    name: tuple[str, str]
    case: tuple[str, str]
    roles: dict[str, tuple[str, str]]
    blocks: tuple[Block, ...]

    @property
    def split(self) -> Split:
        """The split that the domain is in."""
        return cast(Split, split_of(self.key))

    @property
    def activities(self) -> tuple[Activity, ...]:
        """The activities of all blocks, in order."""
        return tuple(activity for block in self.blocks for activity in block.activities)

    def named(self, language: str) -> str:
        """Return what the process is about, as it stands after "the process of" or „Ablauf“."""
        return self.name[language == "de"]

    def case_name(self, language: str) -> str:
        """Return what a case is called."""
        return self.case[language == "de"]

    def activity(self, name: str, language: str) -> Activity:
        """Return the activity of a name."""
        return next(activity for activity in self.activities if activity.name(language) == name)


@cache
def all_domains() -> tuple[Domain, ...]:
    """Return every domain."""
    text = (Path(__file__).parent / "data" / "domains.yaml").read_text(encoding="utf-8")
    return tuple(_domain(name, entry) for name, entry in yaml.safe_load(text).items())


@cache
def domains(split: str) -> tuple[Domain, ...]:
    """Return the domains of a split."""
    return tuple(domain for domain in all_domains() if domain.split == split)


def _domain(name: str, entry: dict) -> Domain:
    """Return a domain of the file."""
    key = official_key(f"domain:{name}", entry.get("split", "train"))
    roles = {role: pair(names) for role, names in entry["roles"].items()}
    return Domain(key, pair(entry["name"]), pair(entry["case"]), roles, tuple(map(_block, entry["blocks"])))


def pair(names: str) -> tuple[str, str]:
    """Return English and German of a text that has both: "a purchase / einer Beschaffung"."""
    english, german = names.split(" / ")
    return english, german


def _block(line: str) -> Block:
    """Return the block of a line."""
    operator, rest = LINE.fullmatch(line).groups()
    activities = [ACTIVITY.fullmatch(part.strip()).groups() for part in rest.split("|")]
    return Block(operator, tuple(Activity(en, de, role, int(minutes)) for en, de, role, minutes in activities))
