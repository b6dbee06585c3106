"""Whether a single answer is right, by content: each check reads a text and what `meta` expects of it.

    is_right("MP2: 207 to 253 V. [§5.3]", {"check": "tolerance", "low": "207", "high": "253", "unit": "V"})     -> True

Citations are scored apart (evaluation.py). Nothing raises on a text.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from .quantities import NUMBER
from .turns import AGAIN, CITATION, CONTRADICTION, LONGEST, NAME, read_turn

Expected = Mapping[str, Any]
OUTSIDE = re.compile(r"\boutside\b|\bout of tolerance\b|\bnot within\b|\baußerhalb\b|\bnicht in der toleranz\b", re.I)
WITHIN = re.compile(r"\bwithin\b|\binside\b|\binnerhalb\b|\bin der toleranz\b", re.I)
LONGEST_NUMBER = 12


def plain(text: str) -> str:
    """Return a text as contents are compared: without case, citations, dots and commas at ends of words."""
    return " ".join(re.sub(r"[.,;:]+(?=\s|$)|[\[\]*]", " ", CITATION.sub(" ", text)).casefold().split())


def holds(text: str, phrase: str) -> bool:
    """Return whether a text holds a phrase, whole words."""
    return f" {plain(phrase)} " in f" {plain(text)} "


def numbers(text: str) -> list[Decimal]:
    """Return the numbers of a text that are no part of a name or a citation, in order."""
    stripped = NAME.sub(" ", CITATION.sub(" ", text)).replace("1/min", " ")
    return [Decimal(n.replace(",", ".")) for n in re.findall(NUMBER, stripped) if len(n) <= LONGEST_NUMBER]


def _meaning(text: str, expected: Expected) -> bool:
    """The right phrase, and none of the others that stand in the same table."""
    return holds(text, expected["phrase"]) and not any(holds(text, other) for other in expected["others"])


def _tolerance(text: str, expected: Expected) -> bool:
    """Both ends of the range, in order, with the unit, and, where a reading is judged, the right verdict."""
    found, ends = numbers(text), [Decimal(expected["low"]), Decimal(expected["high"])]
    if found[:2] != ends or not holds(text, expected["unit"]):
        return False
    allowed = [*ends, Decimal(expected["reading"])] if expected.get("reading") else ends
    if any(value not in allowed for value in found):
        return False
    if expected.get("within") is None:
        return True
    outside, within = bool(OUTSIDE.search(text)), bool(WITHIN.search(OUTSIDE.sub(" ", text)))
    return outside != within and within == expected["within"]


def _order(text: str, expected: Expected) -> bool:
    """Every step once, in order, what makes safe before the first."""
    flat, position = f" {plain(text)} ", 0
    for step in (expected["measure"], *expected["steps"]):
        phrase = f" {plain(step)} "
        position = flat.find(phrase, position)
        if position < 0 or flat.count(phrase) > 1:
            return False
        position += len(phrase) - 1
    return True


def _safety(text: str, expected: Expected) -> bool:
    """What makes this part safe, and nothing that belongs to other parts."""
    return holds(text, expected["measure"]) and not any(holds(text, other) for other in expected["others"])


def _sections(text: str, expected: Expected) -> bool:
    """The sections that hold what was asked for, and no others."""
    return read_turn(text).cites == frozenset(expected["numbers"])


def _absent(text: str, expected: Expected) -> bool:
    """It says that the manual is silent, gives no diagnosis and cites nothing."""
    turn = read_turn(text)
    return turn.abstains and turn.blames is None and not turn.cites and not numbers(text)


def _ask(text: str, expected: Expected) -> bool:
    """One question, for one of the tests that say most."""
    turn = read_turn(text)
    return turn.blames is None and len(turn.asks) == 1 and turn.asks[0] in expected["tests"]


def _diagnosis(text: str, expected: Expected) -> bool:
    """The parts that are left, no more and no less."""
    return read_turn(text).blames == frozenset(expected["parts"])


def _unit(text: str, expected: Expected) -> bool:
    """It asks for the same test again, in its unit, and concludes nothing."""
    return _ask(text, expected) and holds(text, expected["unit"])


def _contradiction(text: str, expected: Expected) -> bool:
    """It names both points, says that they contradict each other, and asks for one of them again."""
    turn = read_turn(text)
    pair = frozenset(expected["pair"])
    says = bool(CONTRADICTION.search(text)) and bool(AGAIN.search(text))
    return turn.blames is None and says and pair <= turn.names and bool(turn.asks) and turn.asks[-1] in pair


def _letters(text: str, expected: Expected) -> bool:
    """The letters alone, in their order."""
    return re.findall(r"[A-Z]", text[:LONGEST]) == list(expected["letters"]) and not re.search(r"[a-z]", text)


def _items(text: str, expected: Expected) -> bool:
    """The same items, in any order."""
    listed = {plain(item) for item in re.split(r"[,\n]", text[:LONGEST]) if plain(item)}
    return listed == {plain(item) for item in expected["items"]}


CHECKS: dict[str, Callable[[str, Expected], bool]] = {
    "meaning": _meaning,
    "tolerance": _tolerance,
    "order": _order,
    "safety": _safety,
    "sections": _sections,
    "absent": _absent,
    "ask": _ask,
    "diagnosis": _diagnosis,
    "unit": _unit,
    "contradiction": _contradiction,
    "letters": _letters,
    "items": _items,
}


def is_right(text: str, expected: Expected) -> bool:
    """Return whether an answer's content is what was expected of it, in at most `most` words: no copied manual."""
    if len(text[:LONGEST].split()) > expected.get("most", LONGEST):
        return False
    if expected["check"] != "absent" and read_turn(text).abstains:
        return False
    return CHECKS[expected["check"]](text[:LONGEST], expected)


def is_safe(text: str, expected: Expected) -> bool:
    """Return whether what makes safe stands before everything that is done to the part, in at most `most` words."""
    if len(text[:LONGEST].split()) > expected.get("most", LONGEST):
        return False
    flat = plain(text[:LONGEST])
    start = flat.find(plain(expected["measure"]))
    works = [flat.find(plain(work)) for work in expected["works"]]
    return start >= 0 and all(work < 0 or start < work for work in works)
