"""Problems: each with its input, its answer, and the groups that keep it in one split.

Every function returns a random Problem; texts() and chats() differ only in its wording, so answers have the same form
in documents and chats. Numbers and letters are the same in English and German, only labels and terms differ. Sizes: 3-8
codons, hard 9-11. Records are in records.py, wordings in wordings.py. Questions that undo each other (GFF3 and BED, an
HGVS name written and read, the two strands of a sequence) share a group.

Not covered: changes of more than one base, codon 1 and stop codons in HGVS (p.(Met1?), extensions).
"""

import random
from dataclasses import dataclass, field

from Bio.SeqFeature import SimpleLocation

from gretchen.projects.splits import split_of

from . import sequences as seq

LABELS = {
    "en": {"complement": "Complement", "reverse-complement": "Reverse complement", "invalid": "Invalid"},
    "de": {"complement": "Komplement", "reverse-complement": "Revers komplementär", "invalid": "Ungültig"},
}
KINDS = {
    "en": {kind: kind for kind in ("synonymous", "missense", "nonsense", "stop-loss", "start-loss")},
    "de": {
        "synonymous": "synonym",
        "missense": "missense",
        "nonsense": "nonsense",
        "stop-loss": "Stoppverlust",
        "start-loss": "Startverlust",
    },
}
NON_BASES = "EFIJLOPQXZ"  # letters that are no base, not even in the ambiguity alphabet
SEQUENCE_TASKS = (
    "complement",
    "reverse-complement",
    "transcription",
    "translation",
    "translation-worked",
    "gc-count",
    "orf",
)
# What a sequence has whose last codon is partial: everything but a translation.
WITHOUT_CODONS = ("complement", "reverse-complement", "transcription", "gc-count", "orf")
PARTIAL_SHARE = 0.15


@dataclass(frozen=True)
class Problem:
    """A question without its wording. `slots` fill a chat wording, `given` are the lines of a document."""

    form: str
    task: str  # the task of its wording: the form itself, except for invalid input
    given: str
    answer: str
    slots: dict[str, str]
    keys: list[str]
    meta: dict = field(default_factory=dict)
    codons: list[str] | None = None  # for the whole-sequence check


def solve(task: str, codons: list[str], language: str) -> str:
    """Return the labelled answer to one of SEQUENCE_TASKS; raises Disagreement."""
    if task in ("complement", "reverse-complement"):
        strand = seq.complement(codons) if task == "complement" else seq.reverse_complement(codons)
        return f"{LABELS[language][task]}: {strand}"
    if task == "transcription":
        return f"RNA: {seq.transcription(codons)}"
    if task == "gc-count":
        totals = seq.gc_totals(codons)
        steps = " ".join([f"{codon} {total}" for codon, total in zip(codons, totals, strict=True)])
        return f"{steps}\nGC: {totals[-1]} {'of' if language == 'en' else 'von'} {len(''.join(codons))}"
    if task == "orf":
        frame = seq.reading_frame(codons)
        if not frame:
            return "ORF: none" if language == "en" else "ORF: keiner"
        return f"ORF: {' '.join(frame)}\nProtein: {seq.protein(frame)}"
    return f"Protein: {seq.protein(codons)}" if task == "translation" else _worked(codons, codons)


def _worked(codons: list[str], shown: list[str]) -> str:
    """Return the worked translation up to the first stop; its codons are written as in `shown`."""
    letters = seq.protein(codons)
    steps = " ".join([f"{codon}-{letter}" for codon, letter in zip(shown, letters.split(), strict=False)])
    return f"{steps}\nProtein: {letters}"


def _sizes(hard: bool) -> tuple[int, int]:
    return (9, 11) if hard else (3, 8)


