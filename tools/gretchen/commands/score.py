"""`make score PROJECT=… PREDICTIONS=f.jsonl [LIMIT=300]`: the project's metrics for predictions from anywhere, as JSON.

    make score PROJECT=genome-chatbot PREDICTIONS=answers.jsonl

A line is {"id": …, "prediction": …}, one for each row of the test set, of the hard set or of both; in a closed loop
`prediction` is the list of turns. Where the card asks for several samples, a row has as many lines. `"ended":
false` marks an answer that was cut off. The code that scores is that of `make eval`, whose predictions.jsonl can be
scored here too. LIMIT=300 expects the rows that `make eval LIMIT=300` takes. No model is loaded.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gretchen.commands.eval import SEED
from gretchen.errors import UserError
from gretchen.names import nearest
from gretchen.projects.build import build, data_hash
from gretchen.projects.card import load_card
from gretchen.scoring.scorer import load_evaluator
from gretchen.scoring.summary import open_figures, summary
from gretchen.scoring.testset import SETS, load_set, sample

EXPECTED = 'expected {"id": "…", "prediction": "…"}'


def score(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    predictions: Annotated[Path, typer.Option(help="a JSON lines file of id and prediction")],
    limit: Annotated[int, typer.Option(help="rows of each set, as `make eval` samples them; 0 = all")] = 0,
    profile: Annotated[str, typer.Option(help="whose data: tiny has fewer rows than the others")] = "tiny",
) -> None:
    """Print the metrics of a file of predictions as JSON."""

    card = load_card(project)
    evaluator = load_evaluator(project)
    build_quietly(build, project, profile)
    whole = {name: load_set(project, name) for name in SETS}
    known = {row["id"] for rows in whole.values() for row in rows}
    said, ended = read_predictions(predictions, known, card.evaluation.samples, evaluator.offers("reply"))
    told = {}
    for name, rows in whole.items():
        chosen = sample(rows, limit, SEED)
        if any(row["id"] in said for row in rows):
            require_all(predictions, name, [row["id"] for row in chosen], said, card.evaluation.samples)
            scored = evaluator.score_all(chosen, said, ended)
            told[name] = summary(open_figures(evaluator, scored, card.closed), scored)
    print(json.dumps({"project": project, "data": data_hash(project), "sets": told}, indent=2, ensure_ascii=False))


def build_quietly(build: Any, project: str, profile: str) -> None:
    """Build the data where it is stale; what that tells goes to stderr, for stdout is JSON."""
    with contextlib.redirect_stdout(sys.stderr):
        build(project, profile)


def read_predictions(
    file: Path, known: set[str], samples: int, in_loop: bool
) -> tuple[dict[str, list[Any]], dict[str, list[bool]]]:
    """Return {row id: its predictions} and {row id: whether each ended}.

    Raises UserError with the faults of the file, each with its line.
    """
    if not file.is_file():
        raise UserError(f"there is no file {file}", "PREDICTIONS names a JSON lines file, from the repository's root")
    said: dict[str, list[Any]] = {}
    ended: dict[str, list[bool]] = {}
    faults, lines = [], {}
    # Not splitlines(): answers may hold U+2028 and its kin, which JSON leaves as they are.
    for number, text in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
        if not text.strip():
            continue
        row, fault = parsed(text, in_loop)
        if not fault and row["id"] not in known:
            close = nearest(row["id"], known)
            fault = f"unknown id '{row['id']}'" + (f", did you mean '{close}'?" if close else "")
        elif not fault and len(said.get(row["id"], [])) >= samples:
            fault = f"id '{row['id']}' stood already on line {lines[row['id']]}"
        if fault:
            faults.append(f"{file}:{number}: {fault}")
            continue
        lines.setdefault(row["id"], number)
        said.setdefault(row["id"], []).append(row["prediction"])
        ended.setdefault(row["id"], []).append(row.get("ended", True))
    if faults:
        more = f"\n… and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise UserError("\n".join(faults[:10]) + more, "ids are those of build/<project>/<format>/{test,hard}.jsonl")
    if not said:
        raise UserError(f"{file} holds no predictions", EXPECTED)
    return said, ended


def parsed(text: str, in_loop: bool) -> tuple[dict[str, Any], str | None]:
    """Return a line's row, and what is wrong with it or None."""
    try:
        row = json.loads(text)
    except ValueError as fault:
        return {}, f"no JSON ({fault})"
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return {}, f"no id: {EXPECTED}"
    if not (are_turns(row.get("prediction")) if in_loop else isinstance(row.get("prediction"), str)):
        wanted = 'list of turns, each {"role": "…", "content": "…"}' if in_loop else "text"
        return row, f"the prediction of '{row['id']}' is no {wanted}"
    if not isinstance(row.get("ended", True), bool):
        return row, f"'ended' of '{row['id']}' is neither true nor false"
    return row, None


def are_turns(value: Any) -> bool:
    """Return whether a value is a closed loop's list of turns."""
    return isinstance(value, list) and all(
        isinstance(turn, dict) and isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)
        for turn in value
    )


def require_all(file: Path, name: str, ids: list[str], said: dict[str, list[Any]], samples: int) -> None:
    """Raise UserError where rows of a set lack predictions: a score of some rows, or samples, is another score."""
    missing = [one for one in ids if len(said.get(one, [])) < samples]
    if missing:
        what = "no prediction" if samples == 1 else f"fewer than {samples} predictions (the card's `samples`)"
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise UserError(
            f"{file} has {what} for {len(missing)} of {len(ids)} rows of the {name} set: {shown}",
            'an answer that failed is ""; LIMIT=300 expects the sample of `make eval LIMIT=300`',
        )
