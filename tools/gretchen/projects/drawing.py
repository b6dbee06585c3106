"""What builders of rows share: forms drawn in rounds, wordings of a split, one side of each preference pair.

for form in rounds(rng, {"translation": 2, "orf": 1}): …
wording, key = pick_wording(rng, "orf/en", wordings, "train")
yield from judged_sides(rng, preferences())
tokens_of_bases()                               for made-up names that a small base reads in few tokens
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from gretchen import paths
from gretchen.projects.rows import Row
from gretchen.projects.splits import split_of


def rounds(rng: random.Random, weights: Mapping[str, int]) -> Iterator[str]:
    """Yield forms without end, each as often as its weight says in every round, each round shuffled."""
    deck = [form for form, weight in weights.items() for _ in range(weight)]
    while True:
        rng.shuffle(deck)
        yield from deck


@cache
def wordings_in(name: str, count: int, split: str) -> tuple[int, ...]:
    """Return which of `count` wordings, by number, are in a split: each is a group, `wording:<name>/<number>`."""
    chosen = tuple(number for number in range(count) if split_of(f"wording:{name}/{number}") == split)
    assert chosen, f"no wording of {name} is in {split}: write more of them"
    return chosen


def pick_wording(rng: random.Random, name: str, wordings: Sequence[str], split: str) -> tuple[str, str]:
    """Return one of the wordings that are in a split, and its group key."""
    number = rng.choice(wordings_in(name, len(wordings), split))
    return wordings[number], f"wording:{name}/{number}"


def judged_sides(rng: random.Random, pairs: Iterable[Row]) -> Iterator[Row]:
    """Yield one side of each pair with its verdict, as KTO wants it: the right or the faulty one, equally often."""
    for pair in pairs:
        good = rng.random() < 0.5
        columns = {column: pair[column] for column in ("form", "group", "prompt", "tools") if column in pair}
        meta = {key: value for key, value in pair["meta"].items() if not good or key != "fault"}
        verdict = {"completion": pair["chosen" if good else "rejected"], "label": good, "meta": meta}
        yield {"id": f"feedback-{pair['id'].removeprefix('pref-')}", **columns, **verdict}


@cache
def tokens_of_bases() -> tuple[str, ...]:
    """Return the tokens of the embedded bases' shared tokenizer; one that begins with a blank begins with `Ġ`."""
    file = paths.shared_recipes() / "tiny" / "architecture" / "tokenizer.json"
    return tuple(json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"])
