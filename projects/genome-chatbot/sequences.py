"""Sequences in codon groups ('ATG AAA CCC TAG'), and what is computed from them, in two ways.

First: Biopython's answer for each of the 64 codons, computed once when the module is loaded (a whole-sequence call for
each of 300,000 documents would take minutes). Second: the plain tables and string operations of this file. Both run on
every row; `check_whole` repeats the first with Biopython's whole-sequence calls, for every chat row and a sample of the
documents. A row whose two answers differ raises `Disagreement`; the builder drops and counts it.

A sequence may end in a group of one or two bases (`GROUPS`): it has a complement, an RNA and a GC count, but no
translation. A reverse complement keeps the groups of its sequence, mirrored.

Not covered: ambiguity codes (N, R, Y …), translation tables other than 1, frames other than the first.
"""

import random
from itertools import product

from Bio.Data.IUPACData import protein_letters_1to3
from Bio.Seq import Seq
from Bio.SeqUtils import gc_fraction

from gretchen.projects.splits import split_of

CODONS = ["".join(bases) for bases in product("ACGT", repeat=3)]
TAILS = ["".join(bases) for length in (1, 2) for bases in product("ACGT", repeat=length)]
GROUPS = [*CODONS, *TAILS]

# First: Biopython, group by group.
COMPLEMENTS = {group: str(Seq(group).complement()) for group in GROUPS}
REVERSE_COMPLEMENTS = {group: str(Seq(group).reverse_complement()) for group in GROUPS}
TRANSCRIPTS = {group: str(Seq(group).transcribe()) for group in GROUPS}
AMINO_ACIDS = {codon: str(Seq(codon).translate(table=1)) for codon in CODONS}
THREE_LETTERS = {**protein_letters_1to3, "*": "Ter"}

# Second: the standard genetic code as NCBI prints it, bases in the order T, C, A, G.
_CODE = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = {"".join(bases): letter for bases, letter in zip(product("TCAG", repeat=3), _CODE, strict=True)}
_PAIRS = str.maketrans("ACGT", "TGCA")
NAMES = {
    "A": ("Ala", "alanine", "Alanin"), "R": ("Arg", "arginine", "Arginin"), "N": ("Asn", "asparagine", "Asparagin"),
    "D": ("Asp", "aspartate", "Aspartat"), "C": ("Cys", "cysteine", "Cystein"), "Q": ("Gln", "glutamine", "Glutamin"),
    "E": ("Glu", "glutamate", "Glutamat"), "G": ("Gly", "glycine", "Glycin"), "H": ("His", "histidine", "Histidin"),
    "I": ("Ile", "isoleucine", "Isoleucin"), "L": ("Leu", "leucine", "Leucin"), "K": ("Lys", "lysine", "Lysin"),
    "M": ("Met", "methionine", "Methionin"), "F": ("Phe", "phenylalanine", "Phenylalanin"),
    "P": ("Pro", "proline", "Prolin"), "S": ("Ser", "serine", "Serin"), "T": ("Thr", "threonine", "Threonin"),
    "W": ("Trp", "tryptophan", "Tryptophan"), "Y": ("Tyr", "tyrosine", "Tyrosin"), "V": ("Val", "valine", "Valin"),
    "*": ("Ter", "stop", "Stopp"),
}  # fmt: skip

STOPS = [codon for codon in CODONS if CODE[codon] == "*"]
SENSE = [codon for codon in CODONS if CODE[codon] != "*"]


class Disagreement(Exception):
    """Biopython and the plain tables gave different answers for a row."""


def agree(what: str, first: str, second: str) -> str:
    """Return the answer that both ways gave; raises Disagreement with both where they differ."""
    if first != second:
        raise Disagreement(f"{what}: {first!r} by Biopython, {second!r} by the plain tables")
    return first


def key(sequence: str) -> str:
    """Return a sequence's group key: no spaces, T for U, the first of both strands in both directions.

    So a DNA shares its split with its RNA, and with the strands that are asked for it or from which it is asked.
    """
    strand = sequence.replace(" ", "").replace("U", "T")
    other = strand.translate(_PAIRS)
    return "seq:" + min(strand, strand[::-1], other, other[::-1])


def count(rng: random.Random, low: int, high: int) -> int:
    """Return a number of codons from low to high, the smaller of two samples: short sequences are learned first."""
    return min(rng.randint(low, high), rng.randint(low, high))


def draw(rng: random.Random, split: str, low: int, high: int) -> list[str]:
    """Return between low and high random codons (inclusive) whose group is in `split`."""
    while True:
        codons = rng.choices(CODONS, k=count(rng, low, high))
        if split_of(key("".join(codons))) == split:
            return codons


