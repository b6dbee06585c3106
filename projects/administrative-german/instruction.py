"""The instruction on the right to appeal (Rechtsbehelfsbelehrung) that ends a decision, written from an office's notes.

    problem = FORMS["remedy-notice"](rng, case)

§ 58 (1) VwGO and § 66 (1) SGG ask for four parts: the remedy, where it goes, the seat of that authority or court, and
the period. parts_of() reads them back from the text: the second route. In training an instruction is of one decision;
in the hard set a decision and its fee have one each.

Not covered: electronic ways in their full statutory wording (§ 55a VwGO).
"""

import random
import re

from .cases import STREETS, Case
from .facts import facts_in
from .statements import Key, Statement
from .tasks import Mismatch, Problem

WAY = {
    "Widerspruch": "schriftlich, elektronisch oder zur Niederschrift",
    "Einspruch": "schriftlich oder zur Niederschrift",
    "Klage": "schriftlich oder zur Niederschrift",
}  # fmt: skip
PARTS = ("Rechtsbehelf", "Frist", "Stelle", "Sitz")


def remedy_notice(rng: random.Random, case: Case, hard: bool = False) -> Problem:
    """The instruction from the notes on remedy, period, place and address; raises Mismatch."""
    place, street = place_of(rng, case)
    after = "Zustellung" if case.remedy == "Einspruch" else "Bekanntgabe"
    notes = [f"Bescheid: {case.procedure.name.text}", f"Rechtsbehelf: {case.remedy}",
             f"Frist: {case.remedy_period.accusative()} ab {after}", f"Stelle: {place}", f"Sitz: {street}"]  # fmt: skip
    rest = notes[1:]
    rng.shuffle(rest)
    answer = instruction(case, place, street)
    if set(parts_of(answer)) != set(PARTS):
        raise Mismatch("instruction")
    stated = Statement("remedy", "may", ("widerspr", "einspruch", "klage"), instruction_facts(case, place, street))
    optional = tuple(mention.key for mention in facts_in(place))
    return Problem(
        "remedy-notice", "remedy-notice", "\n".join([notes[0], *rest]), answer, "official", (stated,), case,
        optional=optional, line="Rechtsbehelfsbelehrung",
    )  # fmt: skip


def place_of(rng: random.Random, case: Case) -> tuple[str, str]:
    """Return where a remedy goes, and its street: the office, or the administrative court for a lawsuit."""
    if case.remedy == "Klage":
        return f"Verwaltungsgericht {case.town.name}", f"{rng.choice(STREETS)} {rng.randint(1, 48)}"
    return f"{case.office.text} der Stadt {case.town.name}", case.street


def instruction_facts(case: Case, place: str, street: str) -> tuple[Key, ...]:
    """Return what an instruction must state."""
    period = case.remedy_period
    value = f"{period.number * 7} day" if period.unit == "week" else f"{period.number} {period.unit}"
    return ("period", value), ("text", place), ("text", street)


def instruction(case: Case, place: str, street: str) -> str:
    """Return the two sentences of an instruction."""
    period, way = case.remedy_period.genitive(), WAY[case.remedy]
    if case.remedy == "Klage":
        return (f"Gegen diesen Bescheid kann innerhalb {period} nach Bekanntgabe Klage erhoben werden. Die Klage ist "
                f"{way} zu erheben bei: {place}, {street}.")  # fmt: skip
    after = "Zustellung" if case.remedy == "Einspruch" else "Bekanntgabe"
    return (f"Gegen diesen Bescheid kann innerhalb {period} nach {after} {case.remedy} eingelegt werden. Der "
            f"{case.remedy} ist {way} einzulegen bei: {place}, {street}.")  # fmt: skip


def parts_of(text: str) -> list[str]:
    """Return which of the four parts an instruction has, read from its text."""
    there = {
        "Rechtsbehelf": r"\b(?:Widerspruch|Einspruch|Klage)\b",
        "Frist": r"\binnerhalb (?:eines Monats|von zwei Wochen)\b",
        "Stelle": r"\bbei: [A-ZÄÖÜ]\w+",
        "Sitz": r"\bbei: [^.]*?, [A-ZÄÖÜ][\w. ]+ \d+",
    }
    return [part for part in PARTS if re.search(there[part], text)]


FORMS = {"remedy-notice": remedy_notice}
