"""`make runs PROJECT=… [RECIPE=sft] [JSON=1]`: the runs of a project: what each trained, and how it ended.

    make runs PROJECT=genome-chatbot

One line per run, oldest first: id, recipe, profile, last training and validation loss, main metric on the test set (of
the run's newest evaluation), state, and the values that SET changed. A star marks the run that `make eval` shows and
that later stages start from. It trains, evaluates and deletes nothing.
"""

import json
from typing import Annotated

import typer

from gretchen.projects.card import load_card
from gretchen.recipes.find import find
from gretchen.scoring.cells import aligned
from gretchen.scoring.run_list import listed_runs, runs_table


def runs(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="only this recipe's runs: sft, dpo.axolotl …")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="the runs as JSON")] = False,
) -> None:
    """List the runs of a project: recipe, changed values, losses, main metric, state."""
    main = load_card(project).evaluation.main
    listed = listed_runs(project, find(project, recipe).name if recipe else "*")
    if as_json:
        print(json.dumps([run.to_json() for run in listed], indent=2, ensure_ascii=False))
    elif not listed:
        print(f"{project} has no run yet: make train PROJECT={project}")
    else:
        print("\n".join(aligned(runs_table(listed, main))))
        print("* the newest with its recipe's own values: make eval compares it, later stages start from it")
        print(f'next: make eval PROJECT={project} RUNS="…" compares any finished ones')
