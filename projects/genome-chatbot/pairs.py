"""The rejected side of a preference pair: an answer of the same form with one fault.

Faults: a frame shift, a complement that is not reversed or a reversed one, two codons exchanged, a wrong base, T for U
or U for T, an amino acid that is wrong or stands twice, a worked translation or a reading frame with a codon too few or
too many, a wrong count or length, a coordinate not converted or converted twice, the wrong codon or kind of a change,
an HGVS name reversed or without its "=", another field of the record, "not given" for a field that is given, an answer
in the other language, a confident answer to invalid input, a refusal of valid input or one that blames another codon.
Most of them are errors that a fine-tuned model makes on validation rows (docs/log.md), most often on the change of a
codon. A rejected answer that equals the right one gives no pair. Lengths differ by two thirds at most.

A fault that looks like the answer of another form (`IMITATED`) would teach that such answers are wrong: each of these
forms has pairs where such an answer is the chosen one.

Not covered: faults in wording or manner; the chosen side is always the builder's answer.
"""

import random
import re

from . import problems
from . import sequences as seq
from .problems import LABELS, Problem
from .records import FIELDS_OF, NOT_GIVEN, read_field

# The forms that have pairs, with the faults of each.
FAULTS = {
    "complement": ("reversed", "u-for-t", "other-language", "refused"),
    "reverse-complement": ("not-reversed", "exchanged", "wrong-base", "wrong-base", "other-language", "refused"),
    "transcription": ("t-for-u", "refused"),
    "translation": ("frame-shift", "wrong-amino-acid", "repeated", "refused"),
    "translation-worked": ("frame-shift", "wrong-amino-acid", "cut-short", "refused"),
    "gc-count": ("wrong-count", "wrong-length", "other-language"),
    "orf": ("skipped-codon", "extra-codon"),
    "codon-effect": ("wrong-codon", "unchanged", "unchanged", "unchanged", "wrong-kind", "other-language"),
    "hgvs-write": ("wrong-way-round", "named-twice"),
    "hgvs-read": ("wrong-kind", "wrong-kind", "other-language"),
    "coordinates": ("not-moved", "moved-twice"),
    "record-facts": ("other-field", "other-field", "not-given", "other-language", "other-language"),
    "invalid-input": ("confident", "confident", "wrong-group", "other-language"),
}
# The forms whose right answers a fault looks like.
IMITATED = {
    "not-reversed": ("complement",),
    "reversed": ("reverse-complement",),
    "t-for-u": ("complement", "reverse-complement"),
    "u-for-t": ("transcription",),
    "refused": ("invalid-input",),
    "not-given": ("record-facts",),
    "unchanged": ("hgvs-read",),
    "confident": ("complement", "reverse-complement", "transcription", "translation", "translation-worked"),
}
# How often each form occurs: confident answers to invalid input as often as refusals of valid input; more often where
# fine-tuned models are weak: the change of a codon, and answering in the language of the question.
_OFTEN = {"invalid-input": 7, "codon-effect": 18, "hgvs-read": 6, "translation": 8, "orf": 4, "record-facts": 8}
WEIGHTS = {form: len(faults) for form, faults in FAULTS.items()} | _OFTEN
_SHOWN = str.maketrans("ACGTU", "TGCAA")


def rejected(rng: random.Random, problem: Problem, twin: Problem, language: str) -> tuple[str, str] | None:
    """Return a wrong answer of similar length and its fault; None where this problem allows none.

    `twin` is the same problem in the other language.
    """
    fault = rng.choice(FAULTS[problem.form])
    if fault == "other-language":
        answer = twin.answer if twin.slots["x"] == problem.slots["x"] else None
    else:
        answer = _spoiled(rng, problem, fault, language)
    if answer is None or answer == problem.answer:
        return None
    shorter, longer = sorted((len(answer), len(problem.answer)))
    return (answer, fault) if shorter >= 0.6 * longer else None


def differs_in(fault: str) -> str:
    """Return in what the two sides differ: "language" or "content"."""
    return "language" if fault == "other-language" else "content"


