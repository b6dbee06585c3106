"""Single faults in a contract's functions: the bugs to be fixed, and the rejected sides of pairs.

for mutant in mutants(contract): mutant.kind, mutant.function, mutant.contract

dropped guard · dropped update · dropped payment · dropped event · boundary · reversed · number · operator · account
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .contracts import (
    ADDRESS,
    Assign,
    Binary,
    Compare,
    Contract,
    Emit,
    Env,
    Expression,
    Function,
    Item,
    Not,
    Num,
    Param,
    Pay,
    Require,
    Statement,
)

DROPPED = {Require: "dropped guard", Assign: "dropped update", Pay: "dropped payment", Emit: "dropped event"}
BOUNDARY = {">=": ">", ">": ">=", "<=": "<", "<": "<="}
REVERSED = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}
OPERATORS = {"+=": "-=", "-=": "+="}


@dataclass(frozen=True)
class Mutant:
    """A contract with one fault, and where it is."""

    kind: str
    function: str
    contract: Contract
    feature: str  # of the statement that was changed

    @property
    def code(self) -> Function:
        """The faulty function."""
        return self.contract.function(self.function)


def mutants(contract: Contract) -> list[Mutant]:
    """Return every mutant of a contract, no two alike, in a fixed order."""
    found: dict[Contract, Mutant] = {}
    for function in contract.functions:
        for number, node in enumerate(function.body):
            for kind, nodes in _statements(node, function):
                body = (*function.body[:number], *nodes, *function.body[number + 1 :])
                changed = with_function(contract, replace(function, body=body))
                if body and changed != contract:
                    found.setdefault(changed, Mutant(kind, function.name, changed, node.feature))
    return list(found.values())


def with_function(contract: Contract, function: Function) -> Contract:
    """Return a contract with another function of the same name."""
    functions = tuple(function if f.name == function.name else f for f in contract.functions)
    return replace(contract, functions=functions)


def _statements(node: Statement, function: Function) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """Yield (kind, what stands instead of a statement)."""
    if type(node) in DROPPED:
        yield DROPPED[type(node)], ()
    match node:
        case Require(condition, _):
            for kind, changed in _conditions(condition):
                yield kind, (replace(node, condition=changed),)
        case Assign(target, operator, value):
            if operator in OPERATORS:
                yield "operator", (replace(node, operator=OPERATORS[operator]),)
            for changed in _values(value):
                yield "number", (replace(node, value=changed),)
            for changed in _targets(target, function):
                yield "account", (replace(node, target=changed),)
        case Pay(_, amount):
            for changed in _values(amount):
                yield "number", (replace(node, amount=changed),)


def _conditions(node: Expression) -> Iterator[tuple[str, Expression]]:
    """Yield (kind, condition) of the faulty conditions."""
    if isinstance(node, Not):
        yield "reversed", node.operand
    if isinstance(node, Compare):
        if node.operator in BOUNDARY:
            yield "boundary", replace(node, operator=BOUNDARY[node.operator])
        yield "reversed", replace(node, operator=REVERSED[node.operator])
        for right in _values(node.right):
            yield "number", replace(node, right=right)


def _values(node: Expression) -> Iterator[Expression]:
    """Yield an expression with one number changed, or with one side of a sum or difference alone."""
    if isinstance(node, Num) and node.value > 1:
        yield Num(node.value * 10)
        yield Num(node.value - 1)
    if isinstance(node, Binary):
        if node.operator in "+-":
            yield node.left
        for left in _values(node.left):
            yield replace(node, left=left)
        for right in _values(node.right):
            yield replace(node, right=right)


def _targets(target: Expression, function: Function) -> Iterator[Item]:
    """Yield a mapping's entry with another account as its key."""
    addresses = [Param(name) for name, kind in function.parameters if kind == ADDRESS]
    if isinstance(target, Item):
        for key in (Env("sender"), *addresses):
            if key != target.key:
                yield replace(target, key=key)
