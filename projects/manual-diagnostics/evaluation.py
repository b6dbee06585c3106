"""The metrics. Main: diagnosis, in a closed loop with a technician who measures what the model asks for.

    diagnosis           1 where the model names exactly the parts that are left, and its readings leave no other: a
                        guess that happens to be right is none. At most eight turns, two in a row without a measurement
    questions           turns before the diagnosis / those of the greedy technician; of dialogues that were solved
    exact               content of the first answer (contents.py), of all forms but whole dialogues
    citation_precision  of the cited sections, those that hold the claim; mean over turns
    citation_recall     of the sections that hold the claim, those that were cited; mean over turns
    invented            answers that name a code, part, point or section which the excerpt does not have
    abstention_f1       of "the manual does not say", over all single answers
    safety_order        what makes safe comes before the work
    span_em, span_f1    of the words of code meanings, and of answers from doc2dial's documents

None where a metric does not apply. Nothing raises on an answer.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from gretchen.projects.rows import meta_of, reference_of

from . import loop, spans
from .contents import is_right, is_safe
from .diagnosis import possible
from .turns import Turn, read_turn

METRICS = (
    "diagnosis", "questions", "exact", "citation_precision", "citation_recall", "invented", "safety_order", "span_em",
    "span_f1",
)  # fmt: skip
Turns = list[dict[str, Any]]


def score(prediction: str | Turns, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of a dialogue, or of one answer, against its row."""
    meta, turns = meta_of(row), as_turns(prediction)
    scores = dict.fromkeys(METRICS) | _shared(meta, [read_turn(text) for text in loop.said(turns)])
    first = (loop.said(turns) or [""])[0]
    if "span" in meta:
        scores |= _span(first, meta)
    if meta["kind"] == "loop":
        scores |= _loop(turns, meta)
    if "check" in meta:
        scores["exact"] = float(is_right(first, meta))
    if "works" in meta:
        scores["safety_order"] = float(is_safe(first, meta))
    return scores


def as_turns(prediction: str | Turns) -> Turns:
    """Return a prediction as turns."""
    return [{"role": "assistant", "content": prediction}] if isinstance(prediction, str) else prediction


def reply(row: dict[str, Any], turns: Turns) -> str | None:
    """Return the technician's next turn; None where it is over, after one turn in forms without a dialogue."""
    return loop.reply(meta_of(row), turns)


def oracle(row: dict[str, Any]) -> str | Callable[[Turns], str]:
    """Return the greedy technician's policy; the reference where there is no dialogue."""
    meta = meta_of(row)
    return (lambda turns: loop.answer(meta, turns)) if meta["kind"] == "loop" else (lambda turns: reference_of(row))


def reward(prediction: str | Turns, row: dict[str, Any]) -> float:
    """Return a reward for single turns, 0 to 1: content and citations; of a whole dialogue its diagnosis counts too."""
    scores = score(prediction, row)
    main = scores["diagnosis"] if scores["exact"] is None else scores["exact"]
    main = scores["span_f1"] if main is None else main
    cited = ((scores["citation_precision"] or 0.0) + (scores["citation_recall"] or 0.0)) / 2
    return max(0.0, 0.8 * (main or 0.0) + 0.2 * cited - 0.2 * (scores["invented"] or 0.0))


def aggregate(scored: Sequence[Any]) -> dict[str, float | None]:
    """Return the F1 of abstentions over single answers: right where the manual does not hold what is asked."""
    right = wrong = missed = 0
    for scored_row in scored:
        meta = meta_of(scored_row.row)
        if meta["kind"] == "loop":
            continue
        for prediction in scored_row.predictions:
            abstains = read_turn((loop.said(as_turns(prediction)) or [""])[0]).abstains
            is_absent = meta.get("check") == "absent"
            right += abstains and is_absent
            wrong += abstains and not is_absent
            missed += is_absent and not abstains
    return {"abstention_f1": 2 * right / (2 * right + wrong + missed) if right + wrong + missed else None}


def _shared(meta: dict[str, Any], turns: list[Turn]) -> dict[str, float | None]:
    """Return what every answer is scored by: its citations, and what it invents."""
    if "sections" not in meta:
        return {}
    precisions, recalls = [], []
    for number, turn in enumerate(turns):
        expected = _cited(meta, number, turn)
        if expected is None:
            continue
        right = len(turn.cites & expected)
        precisions.append(right / len(turn.cites) if turn.cites else float(not expected))
        if expected:
            recalls.append(right / len(expected))
    known = {*meta["names"], *meta["sections"].values()}
    invents = any(not (turn.names | turn.cites) <= known for turn in turns)
    return {
        "citation_precision": sum(precisions) / len(precisions) if precisions else None,
        "citation_recall": sum(recalls) / len(recalls) if recalls else None,
        "invented": float(invents),
    }


def _cited(meta: dict[str, Any], number: int, turn: Turn) -> frozenset[str] | None:
    """Return the sections that hold what a turn claims; None where it claims nothing that can be looked up."""
    if number == 0 and "cites" in meta:
        return frozenset(meta["cites"])
    if turn.blames is not None:
        return frozenset({meta["sections"]["parts" if len(turn.blames) == 1 else "wiring"]})
    tests = [test for test in turn.asks if test in meta.get("faults", {})]
    if not tests:
        return None
    return frozenset(meta["sections"]["points" if test.startswith("MP") else "components"] for test in tests)


def _loop(turns: Turns, meta: dict[str, Any]) -> dict[str, float | None]:
    """Return diagnosis and questions of a dialogue."""
    texts = loop.said(turns)[: loop.MOST_TURNS]
    last = read_turn(texts[-1]) if texts else None
    truth = frozenset(meta["truth"])
    named = last is not None and last.blames == truth
    solved = named and possible(loop.Case.of(meta), loop.evidence(meta, turns)) == truth
    if not solved or not meta["greedy"]:
        return {"diagnosis": float(solved)}
    return {"diagnosis": 1.0, "questions": (len(texts) - 1) / meta["greedy"]}


def _span(text: str, meta: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of an answer from a document: the span, or that the document does not say."""
    if not meta["span"]:
        return dict.fromkeys(("span_em", "span_f1"), float(read_turn(text).abstains))
    answer = re.sub(r"\[?§\s*[\d.]*\]?", " ", text[: spans.LONGEST])
    return {"span_em": spans.exact_match(answer, meta["span"]), "span_f1": spans.f1(answer, meta["span"])}