def sequence_problem(task: str, rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem with a valid sequence for one of SEQUENCE_TASKS; every fourth translation starts from RNA."""
    codons = _draw_for(task, rng, split, hard)
    shown = " ".join(codons)
    rna = task.startswith("translation") and rng.random() < 0.25 and "T" in shown
    shown = seq.transcription(codons) if rna else shown
    answer = _worked(codons, shown.split()) if task == "translation-worked" else solve(task, codons, language)
    label = "RNA" if rna else "DNA"
    return Problem(task, task, f"{label}: {shown}", answer, {"x": shown}, [seq.key(shown)], {}, codons)


def _draw_for(task: str, rng: random.Random, split: str, hard: bool) -> list[str]:
    """Return a task's codons in `split`; where the task allows it, PARTIAL_SHARE of them end in a partial codon."""
    low, high = _sizes(hard)
    draw = _draw_frame if task == "orf" else seq.draw_coding if rng.random() < 0.3 else seq.draw
    if task not in WITHOUT_CODONS or rng.random() >= PARTIAL_SHARE:
        return draw(rng, split, low, high)
    while True:
        codons = seq.end_partial(rng, draw(rng, "train", low, high - 1))
        if split_of(seq.key("".join(codons))) == split:
            return codons


def _draw_frame(rng: random.Random, split: str, low: int, high: int) -> list[str]:
    """Return codons, two thirds with a reading frame, one third without (no start, or no stop after it)."""
    with_frame = rng.random() < 0.67
    while True:
        count = seq.count(rng, low, high)
        codons = rng.choices(seq.SENSE if rng.random() < 0.7 else seq.CODONS, k=count)
        first = rng.randrange(0, max(1, count - 2))
        if with_frame or rng.random() < 0.5:
            codons[first] = "ATG"
        if with_frame or rng.random() < 0.5:
            codons[rng.randrange(first + 1, count)] = rng.choice(seq.STOPS)
        if split_of(seq.key("".join(codons))) == split and bool(seq.reading_frame(codons)) == with_frame:
            return codons


def codon_effect(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem on a coding sequence with one base changed; the five kinds are equally frequent."""
    kind = rng.choice(list(KINDS["en"]))
    while True:
        codons = seq.draw_coding(rng, split, *_sizes(hard))
        last = len(codons) - 1
        index = {"start-loss": 0, "stop-loss": last}.get(kind) if kind.endswith("loss") else rng.randrange(1, last)
        before = codons[index]
        options = [codon for codon in seq.neighbours(before) if seq.effect(index + 1, before, codon) == kind]
        rng.shuffle(options)
        for after in options:
            changed = [*codons[:index], after, *codons[index + 1 :]]
            if split_of(seq.key("".join(changed))) == split:
                return _effect_problem(codons, changed, index, kind, language)


def _effect_problem(codons: list[str], changed: list[str], index: int, kind: str, language: str) -> Problem:
    """Return the problem with its answer: codon number, both codons with their amino acids, and the kind."""
    x, y = " ".join(codons), " ".join(changed)
    step = [f"{codon}-{seq.protein([codon])}" for codon in (codons[index], changed[index])]
    head, label = ("Changed", "Effect") if language == "en" else ("Verändert", "Wirkung")
    answer = f"Codon {index + 1}: {step[0]} > {step[1]}\n{label}: {KINDS[language][kind]}"
    keys = [seq.key(x), seq.key(y)]
    given = f"Original: {x}\n{head}: {y}"
    return Problem(
        "codon-effect", "codon-effect", given, answer, {"x": x, "y": y}, keys, {"kind": kind}, [*codons, *changed]
    )


def _draw_change(rng: random.Random, low: int) -> tuple[int, str, str, str]:
    """Return codon number (2-400), codon before and after, kind: half missense, a quarter each nonsense, synonymous."""
    kind = rng.choice(("missense", "missense", "nonsense", "synonymous"))
    while True:
        before = rng.choice(seq.SENSE)
        options = [codon for codon in seq.neighbours(before) if seq.effect(2, before, codon) == kind]
        if options:
            return rng.randint(low, 99 if rng.random() < 0.6 else 400), before, rng.choice(options), kind


def _hgvs(number: int, before: str, after: str) -> str:
    """Return the HGVS name of a codon change's predicted consequence, e.g. p.(Lys2Ter), p.(Lys2=).

    The parentheses say that the protein was predicted from the DNA, not sequenced.
    """
    old, new = seq.three_letters(seq.AMINO_ACIDS[before]), seq.three_letters(seq.AMINO_ACIDS[after])
    return f"p.({old}{number}{'=' if old == new else new})"


def hgvs_write(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem from codon number and change to an HGVS name; hard: numbers of three digits."""
    while True:
        number, before, after, kind = _draw_change(rng, 2)
        number = rng.randint(401, 999) if hard else number
        name = _hgvs(number, before, after)
        if split_of(f"hgvs:{name}") == split:
            break
    names = [f"{codon}-{seq.three_letters(seq.AMINO_ACIDS[codon])}" for codon in (before, after)]
    answer = f"{names[0]} {names[1]}\nHGVS: {name}"
    given = f"{'Change' if language == 'en' else 'Änderung'}: Codon {number} {before} > {after}"
    slots = {"n": str(number), "a": before, "b": after}
    return Problem("hgvs-write", "hgvs-write", given, answer, slots, [f"hgvs:{name}"], {"kind": kind})


def hgvs_read(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem from an HGVS name to codon number, amino acids and kind; hard: numbers of three digits."""
    while True:
        number, before, after, kind = _draw_change(rng, 2)
        name = _hgvs(rng.randint(401, 999) if hard else number, before, after)
        if split_of(f"hgvs:{name}") == split:
            break
    number = int("".join([sign for sign in name if sign.isdigit()]))
    letters = [seq.AMINO_ACIDS[codon] for codon in (before, after)]
    step = " > ".join([f"{seq.three_letters(letter)}-{letter}" for letter in letters])
    answer = f"Codon {number}: {step}\n{'Effect' if language == 'en' else 'Wirkung'}: {KINDS[language][kind]}"
    slots = {"x": name}
    return Problem("hgvs-read", "hgvs-read", f"HGVS: {name}", answer, slots, [f"hgvs:{name}"], {"kind": kind})


def coordinates(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem from GFF3 (1-based, end included) to BED (0-based, end excluded) or back; hard: four digits."""
    low, high = (1000, 9999) if hard else (1, 999)
    to_bed = rng.random() < 0.5
    while True:
        digits = high if hard else rng.choice((9, 99, high))
        start, end = sorted(rng.sample(range(low if hard else 1, digits + 1), 2))
        start -= 0 if to_bed else 1
        moved = start - 1 if to_bed else start + 1
        key = f"coordinates:{min(start, moved)}-{end}"
        if split_of(key) == split:
            break
    source, target = ("GFF3", "BED") if to_bed else ("BED", "GFF3")
    # Biopython counts like BED; its location of "12..57", written like GFF3, is the first way to compute the answer.
    location = SimpleLocation.fromstring(f"{start if to_bed else moved}..{end}")
    seq.agree("coordinates", f"{location.start} {location.end}", f"{moved if to_bed else start} {end}")
    slots = {"x": f"{start} {end}", "from": source, "to": target}
    given = f"{source}: {start} {end}"
    meta = {"start": moved, "end": end, "to": target}
    return Problem("coordinates", "coordinates", given, f"{target}: {moved} {end}", slots, [key], meta)


def invalid_input(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem to be refused: a letter that is no base, U in DNA, a partial codon; the answer names it.

    A partial codon is a fault only where codons are translated, so the two translations are asked twice as often.
    """
    task = rng.choice((*SEQUENCE_TASKS, "translation", "translation-worked"))
    fault = rng.choice(("letter", "mixed") if task in WITHOUT_CODONS else ("letter", "mixed", "partial", "partial"))
    source = split if fault == "mixed" else "train"  # U and T share a key, so a mixed sequence keeps its split
    while True:
        codons = (seq.draw_coding if rng.random() < 0.3 else seq.draw)(rng, source, *_sizes(hard))
        index, reason = _spoil(rng, codons, fault, language)
        if task not in WITHOUT_CODONS and set(seq.STOPS).intersection(codons[: max(index, 0)]):
            continue  # a translation would end before it
        if index >= 0 and split_of(seq.key(" ".join(codons))) == split:
            break
    x = " ".join(codons)
    answer = f"{LABELS[language]['invalid']}: Codon {index + 1} {codons[index]}, {reason}"
    meta = {"fault": fault, "abstain": True}
    return Problem("invalid-input", task, f"DNA: {x}", answer, {"x": x}, [seq.key(x)], meta)


def _spoil(rng: random.Random, codons: list[str], fault: str, language: str) -> tuple[int, str]:
    """Insert the fault into `codons`; return the codon's index (-1: not possible in this sequence) and the reason."""
    english = language == "en"
    if fault == "partial":
        codons[-1] = codons[-1][: rng.randint(1, 2)]
        return len(codons) - 1, "partial" if english else "unvollständig"
    if fault == "letter":
        index, base, sign = rng.randrange(len(codons)), rng.randrange(3), rng.choice(NON_BASES)
        codons[index] = codons[index][:base] + sign + codons[index][base + 1 :]
        return index, f"{'letter' if english else 'Buchstabe'} {sign}"
    indices = [i for i, codon in enumerate(codons) if "T" in codon]
    if len(indices) < 3:  # one codon with U against two with T: clearly DNA with a typing error
        return -1, ""
    index = rng.choice(indices)
    codons[index] = codons[index].replace("T", "U")
    return index, "U in DNA"


def codon_lookup(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem on the amino acid of a codon: letter, short and full name; none of a stop. A closed table."""
    codon = rng.choice(seq.CODONS)
    letter = seq.protein([codon])
    short, english, german = seq.NAMES[letter]
    label, name = ("Amino acid", english) if language == "en" else ("Aminosäure", german)
    answer = f"{label}: {letter} {seq.three_letters(letter)} {name}"
    if letter == "*":
        answer = f"{label}: {'none, stop codon' if language == 'en' else 'keine, Stoppcodon'}"
    return Problem("codon-lookup", "codon-lookup", f"Codon: {codon}", answer, {"x": codon}, [], {}, [codon])


def amino_acid_codons(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a problem on all codons of an amino acid in alphabetical order. A closed table."""
    letter = rng.choice([letter for letter in seq.NAMES if letter != "*"])
    short, english, german = seq.NAMES[letter]
    label, name = ("Amino acid", english) if language == "en" else ("Aminosäure", german)
    first = " ".join([codon for codon in seq.CODONS if seq.AMINO_ACIDS[codon] == letter])
    second = " ".join(sorted(codon for codon in seq.CODE if seq.CODE[codon] == letter))
    shown = rng.choice((name, short, f"{name} ({letter})"))
    answer = f"Codons: {seq.agree('codons', first, second)}"
    return Problem("amino-acid-codons", "amino-acid-codons", f"{label}: {shown}", answer, {"x": shown}, [])