def _spoiled(rng: random.Random, problem: Problem, fault: str, language: str) -> str | None:
    """Return the answer with that fault; None where it cannot have it."""
    if fault == "refused":
        return _refusal(rng, problem, language)
    if fault == "confident":
        return _confident(problem, language)
    if fault in ("not-reversed", "reversed"):
        strand = seq.complement if fault == "not-reversed" else seq.reverse_complement
        return f"{LABELS[language][problem.form]}: {strand(problem.codons)}"
    if fault in ("exchanged", "wrong-base"):
        return (_exchanged if fault == "exchanged" else _wrong_base)(rng, problem.answer)
    if fault in ("wrong-codon", "unchanged", "wrong-kind"):
        return _wrong_effect(rng, problem, fault, language)
    if fault in ("skipped-codon", "extra-codon"):
        return _wrong_frame(rng, problem, fault)
    if fault == "wrong-group":
        return _wrong_group(rng, problem)
    if fault == "other-field":
        return _other_field(rng, problem)
    if fault == "moved-twice":
        further = problem.meta["start"] + (1 if problem.meta["to"] == "GFF3" else -1)
        return f"{problem.meta['to']}: {further} {problem.meta['end']}" if further >= 0 else None
    if fault in ("t-for-u", "u-for-t"):
        label, strand = problem.answer.split(": ")
        return f"{label}: {strand.replace('U', 'T') if fault == 't-for-u' else strand.replace('T', 'U')}"
    if fault == "not-given":
        return f"{problem.slots['field']}: {NOT_GIVEN[language]}"
    if fault == "frame-shift":
        if problem.given.startswith("RNA"):  # its codons would become DNA: a second fault
            return None
        text = "".join(problem.codons)
        shifted = text[1:] + text[0]
        codons = [shifted[i : i + 3] for i in range(0, len(shifted), 3)]
        return problems.solve(problem.form, codons, language)
    if fault == "wrong-amino-acid":
        return _wrong_letter(rng, problem.answer)
    if fault == "repeated":
        return re.sub(r"(\w)( \*)?$", r"\1 \1\2", problem.answer)
    if fault == "cut-short":
        return "\n".join([line.rsplit(" ", 1)[0] for line in problem.answer.split("\n")])
    if fault in ("wrong-count", "wrong-length"):
        number = r"(?<=GC: )\d+" if fault == "wrong-count" else r"\d+$"
        return re.sub(number, lambda match: str(int(match[0]) + rng.choice((1, 2))), problem.answer)
    if fault == "not-moved":
        return f"{problem.meta['to']}: {problem.slots['x']}"
    old, number, new = re.fullmatch(r".*p\.\(([A-Z][a-z]+)(\d+)(\S+)\)", problem.answer, re.DOTALL).groups()
    if (new == "=") != (fault == "named-twice"):
        return None
    name = f"{old}{number}{old}" if fault == "named-twice" else f"{new}{number}{old}"
    return f"{problem.answer.rsplit(':', 1)[0]}: p.({name})"


def _refusal(rng: random.Random, problem: Problem, language: str) -> str:
    """Return a refusal of a valid sequence: its last group where that is partial, else any codon, is called partial."""
    groups = problem.slots["x"].split()
    last = len(groups) - 1
    number = last if len(groups[last]) < 3 else rng.randint(0, last)
    reason = "partial" if language == "en" else "unvollständig"
    return f"{LABELS[language]['invalid']}: Codon {number + 1} {groups[number]}, {reason}"


def _confident(problem: Problem, language: str) -> str | None:
    """Return an answer to invalid input as if it were valid."""
    shown = problem.slots["x"]
    if problem.task in ("complement", "reverse-complement"):
        strand = shown.translate(_SHOWN)
        strand = strand[::-1] if problem.task == "reverse-complement" else strand
        return f"{LABELS[language][problem.task]}: {strand}"
    if problem.task == "transcription":
        return f"RNA: {shown.replace('T', 'U')}"
    codons = shown.replace("U", "T").split()
    letters = [seq.CODE.get(codon, "X") for codon in codons]
    letters = letters[: letters.index("*") + 1] if "*" in letters else letters
    if problem.task == "translation":
        return f"Protein: {' '.join(letters)}"
    if problem.task == "translation-worked":
        steps = " ".join([f"{codon}-{letter}" for codon, letter in zip(codons, letters, strict=False)])
        return f"{steps}\nProtein: {' '.join(letters)}"
    return None


