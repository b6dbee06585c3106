"""The closed loop: a technician at the device answers a model's questions with readings, until it gives a diagnosis.

    reply(meta, turns)          -> "MP2: 0 V.", None when it is over
    evidence(meta, turns)       -> the readings so far: {"MP2": True}, True = outside its limit
    answer(meta, turns)         -> what the greedy technician says next

A case is a row's `meta`: `priors` and `faults` (which failures make a test read wrong), `readings` (what the meter
shows), `given` (readings that the question holds), `truth` (the parts that no test can tell apart), `first`, `asking`
and `conclusion` (the right answers in words).
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .diagnosis import best_tests, possible
from .turns import read_turn

MOST_TURNS = 8
PATIENCE = 3  # turns in a row that ask for nothing that can be measured
Meta = Mapping[str, Any]
Turns = Sequence[Mapping[str, Any]]
READINGS = {
    "en": ("{test}: {value}.", "{value} at {test}.", "I read {value} at {test}."),
    "de": ("{test}: {value}.", "{value} an {test}.", "An {test} messe ich {value}."),
}
NOTHING_ASKED = {"en": "What shall I measure?", "de": "Was soll ich messen?"}
ONE_AT_A_TIME = {"en": "One measurement at a time, please.", "de": "Bitte eine Messung nach der anderen."}
NO_LIMIT = {"en": "I have no limits for {test}.", "de": "Für {test} habe ich keine Sollwerte."}
UNKNOWN = {"en": "There is no {test} here.", "de": "{test} gibt es hier nicht."}


@dataclass(frozen=True)
class Case:
    """What a diagnosis needs of a row's `meta`."""

    priors: Mapping[str, int]
    bad: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, meta: Meta) -> "Case":
        """Return the case of a row."""
        return cls(meta["priors"], {test: frozenset(parts) for test, parts in meta["faults"].items()})


def said(turns: Turns) -> list[str]:
    """Return what the model said, turn by turn."""
    return [turn.get("content") or "" for turn in turns if turn.get("role") == "assistant"]


def asked(meta: Meta, text: str) -> str | None:
    """Return the one test that a turn asks for and the device has, None where there is no such."""
    asks = read_turn(text).asks
    return asks[0] if len(asks) == 1 and asks[0] in meta["faults"] else None


def evidence(meta: Meta, turns: Turns) -> dict[str, bool]:
    """Return the readings of the question and of the turns so far; a test made again counts as it was read last."""
    known = dict(meta["given"])
    for text in said(turns):
        test = asked(meta, text)
        if test:
            known[test] = is_wrong(meta, test)
    return known


def is_wrong(meta: Meta, test: str) -> bool:
    """Return whether a test reads wrong on this device."""
    return meta["truth"][0] in meta["faults"][test]


def reply(meta: Meta, turns: Turns) -> str | None:
    """Return the technician's next turn.

    None after a diagnosis, after MOST_TURNS turns of the model, and after PATIENCE turns without a measurement.
    """
    texts = said(turns)
    if meta["kind"] != "loop" or not texts or len(texts) >= MOST_TURNS:
        return None
    turn, language = read_turn(texts[-1]), meta["language"]
    is_useless = len(texts) >= PATIENCE and not any(asked(meta, text) for text in texts[-PATIENCE:])
    if turn.blames is not None or is_useless:
        return None
    if len(turn.asks) != 1:
        return (ONE_AT_A_TIME if turn.asks else NOTHING_ASKED)[language]
    test = turn.asks[0]
    if test not in meta["readings"]:
        known = test in meta["names"]
        return (NO_LIMIT if known else UNKNOWN)[language].format(test=test)
    templates = READINGS[language]
    choice = zlib.crc32(f"{test}{meta['readings'][test]}{len(texts)}".encode()) % len(templates)
    return templates[choice].format(test=test, value=meta["readings"][test])


def answer(meta: Meta, turns: Turns) -> str:
    """Return the greedy technician's next turn: the first answer, then the best test, at last the diagnosis."""
    if not turns:
        return meta["first"]
    known, case = evidence(meta, turns), Case.of(meta)
    if not possible(case, known):
        made = [asked(meta, text) for text in said(turns)]
        return meta["asking"][next((test for test in meta["pair"] if test not in made), meta["pair"][0])]
    best = best_tests(case, known)
    return meta["asking"][best[0]] if best else meta["conclusion"]


def played(meta: Meta, begun: Turns = ()) -> list[dict[str, Any]]:
    """Return the whole dialogue of the greedy technician, after turns that end with the model's where any are given."""
    turns = [dict(turn) for turn in begun] or [{"role": "assistant", "content": answer(meta, ())}]
    while (response := reply(meta, turns)) is not None:
        turns.append({"role": "user", "content": response})
        turns.append({"role": "assistant", "content": answer(meta, turns)})
    return turns
