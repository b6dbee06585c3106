"""The genome chatbot's metrics.

    exact             1 where the answer equals the reference after normalisation (the main metric: averaged over forms;
                      the closed tables, which the card names, are scored apart)
    identity          aligned identity of the answer's sequence: identical columns / columns of the global alignment
                      (match 1, mismatch -1, gap -1; Bio.Align.PairwiseAligner); forms without a sequence: None
    numeric           closeness of the numbers in the answer: mean of max(0, 1 - |given - right| / max(1, right)); None
                      where the reference has no number, 0 where the answer has more or fewer numbers
    abstention_f1     F1 of refusing what must be refused (invalid input, a field that the record does not have)

Normalisation: whitespace is collapsed within a line, empty lines are dropped, and the label before the first colon of a
line is compared without regard to case. Bases, amino acids, names and digits must match exactly.

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
    """Return the scores of an answer, each between 0 and 1, None where it does not apply."""
    given, right = normalise(prediction), normalise(reference_of(row))
    return {"exact": float(given == right), "identity": _identity(given, right), "numeric": _numeric(given, right)}


def aggregate(scored: list[Any]) -> dict[str, float | None]:
    """Return the F1 of abstention over all rows, None where none had to be refused; the rest is averaged by default."""
    pairs = [(refuses(answer), _must_refuse(item.row)) for item in scored for answer in item.predictions]
    hits = sum(given and expected for given, expected in pairs)
    wrong = sum(given != expected for given, expected in pairs)
    any_expected = any(expected for _, expected in pairs)
    return {"abstention_f1": 2 * hits / (2 * hits + wrong) if any_expected else None}


@lru_cache(maxsize=100_000)
def refuses(prediction: str) -> bool:
    """Return whether an answer calls the input invalid or the field not given (cached: intervals resample it)."""
    return bool(_REFUSAL.search(normalise(prediction)))


def normalise(text: str) -> str:
    """Return an answer as it is compared: see the top of this file."""
    lines = []
    for line in text.splitlines():
        line = " ".join(line.split())
        if not line:
            continue
        label, colon, rest = line.partition(": ")
        lines.append(f"{label.casefold()}: {rest}" if colon and re.fullmatch(r"[^\W_][\w ]*", label) else line)
    return "\n".join(lines)


def identity(first: str, second: str) -> float:
    """Return the aligned identity of two sequences, 0 to 1; 0 where one of them is empty."""
    if not first or not second:
        return 0.0
    alignment = _aligner().align(first, second)[0]
    identical = sum(a == b for a, b in zip(alignment[0], alignment[1], strict=True))
    return identical / alignment.length


@cache
def _aligner() -> Any:
    """Return Biopython's global aligner with the costs named above."""
    from Bio.Align import PairwiseAligner

    return PairwiseAligner(mode="global", match_score=1, mismatch_score=-1, gap_score=-1)


def _identity(given: str, right: str) -> float | None:
    """Return the identity of the reference's last labelled sequence with that of the same label in the answer."""
    references = _SEQUENCE.findall(right)
    if not references:
        return None
    label, sequence = references[-1]
    answer = dict(_SEQUENCE.findall(given)).get(label, "")
    return identity(answer.replace(" ", ""), sequence.replace(" ", ""))


def _numeric(given: str, right: str) -> float | None:
    """Return the closeness of the numbers after the reference's label to those after the same label in the answer."""
    references = _NUMBERS.findall(right)
    if not references:
        return None
    label, text = references[-1]
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    answers = [int(number) for number in re.findall(r"\d+", dict(_NUMBERS.findall(given)).get(label, ""))]
    if len(answers) != len(numbers):
        return 0.0
    close = [max(0.0, 1 - abs(a - b) / max(1, b)) for a, b in zip(answers, numbers, strict=True)]
    return sum(close) / len(close)


def _must_refuse(row: dict[str, Any]) -> bool:
    """Return whether a row must be refused, from its `meta`, a JSON string on disk."""
    meta = row.get("meta") or {}
    meta = json.loads(meta) if isinstance(meta, str) else meta
    return bool(meta.get("abstain"))
