"""The questions' wordings: opening x core x closing, numbered per form and language.

A wording is a group of its own ('wording:<form>/<language>/<number>'), so held-out questions are held out by wording as
well as by sequence. `pick` takes a wording from the same split as the problem, so that no row is dropped because
its groups are in different splits. Every form and language has wordings in each split; the tests assert it.
"""

import random
from functools import cache

from gretchen.projects.splits import split_of

OPENINGS = {
    "en": ("", "Hello. ", "Question: ", "A short task. ", "I am learning genetics. ", "For my notes: "),
    "de": ("", "Hallo. ", "Frage: ", "Eine kurze Aufgabe. ", "Ich lerne Genetik. ", "Für meine Notizen: "),
}
CLOSINGS = {
    "en": ("", " Thanks.", " Please be brief.", " Answer only.", " Please check it."),
    "de": ("", " Danke.", " Bitte kurz.", " Nur die Antwort.", " Bitte genau."),
}
CORES = {
    "complement": {
        "en": ("Give the complement of {x}.", "What is the complement of {x}?", "Complement this strand: {x}.",
               "Write the complementary bases of {x}."),
        "de": ("Gib das Komplement von {x} an.", "Was ist das Komplement von {x}?", "Bilde das Komplement: {x}.",
               "Schreibe die komplementären Basen von {x}."),
    },
    "reverse-complement": {
        "en": ("Give the reverse complement of {x}.", "What is the reverse complement of {x}?",
               "Reverse and complement {x}.", "Write the opposite strand of {x} from 5' to 3'."),
        "de": ("Gib das reverse Komplement von {x} an.", "Wie lautet {x} revers komplementär?",
               "Bilde revers komplementär: {x}.", "Schreibe den Gegenstrang von {x} von 5' nach 3'."),
    },
    "transcription": {
        "en": ("Transcribe {x}.", "What is the mRNA of {x}?", "Write {x} as RNA.", "Give the transcript of {x}."),
        "de": ("Transkribiere {x}.", "Wie lautet die mRNA zu {x}?", "Schreibe {x} als RNA.",
               "Gib das Transkript von {x} an."),
    },
    "translation": {
        "en": ("Translate {x}.", "Which protein does {x} give?", "Give the amino acids of {x}.",
               "What does {x} code for?"),
        "de": ("Übersetze {x}.", "Welches Protein ergibt {x}?", "Gib die Aminosäuren von {x} an.",
               "Wofür codiert {x}?"),
    },
    "translation-worked": {
        "en": ("Translate {x} step by step.", "Translate {x} codon by codon.", "Show each step of translating {x}.",
               "Work out the protein of {x} in steps."),
        "de": ("Übersetze {x} Schritt für Schritt.", "Übersetze {x} Codon für Codon.",
               "Zeige jeden Schritt der Translation von {x}.", "Leite das Protein von {x} in Schritten her."),
    },
    "gc-count": {
        "en": ("Count G and C in {x}.", "How many bases of {x} are G or C?", "What is the GC count of {x}?",
               "Give the number of G and C in {x}."),
        "de": ("Zähle G und C in {x}.", "Wie viele Basen von {x} sind G oder C?", "Wie hoch ist die GC-Anzahl von {x}?",
               "Gib die Zahl von G und C in {x} an."),
    },
    "orf": {
        "en": ("Find the open reading frame in {x}.", "Which ORF is in {x}?", "Give the first ORF of {x}.",
               "Is there an ORF in {x}?"),
        "de": ("Finde den offenen Leserahmen in {x}.", "Welcher ORF steht in {x}?", "Gib den ersten ORF von {x} an.",
               "Gibt es einen ORF in {x}?"),
    },
    "codon-effect": {
        "en": ("What is the effect of changing {x} to {y}?", "{x} becomes {y}. Which kind of mutation is it?",
               "Compare {x} with the variant {y}.", "Original {x}, variant {y}: what changed?"),
        "de": ("Welche Wirkung hat die Änderung von {x} zu {y}?", "Aus {x} wird {y}. Welche Art Mutation ist das?",
               "Vergleiche {x} mit der Variante {y}.", "Original {x}, Variante {y}: was ist anders?"),
    },
    "hgvs-write": {
        "en": ("Write codon {n}, {a} to {b}, in HGVS.", "Codon {n} changes from {a} to {b}. Give the HGVS name.",
               "What is the protein HGVS of {a} > {b} at codon {n}?", "Name the change {a} > {b} in codon {n}."),
        "de": ("Schreibe Codon {n}, {a} zu {b}, in HGVS.", "Codon {n} ändert sich von {a} zu {b}. Und in HGVS?",
               "Wie lautet der HGVS-Name von {a} > {b} in Codon {n}?", "Benenne die Änderung {a} > {b} in Codon {n}."),
    },
    "hgvs-read": {
        "en": ("What does {x} mean?", "Explain the variant {x}.", "Read the HGVS name {x}.", "Which change is {x}?"),
        "de": ("Was bedeutet {x}?", "Erkläre die Variante {x}.", "Lies den HGVS-Namen {x}.",
               "Welche Änderung ist {x}?"),
    },
    "coordinates": {
        "en": ("Convert {from} {x} to {to}.", "What is {from} {x} in {to}?", "Give the {to} coordinates of {from} {x}.",
               "A feature has {from} {x}. Write it for {to}."),
        "de": ("Rechne {from} {x} in {to} um.", "Was ist {from} {x} in {to}?",
               "Gib die {to}-Koordinaten von {from} {x} an.", "Ein Merkmal hat {from} {x}. Schreibe es für {to}."),
    },
    "record-facts": {
        "en": ("{x}\nWhat is the field {field}?", "{x}\nGive: {field}.", "{x}\nRead this record. {field}?",
               "Look at this record:\n{x}\n{field}?"),
        "de": ("{x}\nWas steht im Feld {field}?", "{x}\nGib an: {field}.", "{x}\nLies diesen Eintrag. {field}?",
               "Sieh dir diesen Eintrag an:\n{x}\n{field}?"),
    },
    "codon-lookup": {
        "en": ("Which amino acid does {x} code for?", "What does the codon {x} mean?", "Look up the codon {x}.",
               "Name the amino acid of {x}."),
        "de": ("Für welche Aminosäure steht {x}?", "Was bedeutet das Codon {x}?", "Schlage das Codon {x} nach.",
               "Nenne die Aminosäure zu {x}."),
    },
    "amino-acid-codons": {
        "en": ("Which codons code for {x}?", "List the codons of {x}.", "Give all codons for {x}.",
               "How is {x} encoded?"),
        "de": ("Welche Codons stehen für {x}?", "Nenne die Codons von {x}.", "Gib alle Codons für {x} an.",
               "Wie wird {x} codiert?"),
    },
    # The second turn of a follow-up: a question about the sequence of the first.
    "then-translation": {
        "en": ("And its protein?", "Now translate that DNA.", "Which protein does the same DNA give?",
               "Translate the first sequence too."),
        "de": ("Und das Protein dazu?", "Übersetze nun diese DNA.", "Welches Protein ergibt dieselbe DNA?",
               "Übersetze auch die erste Sequenz."),
    },
    "then-gc-count": {
        "en": ("And its GC count?", "Now count G and C of that DNA.", "How many G and C has the same DNA?",
               "Count G and C of the first sequence too."),
        "de": ("Und die GC-Anzahl?", "Zähle nun G und C dieser DNA.", "Wie viele G und C hat dieselbe DNA?",
               "Zähle auch G und C der ersten Sequenz."),
    },
    "then-transcription": {
        "en": ("And its mRNA?", "Now transcribe that DNA.", "What is the RNA of the same DNA?",
               "Transcribe the first sequence too."),
        "de": ("Und die mRNA dazu?", "Transkribiere nun diese DNA.", "Wie lautet die RNA derselben DNA?",
               "Transkribiere auch die erste Sequenz."),
    },
    # Two steps in one question: only in the hard set.
    "two-steps": {
        "en": ("Give the reverse complement of {x} and translate it.", "Reverse and complement {x}, then translate.",
               "Which protein does the opposite strand of {x} give?", "Translate the reverse complement of {x}."),
        "de": ("Gib das reverse Komplement von {x} an und übersetze es.", "{x} revers komplementär, dann übersetzt?",
               "Welches Protein ergibt der Gegenstrang von {x}?", "Übersetze das reverse Komplement von {x}."),
    },
}  # fmt: skip


@cache
def wordings(form: str, language: str) -> tuple[str, ...]:
    """Return all wordings of a form in a language, in the order of their numbers."""
    return tuple(
        opening + core + closing
        for core in CORES[form][language]
        for opening in OPENINGS[language]
        for closing in CLOSINGS[language]
    )


@cache
def numbers(form: str, language: str, split: str) -> tuple[int, ...]:
    """Return the numbers of the wordings in `split`; an error means that the lists above are too short."""
    count = len(wordings(form, language))
    chosen = tuple(n for n in range(count) if split_of(f"wording:{form}/{language}/{n}") == split)
    assert chosen, f"no wording of {form}/{language} is in {split}: add cores, openings or closings"
    return chosen


def pick(rng: random.Random, form: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of that split, with empty slots, and its group key."""
    number = rng.choice(numbers(form, language, split))
    return wordings(form, language)[number], f"wording:{form}/{language}/{number}"
