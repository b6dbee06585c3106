"""What is said and what is asked, without manner, from data/contents-*.yaml and data/questions-*.yaml.

    pick_content(rng, "facts/sister", "en", "train")    -> Content("my sister is {x}", "{x}, my sister", key)
    pick_question(rng, "fact/sister", "en", "test")     -> ("By what name does your sister go?", key)

A line is a group key of its own that names its split: of each list the last line is for test and the one before it for
validation; lists of late kinds, which are asked about in test alone, are for test as a whole.
"""

import random
from dataclasses import dataclass
from functools import cache

from gretchen.projects.splits import Split, official_key

from .characters import LATE_KINDS, load

CATEGORIES = {
    "person": ("mother", "sister", "mentor", "friend", "rival", "trade", "feud", "tie"),
    "place": ("home", "birthplace"),
    "thing": ("tool", "pet", "drink", "dish", "charm"),
    "self": ("role", "fear", "vow", "dream", "song", "scar", "debt"),
    "past": ("event", "year", "born", "age"),
}
CATEGORY = {kind: category for category, kinds in CATEGORIES.items() for kind in kinds}


@dataclass(frozen=True)
class Content:
    """A line as a clause and as a fragment, and its group key."""

    clause: str
    fragment: str
    key: str

    def filled(self, **slots: str) -> "Content":
        """Return the content with its slots filled."""
        return Content(self.clause.format(**slots), self.fragment.format(**slots), self.key)


@cache
def contents(path: str, language: str) -> dict[str, tuple[Content, ...]]:
    """Return {split: the contents of a list}."""
    name = f"contents-{language}"
    keyed = [(line.split(" | "), key) for line, key in _keyed(name, path)]
    return {
        split: tuple(Content(line[0], line[min(1, len(line) - 1)], key) for line, key in keyed if key.endswith(split))
        for split in SPLITS
    }


SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def pick_content(rng: random.Random, path: str, language: str, split: str) -> Content:
    """Return a content of a split."""
    return rng.choice(contents(path, language)[split])


@cache
def questions(path: str, language: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return {split: (question, group key) of a list}."""
    keyed = _keyed(f"questions-{language}", path)
    return {split: tuple((line, key) for line, key in keyed if key.endswith(split)) for split in SPLITS}


def pick_question(rng: random.Random, path: str, language: str, split: str) -> tuple[str, str]:
    """Return a question of a split, and its group key."""
    return rng.choice(questions(path, language)[split])


def count_contents(language: str) -> int:
    """Return how many lines of content a language has."""
    return _count(load(f"contents-{language}"))


def lists_of(name: str, path: str) -> list[str]:
    """Return the lines under a path of a file: "facts/sister"."""
    entry = load(name)
    for part in path.split("/"):
        entry = entry[part]
    return entry


def _keyed(name: str, path: str) -> list[tuple[str, str]]:
    """Return (line, group key) of a list."""
    lines = lists_of(name, path)
    is_late = path.rpartition("/")[2] in LATE_KINDS
    kind = name.split("-")[0].rstrip("s")
    keyed = []
    for i, line in enumerate(lines):
        behind = len(lines) - i
        split: Split = "test" if is_late or behind == 1 else "validation" if behind == 2 else "train"
        keyed.append((line, official_key(f"{kind}:{path}/{name[-2:]}/{i}", split)))
    return keyed


def _count(entry: dict | list) -> int:
    """Return the number of strings in nested lists."""
    return sum(map(_count, entry.values())) if isinstance(entry, dict) else len(entry)
