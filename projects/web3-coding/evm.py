"""Vyper's compiler and an EVM in this process: compile a source, deploy it, call it step by step.

    compile_vyper("x: public(uint256)")                 -> {"bytecode": "61…", "abi": […], "gas": …}
    run(compiled, [[{"call": "x"}]])                    -> [[{"returns": 0}]]

This file runs in two places: here for what the builder wrote, and as the set-up of the sandbox's worker for what a
model wrote (judging.py). So it imports nothing of the project. Vyper compiles without its optimizer, in a third of the
time.
py-evm executes messages directly: no blocks, no transactions, no fees. A call has at most 200,000 gas, which ends an
endless loop after 0.1 s; of what a call returns or emits a few kilobytes are read.

Not covered: contracts that call other contracts; what a block's end does (a contract that destroyed itself stays).
"""

import sys
from functools import cache
from types import SimpleNamespace
from typing import Any

Result = dict[str, Any]  # JSON: a compilation, a run, a step or its outcome

CALL_GAS, DEPLOY_GAS = 200_000, 1_500_000
LONGEST = 2_048  # bytes of a call's output or an event's data that are read
MOST_LOGS = 8
ETHER = 10**18
START = 1_700_000_000
ACCOUNTS = 5
CONTRACT = b"\xcc" * 20


def compile_vyper(source: str) -> Result:
    """Return a Vyper source's bytecode (hex), ABI and warnings; {"error": the compiler's message} where it fails."""
    import warnings

    from vyper.compiler import compile_code
    from vyper.compiler.settings import OptimizationLevel, Settings

    settings = Settings(optimize=OptimizationLevel.NONE)
    try:
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            made = compile_code(source, output_formats=["bytecode", "abi", "layout"], settings=settings)
    except RecursionError:
        return {"error": "RecursionError: nested too deeply"}
    except Exception as error:  # the compiler's own kinds and, on odd sources, any other
        return {"error": first_lines(f"{type(error).__name__}: {error}")}
    layout = {name: item["slot"] for name, item in made["layout"].get("storage_layout", {}).items()}
    return {"bytecode": made["bytecode"][2:], "abi": made["abi"], "warnings": len(noted), "slots": layout}


def first_lines(message: str) -> str:
    """Return a compiler's message without blank lines and colours, at most 1,000 characters."""
    import re

    plain = re.sub(r"\x1b\[[0-9;]*m", "", message)
    return "\n".join(line.rstrip() for line in plain.splitlines() if line.strip())[:1000]


def account(number: int) -> bytes:
    """Return the address of an account."""
    return bytes([0xA0 + number]) * 20


@cache
def names() -> dict[bytes, str]:
    """Return {address: how tests write it}."""
    return {account(n): f"@{n}" for n in range(ACCOUNTS)} | {CONTRACT: "@self", b"\0" * 20: "@none"}


@cache
def selector(signature: str) -> bytes:
    """Return the first four bytes of a signature's Keccak-256."""
    from eth_utils import keccak

    return keccak(text=signature)[:4]


@cache
def imported() -> SimpleNamespace:
    """Return what is used of py-evm. Its import raises Python's limit on recursion to 100,000, which is put back: with
    that limit a hostile answer, JSON nested deeply enough, ends the process."""
    limit = sys.getrecursionlimit()
    from eth.constants import BLANK_ROOT_HASH
    from eth.db.atomic import AtomicDB
    from eth.vm.execution_context import ExecutionContext
    from eth.vm.forks.prague.state import PragueState
    from eth.vm.message import Message
    from eth.vm.transaction_context import BaseTransactionContext

    sys.setrecursionlimit(limit)
    return SimpleNamespace(
        BLANK_ROOT_HASH=BLANK_ROOT_HASH, AtomicDB=AtomicDB, ExecutionContext=ExecutionContext, PragueState=PragueState,
        Message=Message, BaseTransactionContext=BaseTransactionContext,
    )  # fmt: skip


class Chain:
    """An EVM with one contract in it."""

    def __init__(self, bytecode: str) -> None:
        """Deploy the contract from account 0; `failure` says why there is none."""
        py_evm = imported()
        context = py_evm.ExecutionContext(
            coinbase=b"\0" * 20, timestamp=START, block_number=1, difficulty=0, mix_hash=b"\0" * 32,
            gas_limit=30_000_000, prev_hashes=[], chain_id=1, base_fee_per_gas=0, excess_blob_gas=0,
        )  # fmt: skip
        self.state = py_evm.PragueState(py_evm.AtomicDB(), context, py_evm.BLANK_ROOT_HASH)
        for number in range(ACCOUNTS):
            self.state.set_balance(account(number), 1000 * ETHER)
        made = self._apply(0, b"", 0, bytes.fromhex(bytecode), DEPLOY_GAS, is_deployment=True)
        self.code = self.state.get_code(CONTRACT)
        self.failure = "" if made.is_success and self.code else "the contract could not be deployed"
        self.gas = 0

    def _apply(
        self, sender: int, data: bytes, value: int, code: bytes, gas: int, is_deployment: bool = False
    ) -> Any:  # py-evm's computation
        """Return the computation of a message."""
        py_evm, kind = imported(), self.state.computation_class
        message = py_evm.Message(
            gas=gas, to=b"" if is_deployment else CONTRACT, sender=account(sender), value=value, data=data, code=code,
            create_address=CONTRACT if is_deployment else None,
        )  # fmt: skip
        context = py_evm.BaseTransactionContext(gas_price=1, origin=account(sender))
        apply = kind.apply_create_message if is_deployment else kind.apply_message
        return apply(self.state, message, context)

    def call(self, step: Result, functions: dict[str, Result], events: dict[bytes, Result]) -> Result:
        """Return the outcome of a step; a function that the ABI lacks is "missing"."""
        context = self.state.execution_context
        context._timestamp += step.get("wait", 0)
        entry = functions.get(step["call"])
        data = calldata(entry, step.get("args", []))
        if data is None:
            return {"missing": step["call"]}
        sender, value = step.get("from", 0), step.get("value", 0)
        before = [self.state.get_balance(account(n)) for n in range(ACCOUNTS)]
        done = self._apply(sender, data, value, self.code, CALL_GAS)
        self.gas += done.get_gas_used()
        self.state.clear_transient_storage()
        if done.is_error:
            return {"reverts": revert_message(done.output)}
        outcome = {"returns": returned(entry, done.output)}
        if logs := done.get_log_entries()[:MOST_LOGS]:
            outcome["emits"] = [event(log, events) for log in logs]
        before[sender] -= value
        pays = {f"@{n}": self.state.get_balance(account(n)) - before[n] for n in range(ACCOUNTS)}
        if pays := {name: amount for name, amount in pays.items() if amount}:
            outcome["pays"] = pays
        return outcome


