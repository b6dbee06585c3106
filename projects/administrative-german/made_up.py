"""Made-up cases of the embedded base's corpus: procedures, offices, papers and places whose names do not exist.

A base that meets the same thirty procedures again and again learns their names by heart, and cannot copy those of a
held-out one. The names are put together from the pieces of the bases' tokenizer, and end as German ones do, so that
articles follow from the ending. Amounts, dates and laws stay those of a drawn case.
"""

import dataclasses
import random
import re
from functools import cache

from gretchen.projects.drawing import tokens_of_bases
from gretchen.projects.splits import official_key

from .cases import Case, Document, Municipality, Procedure, draw_case, file_number
from .german import Noun, Ref

BLANK = "Ġ"  # how a byte-level tokenizer writes it
OFFICES = (("amt", "n", "amtes"), ("stelle", "f", "stelle"), ("kasse", "f", "kasse"), ("behörde", "f", "behörde"),
           ("büro", "n", "büros"), ("betrieb", "m", "betriebes"), ("abteilung", "f", "abteilung"))  # fmt: skip
MATTERS = (("geld", "n", "geldes"), ("steuer", "f", "steuer"), ("gebühr", "f", "gebühr"), ("beitrag", "m", "beitrages"),
           ("zuschuss", "m", "zuschusses"), ("erlaubnis", "f", "erlaubnis"), ("schein", "m", "scheines"),
           ("ausweis", "m", "ausweises"), ("förderung", "f", "förderung"))  # fmt: skip
PAPERS = ("bescheinigung", "nachweis", "urkunde", "vertrag", "bescheid", "plan", "liste", "erklärung", "auszug")
TAILS = ("", "", "", " des Vermieters", " der Firma", " des Vereins", " der Schule", " der Bank")
PLACES = ("stedt", "ow", "ingen", "rath", "walde", "hofen", "büll", "weiler")
LAWS = ("satzung", "ordnung", "gesetz")


def made_up_case(rng: random.Random, number: int, kinds: tuple[str, ...] = ()) -> Case:
    """Return a case (of some kinds) with invented names; `number` names its group, which is training's."""
    case = draw_case(rng, "train", kinds)
    procedure = made_up_procedure(rng, case.procedure, number)
    town = Municipality(f"{_word(rng)}{rng.choice(PLACES)}", case.town.land, case.town.catholic)
    street = f"{_word(rng)}{rng.choice(('straße', 'weg', 'gasse', 'platz'))} {rng.randint(1, 48)}"
    return dataclasses.replace(
        case, procedure=procedure, town=town, street=street,
        salutation=f"{rng.choice(('Frau', 'Herr'))} {_word(rng)}",
        file=file_number(rng, procedure.code, case.decided.year),
        documents=tuple(rng.sample(procedure.documents, rng.randint(1, 3))),
    )  # fmt: skip


def made_up_procedure(rng: random.Random, like: Procedure, number: int) -> Procedure:
    """Return a procedure of a kind with invented name, office, papers, law and code."""
    law = f"der {_word(rng)}{rng.choice(LAWS[:2])}" if rng.random() < 0.5 else _capitals(rng, rng.randint(2, 4)) + "G"
    ref = Ref(str(rng.randint(1, 199)), rng.choice(("", "1", "2", "3", "4", "5")), law)
    names = dict.fromkeys(_paper(rng) for _ in range(9))
    papers = tuple(Document(Noun(name, "f", name), name, name) for name in names)
    return dataclasses.replace(
        like, key=official_key(f"made-up:{number}", "train"), name=_noun(rng, MATTERS), office=_noun(rng, OFFICES),
        code=_capitals(rng, 3), ref=ref if rng.random() < 0.7 else like.ref, documents=papers,
    )  # fmt: skip


def _noun(rng: random.Random, endings: tuple[tuple[str, str, str], ...]) -> Noun:
    """Return an invented noun with one of the endings."""
    stem, (ending, gender, genitive) = _word(rng), rng.choice(endings)
    return Noun(stem + ending, gender, stem + genitive)


def _paper(rng: random.Random) -> str:
    return f"{_word(rng)}{rng.choice(PAPERS)}{rng.choice(TAILS)}"


def _capitals(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(count))


def _word(rng: random.Random) -> str:
    """Return a word of two to four pieces of the bases' tokenizer, with a capital."""
    begins, goes_on = _pieces()
    return rng.choice(begins) + "".join(rng.choice(goes_on) for _ in range(rng.choice((1, 1, 2, 2, 3))))


@cache
def _pieces() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what German nouns can begin with and go on with, of the tokenizer's pieces."""
    tokens = tokens_of_bases()
    begins = tuple(token[1:] for token in tokens if re.fullmatch(f"{BLANK}[A-Z][a-z]*", token))
    return begins, (*(token for token in tokens if re.fullmatch("[a-z]{1,5}", token)), *"äöüß")
