"""Predictions from anywhere, as `make score` reads them: JSON lines of id and prediction, checked and scored.

    {"id": …, "prediction": …, "ended": false}

`prediction` is a string, in a closed loop the list of turns; `ended` (default true) is false for a truncated answer. A
row has as many lines as the card asks for samples. No model is loaded.
"""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen.errors import UserError, line_problems
from gretchen.names import unknown_in_short
from gretchen.projects.card import load_card
from gretchen.projects.rows import Row
from gretchen.scoring.estimates import ScoredSet, score_set
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.request import SETS
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import load_set, sample

EXPECTED = 'expected {"id": "…", "prediction": "…"}'


@dataclass(frozen=True)
class Expected:
    """What a file of predictions must hold: ids, samples per row, and turns instead of strings in a closed loop."""

    ids: Collection[str]
    samples: int
    in_loop: bool


def score_file(project: str, file: Path, limit: int) -> dict[str, ScoredSet]:
    """Return {set: its scored rows} of the sets that the file has predictions for, at most `limit` rows each (0: all).

    The data must be built. Raises UserError for a faulty file, and where rows of a set have no prediction.
    """
    card, evaluator = load_card(project), load_evaluator(project)
    sets = {name: load_set(project, name) for name in SETS["test"]}
    ids = {row["id"] for rows in sets.values() for row in rows}
    expected = Expected(ids, card.evaluation.samples, evaluator.offers("reply"))
    answers = read_predictions(file, expected)
    answered = {answer.id for answer in answers}
    results = {}
    for name, rows in sets.items():
        if any(row["id"] in answered for row in rows):
            chosen = sample(rows, limit)
            require_complete(file, name, chosen, answers, expected.samples)
            results[name] = score_set(evaluator, chosen, answers, card.closed)
    return results


def read_predictions(file: Path, expected: Expected) -> list[Answer]:
    """Return the answers of a file. Raises UserError with all its problems, each with its line."""
    if not file.is_file():
        raise UserError(f"there is no file {file}", "PREDICTIONS names a JSON lines file, from the repository's root")
    answers: list[Answer] = []
    problems: list[str] = []
    lines: dict[str, list[int]] = {}
    # Not splitlines(): answers may hold U+2028 and the like, which JSON leaves as they are.
    for number, text in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
        if not text.strip():
            continue
        values, problem = parsed(text, expected.in_loop)
        problem = problem or id_problem(values["id"], lines, expected)
        if problem:
            problems.append(f"{file}:{number}: {problem}")
            continue
        known = lines.setdefault(values["id"], [])
        answers.append(Answer(values["id"], len(known), values["prediction"], values.get("ended", True)))
        known.append(number)
    if problems:
        raise line_problems(problems, "ids are those of build/<project>/<format>/{test,hard}.jsonl")
    if not answers:
        raise UserError(f"{file} holds no predictions", EXPECTED)
    return answers


def id_problem(row_id: str, lines: dict[str, list[int]], expected: Expected) -> str | None:
    """Return what is wrong with a line's id, None where it is known and has samples left."""
    if row_id not in expected.ids:
        return unknown_in_short("id", row_id, expected.ids)
    if len(lines.get(row_id, [])) >= expected.samples:
        return f"duplicate id '{row_id}', first on line {lines[row_id][0]}"
    return None


def parsed(text: str, in_loop: bool) -> tuple[dict[str, Any], str | None]:  # a line's own JSON values
    """Return a line's values, and what is wrong with them or None."""
    try:
        values = json.loads(text)
    except ValueError as fault:
        return {}, f"no JSON ({fault})"
    if not isinstance(values, dict) or not isinstance(values.get("id"), str):
        return {}, f"no id: {EXPECTED}"
    if not (are_turns(values.get("prediction")) if in_loop else isinstance(values.get("prediction"), str)):
        expected = 'list of turns, each {"role": "…", "content": "…"}' if in_loop else "string"
        return values, f"the prediction of '{values['id']}' is no {expected}"
    if not isinstance(values.get("ended", True), bool):
        return values, f"'ended' of '{values['id']}' is neither true nor false"
    return values, None


def are_turns(value: Any) -> bool:
    """Return whether a value is a closed loop's list of turns."""
    return isinstance(value, list) and all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in value
    )


def require_complete(file: Path, name: str, rows: list[Row], answers: list[Answer], samples: int) -> None:
    """Raise UserError where rows of a set lack predictions: the score of some rows, or samples, is another score."""
    counts = Counter(answer.id for answer in answers)
    missing = [row["id"] for row in rows if counts[row["id"]] < samples]
    if missing:
        what = "no prediction" if samples == 1 else f"fewer than {samples} predictions (the card's `samples`)"
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise UserError(
            f"{file} has {what} for {len(missing)} of {len(rows)} rows of the {name} set: {shown}",
            'an answer that failed is ""; LIMIT=300 expects the sample of `make eval LIMIT=300`',
        )
