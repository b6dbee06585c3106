"""The simulated student: a belief state that grows by one fact with each question that helps.

    state = replay(moves, turns, prompt)        state.verdicts, state.known, state.is_told
    next_turn(moves, turns, prompt, "en")       -> what the student says, None where the conversation is over

The student knows `known` of the plan's facts. A guided question brings the next one; a leak ends the conversation, for
then the student was told; anything else leaves the student where they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .judging import Verdict, judge
from .moves import Move, wording_file

SPARE_TURNS = 1  # a tutor has one turn more than the plan has moves


@dataclass(frozen=True)
class State:
    """What has happened so far: the verdict on each of the tutor's turns, and how far the student came."""

    verdicts: tuple[Verdict, ...]
    known: int
    is_told: bool
    is_solved: bool
    answers: tuple[str, ...]


def turns_of(prediction: str | Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a prediction as turns: of a closed loop it is a list of them, else one answer."""
    if isinstance(prediction, str):
        return [{"role": "assistant", "content": prediction}]
    return [turn for turn in prediction if isinstance(turn, dict)]


def replay(moves: Sequence[Move], turns: Sequence[dict[str, Any]], prompt: str) -> State:
    """Return the student's state after some turns; what is said after the end does not count."""
    verdicts: list[Verdict] = []
    answers, known = [], 0
    for turn in turns:
        content = turn.get("content") if isinstance(turn.get("content"), str) else ""
        if turn.get("role") == "assistant" and known < len(moves) and len(verdicts) < len(moves) + SPARE_TURNS:
            verdicts.append(judge(content, moves[known], prompt))
            answers.append(content)
            known += verdicts[-1].is_guided
            if verdicts[-1].leaks:
                break
    is_told = bool(verdicts) and bool(verdicts[-1].leaks)
    return State(tuple(verdicts), known, is_told, known == len(moves), tuple(answers))


def next_turn(moves: Sequence[Move], turns: Sequence[dict[str, Any]], prompt: str, language: str) -> str | None:
    """Return the student's next turn; None where they are done, were told, or are out of patience."""
    state = replay(moves, turns, prompt)
    if state.is_told or state.is_solved or len(state.verdicts) >= len(moves) + SPARE_TURNS:
        return None
    if state.verdicts and state.verdicts[-1].is_guided:
        return moves[state.known - 1].reply
    confused = wording_file("student")["confused"][language]
    return confused[len(state.verdicts) % len(confused)]
