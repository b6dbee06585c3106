"""Whether an answer mentions a value, and whether it says or denies it.

    text = Text("No, not Marta. My sister is Ilka.", "en")
    text.says("Ilka")       -> True         text.says("Marta")      -> False: its clause has a negation
    text.denies("Marta")    -> True         text.mentions("Marta")  -> True

Values are compared as whole words, without case, article and genitive; in German without the endings of adjectives
and nouns. A clause ends at punctuation and at "but": a negation counts up to there. Irony is not seen.
"""

import re
from functools import cache, cached_property, lru_cache

LONGEST = 4_000  # characters of an answer or a prompt that are looked at
WORD = re.compile(r"\w+(?:['’]\w+)*")
CLAUSE = re.compile(r"[.!?;:,…\n()\[\]*\"“”„–—]+|\s-\s|\b(?:but|aber|sondern)\b")
NEGATION = re.compile(
    r"\b(?:not|never|no|nor|neither|nobody|nothing|\w+n['’]t|cannot|nicht|nie|niemals|kein\w*|niemand|nichts)\b"
)
ARTICLES = frozenset(
    ["a", "an", "the", "ein", "eine", "einen", "einem", "einer", "der", "die", "das", "dem", "den", "des"]
)
ENDING = re.compile(r"(?<=\w{3})(?:en|em|er|es|e|n|s)$")
LONGEST_VALUE = 8  # words

Words = tuple[str, ...]


class Text:
    """An answer, cut into clauses."""

    def __init__(self, text: str, language: str) -> None:
        """Cut a text, of which the first LONGEST characters count."""
        self.language = language
        folded = text[:LONGEST].casefold()
        self.clauses = [
            (words_of(clause, language), bool(NEGATION.search(clause)))
            for clause in CLAUSE.split(folded)
            if clause.strip()
        ]

    @cached_property
    def words(self) -> Words:
        """All words, in order."""
        return tuple(word for words, _ in self.clauses for word in words)

    @cached_property
    def _all(self) -> frozenset[Words]:
        """Every run of words, across clauses."""
        return _runs(self.words)

    @cached_property
    def _said(self) -> frozenset[Words]:
        """Every run of words of clauses without a negation."""
        return frozenset().union(*(_runs(words) for words, is_negated in self.clauses if not is_negated))

    @cached_property
    def _denied(self) -> frozenset[Words]:
        """Every run of words of clauses with a negation; in German also of their neighbours ("X, das tue ich nie")."""
        runs: set[Words] = set()
        for i, (words, is_negated) in enumerate(self.clauses):
            around = self.clauses[max(0, i - 1) : i + 2] if self.language == "de" else ()
            if is_negated or any(negated for _, negated in around):
                runs |= _runs(words)
        return frozenset(runs)

    def mentions(self, value: str) -> bool:
        """Return whether a value occurs."""
        return value_words(value, self.language) in self._all

    def says(self, value: str) -> bool:
        """Return whether a value occurs in a clause without a negation."""
        return value_words(value, self.language) in self._said

    def denies(self, value: str) -> bool:
        """Return whether a value occurs in a clause with a negation."""
        return value_words(value, self.language) in self._denied


@lru_cache(maxsize=256)
def read(text: str, language: str) -> Text:
    """Return a text, cut into clauses; the last ones are remembered."""
    return Text(text, language)


@cache
def value_words(value: str, language: str) -> Words:
    """Return a value's words as they are compared: without its article."""
    words = words_of(value.casefold(), language)
    plain = WORD.findall(value.casefold())
    return words[1:] if len(words) > 1 and plain[0] in ARTICLES else words


def words_of(text: str, language: str) -> Words:
    """Return the words of a casefolded text, without genitives, in German without endings."""
    words = (re.sub(r"['’]s$", "", word) for word in WORD.findall(text))
    return tuple(ENDING.sub("", word) if language == "de" else word for word in words)


def _runs(words: Words) -> frozenset[Words]:
    """Return every run of up to LONGEST_VALUE words."""
    return frozenset(
        words[i : i + n] for i in range(len(words)) for n in range(1, LONGEST_VALUE + 1) if i + n <= len(words)
    )
