"""`make eval PROJECT=… [RUNS="id id"] [SPLIT=validation] [LIMIT=300] [RECORD=1]`: all models on the same rows.

    make eval PROJECT=genome-chatbot

The base, the base few-shot (three worked examples before the question) and the newest finished run of each recipe
answer the test and hard sets; evaluation.py scores the answers. An embedded base is also asked the same questions as
documents, where dataset.py has as_document(). Runs that differ in the seed alone are one row: their mean, the least and
the most. The table shows count, interval, difference to the base, trivial baselines, and the share of answers that
finished with EOS or a stop string; what each stage gains and loses, per form, against the run that it started from;
then, where the project has preference pairs, each model's preference accuracy (on all pairs, unless LIMIT says
otherwise). In a 0/1 metric (exact match, a passed test) only an answer that finished can be right; metrics of degree
score a truncated answer as it is. What the runs forgot stands below: base and runs get 120 short questions of general
knowledge, or, where the base is embedded, documents.

Answers are kept in runs/<project>/evaluations/ and generated again only when weights, template, rows or settings
changed. RECORD=1 writes results.json and the README's table. It trains and merges nothing.

SPLIT=validation asks the validation rows and pairs instead: settings are chosen on them, and never recorded.
"""

import contextlib
import json
import sys
from dataclasses import replace
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.profiles import PROFILE_HELP
from gretchen.provenance import is_smoke, smoke_note
from gretchen.safe_text import visible
from gretchen.scoring.evaluate import evaluate
from gretchen.scoring.evaluation import Evaluation
from gretchen.scoring.legend import legend
from gretchen.scoring.newest import keep
from gretchen.scoring.request import EvaluationRequest
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
    split: Annotated[str, typer.Option(help="test, or validation: the rows to choose settings by")] = "test",
    json_: Annotated[bool, typer.Option("--json", help="print the evaluation as JSON")] = False,
) -> None:
    """Compare base, base few-shot and every finished stage on the test and hard sets, or on validation rows."""
    request = EvaluationRequest(project, profile, tuple(runs.split()), limit, split)
    if record and split != "test":
        variables = f"PROJECT={project}{replace(request, split='test').variables}"
        raise UserError(
            f"RECORD=1 with SPLIT={split}: what is recorded is the result on the test rows",
            f"choose on validation, then: make eval {variables} RECORD=1",
        )
    if record and is_smoke():
        raise UserError("RECORD=1 with GRETCHEN_SMOKE=1: a smoke test measures nothing", "leave one of them out")
    if is_smoke():
        print(smoke_note(), file=sys.stderr)
    # Messages on the way must not stand in the JSON.
    with contextlib.redirect_stdout(sys.stderr) if json_ else contextlib.nullcontext():
        evaluation, left_out = evaluate(request)
        evaluation = log_evaluation(evaluation)
    keep(evaluation)
    print(visible(json.dumps(evaluation.to_json(), indent=2, ensure_ascii=False)) if json_ else text_table(evaluation))
    if not json_:
        print(visible("\n".join(["", *legend(evaluation), ""])))
    next_line = next_step(replace(request, profile=evaluation.profile))
    messages = [*left_out, next_line, *(recorded(evaluation) if record else [])]
    for message in messages:
        print(message, file=sys.stderr if json_ else sys.stdout)


def next_step(request: EvaluationRequest) -> str:
    """Return the line that names the next command."""
    test = replace(request, split="test")
    if request.split == "test":
        return f"next: make answers PROJECT={request.project}{test.variables}"
    return f"next, once settings are chosen: make eval PROJECT={request.project}{test.variables}"


def recorded(evaluation: Evaluation) -> list[str]:
    """Write results.json and the README's tables, and return what was written and what was not."""
    written = record_evaluation(evaluation)
    messages = [f"wrote {' and '.join(paths.shown(file) for file in written)}"]
    if not has_markers(evaluation.project):
        readme = paths.shown(results_file(evaluation.project).with_name("README.md"))
        messages.append(f"{readme} has no {START} and {END} to put the table between")
    return messages
