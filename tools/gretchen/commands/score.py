"""`make score PROJECT=… PREDICTIONS=f.jsonl [LIMIT=300]`: the project's metrics for predictions from anywhere, as JSON.

    make score PROJECT=genome-chatbot PREDICTIONS=answers.jsonl

A line is {"id": …, "prediction": …}, one for each row of the test set, of the hard set or of both; in a closed loop
`prediction` is the list of turns. Where the card asks for several samples, a row has as many lines. `"ended":
false` marks a truncated answer. The code that scores is that of `make eval`, whose predictions.jsonl can be scored
here too. LIMIT=300 expects the rows that `make eval LIMIT=300` takes. No model is loaded. An answer on which
evaluation.py raises gets the worst scores; their number and the first trace are named.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.projects.build import build, data_hash
from gretchen.projects.profiles import PROFILE_HELP, profile_of
from gretchen.scoring.predictions_file import score_file
from gretchen.scoring.score_errors import num_errors, write_first_trace


def score(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    predictions: Annotated[Path, typer.Option(help="a JSON lines file of id and prediction")],
    limit: Annotated[int, typer.Option(help="rows of each set, as `make eval` samples them; 0 = all")] = 0,
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
) -> None:
    """Print the metrics of a file of predictions as JSON."""
    with contextlib.redirect_stdout(sys.stderr):  # stdout is JSON
        build(project, profile_of(project, profile))
    scored = score_file(project, predictions, limit)
    sets = {name: scored_set.scores().to_json() for name, scored_set in scored.items()}
    rows = [row for scored_set in scored.values() for row in scored_set.rows]
    if trace := write_first_trace(rows, paths.runs(project)):
        message = f"score() raised on {num_errors(rows):,} answers: they got the worst scores; the first trace: "
        print(message + paths.shown(trace), file=sys.stderr)
    print(json.dumps({"project": project, "data": data_hash(project), "sets": sets}, indent=2, ensure_ascii=False))
