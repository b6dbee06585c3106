"""Which items of a list an answer calls missing or wrong: papers of an application, fields of a form.

    item_counts("- Mietvertrag: fehlt\\n- Lichtbild: da", {"names": [...], "open": ["Mietvertrag"]})

A line says of each item that it names whether it is open ("fehlt") or done ("da"); a line that says neither takes it
from the heading above it ("Es fehlen:"). Beside the open items there is one verdict, complete or not.

Not covered: items in other words than the question's.
"""

import re
from typing import Any

from gretchen.scoring.metrics.fields import FieldScores
from gretchen.scoring.metrics.readability import sentences_of

LONGEST = 20_000  # characters
_OPEN = re.compile(
    r"\b(?:fehl\w*|nachreich\w*|nachzureichen|ergänz\w*|änder\w*|falsch|ungültig|unvollständig|leer|nicht|kein\w*|statt"
    r"|brauchen|schicken)\b|\breichen\b.*\bnach\b",
    re.IGNORECASE,
)
_DONE = re.compile(r"\b(?:da|liegt vor|liegen vor|vorhanden|erhalten|eingegangen|richtig|in Ordnung)\b", re.IGNORECASE)
_COMPLETE = re.compile(
    r"\b(?:alles da|vollständig|nichts (?:mehr )?(?:fehlt|zu|schicken|ändern)|fehl(?:t|en) nichts|alles in Ordnung)\b",
    re.IGNORECASE,
)


def item_counts(answer: str, items: dict[str, Any]) -> FieldScores:
    """Return the counts of open items and of the verdict; items has all names, and those that are open."""
    text = answer[:LONGEST]
    open_items = open_in(text, items["names"])
    expected = set(items["open"])
    verdict = "open" if open_items else "complete" if _COMPLETE.search(text) else ""
    right = verdict == ("open" if expected else "complete")
    return FieldScores(
        len(open_items) + bool(verdict), len(expected) + 1, len(open_items & expected) + right
    )  # fmt: skip


def is_exact(answer: str, items: dict[str, Any]) -> bool:
    """Return whether an answer calls exactly the right items open, and gives the right verdict."""
    counts = item_counts(answer, items)
    return counts.predicted == counts.expected == counts.matched


def open_in(text: str, names: list[str]) -> set[str]:
    """Return the names that a text calls missing or wrong."""
    heading, found = False, set()
    for line in text.splitlines():
        for sentence in sentences_of(line.replace(": ", ", ")):
            named, rest = _named(sentence, names)
            says_open, says_done = bool(_OPEN.search(rest)), bool(_DONE.search(rest))
            if not named and (says_open or says_done):
                heading = says_open
            elif named and (says_open or (heading and not says_done)):
                found |= named
    return found


def _named(sentence: str, names: list[str]) -> tuple[set[str], str]:
    """Return the names in a sentence, the longest first, and the sentence without them."""
    named, rest = set(), sentence
    for name in sorted(names, key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
        if re.search(pattern, rest):
            named.add(name)
            rest = re.sub(pattern, " ", rest)
    return named, rest
