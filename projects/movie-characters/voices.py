"""The eight grammars of manner (data/voices.yaml): a content becomes a line of a character.

    say(rng, "gruff", words, content, remark, "en")     -> "Rot and barnacles! My sister is Wenna, lad!"

A voice is sentence length, hedging, oaths and rhythm; the words are the character's own.
"""

import random
import re
from dataclasses import dataclass

from .characters import Words, load
from .contents import Content

SLOT = re.compile(r"\{([A-Za-z])\}")


@dataclass(frozen=True)
class Parts:
    """What a template is filled with."""

    content: Content
    remark: Content
    words: Words
    saying: str

    def of(self, slot: str) -> str:
        """Return what stands in a slot; a capital slot is capitalised."""
        text = {
            "k": self.content.clause, "s": self.content.fragment, "t": self.remark.clause, "u": self.remark.fragment,
            "a": self.words.address, "o": self.words.oath, "h": self.words.hedge, "w": self.saying,
        }[slot.lower()]  # fmt: skip
        return text[:1].upper() + text[1:] if slot.isupper() else text


def names() -> tuple[str, ...]:
    """Return the voices."""
    return tuple(load("voices"))


def about(voice: str, language: str) -> str:
    """Return the voice in words, as a character's sheet has it."""
    return load("voices")[voice]["about"][language]


def templates(voice: str, language: str) -> list[str]:
    """Return a voice's templates."""
    return load("voices")[voice][language]


def say(rng: random.Random, voice: str, words: Words, content: Content, remark: Content, language: str) -> str:
    """Return a content in a voice, by one of its templates."""
    return fill(rng.choice(templates(voice, language)), Parts(content, remark, words, rng.choice(words.sayings)))


def fill(template: str, parts: Parts) -> str:
    """Return a template with its slots filled."""
    return SLOT.sub(lambda match: parts.of(match[1]), template)
