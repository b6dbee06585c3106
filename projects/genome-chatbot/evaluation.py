"""The genome chatbot's metrics.

    exact             1 where the answer equals the reference after normalisation (the main metric: averaged over forms;
                      the closed tables, which the card names, are scored apart)
    identity          aligned identity of the answer's sequence: identical columns / columns of the global alignment
                      (match 1, mismatch -1, gap -1; Bio.Align.PairwiseAligner); forms without a sequence: None
    numeric           share of the numbers to be computed that are right, of those after the reference's last label: a
                      number that the question gives is copied, not computed, and where it gives all of them, all must
                      be right. None where the reference has none, 0 where the answer has more or fewer
    abstention_f1     F1 of refusing what must be refused, for the right reason: the invalid codon is named, or a field
                      that the record does not have is not given; any other refusal is an error

Normalisation: whitespace is collapsed within a line, empty lines are dropped, and the label before the first colon of a
line is compared without regard to case. Questions leave two things open, so neither counts: the label of a line (but
"Invalid" and a codon's number are content), and the spaces within a sequence. Bases, amino acids, names and digits must
match exactly, and every line must be there: the questions ask for it.

Not covered: whether a wrong answer is plausible, and partial credit for worked steps.
"""

import re
from functools import cache, lru_cache
from typing import Any

from gretchen.projects.rows import meta_of, prompt_of, reference_of

_SEQUENCE = re.compile(
    r"^(complement|komplement|reverse complement|revers komplementär|rna|protein|orf): ([A-Z* ]+)$", re.M
)
_NUMBERS = re.compile(r"^(gc|bed|gff3): (.*\d.*)$", re.M)
_REFUSAL = re.compile(r"^(?P<invalid>invalid|ungültig): (?P<reason>.*)|(^|: )(not given|nicht angegeben)$", re.M)
_INVALID_CODON = re.compile(r"codon (\d+) ([^\s,]+)", re.I)
_NEEDED_LABEL = re.compile(r"invalid|ungültig|codon \d+")


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of an answer, each between 0 and 1, None where it does not apply."""
    right = normalise(reference_of(row))
    given = with_labels(normalise(prediction), right)
    exact = float(_without_spaces(given) == _without_spaces(right))
    question = "\n".join(turn["content"] for turn in prompt_of(row))
    return {"exact": exact, "identity": _identity(given, right), "numeric": _numeric(given, right, question)}


def aggregate(scored: list[Any]) -> dict[str, float | None]:
    """Return the F1 of abstention over all rows, None where none had to be refused; the rest is averaged by default."""
    pairs = [(refusal(answer), _right_refusal(item.row)) for item in scored for answer in item.predictions]
    hits = sum(given == right != "" for given, right in pairs)
    wrong = sum(given != right for given, right in pairs)
    any_expected = any(right for _, right in pairs)
    return {"abstention_f1": 2 * hits / (2 * hits + wrong) if any_expected else None}


@lru_cache(maxsize=100_000)
def refusal(prediction: str) -> str:
    """Return what an answer refuses and why: the invalid codon, "not given", "other"; "" where it refuses nothing.

    It is cached, because intervals resample it.
    """
    found = _REFUSAL.search(normalise(prediction))
    if not found:
        return ""
    if not found["invalid"]:
        return "not given"
    codon = _INVALID_CODON.match(found["reason"])
    return f"{codon[1]} {codon[2]}" if codon else "other"


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


def _numeric(given: str, right: str, question: str) -> float | None:
    """Return the share of right numbers after the reference's last label, without those that the question gives."""
    references = _NUMBERS.findall(right)
    if not references:
        return None
    label, text = references[-1]
    numbers, answers = _numbers(text), _numbers(dict(_NUMBERS.findall(given)).get(label, ""))
    if len(answers) != len(numbers):
        return 0.0
    copied = _numbers(question)
    computed = [answer == number for answer, number in zip(answers, numbers, strict=True) if number not in copied]
    return sum(computed) / len(computed) if computed else float(answers == numbers)


def _numbers(text: str) -> list[str]:
    """Return the whole numbers in a text, without leading zeros; of any length, so they are no int."""
    return [number.lstrip("0") or "0" for number in re.findall(r"[0-9]+", text)]


def _right_refusal(row: dict[str, Any]) -> str:
    """Return the refusal that a row's reference is; "" for a row that must be answered."""
    return refusal(reference_of(row)) if meta_of(row).get("abstain") else ""
