"""The metrics, of a conversation with a simulated student. Main: guided.

    guided          share of the tutor's turns that ask exactly one question, leak nothing, and lead to the next step
    one_question    share of turns that ask exactly one question
    addresses       share of turns that are about the next step
    leaks           share of turns that say what the student has yet to find (leaks.py)
    success         success@k: the student took every step of the plan in at most k turns, and was not told
    telling         telling@k: the student was told within k turns (MathDial, Macina et al. 2023)
    repetition      share of the tutor's later turns that repeat an earlier one; None with a single turn
    precision, recall, f1       of the questions against the plan's, by bipartite matching (matching.py); read them
                    beside `leaks` only

k is the number of steps of the row's plan and one to spare. A single answer is scored as one turn. Nothing raises on
an answer.
"""

from collections.abc import Callable
from typing import Any

from gretchen.projects.rows import meta_of, prompt_text

from .matching import matching
from .moves import Move, move_of
from .simulator import next_turn, replay, turns_of

METRICS = (
    "guided",
    "one_question",
    "addresses",
    "leaks",
    "success",
    "telling",
    "repetition",
    "precision",
    "recall",
    "f1",
)
Turns = list[dict[str, Any]]


def score(prediction: str | Turns, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of a conversation, or of a single answer, against its row."""
    moves, prompt = _plan(row), prompt_text(row)
    state = replay(moves, turns_of(prediction), prompt)
    verdicts, answers = state.verdicts, state.answers
    if not verdicts:
        return dict.fromkeys(METRICS, 0.0) | {"repetition": None}
    repeated = [answer in answers[:i] for i, answer in enumerate(answers) if i]
    matched = matching(answers, [_nearest(move, answers) for move in moves[: len(answers)]])
    return {
        "guided": _share([verdict.is_guided for verdict in verdicts]),
        "one_question": _share([verdict.asks for verdict in verdicts]),
        "addresses": _share([verdict.addresses for verdict in verdicts]),
        "leaks": _share([bool(verdict.leaks) for verdict in verdicts]),
        "success": float(state.is_solved),
        "telling": float(state.is_told),
        "repetition": _share(repeated) if repeated else None,
        "precision": matched.precision, "recall": matched.recall, "f1": matched.f1,
    }  # fmt: skip


def reply(row: dict[str, Any], turns: Turns) -> str | None:
    """Return the simulated student's next turn, None when the conversation is over."""
    return next_turn(_plan(row), turns, prompt_text(row), meta_of(row)["language"])


def oracle(row: dict[str, Any]) -> Callable[[Turns], str]:
    """Return a policy that asks the plan's questions."""
    moves = _plan(row)
    return lambda turns: moves[min(sum(turn["role"] == "assistant" for turn in turns), len(moves) - 1)].questions[0]


def reward(prediction: str | Turns, row: dict[str, Any]) -> float:
    """Return a graded reward of a single answer, 0 to 1: 0.4 for one question, 0.6 for the next step, 0 for a leak."""
    result = score(prediction, row)
    if result["leaks"]:
        return 0.0
    return 0.4 * (result["one_question"] or 0.0) + 0.6 * (result["guided"] or 0.0)


def _plan(row: dict[str, Any]) -> list[Move]:
    """Return the moves of a row."""
    return [move_of(plain) for plain in meta_of(row)["plan"]]


def _share(values: list[bool]) -> float:
    """Return the share of true values."""
    return sum(values) / len(values)


def _nearest(move: Move, answers: tuple[str, ...]) -> str:
    """Return the one of a move's questions that is most like one of the answers."""
    return max(move.questions, key=lambda question: max(matching([answer], [question]).f1 for answer in answers))
