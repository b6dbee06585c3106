"""Mutators: each plants one typical mistake of a beginner into a function's syntax tree.

    for mutator, source in mutants("def f(n):\\n    return n + 1", SEEN):  ("operator", "def f(n):\\n    return n - 1")

A mutator is a generator over the places of one node where its mistake fits: it changes the tree, yields, and undoes
the change. HELD_OUT ones occur in hard rows alone. Mutants may be equivalent to the function: programs.py tries them.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator

Mutator = Callable[[ast.AST, ast.FunctionDef], Iterator[None]]
BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
COMPARISON = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATOR = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mod, ast.Mod: ast.FloorDiv,
    ast.Div: ast.Mult,
}  # fmt: skip
METHODS = {"upper": "lower", "lower": "upper", "max": "min", "min": "max", "isdigit": "isalpha"}
TUPLE = re.compile(r"^( *[^=\n]+, [^=\n]+ = )\((.*)\)$", re.MULTILINE)
LAST_OPERAND = re.compile(r"( and | or )\(((?:(?! and | or )[^()\n])*)\)")
DROPPABLE = ("abs", "sorted", "lower", "upper")  # calls without which a function still runs


def written(tree: ast.AST) -> str:
    """Return a tree's source without brackets that ast.unparse sets and people do not: `a, b = b, a`, `x or c == d`."""
    return LAST_OPERAND.sub(r"\1\2", TUPLE.sub(r"\1\2", ast.unparse(tree)))


