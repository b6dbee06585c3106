"""What a turn says: the parts that it blames, the tests that it asks for, the sections that it cites.

    read_turn("Measure MP2. [§5.3]")            -> asks ("MP2",), cites {"5.3"}
    read_turn("Diagnosis: fuse F2. Replace F2 (T 3.15 A). [§6.1]")    -> blames {"F2"}, cites {"6.1"}

Nothing here raises on a text, and no more than LONGEST characters of one are read.
"""

import re
from dataclasses import dataclass

LONGEST = 4000
CITATION = re.compile(r"§\s*(\d{1,3}(?:\.\d{1,3})*)")
NAME = re.compile(r"(?<![\w-])(?:MP|[A-Z])\d{1,3}(?![\w-])")
CODE = re.compile(r"(?<![\w-])(?:ER|AL|[A-Z])-\d{2,3}(?!\w)")
DIAGNOSIS = re.compile(r"\bdiagnos(?:is|e)\b\W{0,3}(.*?)(?:\.(?=\s|$)|\n|$)", re.IGNORECASE | re.DOTALL)
ASKING = re.compile(
    r"\b(?:measure|test|check|read|give|what|miss|messen|messe|prüfen|prüfe|prüf|angeben|gib|wie|was)\b", re.IGNORECASE
)
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
AGAIN = re.compile(
    r"\b(?:again|once more|re-?measure|repeat|noch einmal|nochmals?|erneut|wiederholen)\b", re.IGNORECASE
)
CONTRADICTION = re.compile(r"contradict|widerspr", re.IGNORECASE)
ABSTAINS = re.compile(
    r"manual (?:does not|doesn't|does n't) (?:say|give|mention|contain|list)|not (?:in|given in|part of) the manual"
    r"|nicht im handbuch|handbuch (?:sagt|nennt|enthält)[^.]{0,40}\b(?:nicht|nichts|kein\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Turn:
    """What a turn says. `blames` is None where it gives no diagnosis."""

    text: str
    blames: frozenset[str] | None
    asks: tuple[str, ...]
    cites: frozenset[str]
    names: frozenset[str]

    @property
    def abstains(self) -> bool:
        """Whether it says that the manual is silent."""
        return bool(ABSTAINS.search(self.text))


def read_turn(text: object) -> Turn:
    """Return what a turn says; whatever it is, nothing raises."""
    text = text[:LONGEST] if isinstance(text, str) else ""
    blamed = [match[1] for match in DIAGNOSIS.finditer(text)]
    plain = CITATION.sub(" ", text)
    return Turn(
        text=text,
        blames=frozenset(name for sentence in blamed for name in NAME.findall(sentence)) if blamed else None,
        asks=() if blamed else _asked(plain),
        cites=frozenset(CITATION.findall(text)),
        names=frozenset(NAME.findall(plain)) | frozenset(CODE.findall(plain)),
    )


def _asked(text: str) -> tuple[str, ...]:
    """Return what a text asks to be measured: what its asking sentences name, or all that it names, each once."""
    sentences = [sentence for sentence in SENTENCE.split(text) if ASKING.search(sentence)]
    named = NAME.findall(" ".join(sentences)) or NAME.findall(text)
    return tuple(dict.fromkeys(named))
