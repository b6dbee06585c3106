"""Bugs whose identifiers are others: a student's who does not care for names, or made-up ones for a base's documents.

    renamed(rng, bug, student_name)    -> the same bug in `def exercise_12(x, tmp): …`
    renamed(rng, bug, made_up_name)    -> the same bug in `def brel_onto(scal, ide): …`

A model that reads the same hundred functions again and again learns their names by heart, and asks about those instead
of copying a name that it has never met.
"""

import ast
import builtins
import dataclasses
import keyword
import random
import re
from collections.abc import Callable
from functools import cache

from gretchen.projects.drawing import tokens_of_bases

from .mutators import written
from .programs import Bug

FUNCTIONS = (
    "answer", "aufgabe", "calc", "check_it", "do_it", "exercise", "f", "fkt", "func", "homework", "my_code",
    "my_function", "ex", "run_it", "solution", "solve", "task", "test_it", "uebung", "version", "work",
)  # fmt: skip
VARIABLES = (
    "a", "aa", "acc", "arr", "b", "bb", "cur", "d", "data", "elem", "first", "g", "h", "help1", "help2", "inp",
    "item_a", "j", "k", "last_one", "lst", "m", "my_var", "nr", "num", "o", "old", "out", "p", "part", "q", "r",
    "res", "res2", "s", "step", "stuff", "t", "temp", "thing", "tmp", "tmp2", "u", "v", "val", "values", "var1",
    "var2", "w", "wert", "x", "x1", "x2", "xs", "y", "ys", "z", "zahl", "zaehler",
)  # fmt: skip
NameOf = Callable[[random.Random, bool], str]


def student_name(rng: random.Random, is_function: bool) -> str:
    """Return a name that says nothing: `exercise_12`, `tmp2`."""
    if not is_function:
        return rng.choice(VARIABLES)
    return rng.choice(FUNCTIONS) + rng.choice(("", f"_{rng.randint(1, 40)}", str(rng.randint(2, 9))))


def made_up_name(rng: random.Random, is_function: bool) -> str:
    """Return a name of one to three pieces of the bases' tokenizer, a function's often of two words."""
    count = rng.choice((1, 2)) if is_function else 1
    return "_".join("".join(rng.choices(_pieces(), k=rng.choice((1, 1, 2)))) for _ in range(count))


def renamed(rng: random.Random, bug: Bug, name_of: NameOf) -> Bug:
    """Return a bug with other identifiers of its function: the function's name, parameters and variables."""
    tree = ast.parse(bug.function.code)
    names: dict[str, str] = {}
    for old in _identifiers(tree):
        names[old] = _new_name(rng, old == bug.function.name, set(names.values()), name_of)
    code, mutant = (written(_Renaming(names).visit(ast.parse(source))) for source in (bug.function.code, bug.code))
    function = dataclasses.replace(bug.function, name=names[bug.function.name], code=code)
    fixed, variable = code.split("\n")[bug.line - 1].strip(), names.get(bug.variable, bug.variable)
    return dataclasses.replace(bug, function=function, code=mutant, variable=variable, fixed=fixed)


def _identifiers(tree: ast.Module) -> list[str]:
    """Return the names that a function defines, in order: its own, parameters, variables."""
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names[node.name] = None
        elif isinstance(node, ast.arg):
            names[node.arg] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
    return list(names)


def _new_name(rng: random.Random, is_function: bool, taken: set[str], name_of: NameOf) -> str:
    """Return a name that is free, and neither a keyword nor a builtin."""
    while True:
        name = name_of(rng, is_function)
        if name not in taken and not keyword.iskeyword(name) and not hasattr(builtins, name):
            return name


@cache
def _pieces() -> tuple[str, ...]:
    """Return what an identifier is put together from."""
    return tuple(token for token in tokens_of_bases() if re.fullmatch("[a-z]{2,5}", token))


class _Renaming(ast.NodeTransformer):
    """Renames functions, parameters and variables."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Rename a function, and what is within it."""
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Rename a parameter."""
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Rename a variable, or a called function."""
        node.id = self.names.get(node.id, node.id)
        return node