def mutants(source: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (mutator, source) of every mutant of a function by some mutators, each source once."""
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    seen = {written(tree)}
    for name in names:
        for node in list(ast.walk(function)):
            for _ in MUTATORS[name](node, function):
                mutant = written(tree)
                if mutant not in seen:
                    seen.add(mutant)
                    yield name, mutant


def _swapped(node: ast.AST, table: dict[type, type]) -> Iterator[None]:
    """Yield with each operator of a comparison or an operation replaced by another."""
    if isinstance(node, ast.Compare):
        for i, old in enumerate(node.ops):
            if type(old) in table:
                node.ops[i] = table[type(old)]()
                yield
                node.ops[i] = old
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in table:
        old, node.op = node.op, table[type(node.op)]()
        yield
        node.op = old


def _boundary(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`<` for `<=`."""
    yield from _swapped(node, BOUNDARY)


def _comparison(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """The opposite comparison."""
    yield from _swapped(node, COMPARISON)


def _operator(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """Another operator of arithmetic."""
    yield from _swapped(node, OPERATOR)


def _is_number(node: ast.AST | None) -> bool:
    """Return whether a node is a whole number."""
    return isinstance(node, ast.Constant) and type(node.value) is int


def _off_by_one(node: ast.AST, function: ast.FunctionDef) -> Iterator[None]:
    """A number one too large or too small; first values are `initial`'s."""
    if not isinstance(node, ast.Constant) or not _is_number(node) or node.value >= 50:
        return
    if not any(isinstance(statement, ast.Assign) and statement.value is node for statement in ast.walk(function)):
        old = node.value
        for new in (old + 1, old - 1) if old > 1 else (old + 1,):
            node.value = new
            yield
        node.value = old


def _initial(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """A first value of 1 for 0, or 0 for 1."""
    if isinstance(node, ast.Assign) and _is_number(node.value) and node.value.value in (0, 1):
        old = node.value.value
        node.value.value = 1 - old
        yield
        node.value.value = old


def _connective(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`or` for `and`."""
    if isinstance(node, ast.BoolOp):
        old = node.op
        node.op = ast.Or() if isinstance(old, ast.And) else ast.And()
        yield
        node.op = old


def _overwrite(node: ast.AST, function: ast.FunctionDef) -> Iterator[None]:
    """`total = n` for `total += n`."""
    for parent in ast.walk(function) if isinstance(node, ast.AugAssign) else ():
        body = getattr(parent, "body", None)
        if isinstance(body, list) and node in body and parent is not function:
            i = body.index(node)
            body[i] = ast.copy_location(ast.Assign([node.target], node.value), node)
            yield
            body[i] = node


def _negation(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """A condition the wrong way round, where it is no comparison."""
    if isinstance(node, ast.If) and not isinstance(node.test, ast.Compare | ast.BoolOp):
        old = node.test
        node.test = ast.UnaryOp(ast.Not(), old)
        yield
        node.test = old


def _verdict(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`return True` for `return False`."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool):
        node.value.value = not node.value.value
        yield
        node.value.value = not node.value.value


def _method(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`min` for `max`, `upper` for `lower`."""
    attribute = "attr" if isinstance(node, ast.Attribute) else "id" if isinstance(node, ast.Name) else ""
    old = getattr(node, attribute, "") if attribute else ""
    if old in METHODS:
        setattr(node, attribute, METHODS[old])
        yield
        setattr(node, attribute, old)


def _dropped_call(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`x` for `abs(x)`, `text` for `text.lower()`."""
    for field, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        for i, old in enumerate(values):
            inner = _without_call(old)
            if inner is not None:
                setattr(node, field, [*values[:i], inner, *values[i + 1 :]] if isinstance(value, list) else inner)
                yield
                setattr(node, field, value)


def _without_call(node: object) -> ast.expr | None:
    """Return what a droppable call is applied to."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in DROPPABLE:
        return node.func.value
    return node.args[0] if isinstance(node.func, ast.Name) and node.func.id in DROPPABLE else None


def _wrong_end(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """The last item for the first one, or the first for the last."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        old = node.slice
        ends = {"0": "-1", "-1": "0"}
        if ast.unparse(old) in ends:
            node.slice = ast.parse(ends[ast.unparse(old)], mode="eval").body
            yield
            node.slice = old


def _shifted_index(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`items[i - 1]` for `items[i]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and len(node.slice.id) == 1:
        old = node.slice
        for operator in (ast.Sub(), ast.Add()):
            node.slice = ast.BinOp(old, operator, ast.Constant(1))
            yield
        node.slice = old


def _swapped_parts(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """Key for value and value for key; `(b, a)` for `(a, b)`."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        target = node.targets[0]
        if isinstance(target.slice, ast.Name) and isinstance(node.value, ast.Name):
            target.slice, node.value = node.value, target.slice
            yield
            target.slice, node.value = node.value, target.slice
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        node.elts.reverse()
        yield
        node.elts.reverse()


def _early_return(node: ast.AST, function: ast.FunctionDef) -> Iterator[None]:
    """The last `return` at the end of the loop's body."""
    last = function.body[-1]
    if isinstance(node, ast.For | ast.While) and node in function.body and isinstance(last, ast.Return):
        function.body.pop()
        node.body.append(last)
        yield
        node.body.pop()
        function.body.append(last)


def _wrong_name(node: ast.AST, function: ast.FunctionDef) -> Iterator[None]:
    """Another variable."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names = sorted(stored | {argument.arg for argument in function.args.args})
    if node.id in names:
        old = node.id
        for new in names:
            if new != old:
                node.id = new
                yield
        node.id = old


def _swapped_sides(node: ast.AST, _: ast.FunctionDef) -> Iterator[None]:
    """`b - a` for `a - b`; of texts `b + a` for `a + b`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Add | ast.Mod | ast.FloorDiv):
        node.left, node.right = node.right, node.left
        yield
        node.left, node.right = node.right, node.left


HELD_OUT = ("early-return", "wrong-name", "swapped-sides")
MUTATORS: dict[str, Mutator] = {
    "boundary": _boundary, "comparison": _comparison, "operator": _operator, "off-by-one": _off_by_one,
    "initial": _initial, "connective": _connective, "overwrite": _overwrite, "negation": _negation,
    "verdict": _verdict, "method": _method, "dropped-call": _dropped_call, "wrong-end": _wrong_end,
    "shifted-index": _shifted_index, "swapped-parts": _swapped_parts, "early-return": _early_return,
    "wrong-name": _wrong_name, "swapped-sides": _swapped_sides,
}  # fmt: skip
SEEN = tuple(name for name in MUTATORS if name not in HELD_OUT)
