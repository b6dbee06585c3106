"""Small records as databases print them (FASTA, GenBank, GFF3, shortened), and a question about one field.

Gene symbols and accessions are random letters and digits, so nothing can be known by heart: the answer stands in the
record, or the answer is that the field is not given. The second route reads the field back from the record's text.
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
# What each kind of record holds; a field it lacks is answered with "not given".
HELD = {
    "FASTA": ("accession", "gene", "organism"),
    "GenBank": ("accession", "gene", "organism", "length"),
    "GFF3": ("accession", "gene", "strand"),
}
ABSENT = {"en": "not given", "de": "nicht angegeben"}


def record_facts(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """A record and a question about one field; every sixth asks for a field the record lacks. Hard: two records."""
    kind = rng.choice(list(HELD))
    values = _values(rng, split)
    if rng.random() < 1 / 6:
        field = rng.choice([name for name in FIELDS["en"] if name not in HELD[kind]])
    else:
        field = rng.choice(HELD[kind])
    text = render(kind, values)
    held = field in HELD[kind]
    if held:
        seq.agree("record", values[field], read_field(text, kind, field))
    label = FIELDS[language][field]
    keys = [f"record:{values['accession']}"]
    shown = text
    if hard:
        other = _values(rng, split)
        shown = f"{render(kind, other)}\n{text}" if rng.random() < 0.5 else f"{text}\n{render(kind, other)}"
        keys.append(f"record:{other['accession']}")
        label = f"{label} {values['accession']}"
    answer = f"{label}: {values[field] if held else ABSENT[language]}"
    meta = {"field": field, "record": kind, "abstain": not held}
    return Problem("record-facts", "record-facts", shown, answer, {"x": shown, "field": label}, keys, meta)


def _values(rng: random.Random, split: str) -> dict[str, str]:
    """The fields of one invented record whose accession falls in `split`."""
    while True:
        letters = rng.choice("ABCDEGHKLMNPRSTVXYZ") + rng.choice("ABCDEGHKLMNPRSTVXYZ")
        accession = f"{letters}{rng.randint(100, 9999)}"
        if split_of(f"record:{accession}") == split:
            break
    # Like a human gene's symbol. In small letters the tokenizer would cut one name in two ways ("=bac", " bac"), and a
    # small model does not learn to copy what it reads in other pieces.
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
    """The record's text: one line for FASTA and GFF3, three for GenBank."""
    if kind == "FASTA":
        return f">{values['accession']} gene={values['gene']} organism={values['organism']}"
    if kind == "GFF3":
        return f"{values['accession']} . gene {values['span']} . {values['strand']} . Name={values['gene']}"
    return f"LOCUS {values['accession']} {values['length']} DNA\nORGANISM {values['organism']}\nGENE {values['gene']}"


def read_field(text: str, kind: str, field: str) -> str:
    """The field as read back from a record's text (second route)."""
    if kind == "GFF3":
        columns = text.split()
        return {"accession": columns[0], "strand": columns[6], "gene": columns[8].partition("=")[2]}[field]
    if kind == "FASTA":
        head, gene, organism = text[1:].replace(" organism=", " gene=").split(" gene=")
        return {"accession": head, "gene": gene, "organism": organism}[field]
    locus, organism, gene = (line.partition(" ")[2] for line in text.split("\n"))
    accession, length = locus.removesuffix(" DNA").split(" ", 1)
    return {"accession": accession, "length": length, "organism": organism, "gene": gene}[field]
