"""Contracts and functions as source code, in Vyper 0.4 and Solidity 0.8.

    source(contract, "vyper")                   -> the whole contract
    function_source(function, "solidity")       -> one function, as it stands in the contract
    without(contract, "deposit", "vyper")       -> (text before the function, text behind it)

Both print the same behaviour: checked arithmetic, revert messages, getters of public variables, indexed addresses.
"""

from typing import Literal

from .contracts import (
    FLAGS,
    UINTS,
    Assign,
    Binary,
    Contract,
    Emit,
    Env,
    Event,
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
    Variable,
)

Language = Literal["vyper", "solidity"]
NAMES = {"vyper": "Vyper", "solidity": "Solidity"}
PRAGMA = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.24;"
ENV = {"sender": "msg.sender", "value": "msg.value", "now": "block.timestamp"}
TYPES = {
    "vyper": {UINTS: "HashMap[address, uint256]", FLAGS: "HashMap[address, bool]"},
    "solidity": {UINTS: "mapping(address => uint256)", FLAGS: "mapping(address => bool)"},
}


def source(contract: Contract, language: Language) -> str:
    """Return a contract's source code."""
    blocks = [*_head(contract, language), *(function_source(f, language) for f in contract.functions)]
    if language == "vyper":
        return "\n\n".join(blocks)
    body = "\n\n".join(_indented(block) for block in blocks)
    return f"{PRAGMA}\n\ncontract {contract.name} {{\n{body}\n}}"


def without(contract: Contract, name: str, language: Language) -> tuple[str, str]:
    """Return what stands before and behind a function in the contract's source."""
    text, function = source(contract, language), function_source(contract.function(name), language)
    if language == "solidity":
        function = _indented(function)
    before, _, after = text.partition(function)
    return before, after


def function_source(function: Function, language: Language) -> str:
    """Return a function's source code, not indented."""
    if language == "vyper":
        lines = ["@external", *["@payable"] * function.is_payable]
        parameters = ", ".join(f"{name}: {kind}" for name, kind in function.parameters)
        lines.append(f"def {function.name}({parameters}):")
        return "\n".join([*lines, *(f"    {line}" for s in function.body for line in lines_of(s, language))])
    parameters = ", ".join(f"{kind} {name}" for name, kind in function.parameters)
    head = f"function {function.name}({parameters}) external{' payable' * function.is_payable} {{"
    return "\n".join([head, *(f"    {line}" for s in function.body for line in lines_of(s, language)), "}"])


def _indented(block: str) -> str:
    """Return a block's lines, each four blanks further in."""
    return "\n".join(f"    {line}" if line else "" for line in block.split("\n"))


def _head(contract: Contract, language: Language) -> list[str]:
    """Return the blocks before the functions: events, state, constructor."""
    events = [_event(event, language) for event in contract.events]
    variables = "\n".join(_variable(variable, language) for variable in contract.variables)
    blocks = [*events, variables]
    if contract.constructor:
        lines = "\n".join(f"    {line}" for s in contract.constructor for line in lines_of(s, language))
        vyper, solidity = f"@deploy\ndef __init__():\n{lines}", f"constructor() {{\n{lines}\n}}"
        blocks.append(vyper if language == "vyper" else solidity)
    return blocks


def _event(event: Event, language: Language) -> str:
    """Return an event's declaration."""
    if language == "vyper":
        lines = [f"    {name}: {f'indexed({kind})' if kind == 'address' else kind}" for name, kind in event.fields]
        return "\n".join([f"event {event.name}:", *lines])
    listed = ", ".join(f"{kind}{' indexed' * (kind == 'address')} {name}" for name, kind in event.fields)
    return f"event {event.name}({listed});"


def _variable(variable: Variable, language: Language) -> str:
    """Return a state variable's declaration."""
    kind = TYPES[language].get(variable.type, variable.type)
    return f"{variable.name}: public({kind})" if language == "vyper" else f"{kind} public {variable.name};"


def lines_of(node: Statement, language: Language) -> list[str]:
    """Return a statement's lines; a payment in Solidity has two, for `call` says by a value whether it failed."""
    vyper = language == "vyper"

    def shown(part: Expression) -> str:
        return expression(part, language)

    match node:
        case Require(condition, message):
            guard = f'assert {shown(condition)}, "{message}"' if vyper else f'require({shown(condition)}, "{message}");'
            return [guard]
        case Assign(target, operator, value):
            return [f"{shown(target)} {operator} {shown(value)}{'' if vyper else ';'}"]
        case Pay(to, amount) if vyper:
            return [f"send({shown(to)}, {shown(amount)})"]
        case Pay(to, amount):
            return [f'(bool ok, ) = {shown(to)}.call{{value: {shown(amount)}}}("");', "require(ok);"]
        case Emit(event, names, values) if vyper:
            return [f"log {event}({', '.join(f'{n}={shown(v)}' for n, v in zip(names, values, strict=True))})"]
        case Emit(event, _, values):
            return [f"emit {event}({', '.join(map(shown, values))});"]


def expression(node: Expression, language: Language) -> str:
    """Return an expression; parentheses stand where the order of operators needs them."""
    state = "self." if language == "vyper" else ""
    match node:
        case Num(value):
            return str(value)
        case Flag(value):
            return str(value) if language == "vyper" else str(value).lower()
        case State(name):
            return f"{state}{name}"
        case Item(name, key):
            return f"{state}{name}[{expression(key, language)}]"
        case Param(name):
            return name
        case Env(what):
            return ENV[what]
        case Not(operand):
            return f"{'not ' if language == 'vyper' else '!'}{expression(operand, language)}"
    operator = "//" if node.operator == "/" and language == "vyper" else node.operator
    left, right = expression(node.left, language), expression(node.right, language)
    if isinstance(node, Binary):
        left = f"({left})" if _rank(node.left) < _rank(node) else left
        right = f"({right})" if _rank(node.right) <= _rank(node) else right
    return f"{left} {operator} {right}"


def _rank(node: Expression) -> int:
    """Return how strongly an expression binds: sums, products, everything else."""
    return (0 if node.operator in "+-" else 1) if isinstance(node, Binary) else 2
