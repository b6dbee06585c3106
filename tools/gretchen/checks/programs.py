"""A project's dataset.py and evaluation.py as text: are they there, do they parse, do they define what they must?

They are parsed, never run.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

from gretchen import paths
from gretchen.names import nearest
from gretchen.projects.rows import FORMATS

SCORE = ("prediction", "row")


def program_faults(project: str) -> list[str]:
    """Return what is wrong with a project's two modules, each "file:line: …"."""
    folder = paths.projects() / project
    dataset, found = functions(folder / "dataset.py")
    if dataset is not None and not any(name in dataset for name in FORMATS):
        wanted = f"defines no generator of rows: one of {', '.join(f'{name}()' for name in FORMATS)}"
        found.append(f"{paths.shown(folder / 'dataset.py')}:{similar(dataset, FORMATS) or f'1: {wanted}'}")
    evaluation, wrong = functions(folder / "evaluation.py")
    found += wrong
    if evaluation is not None and "score" not in evaluation:
        wanted = similar(evaluation, ["score"]) or "1: defines no score(prediction, row)"
        found.append(f"{paths.shown(folder / 'evaluation.py')}:{wanted}")
    elif evaluation is not None and (score := evaluation["score"]) is not None:
        given = [argument.arg for argument in (*score.args.posonlyargs, *score.args.args)]
        if len(given) != len(SCORE) and score.args.vararg is None:
            place = f"{paths.shown(folder / 'evaluation.py')}:{score.lineno}"
            found.append(f"{place}: score({', '.join(given)}) must take (prediction, row)")
    return found


def similar(defined: dict[str, ast.FunctionDef | None], wanted: Iterable[str]) -> str:
    """Return "line: function 'scores', did you mean 'score'?" for a function of a similar name, or ""."""
    for name in wanted:
        close = nearest(name, [n for n, node in defined.items() if node is not None])
        if close:
            return f"{defined[close].lineno}: unknown function '{close}', did you mean '{name}'?"
    return ""


def functions(file: Path) -> tuple[dict[str, ast.FunctionDef | None] | None, list[str]]:
    """Return {name: definition} of a module's top level (None: imported or assigned), and its faults.

    The first is None for a file that is missing or does not parse.
    """
    if not file.is_file():
        return None, [f"{paths.shown(file)}: missing"]
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as wrong:
        return None, [f"{paths.shown(file)}:{wrong.lineno}: {wrong.msg}"]
    except UnicodeDecodeError as wrong:
        return None, [f"{paths.shown(file)}:1: not UTF-8 ({wrong.reason} at byte {wrong.start})"]
    found: dict[str, ast.FunctionDef | None] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname or alias.name: None for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id: None for target in node.targets if isinstance(target, ast.Name)}
    return found, []
