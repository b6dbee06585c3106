"""`make eval PROJECT=… [RUNS="id id"] [LIMIT=300] [RECORD=1]`: base, baselines and runs on the same held-out rows.

    make eval PROJECT=genome-chatbot

The base, the base few-shot (three worked examples before the question) and the newest finished run of each recipe
answer the test and hard sets; evaluation.py scores the answers. The table shows count, interval, difference to the
base, trivial baselines, and the share of answers that finished with EOS or a stop string; then, where the project has
preference pairs, each model's preference accuracy (on all pairs, unless LIMIT says otherwise). In a 0/1 metric (exact
match, a passed test) only an answer that finished can be right; metrics of degree score a truncated answer as it is.
Answers are kept in runs/<project>/evaluations/ and generated again only when weights, template, rows or settings
changed. RECORD=1 writes results.json and the README's table. It trains and merges nothing.
"""

import contextlib
import json
import sys
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.profiles import PROFILE_HELP, profile_option
from gretchen.provenance import is_smoke
from gretchen.scoring.evaluate import evaluate
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.plan import EvaluationRequest
from gretchen.scoring.results import END, START, has_markers, record_evaluation, results_file
from gretchen.scoring.table import text_table
from gretchen.tracking.evaluation import log_evaluation


def eval(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    runs: Annotated[str, typer.Option(help="run ids; without them the newest finished run of each recipe")] = "",
    limit: Annotated[
        int | None, typer.Option(help="rows and pairs of each set, 0 = all; tiny: 300 rows, laptop: 120")
    ] = None,
    record: Annotated[bool, typer.Option(help="write results.json and the README's table")] = False,
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    json_: Annotated[bool, typer.Option("--json", help="print the evaluation as JSON")] = False,
) -> None:
    """Compare base, base few-shot and every finished stage on the test and hard sets."""
    request = EvaluationRequest(project, profile, tuple(runs.split()), limit)
    if record and is_smoke():
        raise UserError("RECORD=1 with GRETCHEN_SMOKE=1: a smoke test measures nothing", "leave one of them out")
    # Messages on the way must not stand in the JSON.
    with contextlib.redirect_stdout(sys.stderr) if json_ else contextlib.nullcontext():
        evaluation, left_out = evaluate(request)
        evaluation = log_evaluation(evaluation)
    print(json.dumps(evaluation.to_json(), indent=2, ensure_ascii=False) if json_ else text_table(evaluation))
    next_step = f"next: make answers PROJECT={project}" + profile_option(project, evaluation.profile)
    messages = [*left_out, next_step, *(recorded(evaluation) if record else [])]
    for message in messages:
        print(message, file=sys.stderr if json_ else sys.stdout)


def recorded(evaluation: Evaluation) -> list[str]:
    """Write results.json and the README's tables, and return what was written and what was not."""
    written = record_evaluation(evaluation)
    messages = [f"wrote {' and '.join(paths.shown(file) for file in written)}"]
    if not has_markers(evaluation.project):
        readme = paths.shown(results_file(evaluation.project).with_name("README.md"))
        messages.append(f"{readme} has no {START} and {END} to put the table between")
    return messages
