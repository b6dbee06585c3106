"""Which facts an answer states: each counts only near a word of the statement that it belongs to, and so does its mode.

    counts_of(answer, meta)     -> FieldScores(predicted, expected, matched)

A date of payment beside "Widerspruch" is no date of payment, and a list of all dates states nothing. A mode is matched
by a sentence that has one of the statement's stems and says must, may or not. Two dates or two amounts that have
changed places count for neither statement. Facts that stand in the answer and in no statement cost precision, unless
they are optional (a letter's head, the given lines of a computation).
"""

import re
from itertools import combinations, product
from typing import Any

from gretchen.scoring.metrics.fields import FieldScores
from gretchen.scoring.metrics.readability import sentences_of

from .facts import LONGEST, facts_in
from .items import item_counts
from .statements import is_literal

BEFORE, AFTER = 2, 3  # sentences around one with a stem, in which a statement's facts may stand
FAR = 1_000_000  # sentences
PLACED = ("date", "amount")  # facts whose place among the statements is checked
MOST_FACTS = 6  # in one sentence; more are no statement but a list
# Conditions and other clauses say nothing on the mode of the main one.
_ASIDE = re.compile(
    r"nicht (?:fristgerecht|rechtzeitig)\w*|^\W*(?:auch )?(?:wenn|falls|sofern)\b[^,]*,"
    r"|, (?:(?:wenn|falls|dass|ob|was|wie|in dem|in der)\b|(?:der|die|das) \w+ ).*$",
    re.IGNORECASE | re.DOTALL,
)
_NOT = re.compile(
    r"\b(?:nicht|nichts|kein\w*|nie|niemals|niemand\w*|nein|unzulässig|untersagt|verboten)\b|abgelehnt|abzulehnen|ablehnung"
    r"|\blehnen\b.*\bab\b",
    re.IGNORECASE,
)
_MAY = re.compile(r"\b(?:kann|können|darf|dürfen|möglich|möglichkeit|gelegenheit|zulässig)\b", re.IGNORECASE)
_MUST = re.compile(
    r"\b(?:muss|müssen|bitte|verpflichtet|gebeten|aufgefordert|ersucht|erforderlich|festgesetzt|erhoben|verhängt|festsetzung"
    r"|kostet|kosten|erfolgt|brauchen|braucht)\b|\bzu \w+en\b|\b\w{2,12}zu\w{3,20}en\b"
    r"|^\W*(?!können|dürfen|möchten)\w{2,30}n Sie\b(?!.*\?)",
    re.IGNORECASE,
)


def modes_of(sentence: str) -> set[str]:
    """Return what a sentence says: not, or must and may."""
    bare = _ASIDE.sub("", sentence)
    if _NOT.search(bare):
        return {"not"}
    return {mode for mode, pattern in (("must", _MUST), ("may", _MAY)) if pattern.search(bare)}


def counts_of(answer: str, meta: dict[str, Any]) -> FieldScores:
    """Return how many facts and modes an answer states, how many are expected, and how many are right."""
    sentences = sentences_of(answer[:LONGEST].replace(": ", ", "))
    keys = [{mention.key for mention in facts_in(sentence)} for sentence in sentences]
    keys = [found if len(found) <= MOST_FACTS else set() for found in keys]
    expected = matched = predicted = 0
    places = [[i for i, s in enumerate(sentences) if _has_stem(s, item["stems"])] for item in meta["statements"]]
    misplaced = exchanged(meta["statements"], places, keys)
    for number, (statement, near) in enumerate(zip(meta["statements"], places, strict=True)):
        window = {key for i in near for found in keys[max(0, i - BEFORE) : i + AFTER + 1] for key in found}
        words = " ".join(sentence for i in near for sentence in sentences[max(0, i - BEFORE) : i + AFTER + 1])
        close = " ".join(sentence for i in near for sentence in sentences[i : i + 2])  # where a word is explained
        right = sum(
            (number, tuple(fact)) not in misplaced
            and (tuple(fact) in window or is_literal(tuple(fact), close if fact[0] == "word" else words))
            for fact in statement["facts"]
        )
        expected, matched, predicted = expected + len(statement["facts"]), matched + right, predicted + right
        modes = set().union(*(modes_of(sentences[i]) for i in near))
        # "Bis 3. Mai." answers "Until when?"; and without that day, a "please" is no part of the answer.
        is_bare = meta.get("style") == "short" and statement["facts"] and not (modes and right)
        if statement["mode"] != "is" and not is_bare:
            expected, matched, predicted = (
                expected + 1, matched + (statement["mode"] in modes), predicted + bool(modes)
            )  # fmt: skip
    known = {tuple(fact) for statement in meta["statements"] for fact in statement["facts"]}
    stated = {mention.key for mention in facts_in(answer)}
    invented = len(stated - known - {tuple(fact) for fact in meta["optional"]})
    items = item_counts(answer, meta["items"]) if "items" in meta else FieldScores(0, 0, 0)
    return FieldScores(
        predicted + invented + items.predicted, expected + items.expected, matched + items.matched
    )  # fmt: skip


def exchanged(
    statements: list[dict[str, Any]], places: list[list[int]], keys: list[set[tuple[str, str]]]
) -> set[tuple[int, tuple[str, str]]]:
    """Return (statement, fact) of dates and amounts that stand in each other's place.

    Those of two statements do where each is nearer to the other's words than to its own; of two statements with the
    same words (the two deadlines of a chain), where they come in the wrong order.
    """
    wrong = set()
    for (s, one), (t, other) in combinations(enumerate(statements), 2):
        facts, others = ({tuple(fact) for fact in item["facts"]} for item in (one, other))
        for fact, rival in product(facts - others, others - facts):
            if fact[0] == rival[0] and fact[0] in PLACED:
                found, rivals = _sentences_with(fact, keys), _sentences_with(rival, keys)
                if one["stems"] == other["stems"]:
                    is_wrong = bool(found and rivals) and found[0] > rivals[0]
                else:
                    as_is = _distance(places[s], found) + _distance(places[t], rivals)
                    is_wrong = _distance(places[s], rivals) + _distance(places[t], found) < as_is < FAR
                if is_wrong:
                    wrong |= {(s, fact), (t, rival)}
    return wrong


def _sentences_with(fact: tuple[str, str], keys: list[set[tuple[str, str]]]) -> list[int]:
    """Return the numbers of the sentences that have a fact."""
    return [i for i, found in enumerate(keys) if fact in found]


def _distance(places: list[int], others: list[int]) -> int:
    """Return how many sentences lie between the nearest of two kinds of places; FAR where one has none."""
    return min((abs(i - j) for i, j in product(places, others)), default=FAR)


def _has_stem(sentence: str, stems: list[str]) -> bool:
    """Return whether a sentence has one of the stems; `_` stands for a blank."""
    text = sentence.lower()
    return any(stem.replace("_", " ") in text for stem in stems)


def invented_of(answer: str, meta: dict[str, Any]) -> float:
    """Return the share of an answer's facts that no statement has; 0 for an answer without facts."""
    stated = {mention.key for mention in facts_in(answer)}
    known = {tuple(fact) for statement in meta["statements"] for fact in statement["facts"]}
    return len(stated - known - {tuple(fact) for fact in meta["optional"]}) / len(stated) if stated else 0.0


def is_result(answer: str, result: list[str]) -> bool:
    """Return whether the last fact of the result's type in an answer is the result."""
    values = [mention.value for mention in facts_in(answer[-LONGEST:]) if mention.type == result[0]]
    return bool(values) and values[-1] == result[1]
