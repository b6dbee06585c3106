"""The genome chatbot's metrics.

    exact             1 where the answer equals the reference after normalisation (the main metric: averaged over forms;
                      the closed tables, which the card names, are scored apart)
    identity          aligned identity of the answer's sequence: identical columns / columns of the global alignment
                      (match 1, mismatch -1, gap -1; Bio.Align.PairwiseAligner); forms without a sequence: None
    numeric           closeness of the numbers in the answer: mean of max(0, 1 - |given - right| / max(1, right)); None
                      where the reference has no number, 0 where the answer has more or fewer numbers
    abstention_f1     F1 of refusing what must be refused (invalid input, a field that the record does not have)

Normalisation: whitespace is collapsed within a line, empty lines are dropped, and the label before the first colon of a
line is compared without regard to case. Questions leave two things open, so neither counts: the label of a line (but
"Invalid" and a codon's number are content), and the spaces within a sequence. Bases, amino acids, names and digits must
match exactly, and every line must be there: the questions ask for it.

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
_REFUSAL = re.compile(r"^(invalid|ungültig): |(^|: )(not given|nicht angegeben)$", re.M)
_NEEDED_LABEL = re.compile(r"invalid|ungültig|codon \d+")


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of an answer, each between 0 and 1, None where it does not apply."""
    right = normalise(reference_of(row))
    given = with_labels(normalise(prediction), right)
    exact = float(_without_spaces(given) == _without_spaces(right))
    return {"exact": exact, "identity": _identity(given, right), "numeric": _numeric(given, right)}


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


def with_labels(given: str, right: str) -> str:
    """Return a normalised answer with the reference's labels before the lines that have none."""
    lines, references = given.split("\n"), right.split("\n")
    if len(lines) != len(references):
        return given
    return "\n".join(_with_label(line, reference) for line, reference in zip(lines, references, strict=True))


def _with_label(line: str, reference: str) -> str:
    """Return a line with the label of the reference's line, where that may be left out and is."""
    label, colon, _ = reference.partition(": ")
    missing = colon and ": " not in line and not _NEEDED_LABEL.fullmatch(label)
    return f"{label}: {line}" if missing else line


def _without_spaces(text: str) -> str:
    """Return a normalised answer without the spaces within its labelled sequences."""
    return _SEQUENCE.sub(lambda match: f"{match[1]}: {match[2].replace(' ', '')}", text)


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
