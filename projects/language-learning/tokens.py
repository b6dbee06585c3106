"""Sentences as tokens with their gold analysis, and the way between tokens and natural text.

    tokenise("Don't you like tea?")       -> ["Do", "n't", "you", "like", "tea", "?"]
    natural(["Do", "n't", "you", "?"])    -> "Don't you?"

Prompts and answers are natural text; edits, scores and files in M2 are of tokens.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\w+(?=n['’]t\b)|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|\w+(?:-\w+)*|[^\w\s]", re.IGNORECASE)
_CLITIC = re.compile(r" (n['’]t|['’](?:s|re|ve|ll|d|m))\b", re.IGNORECASE)
_CLOSING = re.compile(r" ([.,;:!?)\]…%])")
LONGEST = 2000  # characters of an answer that are read; a right one has at most a third of that


@dataclass(frozen=True)
class Token:
    """A word of a correct sentence, with its gold analysis and what an error operator needs to know of it."""

    text: str
    pos: str  # universal part of speech: NOUN, VERB, AUX, DET, ADJ, ADV, ADP, PRON, PROPN, SCONJ, PUNCT, NUM, PART
    lemma: str
    case: str = ""  # German: nom, acc, dat
    number: str = ""  # sg, pl
    gender: str = ""  # German: m, f, n
    role: str = ""  # what the token is to its clause: subject, finite, infinitive, participle, quantifier, head, time …
    wrong: tuple[str, ...] = ()  # what learners write instead; "" is nothing
    note: str = ""  # what decides the form: the verb or phrase that takes this preposition or case


@dataclass(frozen=True)
class Sentence:
    """A correct sentence: its tokens, the frame it was made from, its level and the keys of its lemmas."""

    tokens: tuple[Token, ...]
    pattern: str
    level: str
    keys: tuple[str, ...]
    facts: dict[str, str] = field(default_factory=dict, hash=False)  # subject, tense and the like, for drills

    @property
    def words(self) -> list[str]:
        """The tokens' texts, the first one with a capital."""
        texts = [token.text for token in self.tokens]
        return [texts[0][:1].upper() + texts[0][1:], *texts[1:]]

    @property
    def text(self) -> str:
        """The sentence as it is written."""
        return natural(self.words)


def tokenise(text: str) -> list[str]:
    """Return a text's tokens: words, the clitics n't, 's …, and punctuation."""
    return _TOKEN.findall(text[:LONGEST])


def natural(words: Iterable[str]) -> str:
    """Return tokens as a text with natural spaces."""
    text = _CLOSING.sub(r"\1", _CLITIC.sub(r"\1", " ".join(words)))
    return re.sub(r"([(\[]) ", r"\1", text)


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
