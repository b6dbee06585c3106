"""The probe: a project's own code, run on a few rows. It takes seconds, so that only a named project is probed.

    probe("genome-chatbot", resolved)      -> [CheckResult("dataset.py, run", …), CheckResult("evaluation.py, run", …)]

The builder yields its first rows, twice; evaluation.py scores references and trivial answers; the card's limits are
compared with them. Training runs the same, before its first step. What passed is remembered until a file changes.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gretchen import paths
from gretchen.checks.mistakes.answers import content_mistakes
from gretchen.checks.mistakes.builder import builder_mistakes, sample_rows
from gretchen.checks.mistakes.card import length_limit, limit_mistakes
from gretchen.checks.mistakes.metrics import metric_mistakes
from gretchen.checks.mistakes.problems import Problem
from gretchen.checks.mistakes.rows import file_mistakes, row_mistakes
from gretchen.checks.mistakes.writing import writing_mistakes
from gretchen.checks.report import CheckResult, Outcome, State, outcome, outcome_of, skipped
from gretchen.errors import GretchenError, WorkError
from gretchen.files import file_hash, folder_hash, text_hash, write_json
from gretchen.projects.build import is_current
from gretchen.projects.builder import location_of
from gretchen.projects.card import load_card
from gretchen.projects.modules import load_dataset_module
from gretchen.projects.requirements import missing, project_requirements
from gretchen.projects.rows import Row
from gretchen.projects.summarize import tokenizer_folder
from gretchen.recipes.resolve import Resolved
from gretchen.scoring.evaluator import load_evaluator

BUILDER, METRICS, LIMITS = "dataset.py, run", "evaluation.py, run", "limits of card and recipes"
Sample = Mapping[str, list[Row]]


def probe(project: str, resolved: Sequence[Resolved]) -> list[CheckResult]:
    """Return the results of running a project's builder and metrics on a few rows, or that they passed before."""
    if absent := missing(project_requirements(project)):
        reason = skipped(f"{', '.join(absent)} is not installed: make data PROJECT={project} installs it")
        return [CheckResult(name, reason) for name in (BUILDER, METRICS, LIMITS)]
    key, passed = state_of(project, resolved), paths.root() / "build" / ".checked" / f"{project}.json"
    if passed_before(passed, key):
        unchanged = outcome(scope="passed before, and nothing has changed")
        return [CheckResult(name, unchanged) for name in (BUILDER, METRICS, LIMITS)]
    results = run(project, resolved)
    if all(result.outcome.state == State.OK and not result.outcome.warnings for result in results):
        with contextlib.suppress(OSError, WorkError):  # where nothing can be written, it runs again
            write_json(passed, {"passed": key})
    return results


def passed_before(file: Path, key: str) -> bool:
    """Return whether a file says that a project in this state has passed."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))["passed"] == key
    except (OSError, ValueError, KeyError, TypeError):
        return False


def state_of(project: str, resolved: Sequence[Resolved]) -> str:
    """Return a hash of all that the results depend on: the project's code, data and card, its recipes, these checks."""
    folder = paths.projects() / project
    parts = [folder_hash(folder, "*.py"), folder_hash(folder / "data"), load_card(project).model_dump_json()]
    parts += [folder_hash(Path(__file__).parents[1], f"{room}/**/*.py") for room in ("checks", "projects", "scoring")]
    parts += [file_hash(tokenizer_folder(project) / "tokenizer.json")]
    limits = [f"{recipe.name} {limit}" for recipe in resolved if (limit := length_limit(recipe))]
    return text_hash(*parts, *limits)


def run(project: str, resolved: Sequence[Resolved]) -> list[CheckResult]:
    """Return the results of running a project's builder and metrics now."""
    try:
        sample = sample_rows(project)
    except GretchenError as failure:
        failed = outcome([sentence(failure)])
        reason = skipped("dataset.py failed")
        return [CheckResult(BUILDER, failed), CheckResult(METRICS, reason), CheckResult(LIMITS, reason)]
    rows = ", ".join(f"{len(rows)} {name}" for name, rows in sample.items())
    return [
        CheckResult(BUILDER, guarded_outcome(builder_problems(project, sample), scope=f"twice, {rows}")),
        CheckResult(METRICS, guarded_outcome(metric_problems(project, sample), scope="references and trivial answers")),
        CheckResult(LIMITS, guarded_outcome(limit_mistakes(project, sample, resolved))),
    ]


def builder_problems(project: str, sample: Sample) -> Iterator[Problem]:
    """Yield the problems of a builder; what its rows say is checked in the built files, where they are its own."""
    yield from builder_mistakes(project, sample)
    if is_current(project):
        return
    module = load_dataset_module(project)
    for name, rows in sample.items():
        where = location_of(module, name)
        yield from content_mistakes(rows, lambda number, where=where: f"{where} row {number}")
        yield from writing_mistakes(rows, lambda number, where=where: f"{where} row {number}")
        yield from file_mistakes(rows, where)
        yield from each_once(rows, where)


def each_once(rows: Sequence[Row], where: str) -> Iterator[Problem]:
    """Yield the mistakes of single rows, each at the first row that has it."""
    reported: set[str] = set()
    for number, row in enumerate(rows, start=1):
        for problem in row_mistakes(row, f"{where} row {number}"):
            kind = problem.message.partition(f" row {number}: ")[2]
            if kind not in reported:
                reported.add(kind)
                yield problem


def metric_problems(project: str, sample: Sample) -> Iterator[Problem]:
    """Yield the problems of evaluation.py."""
    yield from metric_mistakes(load_evaluator(project), sample)


def guarded_outcome(problems: Iterator[Problem], scope: str = "") -> Outcome:
    """Return the outcome of problems that are found while a project's own code runs; what it raises is an error."""
    listed: list[Problem] = []
    try:
        listed.extend(problems)
    except GretchenError as failure:
        return outcome([*(problem.message for problem in listed if problem.level == "error"), sentence(failure)])
    return outcome_of(listed, scope=scope)


def sentence(failure: GretchenError) -> str:
    """Return a failure as one sentence, with its hint."""
    return f"{failure.problem} ({failure.hint})" if failure.hint else failure.problem
