"""Which errors a rule decides whatever the words are: those that can be mended among words one has never read.

    is_decided("de", tokens, plant)     -> True for "mit mein Bruder", False for "der Suppe"

A gender, an irregular form, a plural, the preposition that a verb takes, whether a noun is countable: these one knows
of a word or does not, so no small model can learn them for held-out words. Agreement, endings after an article, case
after a preposition, word order and time phrases follow from what stands in the sentence. (Ferris 1999 calls such
errors treatable.)
"""

from collections.abc import Callable

from .errors import Plant
from .german import AUXILIARIES, MODALS, PAST_BE
from .tokens import Token

Tokens = tuple[Token, ...]
ONE_CASE = ("mit", "zu", "von", "bei", "nach", "aus", "seit", "für", "um", "durch")
CLOSED_ROLES = ("time", "front", "frequency", "already")  # time phrases and adverbs: the same words in every split
PRESENT_ENDINGS = ("e", "st", "t", "en")
CLOSED_FORMS = frozenset(
    [*PAST_BE, *(form for forms in (AUXILIARIES | MODALS).values() for form in forms), "gibt", "geben"]
)


def is_decided(language: str, tokens: Tokens, item: Plant) -> bool:
    """Return whether what stands around an error says how it is mended."""
    part = item.parts[0]
    right = " ".join(token.text for token in tokens[part.start : part.end])
    decide = (ENGLISH if language == "en" else GERMAN).get(item.label, _never)
    return decide(item, tokens, right, " ".join(part.wrong))


def _never(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """Of a word: one knows it or not."""
    return False


def _always(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """Word order: the words stand there already."""
    return True


def _is_closed(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """A conjunction, an adverb or a part of a time phrase."""
    token = tokens[item.parts[0].start]
    return token.role in CLOSED_ROLES or token.pos == "SCONJ"


def _agreement(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """A plain -s, or a form of be, have, do."""
    return tokens[item.parts[0].start].lemma in ("be", "have", "do") or right in (wrong + "s", wrong[:-1])


def _article(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """a or an; "to the" before a place; no article before a language, whose names are the same in every split."""
    return item.rule in ("sound", "place") or tokens[item.parts[0].start].role == "language"


def _number(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """A plural in -s, or the singular after every."""
    return item.rule == "every" or right == wrong + "s"


def _tense(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """did, or a past in -ed."""
    token = tokens[item.parts[0].start]
    return token.role == "did" or right == token.lemma + "ed"


def _form(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """to that is missing or too much, and forms whose ending only has to be added or taken off."""
    if item.rule == "to" or wrong == "to":
        return True
    return item.rule in ("bare", "ing") and (right == wrong + "ing" or wrong in (right + "s", right + "ed"))


def _preposition(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """The preposition of a time phrase."""
    return item.rule == "time"


def _case(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """The article after a preposition that takes one case."""
    return item.rule == "preposition" and item.slots["governor"] in ONE_CASE


def _adjective(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """The ending after an article, which says gender and case."""
    return item.rule == "after"


def _person(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """A form of haben, sein or a modal, or a regular ending."""
    if {right, wrong} <= CLOSED_FORMS:
        return True
    stem = tokens[item.parts[0].start].lemma.removesuffix("en")
    return all(form.startswith(stem) and form[len(stem) :] in PRESENT_ENDINGS for form in (right, wrong))


def _reflexive(item: Plant, tokens: Tokens, right: str, wrong: str) -> bool:
    """Of another person or case: the subject says which it is."""
    return item.rule in ("pronoun", "case")


Decide = Callable[[Plant, Tokens, str, str], bool]
ENGLISH: dict[str, Decide] = {
    "SVA": _agreement, "DET": _article, "NUM": _number, "TENSE": _tense, "FORM": _form, "PREP": _preposition,
    "SPELL": _is_closed, "WO": _always,
}  # fmt: skip
GERMAN: dict[str, Decide] = {
    "CASE": _case, "ADJ": _adjective, "V2": _always, "END": _always, "VERB": _person, "PREP": _preposition,
    "CAP": _is_closed, "SPELL": _is_closed, "REFL": _reflexive,
}  # fmt: skip
DECIDED_LABELS = {"en": tuple(ENGLISH), "de": tuple(GERMAN)}