def draw_coding(rng: random.Random, split: str, low: int, high: int) -> list[str]:
    """As draw(), from ATG to a stop codon without another, at least four codons: of three there are only 183."""
    while True:
        codons = ["ATG", *rng.choices(SENSE, k=count(rng, max(low, 4), high) - 2), rng.choice(STOPS)]
        if split_of(key("".join(codons))) == split:
            return codons


def end_partial(rng: random.Random, codons: list[str]) -> list[str]:
    """Return the codons with a last group of one or two bases behind them."""
    return [*codons, rng.choice(TAILS)]


def complement(codons: list[str]) -> str:
    """Return the complementary strand, read in the same direction, in codon groups."""
    first = " ".join([COMPLEMENTS[codon] for codon in codons])
    return agree("complement", first, " ".join(codons).translate(_PAIRS))


def reverse_complement(codons: list[str]) -> str:
    """Return the complementary strand from its own 5' end, in groups as in `codons`, mirrored."""
    first = " ".join([REVERSE_COMPLEMENTS[codon] for codon in reversed(codons)])
    return agree("reverse complement", first, " ".join(codons).translate(_PAIRS)[::-1])


def transcription(codons: list[str]) -> str:
    """Return the mRNA of the coding strand: U for T, in codon groups."""
    first = " ".join([TRANSCRIPTS[codon] for codon in codons])
    return agree("transcription", first, " ".join(codons).replace("T", "U"))


def protein(codons: list[str]) -> str:
    """Return the one-letter amino acids up to the first stop, which is written `*`, separated by spaces."""
    head, stop, _ = "".join([AMINO_ACIDS[codon] for codon in codons]).partition("*")
    letters = []
    for codon in codons:
        letters.append(CODE[codon])
        if CODE[codon] == "*":
            break
    return agree("protein", " ".join(head + stop), " ".join(letters))


def gc_totals(codons: list[str]) -> list[int]:
    """Return the number of G and C up to and including each group."""
    total, totals = 0, []
    for codon in codons:
        total += codon.count("G") + codon.count("C")
        totals.append(total)
    text = "".join(codons)
    agree("GC", str(totals[-1]), str(len(text) - text.count("A") - text.count("T")))
    return totals


def reading_frame(codons: list[str]) -> list[str]:
    """Return the codons from the first ATG to the next stop, both in frame 1; [] where there is none."""
    frame: list[str] = []
    for codon in codons:
        if frame or codon == "ATG":
            frame.append(codon)
            if codon in STOPS:
                break
    frame = frame if frame and frame[-1] in STOPS else []
    letters = "".join([AMINO_ACIDS.get(codon, "?") for codon in codons])
    start = letters.find("M")
    stop = letters.find("*", start)
    second = codons[start : stop + 1] if start >= 0 and stop >= 0 else []
    agree("reading frame", " ".join(second), " ".join(frame))
    return frame


def effect(number: int, before: str, after: str) -> str:
    """Return the kind of a codon change; codon 1 is the start codon if it is ATG."""
    first = _kind(number == 1 and before == "ATG", AMINO_ACIDS[before], AMINO_ACIDS[after])
    stops = ("TAA", "TAG", "TGA")
    if number == 1 and before == "ATG":
        second = "start-loss"
    elif (before in stops) != (after in stops):
        second = "nonsense" if after in stops else "stop-loss"
    else:
        second = "synonymous" if CODE[before] == CODE[after] else "missense"
    return agree("effect", first, second)


def _kind(start: bool, before: str, after: str) -> str:
    """Return the kind of a change from one amino acid to another, by Biopython's letters."""
    if start:
        return "start-loss"
    if before == after:
        return "synonymous"
    return "nonsense" if after == "*" else "stop-loss" if before == "*" else "missense"


def three_letters(letter: str) -> str:
    """Return the three-letter name of an amino acid; Ter for a stop, as in HGVS."""
    return agree("three letters", THREE_LETTERS[letter], NAMES[letter][0])


def neighbours(codon: str) -> list[str]:
    """Return the nine codons that differ from `codon` in one base."""
    return [codon[:i] + base + codon[i + 1 :] for i in range(3) for base in "ACGT" if base != codon[i]]


def check_whole(codons: list[str]) -> None:
    """Compare with Biopython's answers for the whole sequence; raises Disagreement."""
    text = "".join(codons)
    whole = Seq(text)
    agree("complement", str(whole.complement()), complement(codons).replace(" ", ""))
    agree("reverse complement", str(whole.reverse_complement()), reverse_complement(codons).replace(" ", ""))
    agree("transcription", str(whole.transcribe()), transcription(codons).replace(" ", ""))
    if len(text) % 3 == 0:  # Biopython translates a partial codon with a warning only
        agree("protein", str(whole.translate(table=1, to_stop=True)), protein(codons).replace(" ", "").rstrip("*"))
    agree("GC", str(round(gc_fraction(whole) * len(text))), str(gc_totals(codons)[-1]))
