"""A project's test rows as tasks of lm-evaluation-harness: a YAML file and a JSON lines file a set.

    export_tasks("genome-chatbot", limit=None)   -> [ExportedTask("genome-chatbot", 1095, 219), …]

The folder (build/<project>/lm-eval) also works with the harness's own command: `lm_eval --include_path build/…/lm-eval
--tasks genome-chatbot --apply_chat_template`. Format: docs/task_guide.md of lm-evaluation-harness 0.4. The harness asks
one user message after one system message: rows of several turns or with tools are left out and counted.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_jsonl, write_text
from gretchen.projects.card import load_card
from gretchen.projects.rows import Row, prompt_of, reference_of, tools_of
from gretchen.scoring.evaluator import Evaluator, load_evaluator
from gretchen.scoring.request import SETS
from gretchen.scoring.testset import load_set, sample

SCORES = "gretchen_scores"  # the module beside the YAML files
SINGLE_TURN = (["user"], ["system", "user"])
MODULE = '''"""The metrics of {project}, as lm-evaluation-harness calls them (written by `make lm-eval`)."""

from gretchen.exporting.lm_eval_scores import aggregation_of, process_results_of

process_results = process_results_of({project!r})
{aggregations}
'''


class Function(str):
    """A function by the name that the harness's YAML tag `!function` takes: module.function."""


class TaskDumper(yaml.SafeDumper):
    """YAML as the harness reads it."""


TaskDumper.add_representer(Function, lambda dumper, name: dumper.represent_scalar("!function", str(name)))


@dataclass(frozen=True)
class ExportedTask:
    """A task's name, the number of its rows, and of those left out: of several turns, with tools, of closed forms."""

    name: str
    num_rows: int
    num_left_out: int


def tasks_dir(project: str) -> Path:
    """Return the folder of a project's tasks."""
    return paths.build(project) / "lm-eval"


def export_tasks(project: str, limit: int | None) -> list[ExportedTask]:
    """Write the tasks of a project's test and hard set, of at most `limit` rows each (as `make eval` samples them).

    Raises UserError for a project that is evaluated in a closed loop, and for one without a single-turn test row.
    """
    evaluator = load_evaluator(project)
    if evaluator.offers("reply"):
        raise UserError(
            f"{project} is evaluated in dialogues with its simulator, which lm-evaluation-harness cannot hold",
            f"make eval PROJECT={project}",
        )
    write_text(tasks_dir(project) / f"{SCORES}.py", module_text(evaluator))
    sets = {name: sample(load_set(project, name), limit) for name in SETS["test"]}
    exported = (export_set(evaluator, name, rows) for name, rows in sets.items())
    tasks = [task for task in exported if task.num_rows]
    if not tasks:
        raise UserError(
            f"no test row of {project} is a single question without tools, as lm-evaluation-harness asks them",
            f"make eval PROJECT={project}",
        )
    return tasks


def export_set(evaluator: Evaluator, set_name: str, rows: list[Row]) -> ExportedTask:
    """Write the task of one set of rows."""
    name = evaluator.project + ("" if set_name == "test" else f"-{set_name}")
    closed = load_card(evaluator.project).closed  # scored apart, and no part of the mean
    documents = [document(row) for row in rows if is_single_turn(row) and row["form"] not in closed]
    if documents:
        file = tasks_dir(evaluator.project) / f"{name}.jsonl"
        write_jsonl(file, documents)
        values = task_config(evaluator, name, file)
        text = yaml.dump(values, Dumper=TaskDumper, sort_keys=False, allow_unicode=True)
        write_text(file.with_suffix(".yaml"), text)
    return ExportedTask(name, len(documents), len(rows) - len(documents))


def is_single_turn(row: Row) -> bool:
    """Return whether a row is one question, with or without a system message, and without tools."""
    messages = prompt_of(row)
    texts = all(isinstance(message.get("content"), str) for message in messages)
    return texts and not tools_of(row) and [message["role"] for message in messages] in SINGLE_TURN


def document(row: Row) -> dict[str, str]:
    """Return a row as the harness's document: its columns are the template's fields, `row` is what scoring needs."""
    *system, user = prompt_of(row)
    return {
        "system": system[0]["content"] if system else "",
        "question": user["content"],
        "reference": reference_of(row),
        "row": json.dumps(row, ensure_ascii=False),
    }


def task_config(evaluator: Evaluator, name: str, file: Path) -> dict[str, Any]:  # the harness's keys
    """Return the task's YAML values: generation and metrics as the project's card has them."""
    settings = evaluator.settings
    metrics = [
        {"metric": metric, "aggregation": Function(f"{SCORES}.{metric}"), "higher_is_better": of.better == "higher"}
        for metric, of in settings.metrics.items()
    ]
    return {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(file.resolve())}},
        "test_split": "test",
        "output_type": "generate_until",
        "description": "system",
        "doc_to_text": "question",
        "doc_to_target": "reference",
        "generation_kwargs": {
            "max_gen_toks": settings.max_new_tokens,
            "until": list(settings.stop),
            "do_sample": False,
        },
        "process_results": Function(f"{SCORES}.process_results"),
        "metric_list": metrics,
        "metadata": {"version": 1},
    }


def module_text(evaluator: Evaluator) -> str:
    """Return the module that the YAML files name: one function a metric."""
    aggregations = "\n".join(
        f"{name} = aggregation_of({evaluator.project!r}, {name!r})" for name in evaluator.settings.metrics
    )
    return MODULE.format(project=evaluator.project, aggregations=aggregations)
