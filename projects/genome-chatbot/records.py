"""Small records as databases print them (FASTA, GenBank, GFF3, shortened), and a question about one field.

Gene symbols and accessions are random letters and digits, so they cannot be memorized: the answer is in the record,
or it is that the field is not given. The second way to compute an answer reads the field back from the record's text.
"""

import random

from gretchen.projects.splits import split_of

from . import sequences as seq
from .problems import Problem

FIELDS = {
    "en": {"gene": "Gene", "organism": "Organism", "length": "Length", "strand": "Strand", "accession": "Accession"},
    "de": {"gene": "Gen", "organism": "Organismus", "length": "Länge", "strand": "Strang", "accession": "Kennung"},
}
ORGANISMS = ("Mus musculus", "Homo sapiens", "Escherichia coli", "Danio rerio", "Zea mays", "Bos taurus",
             "Arabidopsis thaliana", "Bacillus subtilis", "Gallus gallus", "Rattus norvegicus")  # fmt: skip
# The fields of each kind of record that are asked for; a field that a record lacks is answered with "not given".
FIELDS_OF = {
    "FASTA": ("accession", "gene", "organism"),
    "GenBank": ("accession", "gene", "organism", "length"),
    "GFF3": ("accession", "gene", "strand"),
}
# A GFF3 line gives a length by its start and end, so it is neither asked for nor called missing.
MISSING_FIELDS = {"FASTA": ("length", "strand"), "GenBank": ("strand",), "GFF3": ("organism",)}
NOT_GIVEN = {"en": "not given", "de": "nicht angegeben"}


def record_facts(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Return a question about a field of a record; in every sixth the record does not have it. Hard: two records."""
    kind = rng.choice(list(FIELDS_OF))
    values = _values(rng, split)
    field = rng.choice((MISSING_FIELDS if rng.random() < 1 / 6 else FIELDS_OF)[kind])
    text = render(kind, values)
    is_given = field in FIELDS_OF[kind]
    if is_given:
        seq.agree("record", values[field], read_field(text, kind, field))
    label = FIELDS[language][field]
    keys = [f"record:{values['accession']}"]
    shown = text
    if hard:
        other = _values(rng, split)
        shown = f"{render(kind, other)}\n{text}" if rng.random() < 0.5 else f"{text}\n{render(kind, other)}"
        keys.append(f"record:{other['accession']}")
        label = f"{label} {values['accession']}"
    answer = f"{label}: {values[field] if is_given else NOT_GIVEN[language]}"
    meta = {"field": field, "record": kind, "abstain": not is_given}
    return Problem("record-facts", "record-facts", shown, answer, {"x": shown, "field": label}, keys, meta)


def _values(rng: random.Random, split: str) -> dict[str, str]:
    """Return the fields of an invented record whose accession is in `split`."""
    while True:
        letters = rng.choice("ABCDEGHKLMNPRSTVXYZ") + rng.choice("ABCDEGHKLMNPRSTVXYZ")
        accession = f"{letters}{rng.randint(100, 9999)}"
        if split_of(f"record:{accession}") == split:
            break
    # Like a human gene's symbol. In small letters a name would have two tokenizations ("=bac", " bac"), and a small
    # model does not learn to copy between them.
    gene = "".join(rng.choices("BDEFHIKLMNPRSVXYZ", k=3)) + str(rng.randint(1, 99))
    start = rng.randint(1, 200)
    return {
        "accession": accession,
        "gene": gene,
        "organism": rng.choice(ORGANISMS),
        "length": f"{rng.randint(12, 999)} bp",
        "strand": rng.choice("+-"),
        "span": f"{start} {start + rng.randint(9, 600)}",
    }


def render(kind: str, values: dict[str, str]) -> str:
    """Return the record's text: one line for FASTA and GFF3, three for GenBank."""
    if kind == "FASTA":
        return f">{values['accession']} gene={values['gene']} organism={values['organism']}"
    if kind == "GFF3":
        return f"{values['accession']} . gene {values['span']} . {values['strand']} . Name={values['gene']}"
    return f"LOCUS {values['accession']} {values['length']} DNA\nORGANISM {values['organism']}\nGENE {values['gene']}"


def read_field(text: str, kind: str, field: str) -> str:
    """Return a field as read back from a record's text."""
    if kind == "GFF3":
        columns = text.split()
        return {"accession": columns[0], "strand": columns[6], "gene": columns[8].partition("=")[2]}[field]
    if kind == "FASTA":
        head, gene, organism = text[1:].replace(" organism=", " gene=").split(" gene=")
        return {"accession": head, "gene": gene, "organism": organism}[field]
    locus, organism, gene = (line.partition(" ")[2] for line in text.split("\n"))
    accession, length = locus.removesuffix(" DNA").split(" ", 1)
    return {"accession": accession, "length": length, "organism": organism, "gene": gene}[field]
