"""Both languages behind one door: sentences by pattern, errors that can be planted, and rows of faulty sentences.

sentence(draw)          -> a correct Sentence of a random pattern
faulty(draw, 1, 1)      -> a Faulty with one error that the second route confirmed
"""

from . import english_patterns, german_patterns, operators_de, operators_en
from .decided import DECIDED_LABELS, is_decided
from .draws import Draw, Mismatch
from .errors import LABELS, Faulty, Plant, apply
from .route import confirms
from .tokens import Sentence

PATTERNS = {"en": english_patterns.PATTERNS, "de": german_patterns.PATTERNS}
HARD_PATTERNS = {"en": english_patterns.HARD, "de": german_patterns.HARD}
CANDIDATES = {"en": operators_en.candidates, "de": operators_de.candidates}
REPHRASED = {
    "en": {"reason": english_patterns.rephrased, "order": english_patterns.in_order},
    "de": {"reason": german_patterns.rephrased, "order": german_patterns.in_order},
}
LONG = {"en": ("and", "because", "trait", "statement", "question"), "de": ("und", "reason", "present", "perfect", "zu")}
# Pairs of labels that training never has together in a sentence; hard rows do.
HARD_PAIRS = {
    "en": (("SVA", "PREP"), ("DET", "SPELL"), ("FORM", "PREP"), ("TENSE", "DET")),
    "de": (("CASE", "SPELL"), ("V2", "CAP"), ("GENDER", "VERB"), ("AUX", "CAP")),
}

TRIES = 16


def sentence(draw: Draw, long: bool = False) -> Sentence:
    """Return a correct sentence; `long` of a pattern with room for several errors. Raises Mismatch.

    Hard rows with one error have a pattern of their own; those with several a pair of errors, and often a pattern too.
    """
    hard = HARD_PATTERNS[draw.language]
    known = LONG[draw.language] if long else [name for name in PATTERNS[draw.language] if name not in hard]
    name = draw.rng.choice(hard if draw.is_hard and (not long or draw.rng.random() < 0.5) else known)
    return PATTERNS[draw.language][name](draw)


def by_label(correct: Sentence, language: str, decided: bool = False) -> dict[str, list[Plant]]:
    """Return the errors that can be planted in a sentence, by label; `decided`: those that a rule decides."""
    found: dict[str, list[Plant]] = {}
    for item in CANDIDATES[language](correct):
        if not decided or is_decided(language, correct.tokens, item):
            found.setdefault(item.label, []).append(item)
    return found


def faulty(draw: Draw, least: int, most: int, decided: bool = False) -> Faulty:
    """Return a sentence with some errors. Raises Mismatch where it has no room, or the second route disagrees."""
    correct, labels, first = _with_room(draw, most > 1, decided)
    wanted = draw.rng.randint(least, most)
    plants = _hard_pair(draw, labels) if draw.is_hard and most > 1 else _disjoint(draw, labels, wanted, first)
    if len(plants) < least:
        raise Mismatch("no room for the errors")
    made = apply(correct, plants)
    if draw.is_checked and not confirms(draw.language, made):
        raise Mismatch("routes disagree: " + "+".join(sorted({plant.label for plant in plants})))
    return made


def _with_room(draw: Draw, long: bool, decided: bool) -> tuple[Sentence, dict[str, list[Plant]], str]:
    """Return a sentence with room for an error of a random label, its errors, and that label.

    So rare labels come as often as frequent ones, where a sentence for them is found soon.
    """
    wanted = draw.rng.choice((DECIDED_LABELS if decided else LABELS)[draw.language])
    draw.is_reflexive = wanted == "REFL"
    draw.pronoun = draw.rng.choice(("ich", "du", "wir")) if wanted == "REFL" else ""
    for _ in range(TRIES):
        draw.keys, draw.level = [], "A1"
        correct = sentence(draw, long)
        labels = by_label(correct, draw.language, decided)
        if wanted in labels:
            break
    return correct, labels, wanted


def _disjoint(draw: Draw, labels: dict[str, list[Plant]], wanted: int, first: str) -> list[Plant]:
    """Return up to `wanted` errors of different labels that do not touch, no pair of them kept for hard rows.

    One of the label `first` comes first, where there is one.
    """
    chosen: list[Plant] = []
    for label in sorted(draw.rng.sample(list(labels), len(labels)), key=lambda label: label != first):
        item = draw.rng.choice(labels[label])
        if len(chosen) < wanted and not any(_clash(item, other, draw.language) for other in chosen):
            chosen.append(item)
    return chosen


def _clash(first: Plant, second: Plant, language: str) -> bool:
    """Return whether two errors touch, or are a pair that only hard rows have."""
    pair = {first.label, second.label}
    return bool(first.touched & second.touched) or any(pair == set(hard) for hard in HARD_PAIRS[language])


def _hard_pair(draw: Draw, labels: dict[str, list[Plant]]) -> list[Plant]:
    """Return two errors that training never has together. Raises Mismatch."""
    pairs = [pair for pair in HARD_PAIRS[draw.language] if all(label in labels for label in pair)]
    for one, other in draw.rng.sample(pairs, len(pairs)):
        for first in draw.rng.sample(labels[one], len(labels[one])):
            for second in draw.rng.sample(labels[other], len(labels[other])):
                if not first.touched & second.touched:
                    return [first, second]
    raise Mismatch("no pair of errors")
