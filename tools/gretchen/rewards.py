"""The projects' own rewards, as functions that a trainer can import: what is rewarded is what is scored.

    reward_funcs: [gretchen.rewards.genome_chatbot]      in a recipe, where `${reward}` stands for that name

Every attribute of this module is a project's reward function, its slug written with underscores. It takes TRL's columns
(prompts, completions, and those of the rows) and returns a number per completion: evaluation.py's
`reward(prediction, row)`, or the main metric. Axolotl's and TRL's own commands can import it too, wherever Gretchen is
installed.
"""

import json
from collections.abc import Callable
from typing import Any

from gretchen.errors import UserError
from gretchen.projects.card import project_slugs
from gretchen.projects.rows import Row
from gretchen.runs.store import warn_once
from gretchen.scoring.evaluator import Evaluator, load_evaluator

Reward = Callable[..., list[float]]


def __getattr__(name: str) -> Reward:
    """Return the reward of the project whose slug is `name` with hyphens for underscores, else AttributeError."""
    project = name.replace("_", "-")
    if project not in project_slugs():
        raise AttributeError(f"{__name__}.{name}: there is no project '{project}'")
    evaluator = load_evaluator(project)

    def reward(prompts: list[Any], completions: list[Any], **columns: Any) -> list[float]:
        rows = rows_of(prompts, columns)
        return rewards(evaluator, [text_of(completion) for completion in completions], rows)

    reward.__name__ = name
    return reward


def rewards(evaluator: Evaluator, predictions: list[str], rows: list[Row]) -> list[float]:
    """Return the reward of each prediction; where evaluation.py raises on one, the least of the batch.

    A training samples thousands of answers: one on which the project's code raises must not end it. Raises UserError
    where it raises on all of them.
    """
    values: list[float | None] = []
    for prediction, row in zip(predictions, rows, strict=True):
        try:
            values.append(evaluator.reward(prediction, row))
        except UserError as error:
            values.append(None)
            location = error.problem.partition(": ")[0]
            warn_once(f"{location} raised on an answer: such answers get the least reward of their batch")
    known = [value for value in values if value is not None]
    if values and not known:
        evaluator.reward(predictions[0], rows[0])
    return [min(known) if value is None else value for value in values]


def rows_of(prompts: list[Any], columns: dict[str, Any]) -> list[Row]:
    """Return the rows of a trainer's columns, `meta` as the dict it was in the builder."""
    known = {key: values for key, values in columns.items() if key in ("id", "form", "group", "tools", "meta")}
    rows = []
    for i, prompt in enumerate(prompts):
        row = {key: values[i] for key, values in known.items()}
        rows.append(row | {"prompt": prompt, "meta": json.loads(row.get("meta") or "{}")})
    return rows


def text_of(completion: Any) -> str:
    """Return the text of a completion: a string, or the content of its last message where it is conversational."""
    return completion if isinstance(completion, str) else completion[-1]["content"]
