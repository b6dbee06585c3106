"""The rejected side of a preference pair: one typed fault in an answer that is otherwise of the same form.

Faults: a frame shift, a complement that is not reversed, T for U, a wrong amino acid, a wrong count, a coordinate not
moved, an HGVS name the wrong way round, a confident answer to invalid input, a refusal of valid input. Every fault is
wrong for certain: a rejected answer that equals the right one is no pair. Lengths differ by two thirds at most.

Not covered: faults in wording or manner; the chosen side is always the builder's answer.
"""

import random
import re

from . import problems
from . import sequences as seq
from .problems import LABELS, Problem

# The forms that have pairs, with what can go wrong in each.
FAULTS = {
    "reverse-complement": ("not-reversed", "refused"),
    "transcription": ("t-for-u", "refused"),
    "translation": ("frame-shift", "wrong-amino-acid", "refused"),
    "translation-worked": ("frame-shift", "wrong-amino-acid"),
    "gc-count": ("wrong-count",),
    "hgvs-write": ("wrong-way-round",),
    "coordinates": ("not-moved",),
    "invalid-input": ("confident",),
}
# How often each form comes: as often a confident answer to invalid input as a refusal of valid input.
WEIGHTS = {**{form: len(faults) for form, faults in FAULTS.items()}, "invalid-input": 6}
_SHOWN = str.maketrans("ACGTU", "TGCAA")


def rejected(rng: random.Random, problem: Problem, language: str) -> tuple[str, str] | None:
    """A wrong answer of like length and its fault; None where this problem allows none."""
    fault = rng.choice(FAULTS[problem.form])
    answer = _spoiled(rng, problem, fault, language)
    if answer is None or answer == problem.answer:
        return None
    shorter, longer = sorted((len(answer), len(problem.answer)))
    return (answer, fault) if shorter >= 0.6 * longer else None


def _spoiled(rng: random.Random, problem: Problem, fault: str, language: str) -> str | None:
    """The answer with that fault planted; None where it cannot be."""
    if fault == "refused":
        return _refusal(rng, problem, language)
    if fault == "confident":
        return _confident(problem, language)
    if fault == "not-reversed":
        return f"{LABELS[language]['reverse-complement']}: {seq.complement(problem.codons)}"
    if fault == "t-for-u":
        return problem.answer.replace("U", "T")
    if fault == "frame-shift":
        if problem.given.startswith("RNA"):  # its codons would turn to DNA: a second fault
            return None
        text = "".join(problem.codons)
        shifted = text[1:] + text[0]
        codons = [shifted[i : i + 3] for i in range(0, len(shifted), 3)]
        return problems.solve(problem.form, codons, language)
    if fault == "wrong-amino-acid":
        return _wrong_letter(rng, problem.answer)
    if fault == "wrong-count":
        return re.sub(r"GC: (\d+)", lambda found: f"GC: {int(found[1]) + rng.choice((1, 2))}", problem.answer)
    if fault == "not-moved":
        return f"{problem.meta['to']}: {problem.slots['x']}"
    old, number, new = re.fullmatch(r".*p\.([A-Z][a-z]+)(\d+)(\S+)", problem.answer, re.DOTALL).groups()
    return None if new == "=" else problem.answer.rsplit(":", 1)[0] + f": p.{new}{number}{old}"


def _refusal(rng: random.Random, problem: Problem, language: str) -> str:
    """A refusal of a valid sequence: a codon of it is called partial."""
    number = rng.randrange(len(problem.codons))
    reason = "partial" if language == "en" else "unvollständig"
    return f"{LABELS[language]['invalid']}: Codon {number + 1} {problem.codons[number]}, {reason}"


def _confident(problem: Problem, language: str) -> str | None:
    """An answer to invalid input as if nothing were wrong with it."""
    shown = problem.slots["x"]
    if problem.task in ("complement", "reverse-complement"):
        strand = shown.translate(_SHOWN)
        strand = strand[::-1] if problem.task == "reverse-complement" else strand
        return f"{LABELS[language][problem.task]}: {strand}"
    if problem.task == "transcription":
        return f"RNA: {shown.replace('T', 'U')}"
    codons = shown.replace("U", "T").split()
    letters = [seq.CODE.get(codon, "X") for codon in codons]
    if problem.task == "translation":
        return f"Protein: {' '.join(letters)}"
    if problem.task == "translation-worked":
        steps = " ".join([f"{codon}-{letter}" for codon, letter in zip(codons, letters, strict=True)])
        return f"{steps}\nProtein: {' '.join(letters)}"
    return None


def _wrong_letter(rng: random.Random, answer: str) -> str:
    """The protein with one amino acid exchanged."""
    head, letters = answer.rsplit(": ", 1)
    found = letters.split()
    place = rng.randrange(len(found))
    found[place] = rng.choice([letter for letter in seq.NAMES if letter not in (found[place], "*")])
    return f"{head}: {' '.join(found)}"
