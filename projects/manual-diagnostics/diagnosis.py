"""Exact Bayes over the faults of a device, and the test that says most.

    possible(device, {"MP1": False})            -> the parts that may be the cause after MP1 read right
    best_tests(device, {"MP1": False})          -> the tests of the greatest expected information
    path(device, "F2")                          -> the tests that the greedy technician makes, if F2 is the cause

A reading is right or wrong (True = outside its limit). Exactly one part has failed, so that after readings the
probabilities of those left keep their proportions. Ties are all best.
"""

import math
from collections.abc import Mapping
from typing import Protocol

Evidence = Mapping[str, bool]
EQUAL = 1e-9


class Faults(Protocol):
    """What a diagnosis needs of a device: how often each part fails, and which failures make a test read wrong."""

    @property
    def priors(self) -> Mapping[str, int]:
        """Percent by part."""

    @property
    def bad(self) -> Mapping[str, frozenset[str]]:
        """Parts by test."""


def possible(faults: Faults, evidence: Evidence) -> frozenset[str]:
    """Return the parts whose failure explains every reading; none where the readings contradict each other."""
    left = frozenset(faults.priors)
    for test, is_bad in evidence.items():
        left = left & faults.bad[test] if is_bad else left - faults.bad[test]
    return left


def gain(faults: Faults, left: frozenset[str], test: str) -> float:
    """Return the expected information of a test in bits: the entropy of its outcome, as readings are certain."""
    total = sum(faults.priors[part] for part in left)
    share = sum(faults.priors[part] for part in left & faults.bad[test]) / total if total else 0.0
    return -sum(p * math.log2(p) for p in (share, 1 - share) if p > 0)


def best_tests(faults: Faults, evidence: Evidence) -> list[str]:
    """Return the tests of the greatest expected information; [] where no test can say more."""
    left = possible(faults, evidence)
    gains = {test: gain(faults, left, test) for test in faults.bad if test not in evidence}
    most = max(gains.values(), default=0.0)
    return [test for test, value in gains.items() if value > most - EQUAL] if most > EQUAL else []


def outcome(faults: Faults, cause: str) -> dict[str, bool]:
    """Return for each test whether it reads wrong if a part is the cause."""
    return {test: cause in bad for test, bad in faults.bad.items()}


def alike(faults: Faults, cause: str) -> frozenset[str]:
    """Return the parts that no test can tell from a cause, itself included."""
    return possible(faults, outcome(faults, cause))


def path(faults: Faults, cause: str, evidence: Evidence | None = None) -> list[str]:
    """Return the tests of the greedy technician from some readings on, until no test says more."""
    known, readings, tests = dict(evidence or {}), outcome(faults, cause), []
    while best := best_tests(faults, known):
        tests.append(best[0])
        known[best[0]] = readings[best[0]]
    return tests
