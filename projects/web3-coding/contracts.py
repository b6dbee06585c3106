"""The contract representation: state, guards, updates, payments and events, printed to Vyper and to Solidity.

A contract is a tree of the frozen classes below. printers.py writes it in both languages, interpreter.py runs it in
plain Python, mutants.py damages it, suites.py finds tests that tell it from its mutants.

Not covered: loops, strings, structs, inheritance, calls to other contracts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

UINT, ADDRESS, BOOL = "uint256", "address", "bool"
UINTS, FLAGS = "map uint256", "map bool"  # by address
Type = Literal["uint256", "address", "bool", "map uint256", "map bool"]


@dataclass(frozen=True)
class Num:
    """A number."""

    value: int


@dataclass(frozen=True)
class Flag:
    """True or false."""

    value: bool


@dataclass(frozen=True)
class State:
    """A state variable."""

    name: str


@dataclass(frozen=True)
class Item:
    """An entry of a mapping; one that was never written is 0 or false."""

    name: str
    key: Expression


@dataclass(frozen=True)
class Param:
    """A parameter of the function."""

    name: str


@dataclass(frozen=True)
class Env:
    """What the call brings: the caller, the ether sent (wei), the block's time (s)."""

    what: Literal["sender", "value", "now"]


@dataclass(frozen=True)
class Binary:
    """Arithmetic on uint256; it reverts on overflow, as both languages do."""

    operator: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Compare:
    """A comparison."""

    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Not:
    """The negation."""

    operand: Expression


Expression = Num | Flag | State | Item | Param | Env | Binary | Compare | Not


@dataclass(frozen=True)
class Require:
    """A guard: the call reverts with a message unless the condition holds. `feature` is what it belongs to."""

    condition: Expression
    message: str
    feature: str = field(default="", compare=False)


@dataclass(frozen=True)
class Assign:
    """An update of a state variable or of a mapping's entry."""

    target: State | Item
    operator: Literal["=", "+=", "-="]
    value: Expression
    feature: str = field(default="", compare=False)


@dataclass(frozen=True)
class Pay:
    """Ether (wei) sent to an address; the call reverts where the contract has too little."""

    to: Expression
    amount: Expression
    feature: str = field(default="", compare=False)


@dataclass(frozen=True)
class Emit:
    """An event."""

    event: str
    names: tuple[str, ...]  # of its fields
    values: tuple[Expression, ...]
    feature: str = field(default="", compare=False)


Statement = Require | Assign | Pay | Emit


@dataclass(frozen=True)
class Variable:
    """A public state variable."""

    name: str
    type: Type


@dataclass(frozen=True)
class Event:
    """An event with its fields; addresses are indexed."""

    name: str
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True)
class Function:
    """An external function; it returns nothing, since every variable has a getter."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    body: tuple[Statement, ...]
    is_payable: bool = False

    @property
    def signature(self) -> str:
        """The function's canonical signature."""
        return f"{self.name}({','.join(kind for _, kind in self.parameters)})"


@dataclass(frozen=True)
class Contract:
    """A contract. `constructor` has assignments to state variables alone."""

    name: str
    variables: tuple[Variable, ...]
    events: tuple[Event, ...]
    constructor: tuple[Assign, ...]
    functions: tuple[Function, ...]

    def function(self, name: str) -> Function:
        """Return a function by its name."""
        return next(function for function in self.functions if function.name == name)

    def type_of(self, name: str) -> Type:
        """Return a state variable's type."""
        return next(variable.type for variable in self.variables if variable.name == name)

    def getters(self) -> dict[str, Type]:
        """Return the state variables' types by name; each has a getter, a mapping's takes an address."""
        return {variable.name: variable.type for variable in self.variables}


def expressions(node: Any) -> Iterator[Any]:  # any node of the tree
    """Yield a node and all nodes below it."""
    yield node
    if is_dataclass(node):
        for item in fields(node):
            value = getattr(node, item.name)
            for part in value if isinstance(value, tuple) else (value,):
                if is_dataclass(part):
                    yield from expressions(part)


def numbers_in(function: Function) -> set[int]:
    """Return the numbers in a function."""
    return {node.value for node in expressions(function) if isinstance(node, Num)}


def numbers(contract: Contract) -> list[int]:
    """Return the numbers in a contract's functions, sorted."""
    return sorted(set().union(*(numbers_in(function) for function in contract.functions)))
