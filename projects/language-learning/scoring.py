"""Answers read and compared: the corrected sentence in them, its edits against the references', explanations, levels.

Counts and choice of the reference are errant_compare's (span-based correction).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .errors import Edit
from .explanations import IS_CORRECT, read_line
from .gleu import Statistics, statistics
from .lexicon import LEVELS, data, levels, plain_words
from .m2 import applied
from .route import edits_between
from .tagging import readings
from .tokens import LONGEST, tokenise

_NUMBERED = re.compile(r"\s*\d+[.)]\s")
ZIPF = ((4.3, "A1"), (3.8, "A2"), (3.3, "B1"))  # the least frequency of an unknown word's level, else B2
Counts = tuple[int, int, int]  # true positives, false positives, false negatives


@dataclass(frozen=True)
class Compared:
    """A corrected sentence against each of its references."""

    counts: tuple[Counts, ...]
    gleu: tuple[Statistics, ...]
    is_changed: bool


def clean(prediction: str) -> str:
    """Return the part of an answer that is read, without halves of characters."""
    return prediction[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def text_lines(prediction: str) -> list[str]:
    """Return an answer's lines but those that explain: everything else is taken for the corrected sentence."""
    lines = [line.strip() for line in clean(prediction).splitlines() if line.strip()]
    return [line for line in lines if not (_NUMBERED.match(line) or read_line(line))]


def text_of(prediction: str) -> str:
    """Return an answer without its explanations."""
    return " ".join(text_lines(prediction))


def hypothesis(prediction: str, source: tuple[str, ...]) -> tuple[str, ...]:
    """Return the corrected tokens of an answer; "Correct as it is." alone stands for the source."""
    text = text_of(prediction)
    return source if IS_CORRECT.fullmatch(text) else tuple(tokenise(text))


def edits_of(prediction: str, meta: dict[str, Any]) -> tuple[Edit, ...]:
    """Return an answer's edits; one that rewrites the whole sentence where the answer is not one corrected sentence.

    That is: several lines, "correct as it is" and something else, or far more words than source and references have.
    """
    source = tuple(meta["source"])
    ours = hypothesis(prediction, source)
    longest = max([len(source), *(len(applied(source, [Edit(*e) for e in edits])) for edits in meta["references"])])
    text = text_of(prediction)
    is_both = IS_CORRECT.search(text) and not IS_CORRECT.fullmatch(text)
    if len(text_lines(prediction)) > 1 or is_both or len(ours) > 1.3 * longest + 3:
        return (Edit(0, len(source), " ".join(ours), "R:OTHER"),)
    return edits_between(meta["language"], source, ours)


def compared(prediction: str, meta: dict[str, Any]) -> Compared:
    """Return an answer's counts and GLEU statistics for each reference."""
    source = tuple(meta["source"])
    references = [tuple(Edit(*edit) for edit in edits) for edits in meta["references"]]
    ours = hypothesis(prediction, source)
    edits = edits_of(prediction, meta)
    return Compared(
        tuple(count(edits, reference) for reference in references),
        tuple(statistics(ours, source, applied(source, reference)) for reference in references),
        ours != source,
    )


def count(ours: Sequence[Edit], reference: Sequence[Edit]) -> Counts:
    """Return true positives, false positives and false negatives of edits, by span and correction."""
    given = {(edit.start, edit.end, edit.correction) for edit in ours if edit.label != "UNK"}
    right = {(edit.start, edit.end, edit.correction) for edit in reference if edit.label != "UNK"}
    return len(given & right), len(given - right), len(right - given)


def f_score(counts: Counts, beta: float = 0.5) -> tuple[float, float, float]:
    """Return precision, recall and F, rounded as errant_compare does: P is 1 without false positives."""
    tp, fp, fn = counts
    p = tp / (tp + fp) if fp else 1.0
    r = tp / (tp + fn) if fn else 1.0
    f = (1 + beta**2) * p * r / (beta**2 * p + r) if p + r else 0.0
    return round(p, 4), round(r, 4), round(f, 4)


def corpus_counts(sentences: Sequence[Sequence[Counts]]) -> Counts:
    """Return the summed counts; of several references the one that is best for the sum so far."""
    total = (0, 0, 0)
    for by_reference in sentences:
        sums = [tuple(a + b for a, b in zip(total, counts, strict=True)) for counts in by_reference]
        total = max(sums, key=lambda counts: (f_score(counts)[2], counts[0], -counts[1], -counts[2]))
    return total


def label_share(prediction: str, errors: Sequence[Sequence[str]]) -> float | None:
    """Return the share of errors with an explanation of their label and correction, of those expected or given."""
    if not errors:
        return None
    lines = clean(prediction).splitlines()
    given = [read for line in lines if (read := read_line(line))]
    rest = [(label, right) for label, _, right in errors]
    hits = 0
    for label, _, right in given:
        if (label, right) in rest:
            rest.remove((label, right))
            hits += 1
    return hits / max(len(errors), len(given))


def above_level(prediction: str, language: str, level: str) -> float | None:
    """Return the share of an answer's words, numbered lines left out, that belong to a higher level."""
    text = text_of(prediction)
    words = [word for word in tokenise(text) if word.isalpha()]
    if not words or IS_CORRECT.fullmatch(text):
        return None
    return sum(LEVELS.index(level_of(word, language)) > LEVELS.index(level) for word in words) / len(words)


@cache
def level_of(word: str, language: str) -> str:
    """Return a word's CEFR level: by the lexicon, else by how frequent it is."""
    known = levels(language)
    if found := readings(language).get(word.lower()):
        return min((known.get(reading.lemma, "A1") for reading in found), key=LEVELS.index)
    if word.lower() in plain_words(language):
        return "A1"
    if word in data(language)["tutor_levels"]:
        return data(language)["tutor_levels"][word]
    from wordfreq import zipf_frequency

    frequency = zipf_frequency(word, language, wordlist="small")  # it has all words above Zipf 3
    return next((level for least, level in ZIPF if frequency >= least), "B2")
