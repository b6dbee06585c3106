"""`make eval PROJECT=… [RUNS="id id"] [LIMIT=300] [RECORD=1]`: what each model gets right, side by side.

    make eval PROJECT=genome-chatbot

The base, the base prompted with worked examples and the newest finished run of each recipe answer the same held-out
rows (test and hard); evaluation.py scores them; the table shows count, interval, difference to the base, trivial
baselines, and the share of answers that ended by themselves; then which of two answers each finds likelier, where the
project has preference pairs (all of them, unless LIMIT says otherwise). In a 0/1 metric (exact match, a test that
passes) only an answer that ended can be right; measures of degree take one that was cut off as it stands. Answers are
kept in runs/<project>/evaluations/ and asked for again only when weights, template, rows or settings changed. RECORD=1
writes results.json and the README's table. It trains and merges nothing.
"""

import contextlib
import json
import sys
from typing import Annotated, Any

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.hardware import chosen_profile, machine
from gretchen.models.locate import locate, require_reachable
from gretchen.projects.build import build_and_tell, data_hash
from gretchen.projects.card import load_card
from gretchen.provenance import is_smoke
from gretchen.scoring.documents import document_rows
from gretchen.scoring.evaluate import Plan, tell
from gretchen.scoring.preferences import pairs
from gretchen.scoring.results import START, record
from gretchen.scoring.scorer import load_evaluator
from gretchen.scoring.systems import shared_template, systems
from gretchen.scoring.table import text_table
from gretchen.scoring.testset import SETS, SMOKE_LIMIT, load_set, sample, test_format
from gretchen.tracking.evaluation import log_evaluation

TINY_LIMIT = 300
SEED = 0


def eval(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    runs: Annotated[str, typer.Option(help="run ids; without them the newest finished run of each recipe")] = "",
    limit: Annotated[int | None, typer.Option(help="rows and pairs of each set, 0 = all; tiny: 300 rows")] = None,
    record: Annotated[bool, typer.Option(help="write results.json and the README's table")] = False,
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …, or auto")] = "tiny",
    json_: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Compare base, base prompted and every finished stage on the test and hard sets."""

    require_limit(limit)
    if record and is_smoke():
        raise UserError("RECORD=1 with GRETCHEN_SMOKE=1: a smoke test measures nothing", "leave one of them out")
    # What is told on the way must not stand in the JSON.
    with contextlib.redirect_stdout(sys.stderr) if json_ else contextlib.nullcontext():
        told, left_out = evaluation(project, profile, runs.split(), limit)
        told["wandb"] = log_evaluation(told)
    print(json.dumps(told, indent=2, ensure_ascii=False) if json_ else text_table(told))
    for line in left_out:
        print(line, file=sys.stderr if json_ else sys.stdout)
    if record:
        keep(told, sys.stderr if json_ else sys.stdout)


def require_limit(limit: int | None) -> None:
    """Raise UserError for a LIMIT below 0."""
    if limit is not None and limit < 0:
        raise UserError(f"LIMIT={limit} is below 0", "LIMIT=0 takes all rows")


def evaluation(project: str, profile: str, runs: list[str], limit: int | None) -> tuple[dict[str, Any], list[str]]:
    """Return the evaluation's dict, and a line for each run that was left out."""

    card = load_card(project)
    profile = chosen_profile(profile, machine())
    model = locate(project, profile)
    require_reachable(model)
    build_and_tell(project, profile)
    found, left_out = systems(project, profile, model, data_hash(project), runs)
    if len(found) == 1:
        left_out.append(f"no finished run of {project} to compare: make train PROJECT={project}")
    embedded = card.models[profile] == "base"
    return tell(plan_of(project, profile, card, found, limit, embedded), found), left_out


def plan_of(project: str, profile: str, card: Any, found: list[Any], limit: int | None, embedded: bool) -> Any:
    """Return what every model is asked. Raises UserError where the project has no rows to ask."""

    # Pairs are read, not answered: all of them cost seconds, and a few hundred would leave the comparison open.
    pair_limit = limit if limit is not None else SMOKE_LIMIT if is_smoke() else 0
    if limit is None:
        limit = SMOKE_LIMIT if is_smoke() else TINY_LIMIT if profile == "tiny" else 0
    asked = test_format(project)
    if asked is None:
        raise UserError(
            f"{paths.shown(paths.build(project))} holds no test rows that a model could answer",
            "dataset.py offers chats() or another format with questions; `make data` says what was dropped",
        )
    whole = {name: load_set(project, name, asked) for name in SETS}
    whole = {name: rows for name, rows in whole.items() if rows}
    return Plan(
        project=project,
        profile=profile,
        evaluator=load_evaluator(project),
        closed=tuple(card.closed),
        sets={name: sample(rows, limit, SEED) for name, rows in whole.items()},
        sizes={name: len(rows) for name, rows in whole.items()},
        train=load_set(project, "train", asked),
        documents=document_rows(project, limit) if embedded else [],
        pairs=pairs(project, pair_limit),
        template=shared_template(found),
        data=data_hash(project),
        seed=SEED,
    )


def keep(told: dict[str, Any], stream: Any) -> None:
    """Write results.json and the README's table, and say so."""

    written = record(told)
    print(f"wrote {' and '.join(paths.shown(file) for file in written)}", file=stream)
    readme = paths.projects() / told["project"] / "README.md"
    if not readme.is_file() or START not in readme.read_text(encoding="utf-8"):
        print(f"{paths.shown(readme)} has no {START} and <!-- /results --> to put the table between", file=stream)
