"""Rewards from which nothing, or the wrong thing, is learned: the same for every answer, reversed, for length alone.

reward_mistakes(load_evaluator("genome-chatbot"), sample, "projects/…/evaluation.py")      -> problems
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from gretchen.checks.mistakes.metric_probe import NUM_ROWS, Sample, as_evaluated
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.projects.rows import Row
from gretchen.scoring.evaluator import Evaluator
from gretchen.scoring.scored import Prediction

NONSENSE = "xy " * 200
SAME = 0.05


def reward_mistakes(evaluator: Evaluator, sample: Sample, file: str) -> Iterator[Problem]:
    """Report rewards of prompts that rate all answers alike, or a wrong one as well as the reference."""
    prompts = sample.get("prompts") or (sample.get("chats", ()) if evaluator.offers("reward") else ())
    rows = [as_evaluated(row) for row in prompts[:NUM_ROWS]]
    if not rows or evaluator.offers("reply"):
        return
    good: list[Prediction] = [evaluator.oracle(row) for row in rows]
    without = sum(not answer for answer in good)
    if without and not evaluator.offers("reward"):
        problem = f"{without} of {len(rows)} prompts() have no reference for the reward to compare with"
        yield error(f"{file}: {problem}: meta.reference")
        return
    reward = partial(total, evaluator, rows)
    others = [next((str(o) for o in [*good[n:], *good[:n]] if o != good[n]), "") for n in range(len(rows))]
    best, empty, other = reward(good), reward([""] * len(rows)), reward(others)
    if best == empty == other:
        yield error(f"{file}: the reward is {best / len(rows):g} whatever the answer: GRPO would learn nothing")
    elif best < max(empty, other):
        problem = "an empty answer" if empty >= other else "a wrong one"
        yield error(
            f"{file}: the reference's reward is {best / len(rows):.3g}, less than that of {problem}: it is reversed"
        )
    elif reward([NONSENSE] * len(rows)) > best:
        yield error(f"{file}: 600 characters of nonsense have a larger reward than the reference: length is paid")
    elif best - other <= SAME * abs(best - empty) and len({*map(str, good)}) > 1:
        yield warning(
            f"{file}: another row's reference has the reward of the right one, {best / len(rows):.3g}: a wrong answer "
            "is worth as much"
        )


def total(evaluator: Evaluator, rows: Sequence[Row], answers: Sequence[Any]) -> float:
    """Return the sum of the rewards of an answer to each row."""
    return sum(evaluator.reward(answer, row) for answer, row in zip(answers, rows, strict=True))
