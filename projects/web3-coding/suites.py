"""Behaviour tests of a contract, searched for until they tell it from its mutants.

    suite = find_suite(contract, "vault+min")     -> Suite(tests=(Test("deposit reverts low", …), …), failing=…)

Random sequences of calls near the contract's own numbers are run by the interpreter; one is kept where it meets a guard
from a side not met yet, or fails a mutant that no earlier one fails. Each is cut to the steps that matter. Every test
observes something: a returned value, an event, a payment or a revert with its message, so that a contract which accepts
every call passes none.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .contracts import ADDRESS, BOOL, FLAGS, UINTS, Assign, Contract, Env, expressions, numbers
from .interpreter import Outcome, Step, outcomes
from .mutants import Mutant, mutants

TRIES, FRUITLESS = 260, 70  # sequences of calls at most, and in a row without a test
MOST_TESTS = 8
MOST_CALLS = 4
DAY = 86_400


@dataclass(frozen=True)
class Test:
    """Steps with the outcome of each."""

    name: str
    steps: tuple[Step, ...]
    expected: tuple[Outcome, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the test as rows carry it: each step with its outcome."""
        return {"name": self.name, "steps": [step | out for step, out in zip(self.steps, self.expected, strict=True)]}


@dataclass(frozen=True)
class Suite:
    """A contract's tests, and its mutants that fail one, each with the number of the first that it fails."""

    tests: tuple[Test, ...]
    failing: tuple[tuple[Mutant, int], ...]


@cache
def find_suite(contract: Contract, seed: str) -> Suite:
    """Return tests of a contract and the mutants that they find."""
    rng = random.Random(f"suite {seed}")
    alive, met, tests, failing = list(mutants(contract)), set(), [], []
    last = 0
    for number in range(TRIES):
        if number - last > FRUITLESS:
            break
        steps = random_calls(rng, contract)
        sides: set[tuple[Any, bool]] = set()
        expected = outcomes(contract, steps, lambda node, holds, sides=sides: sides.add((node, holds)))
        if not _observes(expected):
            continue
        killed = [mutant for mutant in alive if outcomes(mutant.contract, steps) != expected]
        if not killed and sides <= met:
            continue
        steps, expected = _cut(contract, steps, killed, sides - met)
        met |= sides
        failing += [(mutant, len(tests)) for mutant in killed]
        alive = [mutant for mutant in alive if mutant not in killed]
        last = number
        tests.append(Test(_name(steps, expected, tests), tuple(steps), tuple(expected)))
        if len(tests) == MOST_TESTS or not alive:
            break
    return Suite(tuple(tests), tuple(failing))


def _observes(expected: Sequence[Outcome]) -> bool:
    """Return whether an empty contract, or one that accepts every call, would have another outcome somewhere."""
    return any(
        outcome.get("reverts") or outcome.get("returns") or outcome.get("emits") or outcome.get("pays")
        for outcome in expected
    )


def random_calls(rng: random.Random, contract: Contract) -> list[Step]:
    """Return one to four random calls and a look at one or two variables."""
    steps = [_call(rng, contract) for _ in range(rng.randint(1, MOST_CALLS))]
    if rng.random() < 0.4:  # the same call again: what happens once, or adds up
        again = {key: value for key, value in steps[-1].items() if key != "wait"}
        steps.append(again | ({"wait": rng.choice(_waits(contract))} if rng.random() < 0.4 else {}))
    callers = [step.get("from", 0) for step in steps]
    times = variables_of_time(contract)
    shown = [item for item in contract.getters().items() if item[0] not in times]
    for name, kind in rng.sample(shown, min(2, len(shown))):
        known = [f"@{rng.choice(callers)}", *(a for step in steps for a in step.get("args", []) if isinstance(a, str))]
        steps.append({"call": name} | ({"args": [rng.choice(known)]} if kind in (UINTS, FLAGS) else {}))
    return steps


