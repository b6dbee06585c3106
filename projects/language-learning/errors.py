"""Errors planted in a correct sentence: what stands there instead, its label, and the edits that mend it.

faulty = apply(sentence, plants)
faulty.text, faulty.edits, faulty.errors
"""

from dataclasses import dataclass, field

from .tokens import Sentence, capital, natural

LABELS = {
    "en": ("SVA", "DET", "NUM", "TENSE", "FORM", "PREP", "SPELL", "WO"),
    "de": ("CASE", "GENDER", "ADJ", "V2", "END", "AUX", "SEP", "CAP", "PREP", "VERB", "NUM", "SPELL", "REFL"),
}


@dataclass(frozen=True)
class Part:
    """A span of the correct tokens and the words that stand there instead."""

    start: int
    end: int
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Plant:
    """An error: its label, where it stands (a separable verb has two parts), and the rule that explains it."""

    label: str
    parts: tuple[Part, ...]
    rule: str
    slots: dict[str, str] = field(default_factory=dict, hash=False)
    shown: tuple[str, str] | None = None  # wrong and right as an explanation shows them, where the words do not say it

    @property
    def touched(self) -> set[int]:
        """The tokens that may not be touched by another error: its own and their neighbours."""
        return {i for part in self.parts for i in range(part.start - 1, part.end + 1)}


@dataclass(frozen=True)
class Edit:
    """An edit of the faulty tokens, as in M2: tokens start to end become the correction."""

    start: int
    end: int
    correction: str
    label: str


@dataclass(frozen=True)
class Error:
    """An error as it is explained: label, what was written, what is right, rule."""

    label: str
    wrong: str
    right: str
    rule: str
    slots: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Faulty:
    """A sentence with errors (or none), what was meant, and the edits and errors in the order of the text."""

    words: tuple[str, ...]
    sentence: Sentence
    edits: tuple[Edit, ...]
    errors: tuple[Error, ...]

    @property
    def text(self) -> str:
        """What the learner wrote."""
        return natural(self.words)


def plant(label: str, start: int, end: int, wrong: tuple[str, ...], rule: str, **slots: str) -> Plant:
    """Return an error in one place."""
    return Plant(label, (Part(start, end, wrong),), rule, slots)


def apply(sentence: Sentence, plants: list[Plant]) -> Faulty:
    """Return the sentence with these errors, which do not touch each other."""
    right = sentence.words
    parts = sorted(((part, item) for item in plants for part in item.parts), key=lambda pair: pair[0].start)
    words: list[str] = []
    edits: list[Edit] = []
    at = 0
    for part, item in parts:
        words += right[at : part.start]
        wrong = [capital(text) if not words and number == 0 else text for number, text in enumerate(part.wrong)]
        edits.append(Edit(len(words), len(words) + len(wrong), " ".join(right[part.start : part.end]), item.label))
        words += wrong
        at = part.end
    words += right[at:]
    ordered = sorted(plants, key=lambda item: item.parts[0].start)
    return Faulty(tuple(words), sentence, tuple(edits), tuple(_error(right, item) for item in ordered))


def _error(right: list[str], item: Plant) -> Error:
    """Return how an error is shown: with the next word where something is missing or too much."""
    if item.shown:
        return Error(item.label, *item.shown, item.rule, item.slots)
    first = item.parts[0]
    wrong, correct = list(first.wrong), right[first.start : first.end]
    if first.start == 0 and wrong:
        wrong[0] = capital(wrong[0])
    if not wrong or not correct:
        wrong, correct = [*wrong, right[first.end]], [*correct, right[first.end]]
    return Error(item.label, natural(wrong), natural(correct), item.rule, item.slots)
