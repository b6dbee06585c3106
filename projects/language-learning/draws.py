"""What a sentence is drawn with, and what the two grammars share: slots of complements, time phrases, literal words."""

import random
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from gretchen.projects.splits import Split

from .lexicon import LEVELS, Noun, Trait, Verb, adjectives, data, lemma_key, nouns, traits, verbs
from .tokens import Token

_PIECE = re.compile(r"\{([^}]*)\}|(\S+?)\[([^\]]*)\](?=\s|$)|(\S+)")
_PREPOSITIONS = """
at in on of for to with from about under by after near like over
auf mit in an von zu nach bei für aus über unter um durch vor seit im am zum zur vom ins
"""
_DETERMINERS = "the a an every this der die das den dem des ein eine einen einem einer jeden jede jedes"
_ADVERBS = """
very well too always often usually sometimes never now already here ago twice yesterday tomorrow right home
sehr gut früh spät oft immer manchmal nie heute gestern morgen schon
"""
PREPOSITIONS, DETERMINERS, ADVERBS = (frozenset(text.split()) for text in (_PREPOSITIONS, _DETERMINERS, _ADVERBS))


FUNCTION_WORDS = {
    "last": "ADJ", "next": "ADJ", "right": "ADV", "big": "ADJ", "two": "NUM", "three": "NUM", "my": "DET", "us": "PRON",
    "letzte": "ADJ", "letztes": "ADJ", "nächste": "ADJ", "zwei": "NUM", "drei": "NUM", "großen": "ADJ", "sieben": "NUM",
    "acht": "NUM", "sechs": "NUM", "neun": "NUM",
}  # fmt: skip


class Mismatch(Exception):
    """A draw that gives no sentence or no error: the caller draws again and counts it."""


@dataclass
class Draw:
    """The random numbers, language, split and difficulty of a row, and the lemmas and levels that it used so far."""

    rng: random.Random
    language: str
    split: Split
    is_hard: bool = False
    is_checked: bool = True  # by the second route; documents are not
    pronoun: str = ""  # the subject of every clause, "": a random one
    is_reflexive: bool = False  # whether the verb has a reflexive pronoun, where there is such a verb
    keys: list[str] = field(default_factory=list)
    level: str = "A1"

    def use(self, lemma: str, level: str, split: Split) -> None:
        """Note a content word."""
        if (key := lemma_key(self.language, lemma, split)) not in self.keys:
            self.keys.append(key)
        self.raise_to(level)

    def raise_to(self, level: str) -> None:
        """Raise the row's level to at least this one."""
        self.level = max(self.level, level, key=LEVELS.index)

    def noun(self, kind: str) -> Noun:
        """Return a noun of a class that this row has not used."""
        known = [noun for noun in nouns(self.language, kind, self.split)]
        fresh = [noun for noun in known if lemma_key(self.language, noun.lemma, self.split) not in self.keys]
        if not fresh:
            raise Mismatch(f"no noun of {kind} in {self.split}")
        noun = self.rng.choice(fresh)
        self.use(noun.lemma, noun.level, self.split)
        return noun

    def verb(self, is_fit: Callable[[Verb], bool] = lambda verb: True) -> Verb:
        """Return a verb that fits."""
        known = self._some([verb for verb in verbs(self.language, self.split) if is_fit(verb)], "verb")
        reflexive = [verb for verb in known if verb.is_reflexive] if self.is_reflexive else []
        verb = self.rng.choice(reflexive or known)
        self.use(verb.prefix + verb.lemma, verb.level, verb.split)
        return verb

    def adjective(self, kind: str, among: Collection[str] = ()) -> str:
        """Return an adjective of a kind (object, mass, state), one of `among` where given."""
        known = [pair for pair in adjectives(self.language, kind, self.split) if not among or pair[0] in among]
        word, level = self.rng.choice(self._some(known, "adjective"))
        self.use(word, level, self.split)
        return word

    def trait(self) -> Trait:
        """Return an adjective with the preposition that it takes."""
        trait = self.rng.choice(traits(self.language, self.split))
        self.use(trait.adjective, trait.level, self.split)
        return trait

    def _some(self, known: list, name: str) -> list:
        """Return words to choose from. Raises Mismatch where there are none."""
        if not known:
            raise Mismatch(f"no such {name} in {self.split}")
        return known


def pieces(complement: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield (slot, literal, wrong): a slot's text with "", or "" with a word and what learners write for it."""
    for slot, marked, wrong, plain in _PIECE.findall(complement):
        wrongs = tuple("" if text == "-" else text for text in wrong.split(",")) if wrong else ()
        yield slot, marked or plain, wrongs


def literal(text: str, wrong: tuple[str, ...] = (), note: str = "", role: str = "") -> Token:
    """Return the token of a word that a frame or a time phrase spells out."""
    lower = text.lower()
    if lower in FUNCTION_WORDS:
        return Token(text, FUNCTION_WORDS[lower], lower, wrong=wrong, note=note, role=role)
    if lower in PREPOSITIONS:
        pos = "ADP"
    elif lower in DETERMINERS:
        pos = "DET"
    else:
        pos = "ADV" if lower in ADVERBS else "NUM" if text.isdigit() else "NOUN"
    return Token(text, pos, lower, wrong=wrong, note=note, role=role)


def time_phrase(draw: Draw, tense: str) -> tuple[Token, ...]:
    """Return a time phrase that goes with a tense."""
    text = draw.rng.choice(data(draw.language)["times"][tense])
    whole = re.sub(r"\[[^\]]*\]", "", text)
    return tuple(literal(word, wrong, note=whole, role="time") for _, word, wrong in pieces(text))