def _exchanged(rng: random.Random, answer: str) -> str:
    """Return the strand with two neighbouring codons exchanged."""
    head, strand = answer.rsplit(": ", 1)
    codons = strand.split()
    index = rng.randrange(len(codons) - 1)
    codons[index], codons[index + 1] = codons[index + 1], codons[index]
    return f"{head}: {' '.join(codons)}"


def _wrong_base(rng: random.Random, answer: str) -> str:
    """Return the strand with one base exchanged behind its first codon."""
    head, strand = answer.rsplit(": ", 1)
    index = rng.choice([i for i, base in enumerate(strand) if i > 3 and base != " "])
    base = rng.choice([base for base in "ACGT" if base != strand[index]])
    return f"{head}: {strand[:index]}{base}{strand[index + 1 :]}"


def _wrong_frame(rng: random.Random, problem: Problem, fault: str) -> str | None:
    """Return the reading frame with a codon too few or too many after its start; None where there is none."""
    codons = seq.reading_frame(problem.codons)
    number = rng.randrange(1, len(codons)) if codons else 0
    if fault == "skipped-codon":
        changed = [*codons[:number], *codons[number + 1 :]]
        return f"ORF: {' '.join(changed)}\nProtein: {seq.protein(changed)}" if 0 < number < len(codons) - 1 else None
    changed = [*codons[:number], rng.choice(seq.SENSE), *codons[number:]]
    return f"ORF: {' '.join(changed)}\nProtein: {seq.protein(changed)}" if codons else None


def _wrong_group(rng: random.Random, problem: Problem) -> str:
    """Return a refusal for the same reason that blames another group of the sequence."""
    groups = problem.slots["x"].split()
    number, group = re.search(r"Codon (\d+) (\w+)", problem.answer).groups()
    other = rng.choice([i for i in range(len(groups)) if i + 1 != int(number)])
    return problem.answer.replace(f"Codon {number} {group}", f"Codon {other + 1} {groups[other]}")


def _wrong_effect(rng: random.Random, problem: Problem, fault: str, language: str) -> str:
    """Return an effect with an unchanged codon, called synonymous where the fault is so named, or another kind."""
    first, second = problem.answer.split("\n")
    if fault == "wrong-kind":
        label, kind = second.split(": ")
        return f"{first}\n{label}: {rng.choice([k for k in problems.KINDS[language].values() if k != kind])}"
    before, after = (problem.slots[name].split() for name in "xy")
    number = rng.choice([i for i, codon in enumerate(before) if codon == after[i]])
    step = f"{before[number]}-{seq.protein([before[number]])}"
    if fault == "unchanged":
        second = f"{second.split(': ')[0]}: {problems.KINDS[language]['synonymous']}"
    return f"Codon {number + 1}: {step} > {step}\n{second}"


def _other_field(rng: random.Random, problem: Problem) -> str:
    """Return the value of another field of the record."""
    kind, field = problem.meta["record"], problem.meta["field"]
    other = rng.choice([name for name in FIELDS_OF[kind] if name != field])
    return f"{problem.answer.split(': ')[0]}: {read_field(problem.given, kind, other)}"


def _wrong_letter(rng: random.Random, answer: str) -> str:
    """Return the protein with one amino acid exchanged."""
    head, letters = answer.rsplit(": ", 1)
    amino_acids = letters.split()
    index = rng.randrange(len(amino_acids))
    amino_acids[index] = rng.choice([letter for letter in seq.NAMES if letter not in (amino_acids[index], "*")])
    return f"{head}: {' '.join(amino_acids)}"
