"""`make lm-eval PROJECT=… [TASKS="name …"] [SOURCE=folder]`: lm-evaluation-harness on a project's models and test rows.

    make lm-eval PROJECT=genome-chatbot
    make lm-eval PROJECT=genome-chatbot TASKS="arc_easy hellaswag" SOURCE=data PROFILE=laptop

The project's test and hard set become tasks of the harness (build/<project>/lm-eval, YAML and rows), scored by its own
metrics; TASKS names any of the harness's tasks or groups instead. Base and the newest run of each recipe (or RUNS) are
asked, greedy: the project's tasks by the chat template, the harness's tasks as it defines them. SOURCE is a folder with
data sets by name (SOURCE/allenai/ai2_arc), for work without the hub. Nothing is kept but the exported tasks. Intervals
and comparisons are those of `make eval`.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.exporting.lm_eval_run import harness_tasks, run_tasks
from gretchen.exporting.lm_eval_task import ExportedTask, export_tasks, tasks_dir
from gretchen.hardware import machine
from gretchen.projects.build import build
from gretchen.projects.profiles import PROFILE_HELP, chosen_profile
from gretchen.scoring.plan import DEFAULT_LIMITS
from gretchen.serving.chat_models import project_models


def lm_eval(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    tasks: Annotated[str, typer.Option(help="the harness's tasks or groups; without them the project's own")] = "",
    source: Annotated[Path | None, typer.Option(help="a folder of data sets by name, owner/name")] = None,
    runs: Annotated[str, typer.Option(help="run ids; without them the newest finished run of each recipe")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="rows of each task; 0: all")] = None,
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="the harness's results as JSON")] = False,
) -> None:
    """Run lm-evaluation-harness on a project's models: its own test rows, or any of the harness's tasks."""
    if source is not None and not source.is_dir():
        raise UserError(f"there is no folder {source}", "SOURCE=folder holds data sets as folder/owner/name")
    profile = chosen_profile(project, profile, machine())
    with contextlib.redirect_stdout(sys.stderr):  # stdout is tables or JSON
        names = tasks.split() or exported(project, profile, limit)
        manager = harness_tasks(names, None if tasks else tasks_dir(project))
        results = {}
        for model in project_models(project, profile, runs.split()):
            print(f"asking {model.name} …", flush=True)
            results[model.name] = run_tasks(
                model.load(), names, manager, chat=not tasks, limit=limit if tasks else None, source=source
            )
    print(json.dumps(printable(results), indent=2) if as_json else "\n".join(map(table_of, results.items())))


def exported(project: str, profile: str, limit: int | None) -> list[str]:
    """Build the data, export the project's tasks, and return their names."""
    build(project, profile)
    exported_tasks = export_tasks(project, DEFAULT_LIMITS.get(profile) if limit is None else limit)
    print(f"tasks: {'; '.join(map(counts, exported_tasks))} ({paths.shown(tasks_dir(project))})")
    return [task.name for task in exported_tasks]


def counts(task: ExportedTask) -> str:
    """Return a task with its counts, as it is printed."""
    left_out = f", {task.num_left_out} left out: closed forms, several turns or tools" if task.num_left_out else ""
    return f"{task.name}, {task.num_rows} rows{left_out}"


def table_of(result: tuple[str, dict]) -> str:
    """Return a model's name and the harness's own table of its results."""
    from lm_eval.utils import make_table

    name, results = result
    return f"{name}\n\n{make_table(results)}"


def printable(results: dict[str, dict]) -> dict[str, dict]:
    """Return the metrics and versions of each model's results."""
    return {name: {key: of[key] for key in ("results", "versions", "n-samples")} for name, of in results.items()}
