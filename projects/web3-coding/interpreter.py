"""Contracts run in plain Python: the first route to what a call does. The EVM (evm.py) is the second.

    outcomes(contract, [{"call": "deposit", "from": 1, "value": 4}])    -> [{"reverts": "low"}]

A step calls a function or a getter: `call`, and where they matter `args`, `from` (number of an account, 0 deployed the
contract), `value` (wei), `wait` (seconds since the step before). Its outcome has what it `returns`, what it `emits` and
whom it `pays`, or the message with which it `reverts`. Addresses are "@0" to "@4".

Not covered: gas; a contract that calls back.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .contracts import (
    FLAGS,
    UINTS,
    Assign,
    Binary,
    Compare,
    Contract,
    Emit,
    Env,
    Expression,
    Flag,
    Function,
    Item,
    Not,
    Num,
    Param,
    Pay,
    Require,
    State,
    Statement,
)

START = 1_700_000_000  # the block's time at which contracts are deployed (s)
NOBODY = "@none"
Step = dict[str, Any]
Outcome = dict[str, Any]
Seen = Callable[[Require, bool], None]
COMPARISONS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
DEFAULTS = {"uint256": 0, "address": NOBODY, "bool": False, UINTS: {}, FLAGS: {}}


class Reverted(Exception):
    """The call was undone; the message is what the contract says."""


@dataclass
class Machine:
    """A deployed contract: its storage, its ether and the time. `seen` is told of each guard that is met."""

    contract: Contract
    storage: dict[str, Any]
    balance: int = 0
    now: int = START
    seen: Seen | None = None

    def call(self, step: Step) -> Outcome:
        """Return the outcome of a step; one that reverts leaves the storage as it was."""
        self.now += step.get("wait", 0)
        name, arguments = step["call"], step.get("args", [])
        if name in self.contract.getters():
            return {"returns": self._getter(name, arguments)}
        function = self.contract.function(name)
        before = {key: dict(value) if isinstance(value, dict) else value for key, value in self.storage.items()}
        balance = self.balance
        try:
            return self._run(function, step)
        except Reverted as reverted:
            self.storage, self.balance = before, balance
            return {"reverts": str(reverted)}

    def _getter(self, name: str, arguments: Sequence[Any]) -> Any:  # a uint256, an address or a bool
        """Return a state variable's value, or an entry of a mapping."""
        if self.contract.type_of(name) in (UINTS, FLAGS):
            return self.storage[name].get(arguments[0], self._missing(name))
        return self.storage[name]

    def _missing(self, name: str) -> int | bool:
        """Return what a mapping holds where nothing was written."""
        return 0 if self.contract.type_of(name) == UINTS else False

    def _run(self, function: Function, step: Step) -> Outcome:
        """Return the outcome of a function. Raises Reverted."""
        value = step.get("value", 0)
        if value and not function.is_payable:
            raise Reverted
        self.balance += value
        names = [name for name, _ in function.parameters]
        frame = dict(zip(names, step.get("args", []), strict=True))
        frame |= {" sender": f"@{step.get('from', 0)}", " value": value}
        outcome: Outcome = {"returns": None}
        for node in function.body:
            self.execute(node, frame, outcome)
        return outcome

    def execute(self, node: Statement, frame: dict[str, Any], outcome: Outcome) -> None:
        """Execute a statement. Raises Reverted."""
        match node:
            case Require(condition, message):
                holds = self.value(condition, frame)
                if self.seen:
                    self.seen(node, holds)
                if not holds:
                    raise Reverted(message)
            case Assign(target, sign, value):
                self._assign(target, sign, self.value(value, frame), frame)
            case Pay(to, amount):
                self._pay(self.value(to, frame), self.value(amount, frame), outcome)
            case Emit(event, _, values):
                outcome.setdefault("emits", []).append([event, [self.value(value, frame) for value in values]])

    def _assign(self, target: State | Item, sign: str, value: Any, frame: dict[str, Any]) -> None:
        """Update a state variable or an entry. Raises Reverted on overflow."""
        if sign != "=":
            value = checked(self.value(target, frame) + (value if sign == "+=" else -value))
        if isinstance(target, Item):
            self.storage[target.name][self.value(target.key, frame)] = value
        else:
            self.storage[target.name] = value

    def _pay(self, to: str, amount: int, outcome: Outcome) -> None:
        """Send ether. Raises Reverted where there is too little."""
        if amount > self.balance:
            raise Reverted
        self.balance -= amount
        if amount:
            pays = outcome.setdefault("pays", {})
            pays[to] = pays.get(to, 0) + amount

    def value(self, node: Expression, frame: dict[str, Any]) -> Any:  # a uint256, an address or a bool
        """Return an expression's value. Raises Reverted on overflow and division by zero."""
        match node:
            case Num(value) | Flag(value):
                return value
            case State(name):
                return self.storage[name]
            case Item(name, key):
                return self.storage[name].get(self.value(key, frame), self._missing(name))
            case Param(name):
                return frame[name]
            case Env(what):
                return self.now if what == "now" else frame[f" {what}"]
            case Not(operand):
                return not self.value(operand, frame)
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        return compared(node.operator, left, right) if isinstance(node, Compare) else computed(node, left, right)


def compared(sign: str, left: Any, right: Any) -> bool:
    """Return whether a comparison holds."""
    return COMPARISONS[sign](left, right)


def computed(node: Binary, left: int, right: int) -> int:
    """Return the value of arithmetic on uint256. Raises Reverted as both languages do."""
    if node.operator == "/" and right == 0:
        raise Reverted
    results = {"+": left + right, "-": left - right, "*": left * right, "/": left // right if right else 0}
    return checked(results[node.operator])


def checked(value: int) -> int:
    """Return a value that fits into a uint256. Raises Reverted."""
    if not 0 <= value < 2**256:
        raise Reverted
    return value


def deployed(contract: Contract, seen: Seen | None = None) -> Machine:
    """Return a contract just deployed by account 0."""
    storage = {variable.name: DEFAULTS[variable.type] for variable in contract.variables}
    storage = {name: dict(value) if isinstance(value, dict) else value for name, value in storage.items()}
    machine = Machine(contract, storage, seen=seen)
    for node in contract.constructor:
        machine.execute(node, {" sender": "@0", " value": 0}, {})
    return machine


def outcomes(contract: Contract, steps: Sequence[Step], seen: Seen | None = None) -> list[Outcome]:
    """Return the outcome of each step on a contract just deployed."""
    machine = deployed(contract, seen)
    return [machine.call(step) for step in steps]
