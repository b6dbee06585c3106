"""Contracts that passed every check: what rows are made of.

    subject = draw_subject(rng, "train", hard=False, size="small", number=120)

A contract compiles, its outcomes on the EVM are the interpreter's, and at least two of its mutants compile and fail a
test there; else it is dropped and counted. Rows share contracts: a row's number says how many there are to draw from,
so that few rows need few compilations, and more rows more contracts.
"""

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Literal

from .compiled import tested
from .features import Design, draw_design
from .mutants import Mutant
from .printers import source
from .suites import Suite, Test, find_suite

Size = Literal["small", "large"]
LONGEST = {"small": 410, "large": 1100}  # characters of Vyper: 410 are about 170 tokens of the small bases
MOST_FEATURES = {"small": 2, "large": 3}
# How many contracts there are at first, and for how many rows there is one more.
GROWTH = {
    "small": {"train": (24, 12), "validation": (6, 100), "test": (10, 60), "hard": (8, 80)},
    "large": {"train": (16, 24), "validation": (5, 150), "test": (8, 90), "hard": (6, 120)},
}
MUTANTS = 2
_DROPPED: Counter[str] = Counter()


@dataclass(frozen=True)
class Subject:
    """A contract with its tests, and mutants that the EVM showed to fail one, each with that test."""

    design: Design
    source: str  # in Vyper
    suite: Suite
    faulty: tuple[tuple[Mutant, Test], ...]
    gas: int  # of all calls of the tests

    @property
    def tests(self) -> list[dict]:
        """The tests as rows carry them."""
        return [test.as_json() for test in self.suite.tests]


def dropped() -> dict[str, int]:
    """Return how many contracts were dropped since the module was loaded, by reason."""
    return dict(_DROPPED)


def draw_subject(rng: random.Random, split: str, hard: bool, size: Size, number: int) -> Subject:
    """Return one of the contracts that there are for a row of this number."""
    first, rows = GROWTH[size]["hard" if hard else split]
    while True:
        subject = subject_of(split, hard, size, rng.randrange(first + number // rows))
        if subject:
            return subject


def small_design(rng: random.Random, split: str, hard: bool, size: Size) -> Design:
    """Return a random contract that is not longer than its size allows."""
    while True:
        design = draw_design(rng, split, hard, MOST_FEATURES[size])
        if len(source(design.contract, "vyper")) <= LONGEST[size]:
            return design


@cache
def subject_of(split: str, hard: bool, size: Size, index: int) -> Subject | None:
    """Return a contract by its number, None where a check fails."""
    rng = random.Random(f"contract {split} {hard} {size} {index}")
    design = small_design(rng, split, hard, size)
    code = source(design.contract, "vyper")
    suite = find_suite(design.contract, f"{split} {size} {index}")
    done = tested("vyper", code, [list(test.steps) for test in suite.tests])
    if "outcomes" not in done:
        _DROPPED["does not compile" if "error" in done else "cannot be deployed"] += 1
        return None
    if done["outcomes"] != [list(test.expected) for test in suite.tests]:
        _DROPPED["the EVM and the interpreter disagree"] += 1
        return None
    faulty = _faulty(rng, suite)
    if len(faulty) < MUTANTS:
        _DROPPED["fewer than two mutants fail"] += 1
        return None
    return Subject(design, code, suite, faulty, done["gas"])


def _faulty(rng: random.Random, suite: Suite) -> tuple[tuple[Mutant, Test], ...]:
    """Return two mutants that fail a test on the EVM: one with something changed, one with something dropped."""
    calls = [list(test.steps) for test in suite.tests]
    expected = [list(test.expected) for test in suite.tests]
    candidates = rng.sample(suite.failing, len(suite.failing))
    candidates = _alternating(candidates)
    found = []
    for mutant, number in candidates:
        test = suite.tests[number]
        done = tested("vyper", source(mutant.contract, "vyper"), calls)
        if "outcomes" in done and done["outcomes"][number] != expected[number]:
            found.append((mutant, test))
        else:
            _DROPPED["mutants that fail on the interpreter alone"] += 1
        if len(found) == MUTANTS:
            break
    return tuple(found)


def _alternating(candidates: list[tuple[Mutant, int]]) -> list[tuple[Mutant, int]]:
    """Return mutants with something changed and with something dropped in turn, first one of each kind."""
    kinds = [mutant.kind for mutant, _ in candidates]
    order = sorted(range(len(kinds)), key=lambda i: kinds.index(kinds[i]) != i)
    dropped = [candidates[i] for i in order if is_drop(kinds[i])]
    changed = [candidates[i] for i in order if not is_drop(kinds[i])]
    pairs = [pair for both in zip(changed, dropped, strict=False) for pair in both]
    return pairs + changed[len(dropped) :] + dropped[len(changed) :]


def is_drop(kind: str) -> bool:
    """Return whether a kind of mutant lacks a statement."""
    return kind.startswith("dropped")
