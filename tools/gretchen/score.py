"""`make score PROJECT=… PREDICTIONS=f.jsonl [LIMIT=300]`: the project's metrics for predictions from anywhere, as JSON.

    make score PROJECT=genome-chatbot PREDICTIONS=answers.jsonl

A line is {"id": …, "prediction": …}, one for each row of the test set, of the hard set or of both; in a closed loop
`prediction` is the list of turns. Where the card asks for several samples, a row may have as many lines. The code that
scores is that of `make eval`. LIMIT=300 expects the rows that `make eval LIMIT=300` takes. No model is loaded.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gretchen.errors import UserError
from gretchen.names import nearest

EXPECTED = 'expected {"id": "…", "prediction": "…"}'


def score(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    predictions: Annotated[Path, typer.Option(help="a JSON lines file of id and prediction")],
    limit: Annotated[int, typer.Option(help="rows of each set, as `make eval` samples them; 0 = all")] = 0,
    profile: Annotated[str, typer.Option(help="whose data: tiny has fewer rows than the others")] = "tiny",
) -> None:
    """Print the metrics of a file of predictions as JSON."""
    from gretchen.eval import SEED
    from gretchen.projects.build import build, data_hash
    from gretchen.projects.card import load_card
    from gretchen.scoring.scorer import load_evaluator
    from gretchen.scoring.summary import summary
    from gretchen.scoring.testset import SETS, load_set, sample

    card = load_card(project)
    evaluator = load_evaluator(project)
    build_quietly(build, project, profile)
    whole = {name: load_set(project, name) for name in SETS}
    known = {row["id"] for rows in whole.values() for row in rows}
    said = read_predictions(predictions, known, card.evaluation.samples)
    told = {}
    for name, rows in whole.items():
        chosen = sample(rows, limit, SEED)
        if any(row["id"] in said for row in rows):
            require_all(predictions, name, [row["id"] for row in chosen], said)
            told[name] = summary(evaluator, evaluator.score_all(chosen, said), card.closed)
    print(json.dumps({"project": project, "data": data_hash(project), "sets": told}, indent=2, ensure_ascii=False))


def build_quietly(build: Any, project: str, profile: str) -> None:
    """Build the data where it is stale; what that tells goes to stderr, for stdout is JSON."""
    import contextlib
    import sys

    with contextlib.redirect_stdout(sys.stderr):
        build(project, profile)


def read_predictions(file: Path, known: set[str], samples: int) -> dict[str, list[Any]]:
    """Return {row id: its predictions}. Raises UserError with all faults of the file, each with its line."""
    if not file.is_file():
        raise UserError(f"there is no file {file}", "PREDICTIONS names a JSON lines file, from the repository's root")
    said: dict[str, list[Any]] = {}
    faults, lines = [], {}
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip():
            continue
        row, fault = parsed(text)
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
    if faults:
        more = f"\n… and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise UserError("\n".join(faults[:10]) + more, "ids are those of build/<project>/<format>/{test,hard}.jsonl")
    if not said:
        raise UserError(f"{file} holds no predictions", EXPECTED)
    return said


def parsed(text: str) -> tuple[dict[str, Any], str | None]:
    """Return a line's row, and what is wrong with it or None."""
    try:
        row = json.loads(text)
    except ValueError as fault:
        return {}, f"no JSON ({fault})"
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return {}, f"no id: {EXPECTED}"
    if not isinstance(row.get("prediction"), str | list):
        return row, f"the prediction of '{row['id']}' is no text and no list of turns"
    return row, None


def require_all(file: Path, name: str, ids: list[str], said: dict[str, list[Any]]) -> None:
    """Raise UserError where rows of a set have no prediction: a score of some rows is another score."""
    missing = [one for one in ids if one not in said]
    if missing:
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise UserError(
            f"{file} has no prediction for {len(missing)} of {len(ids)} rows of the {name} set: {shown}",
            'an answer that failed is ""; LIMIT=300 expects the sample of `make eval LIMIT=300`',
        )
