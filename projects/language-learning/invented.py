"""Draws with invented words: what an embedded base needs to learn to copy a word that it has never read.

A base that meets the same few hundred words again and again learns them by heart. So most of its training sentences
have invented nouns, verbs and adjectives, put together from the pieces of the bases' tokenizer, in the frames of real
words. An invented word is regular, and a rule decides all errors that are planted around it (decided.py).
"""

import json
import random
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache

from gretchen import paths

from .draws import Draw
from .lexicon import Noun, Verb

BLANK = "Ġ"  # how a byte-level tokenizer writes it
PLURALS = ("e", "en", "s", "er", "")
SHARE = 0.7  # of the nouns, verbs and adjectives of such a sentence
STEM = re.compile(r"\w+[bcdfgklmnprt]")  # takes -s, -ed, -ing and -e, -st, -t, -en without a change
LONGEST = 12


@dataclass
class InventedDraw(Draw):
    """A draw of a training sentence, most of whose content words are invented."""

    def noun(self, kind: str) -> Noun:
        """Return a noun of a class, often an invented one."""
        real = super().noun(kind)
        if self.rng.random() > SHARE:
            return real
        word = invented(self.rng, is_noun=self.language == "de")
        ending = "s" if self.language == "en" else "en" if real.gender == "w" else self.rng.choice(PLURALS)
        made = replace(real, lemma=word, plural=real.plural and word + ending)
        self.use(made.lemma, made.level, self.split)
        return made

    def verb(self, is_fit: Callable[[Verb], bool] = lambda verb: True) -> Verb:
        """Return a verb that fits, often an invented one with the complements of a real one."""
        real = super().verb(is_fit)
        if self.rng.random() > SHARE:
            return real
        word = invented(self.rng) + ("en" if self.language == "de" else "")
        made = replace(real, lemma=word, forms=())
        self.use(made.prefix + made.lemma, made.level, self.split)
        return made

    def adjective(self, kind: str, among: Collection[str] = ()) -> str:
        """Return an adjective of a kind, often an invented one."""
        real = super().adjective(kind, among)
        return real if self.rng.random() > SHARE else invented(self.rng)


def invented(rng: random.Random, is_noun: bool = False) -> str:
    """Return a word of one to three pieces; a German noun has a capital."""
    begins, goes_on = _pieces(is_noun)
    while True:
        word = rng.choice(begins) + "".join(rng.choice(goes_on) for _ in range(rng.choice((0, 1, 1, 1, 2))))
        if 3 <= len(word) <= LONGEST and STEM.fullmatch(word):
            return word


@cache
def _pieces(is_noun: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the pieces that words begin with, after a blank, and go on with."""
    text = (paths.shared_recipes() / "tiny" / "architecture" / "tokenizer.json").read_text(encoding="utf-8")
    tokens = json.loads(text)["model"]["vocab"]
    begins = f"{BLANK}[A-Z][a-z]*" if is_noun else f"{BLANK}[a-z]+"
    goes_on = tuple(token for token in tokens if re.fullmatch("[a-z]+", token))
    return tuple(token[1:] for token in tokens if re.fullmatch(begins, token)), (*goes_on, *"äöüß")
