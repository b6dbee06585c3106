"""What two similar questions differ in: numbers, names, sequences, and words that replace others.

same_subject(subject("What is the symbol of LMP10?"), subject("What is the symbol of LMP7?"))         -> False
same_subject(subject("What is the symbol of LMP10?"), subject("So, what is the symbol of LMP10 ?"))   -> True

Where one question has words more than the other, both ask the same unless one of these words identifies something: it
has a digit, a capital inside a sentence, or only letters of bases. Not covered: a small word that turns the meaning
("not").
"""

import re
from dataclasses import dataclass

# Numbers with their sign and decimals, words, and single signs between blanks (the strand of a gene).
_TOKENS = re.compile(r"(?<![^\W_])[+\-−]?\d+(?:[.,]\d+)*(?![^\W_])|[^\W_]+|(?<!\S)[+\-−=<>*/^%](?!\S)")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|\n)\s*[\"'(„“]*$")
_BASES = re.compile(r"[acgtun]{3,}", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """A text's words: those that identify something, in their order, and the others, each with its occurrence."""

    identifying: tuple[str, ...]
    others: frozenset[tuple[str, int]]


def subject(text: str) -> Subject:
    """Return what a text asks about, case folded."""
    identifying: list[str] = []
    others: list[str] = []
    for match in _TOKENS.finditer(text):
        starts_sentence = bool(_SENTENCE_START.search(text[max(0, match.start() - 8) : match.start()]))
        words = identifying if _identifies(match[0], starts_sentence) else others
        words.append(match[0].casefold())
    seen: dict[str, int] = {}
    numbered = []
    for word in others:
        seen[word] = seen.get(word, 0) + 1
        numbered.append((word, seen[word]))
    return Subject(tuple(identifying), frozenset(numbered))


def same_subject(first: Subject, second: Subject) -> bool:
    """Return whether two texts differ in nothing that identifies: one may have more words, none replaces another."""
    if first.identifying != second.identifying:
        return False
    return first.others <= second.others or second.others <= first.others


def _identifies(token: str, starts_sentence: bool) -> bool:
    """Return whether a token names something: a number, a sign, a symbol, a name, a sequence."""
    if not token.isalpha() or _BASES.fullmatch(token):
        return True
    capitals = sum(letter.isupper() for letter in token)
    return capitals > 1 or (capitals == 1 and not starts_sentence)
