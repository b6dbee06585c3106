"""The genome chatbot's metrics.

    exact             1 where the answer equals the reference after normalisation (the main metric: averaged over forms;
                      the closed tables, which the card names, stand apart)
    identity          aligned identity of the sequence asked for: identical columns / columns of the global alignment
                      (match 1, mismatch -1, gap -1; Bio.Align.PairwiseAligner); forms without a sequence: None
    numeric           closeness of the numbers asked for: mean of max(0, 1 - |given - right| / max(1, right)); None
                      where no number is asked for, 0 where another count of numbers is given
    abstention_f1     F1 of refusing what must be refused (invalid input, a field the record does not hold)

Normalisation: whitespace is collapsed within a line, empty lines are dropped, and the label before the first colon of a
line is compared without regard to case. Bases, amino acids, names and digits must match as they stand.

Not covered: whether a wrong answer is plausible, and partial credit for worked steps.
"""

import json
import re
from functools import cache, lru_cache
from typing import Any

from gretchen.projects.rows import reference_of

_SEQUENCE = re.compile(
    r"^(complement|komplement|reverse complement|revers komplementär|rna|protein|orf): ([A-Z* ]+)$", re.M
)
_NUMBERS = re.compile(r"^(gc|bed|gff3): (.*\d.*)$", re.M)
_REFUSAL = re.compile(r"^(invalid|ungültig): |: (not given|nicht angegeben)$", re.M)


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """One answer against its row; every figure is between 0 and 1, None where it does not apply."""
    given, right = normalise(prediction), normalise(reference_of(row))
    return {"exact": float(given == right), "identity": _identity(given, right), "numeric": _numeric(given, right)}


def aggregate(scored: list[Any]) -> dict[str, float | None]:
    """The F1 of abstention over all rows (None where none had to be refused); the rest by the default: over forms."""
    pairs = [(refuses(answer), _must_refuse(one.row)) for one in scored for answer in one.predictions]
    hits = sum(given and wanted for given, wanted in pairs)
    wrong = sum(given != wanted for given, wanted in pairs)
    wanted = any(wanted for _, wanted in pairs)
    return {"abstention_f1": 2 * hits / (2 * hits + wrong) if wanted else None}


@lru_cache(maxsize=100_000)
def refuses(prediction: str) -> bool:
    """Whether the answer calls the input invalid or the field not given (cached: intervals ask 2,000 times)."""
    return bool(_REFUSAL.search(normalise(prediction)))


def normalise(text: str) -> str:
    """The answer as it is compared: see the head of this file."""
    lines = []
    for line in text.splitlines():
        line = " ".join(line.split())
        if not line:
            continue
        label, colon, rest = line.partition(": ")
        lines.append(f"{label.casefold()}: {rest}" if colon and re.fullmatch(r"[^\W_][\w ]*", label) else line)
    return "\n".join(lines)


def identity(one: str, other: str) -> float:
    """Aligned identity of two sequences, 0 to 1; 0 when one of them is empty."""
    if not one or not other:
        return 0.0
    alignment = _aligner().align(one, other)[0]
    identical = sum(a == b for a, b in zip(alignment[0], alignment[1], strict=True))
    return identical / alignment.length


@cache
def _aligner() -> Any:
    """Biopython's global aligner with the costs named above."""
    from Bio.Align import PairwiseAligner

    return PairwiseAligner(mode="global", match_score=1, mismatch_score=-1, gap_score=-1)


def _identity(given: str, right: str) -> float | None:
    """Identity of the last labelled sequence of the reference with the same label's in the answer."""
    wanted = _SEQUENCE.findall(right)
    if not wanted:
        return None
    label, sequence = wanted[-1]
    found = dict(_SEQUENCE.findall(given)).get(label, "")
    return identity(found.replace(" ", ""), sequence.replace(" ", ""))


def _numeric(given: str, right: str) -> float | None:
    """Closeness of the numbers behind the reference's label to those behind the same label in the answer."""
    wanted = _NUMBERS.findall(right)
    if not wanted:
        return None
    label, text = wanted[-1]
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    found = [int(number) for number in re.findall(r"\d+", dict(_NUMBERS.findall(given)).get(label, ""))]
    if len(found) != len(numbers):
        return 0.0
    close = [max(0.0, 1 - abs(a - b) / max(1, b)) for a, b in zip(found, numbers, strict=True)]
    return sum(close) / len(close)


def _must_refuse(row: dict[str, Any]) -> bool:
    """Whether the row must be refused, as its builder says; `meta` is a JSON string on disk."""
    meta = row.get("meta") or {}
    meta = json.loads(meta) if isinstance(meta, str) else meta
    return bool(meta.get("abstain"))
