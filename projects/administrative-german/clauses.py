"""The official grammar's clauses: decisions as passives or nouns, duties as modal infinitives, requests or nouns.

    decision(rng, GRANT, wohngeld, "gemäß § 24 Abs. 1 WoGG", ["auf Ihren Antrag vom 03.03.2026"], ["in Höhe von …"])
    -> "Auf Ihren Antrag vom 03.03.2026 wird gemäß § 24 Abs. 1 WoGG das Wohngeld in Höhe von … bewilligt."
    -> "Die Bewilligung des Wohngeldes in Höhe von … erfolgt gemäß § 24 Abs. 1 WoGG auf Ihren Antrag vom 03.03.2026."

An act has the three forms that official German puts in a verb's stead. Plain German has no part in this: plain.py
builds its sentences from verbs.
"""

import random
from dataclasses import dataclass

from .german import Noun, Ref, upper_first


@dataclass(frozen=True)
class Act:
    """What an office or a citizen does: as a noun ("Bewilligung"), a participle, and an infinitive with "zu"."""

    noun: Noun
    participle: str
    infinitive: str


def _act(noun: str, participle: str, infinitive: str) -> Act:
    """Return an act whose noun is feminine, as nouns in -ung, -age and -e are."""
    return Act(Noun(noun, "f", noun), participle, infinitive)


GRANT = _act("Bewilligung", "bewilligt", "zu bewilligen")
ALLOW = _act("Gewährung", "gewährt", "zu gewähren")
ISSUE = _act("Ausstellung", "ausgestellt", "auszustellen")
CONCEDE = _act("Erteilung", "erteilt", "zu erteilen")
PAY = _act("Entrichtung", "entrichtet", "zu entrichten")
SETTLE = _act("Begleichung", "beglichen", "zu begleichen")
SUBMIT = _act("Vorlage", "vorgelegt", "vorzulegen")
HAND_IN = _act("Einreichung", "eingereicht", "einzureichen")
NOTIFY = _act("Anzeige", "angezeigt", "anzuzeigen")
INFORM = _act("Mitteilung", "mitgeteilt", "mitzuteilen")


def under(rng: random.Random, ref: Ref) -> str:
    """Return a law reference as an adverbial: "gemäß § 24 Abs. 1 WoGG"."""
    return rng.choice(("gemäß {}", "nach Maßgabe des {}", "auf der Grundlage des {}", "nach {}")).format(ref.official())


def words(*parts: str) -> str:
    """Return the parts that are not empty as one sentence, with a capital and a full stop."""
    return upper_first(" ".join(part for part in parts if part)) + "."


def decision(rng: random.Random, act: Act, thing: Noun, basis: str, before: str, after: str) -> str:
    """Return a sentence in which an office decides: `before` (on what) may open it, `after` goes with the thing."""
    subject = thing.definite("nominative")
    orders = [
        words(before or basis, thing.become, "Ihnen" if before else "", basis if before else "", subject, after,
              act.participle),
        words(subject, after, thing.become, before, basis, act.participle),
        words(act.noun.definite("nominative"), thing.definite("genitive"), after, "erfolgt", before, basis),
        words(basis, thing.become, before, subject, after, act.participle),
    ]  # fmt: skip
    return rng.choice(orders)


def duty(rng: random.Random, act: Act, thing: Noun, until: str, manner: str = "", basis: str = "") -> str:
    """Return a sentence that says what the reader has to do, without a verb of doing in the active."""
    orders = [
        words(thing.definite("nominative"), thing.be, basis, until, manner, act.infinitive),
        words(f"Sie werden {rng.choice(('gebeten', 'aufgefordert', 'ersucht'))},", thing.definite("accusative"), basis,
              until, manner, act.infinitive),
        words(act.noun.definite("nominative"), thing.definite("genitive"), manner, "hat", basis, until, "zu erfolgen"),
        words(f"Um {act.noun.text}", thing.definite("genitive"), until, manner, "wird", basis,
              rng.choice(("gebeten", "ersucht"))),
    ]  # fmt: skip
    return rng.choice(orders)