def calldata(entry: Result | None, arguments: list[Any]) -> bytes | None:
    """Return a call's data, None where the function is missing or takes other arguments."""
    from eth_abi import encode

    kinds = None if entry is None else [item["type"] for item in entry["inputs"]]
    if kinds is None or len(kinds) != len(arguments):
        return None
    addresses = {name: address for address, name in names().items()}
    values = [addresses.get(value, value) if isinstance(value, str) else value for value in arguments]
    try:
        return selector(f"{entry['name']}({','.join(kinds)})") + encode(kinds, values)
    except Exception:  # eth_abi's own kinds: the function takes other types
        return None


def plain(value: Any) -> int | str:
    """Return a decoded value as tests write it."""
    if isinstance(value, str) and value.startswith("0x"):
        return names().get(bytes.fromhex(value[2:]), value)
    return value if isinstance(value, (int, str)) else repr(value)[:200]


def returned(entry: Result, output: bytes) -> Any:  # JSON
    """Return what a call returned: a value, a list of several, None for nothing."""
    from eth_abi import decode

    kinds = [item["type"] for item in entry["outputs"]]
    try:
        values = [plain(value) for value in decode(kinds, output[:LONGEST])] if kinds else []
    except Exception:  # eth_abi's own kinds
        return "undecodable"
    return None if not values else values[0] if len(values) == 1 else values


def event(log: tuple[bytes, Any, bytes], events: dict[bytes, Result]) -> list[Any]:
    """Return [name, values] of a log; addresses are indexed, other fields may be."""
    from eth_abi import decode

    _, topics, data = log
    entry = events.get(topics[0].to_bytes(32, "big")) if topics else None
    if entry is None:
        return ["unknown", []]
    values, indexed = [], [topic.to_bytes(32, "big") for topic in topics[1:]]
    try:
        plain_kinds = [item["type"] for item in entry["inputs"] if not item["indexed"]]
        others = list(decode(plain_kinds, data[:LONGEST]))
        for item in entry["inputs"]:
            values.append(decode([item["type"]], indexed.pop(0))[0] if item["indexed"] else others.pop(0))
    except Exception:  # eth_abi's own kinds
        return [entry["name"], ["undecodable"]]
    return [entry["name"], [plain(value) for value in values]]


def revert_message(output: bytes) -> str:
    """Return the message of Error(string); "" for none, "custom" for anything else."""
    from eth_abi import decode

    if output[:4] == bytes.fromhex("4e487b71"):  # Panic(uint256): checked arithmetic in Solidity
        return ""
    if output[:4] != bytes.fromhex("08c379a0"):
        return "custom" if output else ""
    try:
        return decode(["string"], output[4:LONGEST])[0][:200]
    except Exception:  # eth_abi's own kinds
        return "custom"


def run(compiled: Result, tests: list[list[Result]]) -> Result:
    """Return {"outcomes": each step's of each test, "gas": of all calls}; each test starts just after deployment.

    {"failure": why} where the contract cannot be deployed.
    """
    from eth_utils import keccak

    chain = Chain(compiled["bytecode"])
    if chain.failure:
        return {"failure": chain.failure}
    functions = {entry["name"]: entry for entry in compiled["abi"] if entry["type"] == "function"}
    events = {}
    for entry in compiled["abi"]:
        if entry["type"] == "event":
            kinds = ",".join(item["type"] for item in entry["inputs"])
            events[keccak(text=f"{entry['name']}({kinds})")] = entry
    results = []
    for steps in tests:
        snapshot = chain.state.snapshot()
        chain.state.execution_context._timestamp = START
        results.append([chain.call(step, functions, events) for step in steps])
        chain.state.revert(snapshot)
    return {"outcomes": results, "gas": chain.gas}


def compile_and_run(source: str, tests: list[list[Result]]) -> Result:
    """Compile a Vyper source and run it against tests; what compile_vyper and run return, in one."""
    compiled = compile_vyper(source)
    return compiled if "error" in compiled else compiled | run(compiled, tests)


def warm() -> None:
    """Import and use all that calls need, before the worker loses its files."""
    tested = compile_and_run("x: public(uint256)\n@external\ndef f():\n    assert False, 'no'", [[{"call": "f"}]])
    assert tested["outcomes"] == [[{"reverts": "no"}]], tested
    assert "error" in compile_vyper("x: y")
    assert "error" in compile_vyper("def")
