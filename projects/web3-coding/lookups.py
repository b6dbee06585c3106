"""Questions about calldata, selectors and units: computed by eth-abi and eth-utils, and a second time by hand.

    FORMS["units"](rng, language, split, hard)      -> Problem: "2.5 gwei" in wei

Selectors are given in the question: Keccak-256 is nothing that a model could work out.
"""

import random
from collections.abc import Callable
from decimal import Decimal
from functools import cache

from gretchen.projects.splits import split_of

from .evm import calldata, selector
from .tasks import Mismatch, Problem

VERBS = (
    "mint", "burn", "swap", "claim", "stake", "vote", "lock", "open", "close", "set", "add", "remove", "pay", "bid",
    "sell", "buy", "withdraw", "deposit", "approve", "borrow", "repay", "mark", "draw", "roll", "spend", "save", "hold",
    "release", "grant", "revoke", "update", "reset", "start", "finish", "enter", "leave", "join", "split", "merge",
    "send", "count", "rate", "list", "order", "cancel", "settle", "refund", "collect", "report", "freeze",
)  # fmt: skip
PARAMETERS = ((), ("uint256",), ("uint256", "uint256"), ("bool",), ("uint256", "bool"))
UNITS = {"wei": 0, "gwei": 9, "ether": 18}
LISTED = (2, 3)
TRIES = 100


@cache
def signatures(split: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the (name, types) of a split's functions."""
    every = [(verb, kinds) for verb in VERBS for kinds in PARAMETERS]
    return tuple(item for item in every if split_of(key_of(*item)) == split)


def key_of(name: str, kinds: tuple[str, ...]) -> str:
    """Return a signature's group key."""
    return f"signature:{_signature(name, kinds)}"


def _signature(name: str, kinds: tuple[str, ...]) -> str:
    """Return a function's canonical signature."""
    return f"{name}({','.join(kinds)})"


def call_data(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """Which function calldata calls, and with which arguments; hard: with numbers of more than one byte."""
    listed = rng.sample(signatures(split), min(rng.choice(LISTED), len(signatures(split))))
    name, kinds = rng.choice([item for item in listed if item[1]] or listed)
    most = 65_535 if hard else 255
    values = [rng.random() < 0.5 if kind == "bool" else rng.randint(1, most) for kind in kinds]
    data = calldata({"name": name, "inputs": [{"type": kind} for kind in kinds]}, values)
    by_hand = selector(_signature(name, kinds)).hex() + "".join(f"{int(value):064x}" for value in values)
    if data is None or data.hex() != by_hand:
        raise Mismatch
    table = "\n".join(f"{selector(_signature(*item)).hex()} {_signature(*item)}" for item in listed)
    answer = _call(name, values)
    wrong = [(_call(n, values), "function") for n, k in listed if n != name and k == kinds]
    wrong += [(_call(name, [*values[:-1], _other(values[-1])]), "argument")] if values else []
    keys = [key_of(*item) for item in listed]
    return Problem("calldata", f"{table}\n0x{data.hex()}", answer, keys, {}, {"kind": "exact"}, tuple(wrong))


def _call(name: str, values: list[int | bool]) -> str:
    """Return a call as it is written."""
    return f"{name}({', '.join(str(value).lower() for value in values)})"


def _other(value: int | bool) -> int | bool:
    """Return another argument of the same type."""
    return not value if isinstance(value, bool) else value * 16 if value < 16 else value // 16


def units(rng: random.Random, language: str, split: str, hard: bool) -> Problem:
    """An amount in another unit; hard: three digits."""
    for _ in range(TRIES):
        problem = _conversion(rng, hard)
        if split_of(problem.keys) == split:
            return problem
    raise Mismatch


def _conversion(rng: random.Random, hard: bool) -> Problem:
    """Return the problem of a random amount, in either direction. Raises Mismatch where two routes disagree."""
    from eth_utils import from_wei, to_wei

    digits = rng.randint(100, 999) if hard else rng.choice((rng.randint(1, 9), rng.randint(11, 99)))
    small, large = rng.choice((("wei", "gwei"), ("gwei", "ether"), ("wei", "ether")))
    power = UNITS[large] - UNITS[small]
    amount = Decimal(digits).scaleb(rng.choice((0, -1, -2)))
    number = int(amount.scaleb(power))
    key = f"units:{amount.normalize():f}:{large}:{small}"
    if to_wei(amount, large) != to_wei(number, small) or Decimal(from_wei(to_wei(number, small), large)) != amount:
        raise Mismatch
    shown = f"{amount.normalize():f}"
    if rng.random() < 0.6:
        body, answer = f"{shown} {large}", f"{shown} * 10^{power} = {number} {small}"
        wrong = f"{shown} * 10^{power} = {number * 10} {small}"
        return _units(body, small, answer, wrong, key)
    body, answer = f"{number} {small}", f"{number} / 10^{power} = {shown} {large}"
    wrong = f"{number} / 10^{power} = {amount.scaleb(1).normalize():f} {large}"
    return _units(body, large, answer, wrong, key)


def _units(body: str, unit: str, answer: str, wrong: str, key: str) -> Problem:
    """Return the problem of an amount in a unit."""
    return Problem("units", body, answer, [key], {"unit": unit}, {"kind": "units"}, ((wrong, "zeros"),))


FORMS: dict[str, Callable[[random.Random, str, str, bool], Problem]] = {"calldata": call_data, "units": units}
