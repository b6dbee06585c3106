"""Mixed domains for training: a business that does anything, with activities of general verbs and any domain's objects.

    mixed(rng)          -> Domain(name=("an agency", …), blocks=(… "count loaves" / "Laibe zählen", "review appeal" …))

A model that reads the same few hundred activities again and again learns them by heart, and cannot copy those of a
domain that it has never met.
"""

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from .domains import Activity, Domain, all_domains, domains, pair

CASE = ("case", "Fall")


def mixed(rng: random.Random) -> Domain:
    """Return a training domain's blocks, roles and minutes with a mixed domain's name and activities."""
    skeleton, taken = rng.choice(domains("train")), set(_held_out())
    blocks = tuple(
        replace(block, activities=tuple(_renamed(rng, activity, taken) for activity in block.activities))
        for block in skeleton.blocks
    )
    return replace(skeleton, name=pair(rng.choice(_lists()["name"])), case=CASE, blocks=blocks)


def _renamed(rng: random.Random, activity: Activity, taken: set[str]) -> Activity:
    """Return an activity with a new name in both languages; they are added to those taken."""
    while True:
        verb, verb_german = pair(rng.choice(_lists()["verbs"]))
        english, german = (rng.choice(objects) for objects in _objects())
        names = {"en": f"{verb} {english}", "de": f"{german} {verb_german}"}
        if not taken & set(names.values()):
            taken.update(names.values())
            return replace(activity, **names)


@cache
def _objects() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the objects of the training domains' activities of two words, in English and in German."""
    activities = [activity for domain in domains("train") for activity in domain.activities]
    english = {a.en.split()[1] for a in activities if a.en.count(" ") == 1} - set(_lists()["not_objects"])
    german = {a.de.split()[0] for a in activities if a.de.count(" ") == 1 and a.de[0].isupper()}
    return tuple(sorted(english)), tuple(sorted(german))


@cache
def _held_out() -> frozenset[str]:
    """Return the names of all activities of held-out domains."""
    held_out = (activity for domain in all_domains() if domain.split != "train" for activity in domain.activities)
    return frozenset(name for activity in held_out for name in (activity.en, activity.de))


@cache
def _lists() -> dict[str, list[str]]:
    """Return the lists of data/mixed.yaml."""
    return yaml.safe_load((Path(__file__).parent / "data" / "mixed.yaml").read_text(encoding="utf-8"))
