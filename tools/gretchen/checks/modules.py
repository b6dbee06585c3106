"""Checks of dataset.py and evaluation.py: do they exist, parse, and define the functions a project must have?

They are parsed, never imported.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

from gretchen import paths
from gretchen.names import nearest
from gretchen.projects.definitions import Definitions, top_level
from gretchen.projects.rows import FORMATS

SCORE_PARAMETERS = ("prediction", "row")
# A name at a module's top level -> its definition; None where it is imported or assigned.


def module_errors(project: str) -> list[str]:
    """Return what is wrong with a project's two modules, each "file:line: …"."""
    folder = paths.projects() / project
    dataset, dataset_errors = definitions(folder / "dataset.py")
    evaluation, evaluation_errors = definitions(folder / "evaluation.py")
    if dataset is not None:
        dataset_errors = _dataset_errors(folder / "dataset.py", dataset)
    if evaluation is not None:
        evaluation_errors = _evaluation_errors(folder / "evaluation.py", evaluation)
    return dataset_errors + evaluation_errors


def _dataset_errors(file: Path, defined: Definitions) -> list[str]:
    """Return an error for a dataset.py without a row generator."""
    if any(name in defined for name in FORMATS):
        return []
    generators = ", ".join(f"{name}()" for name in FORMATS)
    problem = similar_function(defined, FORMATS) or f"1: defines no generator of rows: one of {generators}"
    return [f"{paths.shown(file)}:{problem}"]


def _evaluation_errors(file: Path, defined: Definitions) -> list[str]:
    """Return an error for an evaluation.py without score(), or whose score() takes other arguments."""
    if "score" not in defined:
        problem = similar_function(defined, ["score"]) or "1: defines no score(prediction, row)"
        return [f"{paths.shown(file)}:{problem}"]
    score = defined["score"]
    if score is None:
        return []
    parameters = [argument.arg for argument in (*score.args.posonlyargs, *score.args.args)]
    if len(parameters) == len(SCORE_PARAMETERS) or score.args.vararg is not None:
        return []
    return [f"{paths.shown(file)}:{score.lineno}: score({', '.join(parameters)}) must take (prediction, row)"]


def similar_function(defined: Definitions, expected: Iterable[str]) -> str:
    """Return "line: unknown function 'scores', did you mean 'score'?" for a function of a similar name, or ""."""
    functions = {name: node for name, node in defined.items() if node is not None}
    for name in expected:
        close = nearest(name, functions)
        if close:
            return f"{functions[close].lineno}: unknown function '{close}', did you mean '{name}'?"
    return ""


def definitions(file: Path) -> tuple[Definitions | None, list[str]]:
    """Return what a module defines at its top level, and its errors; None for a file that is missing or not Python."""
    if not file.is_file():
        return None, [f"{paths.shown(file)}: missing"]
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as failure:
        return None, [f"{paths.shown(file)}:{failure.lineno}: {failure.msg}"]
    except UnicodeDecodeError as failure:
        return None, [f"{paths.shown(file)}:1: not UTF-8 ({failure.reason} at byte {failure.start})"]
    return top_level(tree), []
