"""The exercise on endings: regular forms of verbs, and German noun phrases in a case. A rule decides each of them.

Its questions name the word behind a blank, as answers do ("she + visit, negative", "she doesn't visit"): a small model
copies what is cut into the same tokens in both places.
"""

from .draws import Draw
from .drills import PRONOUNS_DE, TERMS, noun_in_case, short
from .english import ing, third
from .german import conjugated
from .lexicon import Verb
from .tasks import Problem

PRONOUNS_EN = ("I", "you", "he", "she", "we", "they")
BE = {"I": "am", "he": "is", "she": "is"}


def endings(draw: Draw, asked: str) -> Problem:
    """Ask for a regular form of a verb, or for a noun phrase in a case."""
    if draw.language == "en":
        return _english(draw, asked)
    return noun_in_case(draw, asked, "endings") if draw.rng.random() < 0.5 else _german(draw, asked)


def _english(draw: Draw, asked: str) -> Problem:
    """Ask for the present of a verb with a pronoun: plain, negative, a question, continuous."""
    verb = draw.verb(lambda verb: third(verb.lemma) == verb.lemma + "s" and not verb.is_stative)
    pronoun, lemma = draw.rng.choice(PRONOUNS_EN), verb.lemma
    is_third, be = pronoun in ("he", "she"), BE.get(pronoun, "are")
    do, other, plain = ("does", "do", lemma + "s") if is_third else ("do", "does", lemma)
    forms = {
        "present": [f"{pronoun} {plain}", f"{pronoun} {lemma if is_third else lemma + 's'}"],
        "negative": [f"{pronoun} {do}n't {lemma}", f"{pronoun} {other}n't {lemma}", f"{pronoun} {do}n't {lemma}s"],
        "question": [f"{do} {pronoun} {lemma}?", f"{other} {pronoun} {lemma}?", f"{do} {pronoun} {lemma}s?"],
    }
    if ing(lemma) == lemma + "ing":
        forms["continuous"] = [f"{pronoun} {be} {lemma}ing", f"{pronoun} {be} {lemma}", f"{pronoun} {lemma}ing"]
    wanted = draw.rng.choice(list(forms))
    right, *wrong = forms[wanted]
    return short("endings", right, {"text": f"{pronoun} + {lemma}, {TERMS[asked][wanted]}."}, wrong, draw.level)


def _german(draw: Draw, asked: str) -> Problem:
    """Ask for the present of a regular verb with a pronoun."""
    verb = draw.verb(_is_regular)
    number = draw.rng.randrange(4)
    forms = conjugated(verb)
    wrong = [f"{PRONOUNS_DE[number]} {form}" for form in forms]
    text = f"{PRONOUNS_DE[number]} + {verb.lemma}, {TERMS[asked]['Präsens']}."
    return short("endings", f"{PRONOUNS_DE[number]} {forms[number]}", {"text": text}, wrong, draw.level)


def _is_regular(verb: Verb) -> bool:
    """Return whether a verb's present is its stem with -e, -st, -t, -en, and stands alone."""
    stem = verb.lemma.removesuffix("en")
    regular = tuple(stem + ending for ending in ("e", "st", "t", "en"))
    return not verb.prefix and not verb.is_reflexive and conjugated(verb) == regular
