"""The shape of the package: imports without cycles, quick verbs without heavy imports, limits on functions and files.

import-linter (the layers) and ruff (where heavy packages are imported) hold the rest, in `make lint`.
"""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = sorted((ROOT / "tools" / "gretchen").rglob("*.py"))
PROGRAMS = sorted(
    file
    for folder in ("bench", "projects", "shared_recipes", "tests", "tools")
    for file in (ROOT / folder).rglob("*.py")
    if "build" not in file.parts
)
HEAVY = {"axolotl", "datasets", "numpy", "pandas", "peft", "scipy", "torch", "transformers", "trl", "wandb"}
HEAVY |= {"accelerate", "pyarrow"}

MAX_PARAMETERS, MAX_LINES = 6, 300
# Public functions that still take too many parameters or return dict[str, Any] without a reason. Remove a line when its
# function is fixed; add none.
UNREASONED: set[str] = set()
# Files above MAX_LINES, each with its reason; at most ten.
LONG = {
    "tests/test_eval.py": "one training feeds all its tests",
    "tests/test_merge.py": "one trained adapter feeds all its tests",
    "tests/test_recipes.py": "all rules of resolving, on one fixture",
    "tests/test_stages.py": "every stage trains once, on one fixture",
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Return the package's import graph; imports inside functions count."""
    return grimp.build_graph("gretchen", cache_dir=None)


def cycle(graph: grimp.ImportGraph, node_of: Callable[[str], str]) -> list[str]:
    """Return an import cycle between the nodes that modules belong to, [] where there is none."""
    edges: dict[str, set[str]] = {}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if node_of(module) != node_of(imported):
                edges.setdefault(node_of(module), set()).add(node_of(imported))
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_files_import_each_other_without_a_cycle(graph):
    assert len(graph.modules) > 150
    assert cycle(graph, lambda module: module) == []


def test_packages_import_each_other_without_a_cycle(graph):
    def package_of(module: str) -> str:
        is_package = bool(graph.find_children(module)) or module.count(".") == 1
        return module if is_package else module.rpartition(".")[0]

    assert cycle(graph, package_of) == []
    assert cycle(graph, lambda module: ".".join(module.split(".")[:2])) == []


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["table"], ["show", "--project=genome-chatbot"]])
def test_quick_verbs_load_nothing_heavy(arguments):
    program = (
        "import sys; from gretchen import cli\n"
        f"code = cli.run({arguments!r})\n"
        f"print(code, sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def public_functions(file: Path) -> Iterator[tuple[str, ast.FunctionDef, list[str]]]:
    """Yield (name, function, lines of its file) of a file's public functions and methods."""
    text = file.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    scopes = [("", tree), *((f"{node.name}.", node) for node in tree.body if isinstance(node, ast.ClassDef))]
    for prefix, scope in scopes:
        for node in scope.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{file.relative_to(ROOT)}:{prefix}{node.name}", node, lines


def has_reason(function: ast.FunctionDef, lines: list[str]) -> bool:
    """Return whether there is a comment in the function's signature, or on the line above it."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    head = lines[first - 1 : function.body[0].lineno - 1] or [lines[first - 1]]
    return lines[first - 2].lstrip().startswith("#") or any("  # " in line for line in head)


def is_verb(name: str, function: ast.FunctionDef) -> bool:
    """Return whether a function is a verb: its parameters are the options of the command line."""
    return name == f"tools/gretchen/commands/{function.name}.py:{function.name}"


def parameters(function: ast.FunctionDef) -> int:
    """Return how many parameters a function takes, without self and cls."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def needs_reason(name: str, function: ast.FunctionDef) -> bool:
    """Return whether a function takes too many parameters, or returns a dict that says nothing of its keys."""
    returns = ast.unparse(function.returns) if function.returns else ""
    return "dict[str, Any]" in returns or (parameters(function) > MAX_PARAMETERS and not is_verb(name, function))


def test_wide_functions_and_untyped_dicts_give_a_reason():
    functions = [(name, node, lines) for file in PACKAGE for name, node, lines in public_functions(file)]
    assert len(functions) > 500
    offenders = {name for name, node, lines in functions if needs_reason(name, node) and not has_reason(node, lines)}
    assert sorted(offenders - UNREASONED) == []


def test_long_files_are_a_frozen_list():
    assert len(PROGRAMS) > 250
    long = {str(f.relative_to(ROOT)) for f in PROGRAMS if len(f.read_text(encoding="utf-8").splitlines()) > MAX_LINES}
    assert long == set(LONG)
    assert len(LONG) <= 10
