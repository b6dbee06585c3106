"""The questions' wordings: opening x core x closing, numbered per form and language.

A wording is a group of its own ('wording:<form>/<language>/<number>'), so held-out questions are held out by wording as
well as by sequence. `pick` takes a wording from the same split as the problem, so that no row is dropped because
its groups are in different splits. Every form and language has wordings in each split; the tests assert it.
"""

import random
from functools import cache

from gretchen.projects.drawing import pick_wording

OPENINGS = {
    "en": ("", "Hello. ", "Question: ", "A short task. ", "I am learning genetics. ", "For my notes: "),
    "de": ("", "Hallo. ", "Frage: ", "Eine kurze Aufgabe. ", "Ich lerne Genetik. ", "Für meine Notizen: "),
}
# The second turn of a follow-up opens differently: nobody says hello twice.
NEXT_OPENINGS = {
    "en": ("", "Thanks. ", "Next: ", "One more question. ", "Good. ", "For my notes: "),
    "de": ("", "Danke. ", "Weiter: ", "Noch eine Frage. ", "Gut. ", "Für meine Notizen: "),
}
# None of them may forbid what a question asks for, as "answer only" would the steps of a translation step by step.
CLOSINGS = {
    "en": ("", " Thanks.", " Please be exact.", " It is for a course.", " Many thanks in advance."),
    "de": ("", " Danke.", " Bitte genau.", " Es ist für einen Kurs.", " Vielen Dank im Voraus."),
}
# Each core asks for every line of the answer: steps, both amino acids, the stop.
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
        "de": ("Gib das reverse Komplement von {x} an.", "Wie lautet das reverse Komplement von {x}?",
               "Bilde das reverse Komplement: {x}.", "Schreibe den Gegenstrang von {x} von 5' nach 3'."),
    },
    "transcription": {
        "en": ("Transcribe {x}.", "What is the mRNA of {x}?", "Write {x} as RNA.", "Give the transcript of {x}."),
        "de": ("Transkribiere {x}.", "Wie lautet die mRNA zu {x}?", "Schreibe {x} als RNA.",
               "Gib das Transkript von {x} an."),
    },
    "translation": {
        "en": ("Translate {x} up to the first stop (*).", "Which protein does {x} give, with * for the stop?",
               "Give the amino acids of {x} as letters, up to the stop (*).",
               "What does {x} code for, in letters up to the stop (*)?"),
        "de": ("Übersetze {x} bis zum ersten Stopp (*).", "Welches Protein ergibt {x}, mit * für den Stopp?",
               "Gib die Aminosäuren von {x} als Buchstaben an, bis zum Stopp (*).",
               "Wofür codiert {x}, in Buchstaben bis zum Stopp (*)?"),
    },
    "translation-worked": {
        "en": ("Translate {x} step by step, up to the first stop (*).",
               "Translate {x} codon by codon up to the stop (*), then give the protein.",
               "Show each step of translating {x}, with * for the stop, and the protein.",
               "Work out the protein of {x} codon by codon, up to the stop (*)."),
        "de": ("Übersetze {x} Schritt für Schritt, bis zum ersten Stopp (*).",
               "Übersetze {x} Codon für Codon bis zum Stopp (*), dann das Protein.",
               "Zeige jeden Schritt der Translation von {x}, mit * für den Stopp, und das Protein.",
               "Leite das Protein von {x} Codon für Codon her, bis zum Stopp (*)."),
    },
    "gc-count": {
        "en": ("Count G and C in {x} with a running total.", "How many bases of {x} are G or C? Add up group by group.",
               "What is the GC count of {x}, with the total after each group?",
               "Give the number of G and C in {x}, counted step by step."),
        "de": ("Zähle G und C in {x} mit laufender Summe.",
               "Wie viele Basen von {x} sind G oder C? Zähle Gruppe für Gruppe zusammen.",
               "Wie hoch ist die GC-Anzahl von {x}, mit der Summe nach jeder Gruppe?",
               "Gib die Zahl von G und C in {x} an, Schritt für Schritt gezählt."),
    },
    "orf": {
        "en": ("Find the open reading frame in {x} and translate it.", "Which ORF is in {x}, and which protein?",
               "Give the first ORF of {x} and its protein.", "Is there an ORF in {x}? Give it with its protein."),
        "de": ("Finde den offenen Leserahmen in {x} und übersetze ihn.", "Welcher ORF steht in {x}, welches Protein?",
               "Gib den ersten ORF von {x} und sein Protein an.", "Gibt es einen ORF in {x}? Nenne ihn mit Protein."),
    },
    "codon-effect": {
        "en": ("Which codon changes from {x} to {y}, and with which effect?",
               "{x} becomes {y}. Which codon changes, and which kind of mutation is it?",
               "Compare {x} with the variant {y}: the changed codon and the effect.",
               "Original {x}, variant {y}. Name the changed codon and the kind of mutation."),
        "de": ("Welches Codon ändert sich von {x} zu {y}, und mit welcher Wirkung?",
               "Aus {x} wird {y}. Welches Codon ändert sich, und welche Art Mutation ist das?",
               "Vergleiche {x} mit der Variante {y}: das veränderte Codon und die Wirkung.",
               "Original {x}, Variante {y}. Nenne das veränderte Codon und die Art der Mutation."),
    },
    "hgvs-write": {
        "en": ("Codon {n} changes from {a} to {b}. Give both amino acids and the predicted protein-level HGVS name.",
               "What are the amino acids and the predicted protein HGVS of {a} > {b} at codon {n}?",
               "Translate {a} > {b} at codon {n}, then name the predicted protein change in HGVS.",
               "Write codon {n}, {a} to {b}, as amino acids and in HGVS at protein level (predicted)."),
        "de": ("Codon {n} ändert sich von {a} zu {b}. Gib beide Aminosäuren und den vorhergesagten HGVS-Namen auf "
               "Proteinebene an.",
               "Wie lauten die Aminosäuren und der vorhergesagte Protein-HGVS-Name von {a} > {b} in Codon {n}?",
               "Übersetze {a} > {b} in Codon {n}, dann benenne die vorhergesagte Proteinänderung in HGVS.",
               "Schreibe Codon {n}, {a} zu {b}, als Aminosäuren und in HGVS auf Proteinebene (vorhergesagt)."),
    },
    "hgvs-read": {
        "en": ("What does {x} mean: which codon, which amino acids, which effect?",
               "Explain the predicted protein change {x}: codon, amino acids, effect.",
               "Read the HGVS name {x}. Give the codon, the amino acids and the effect.",
               "Which codon, amino acids and effect does {x} name?"),
        "de": ("Was bedeutet {x}: welches Codon, welche Aminosäuren, welche Wirkung?",
               "Erkläre die vorhergesagte Proteinänderung {x}: Codon, Aminosäuren, Wirkung.",
               "Lies den HGVS-Namen {x}. Nenne Codon, Aminosäuren und Wirkung.",
               "Welches Codon, welche Aminosäuren und welche Wirkung nennt {x}?"),
    },
    "coordinates": {
        "en": ("Convert {from} {x} to {to}.", "What is {from} {x} in {to}?", "Give the {to} coordinates of {from} {x}.",
               "A feature has {from} {x}. Write its {to} coordinates."),
        "de": ("Rechne {from} {x} in {to} um.", "Was ist {from} {x} in {to}?",
               "Gib die {to}-Koordinaten von {from} {x} an.",
               "Ein Merkmal hat {from} {x}. Schreibe seine {to}-Koordinaten."),
    },
    "record-facts": {
        "en": ("{x}\nWhat is the field {field}?", "{x}\nGive: {field}.", "{x}\nRead this record. {field}?",
               "Look at this record:\n{x}\n{field}?"),
        "de": ("{x}\nWas steht im Feld {field}?", "{x}\nGib an: {field}.", "{x}\nLies diesen Eintrag. {field}?",
               "Sieh dir diesen Eintrag an:\n{x}\n{field}?"),
    },
    "codon-lookup": {
        "en": ("Which amino acid, if any, does {x} code for? Letter and names.",
               "What does the codon {x} mean? Letter and names of its amino acid, if any.",
               "Look up the codon {x}: letter, short and full name of its amino acid, if any.",
               "Name the amino acid of {x}, if it has one: letter, short and full name."),
        "de": ("Für welche Aminosäure steht {x}, wenn überhaupt? Buchstabe und Namen.",
               "Was bedeutet das Codon {x}? Buchstabe und Namen seiner Aminosäure, falls es eine gibt.",
               "Schlage das Codon {x} nach: Buchstabe, kurzer und voller Name seiner Aminosäure, falls es eine gibt.",
               "Nenne die Aminosäure zu {x}, falls es eine gibt: Buchstabe, kurzer und voller Name."),
    },
    "amino-acid-codons": {
        "en": ("Which codons code for {x}, in alphabetical order?", "List the codons of {x} alphabetically.",
               "Give all codons for {x} in alphabetical order.", "How is {x} encoded? Codons from A to Z."),
        "de": ("Welche Codons stehen für {x}, alphabetisch geordnet?", "Nenne die Codons von {x} alphabetisch.",
               "Gib alle Codons für {x} in alphabetischer Reihenfolge an.",
               "Wie wird {x} codiert? Codons von A bis Z."),
    },
    # The second turn of a follow-up: a question about the sequence of the first. It says which one it means, since the
    # first answer is a sequence, too.
    "then-translation": {
        "en": ("Now translate the original DNA up to the first stop (*).",
               "Which protein does the DNA of my first question give, with * for the stop?",
               "Translate the first sequence too, up to the stop (*).",
               "And the protein of the original sequence, up to the stop (*)?"),
        "de": ("Übersetze nun die ursprüngliche DNA bis zum ersten Stopp (*).",
               "Welches Protein ergibt die DNA aus meiner ersten Frage, mit * für den Stopp?",
               "Übersetze auch die erste Sequenz, bis zum Stopp (*).",
               "Und das Protein der ursprünglichen Sequenz, bis zum Stopp (*)?"),
    },
    "then-gc-count": {
        "en": ("Now count G and C of the original DNA with a running total.",
               "How many G and C does the DNA of my first question have? Add up group by group.",
               "Count G and C of the first sequence too, step by step.",
               "And the GC count of the original sequence, with the total after each group?"),
        "de": ("Zähle nun G und C der ursprünglichen DNA mit laufender Summe.",
               "Wie viele G und C hat die DNA aus meiner ersten Frage? Zähle Gruppe für Gruppe zusammen.",
               "Zähle auch G und C der ersten Sequenz, Schritt für Schritt.",
               "Und die GC-Anzahl der ursprünglichen Sequenz, mit der Summe nach jeder Gruppe?"),
    },
    "then-transcription": {
        "en": ("Now transcribe the original DNA.", "What is the RNA of the DNA in my first question?",
               "Transcribe the first sequence too.", "And the mRNA of the original sequence?"),
        "de": ("Transkribiere nun die ursprüngliche DNA.", "Wie lautet die RNA zur DNA aus meiner ersten Frage?",
               "Transkribiere auch die erste Sequenz.", "Und die mRNA zur ursprünglichen Sequenz?"),
    },
    # Two steps in one question: only in the hard set.
    "two-steps": {
        "en": ("Give the reverse complement of {x} and translate it up to the first stop (*).",
               "Reverse and complement {x}, then translate up to the stop (*).",
               "Give the opposite strand of {x} and the protein that it gives, with * for the stop.",
               "Write the reverse complement of {x} and its protein, up to the stop (*)."),
        "de": ("Gib das reverse Komplement von {x} an und übersetze es bis zum ersten Stopp (*).",
               "Bilde das reverse Komplement von {x}, dann übersetze es bis zum Stopp (*).",
               "Gib den Gegenstrang von {x} an und das Protein, das er ergibt, mit * für den Stopp.",
               "Schreibe das reverse Komplement von {x} und sein Protein, bis zum Stopp (*)."),
    },
}  # fmt: skip


@cache
def wordings(form: str, language: str) -> tuple[str, ...]:
    """Return all wordings of a form in a language, in the order of their numbers."""
    openings = (NEXT_OPENINGS if form.startswith("then-") else OPENINGS)[language]
    return tuple(
        _opened(opening, core) + closing
        for core in CORES[form][language]
        for opening in openings
        for closing in CLOSINGS[language]
    )


def _opened(opening: str, core: str) -> str:
    """Return a core behind its opening; a record begins on a line of its own."""
    return f"{opening.rstrip()}\n{core}" if opening and core.startswith("{x}\n") else opening + core


def pick(rng: random.Random, form: str, language: str, split: str) -> tuple[str, str]:
    """Return a wording of that split, with empty slots, and its group key."""
    return pick_wording(rng, f"{form}/{language}", wordings(form, language), split)