@cache
def variables_of_time(contract: Contract) -> frozenset[str]:
    """Return the variables that hold a time of day: no question says what the clock shows, so none is looked at."""
    statements = [*contract.constructor, *(node for f in contract.functions for node in f.body)]
    updates = [node for node in statements if isinstance(node, Assign)]
    return frozenset(node.target.name for node in updates if Env("now") in expressions(node.value))


def _call(rng: random.Random, contract: Contract) -> Step:
    """Return a call of one of the contract's functions, by the owner or by somebody else."""
    function = rng.choice(contract.functions)
    step: Step = {"call": function.name}
    if function.parameters:
        step["args"] = [_argument(rng, contract, kind) for _, kind in function.parameters]
    if caller := rng.choice((0, 1, 1, 2)):
        step["from"] = caller
    if function.is_payable:
        step["value"] = _number(rng, contract)
    if rng.random() < 0.25:
        step["wait"] = rng.choice(_waits(contract))
    return step


def _argument(rng: random.Random, contract: Contract, kind: str) -> Any:  # an address, a bool or a number
    """Return an argument of a type."""
    if kind == ADDRESS:
        return f"@{rng.choice((1, 2, 3))}"
    return rng.random() < 0.5 if kind == BOOL else _number(rng, contract)


def _number(rng: random.Random, contract: Contract) -> int:
    """Return an amount at or beside one of the contract's numbers, or a small one."""
    known = [n for n in numbers(contract) if 1 < n < 10 * DAY and n % 3600]
    if known and rng.random() < 0.7:
        return max(0, rng.choice(known) + rng.choice((-1, 0, 0, 1)))
    return rng.choice((1, 2, 3, 5, 8, 20, 50, 100, 250))


@cache
def _waits(contract: Contract) -> tuple[int, ...]:
    """Return waiting times around the contract's own: whole hours are times, other numbers are amounts."""
    times = [n for n in numbers(contract) if n and n % 3600 == 0]
    return tuple(sorted({wait for n in times for wait in (n, n - 1)} | {60}))


def _cut(
    contract: Contract, steps: list[Step], killed: Sequence[Mutant], sides: set[tuple[Any, bool]]
) -> tuple[list[Step], list[Outcome]]:
    """Return the steps without those (and waiting times) that change nothing: the same mutants fail as before."""
    for number, is_wait in [(i, False) for i in reversed(range(len(steps)))] + [(i, True) for i in range(len(steps))]:
        if number >= len(steps) or (is_wait and "wait" not in steps[number]):
            continue
        calm = {key: value for key, value in steps[number].items() if key != "wait"}
        fewer = steps[:number] + [calm] * is_wait + steps[number + 1 :]
        met: set[tuple[Any, bool]] = set()
        expected = outcomes(contract, fewer, lambda node, holds, met=met: met.add((node, holds)))
        if not _observes(expected) or not sides <= met:
            continue
        if all(outcomes(mutant.contract, fewer) != expected for mutant in killed):
            steps = fewer
    return steps, outcomes(contract, steps)


def _name(steps: Sequence[Step], expected: Sequence[Outcome], others: Sequence[Test]) -> str:
    """Return a test's name, which no other test has: what its last call does."""
    number = max((i for i, out in enumerate(expected) if "reverts" in out), default=len(steps) - 1)
    reverts = expected[number].get("reverts")
    name = f"{steps[number]['call']} reverts {reverts}".strip() if reverts is not None else steps[number]["call"]
    count = sum(test.name.partition(", ")[0] == name for test in others)
    return f"{name}, {count + 1}" if count else name


def failing_steps(rng: random.Random, contract: Contract, mutant: Contract, tries: int = 40) -> tuple[Step, ...] | None:
    """Return steps of which the last has another outcome on a mutant, None where random calls find none."""
    for _ in range(tries):
        steps = random_calls(rng, contract)
        expected, actual = outcomes(contract, steps), outcomes(mutant, steps)
        differing = next((i for i, pair in enumerate(zip(expected, actual, strict=True)) if pair[0] != pair[1]), None)
        if differing is not None:
            return tuple(steps[: differing + 1])
    return None
