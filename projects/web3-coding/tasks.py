"""The forms of profile `tiny`: what is given, the answer, and what scoring needs. Wordings are in wordings.py.

    FORMS["fix-test"](rng, language, draw)  -> Problem

`draw()` gives a contract (subjects.py): for chats one that the EVM checked, for documents one that the interpreter
alone ran.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .compiled import tested
from .contracts import numbers_in
from .interpreter import Outcome, Step, outcomes
from .mutants import Mutant
from .notation import calls_text, outcome_text, rules_text
from .printers import NAMES, Language, function_source, source, without
from .subjects import Subject
from .suites import random_calls

Draw = Callable[[], Subject]
MISSING = {"vyper": "# {} is missing", "solidity": "    // {} is missing"}
MOST_STEPS = 4
TRIES = 30


class Mismatch(Exception):
    """What was drawn does not allow this form, or two routes disagree: the row is dropped."""


@dataclass(frozen=True)
class Problem:
    """A question without its wording; `slots` fill a wording of `form`."""

    form: str
    body: str
    answer: str
    keys: list[str]
    slots: dict[str, str] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    wrong: tuple[tuple[str, str], ...] = ()  # faulty answers, each with the name of its fault


def code_meta(subject: Subject, language: Language, name: str = "") -> dict[str, Any]:
    """Return what scoring code needs: tests, gas, the functions; for one function what stands around it.

    Raises Mismatch where Solidity's compiler, or its code on the EVM, disagrees.
    """
    contract = subject.design.contract
    functions = [f.signature for f in contract.functions]
    gas = subject.gas if language == "vyper" else solidity_gas(subject)
    meta = {"kind": "code", "code": language, "tests": subject.tests, "functions": functions, "gas": gas}
    if name:
        meta["before"], meta["after"] = without(contract, name, language)
    return meta


def solidity_gas(subject: Subject) -> int:
    """Return the gas of a contract's tests in Solidity. Raises Mismatch where a call has another outcome there."""
    tests = subject.suite.tests
    done = tested("solidity", source(subject.design.contract, "solidity"), [list(test.steps) for test in tests])
    if done.get("outcomes") != [list(test.expected) for test in tests]:
        raise Mismatch
    return done["gas"]


def contract(
    rng: random.Random, language: str, draw: Draw, form: str = "contract", code: Language = "vyper"
) -> Problem:
    """A whole contract from its rules."""
    subject = draw()
    chosen = subject.design.contract
    wrong = tuple((source(m.contract, code), m.kind) for m, _ in subject.faulty)
    meta = code_meta(subject, code)
    return Problem(form, rules_text(subject.design, language), source(chosen, code), [subject.design.key],
                   {"code": NAMES[code]}, meta, wrong)  # fmt: skip


def function(
    rng: random.Random, language: str, draw: Draw, form: str = "function", code: Language = "vyper"
) -> Problem:
    """One function of a contract that has the others."""
    subject = draw()
    chosen = subject.design.contract
    named = [m.function for m, _ in subject.faulty]
    name = rng.choice(named or [subject.design.main])
    before, after = without(chosen, name, code)
    body = f"{before}{MISSING[code].format(name)}{after}\n\n{rules_text(subject.design, language, name)}"
    return Problem(form, body, function_source(chosen.function(name), code), [subject.design.key],
                   {"f": name, "code": NAMES[code]}, code_meta(subject, code, name),
                   wrong_functions(subject, name, code))  # fmt: skip


def wrong_functions(subject: Subject, name: str, code: Language) -> tuple[tuple[str, str], ...]:
    """Return the faulty versions of a function."""
    return tuple((function_source(m.code, code), m.kind) for m, _ in subject.faulty if m.function == name)


def fix_test(
    rng: random.Random, language: str, draw: Draw, form: str = "fix-test", code: Language = "vyper"
) -> Problem:
    """A contract with a fault and a test that fails: the function as it should be."""
    subject = draw()
    fixable = [pair for pair in subject.faulty if is_determined(subject, pair[0])]
    if not fixable:
        raise Mismatch
    mutant, test = rng.choice(fixable)
    wrong = wrong_functions(subject, mutant.function, code)
    faulty = source(mutant.contract, code)
    body = f"{faulty}\n\n{failing_text(subject, mutant, test.steps, language)}"
    right = subject.design.contract.function(mutant.function)
    return Problem(form, body, function_source(right, code), [subject.design.key],
                   {"f": mutant.function, "code": NAMES[code]},
                   code_meta(subject, code, mutant.function) | {"faulty": function_source(mutant.code, code)},
                   wrong)  # fmt: skip


def is_determined(subject: Subject, mutant: Mutant) -> bool:
    """Return whether the faulty code and a failing test say what is right: every number of the right code is in it."""
    right, faulty = (numbers_in(f) for f in (subject.design.contract.function(mutant.function), mutant.code))
    return right <= faulty | {0, 1}


def failing_text(subject: Subject, mutant: Mutant, steps: tuple[Step, ...], language: str) -> str:
    """Return the calls up to the first that goes wrong, what it should do and what it does."""
    expected, actual = outcomes(subject.design.contract, steps), outcomes(mutant.contract, steps)
    number = next(i for i, pair in enumerate(zip(expected, actual, strict=True)) if pair[0] != pair[1])
    words = {"en": "expected: {}\ngot: {}", "de": "erwartet: {}\nist: {}"}[language]
    shown = words.format(outcome_text(expected[number]), outcome_text(actual[number]))
    return f"{calls_text(steps[: number + 1])}\n{shown}"


def predict(rng: random.Random, language: str, draw: Draw) -> Problem:
    """What the last of some calls does."""
    subject = draw()
    steps, expected = telling_calls(rng, subject)
    other = [outcome_text(o) for o in _others(rng, subject, steps) if outcome_text(o) != outcome_text(expected[-1])]
    body = f"{subject.source}\n\n{calls_text(steps)}"
    return Problem("predict", body, outcome_text(expected[-1]), [subject.design.key],
                   {"f": steps[-1]["call"]}, {"kind": "exact"}, tuple((text, "result") for text in other))  # fmt: skip


def telling_calls(rng: random.Random, subject: Subject) -> tuple[list[Step], list[Outcome]]:
    """Return calls of which the last returns something or reverts, and their outcomes. Raises Mismatch."""
    wants_revert = rng.random() < 0.4
    for _ in range(TRIES):
        steps = random_calls(rng, subject.design.contract)[-MOST_STEPS:]
        expected = outcomes(subject.design.contract, steps)
        last = expected[-1]
        if wants_revert:
            number = next((i for i, outcome in enumerate(expected) if outcome.get("reverts")), None)
            if number is None:
                continue
            steps, expected = steps[: number + 1], expected[: number + 1]
        elif not last.get("returns") or len(steps) < 2:
            continue
        check(subject, steps, expected)
        return steps, expected
    raise Mismatch


def check(subject: Subject, steps: list[Step], expected: list[Outcome]) -> None:
    """Raise Mismatch where the EVM says something else; contracts of documents, without tests, are not run."""
    if subject.suite.tests and tested("vyper", subject.source, [steps]).get("outcomes") != [expected]:
        raise Mismatch


def _others(rng: random.Random, subject: Subject, steps: list[Step]) -> list[Outcome]:
    """Return what the last call does in faulty versions of the contract, or where a call before it is left out."""
    found = [outcomes(mutant.contract, steps)[-1] for mutant, _ in subject.faulty]
    return found + [outcomes(subject.design.contract, steps[:i] + steps[i + 1 :])[-1] for i in range(len(steps) - 1)]


CONTRACT_FORMS: dict[str, Callable[[random.Random, str, Draw], Problem]] = {
    "contract": contract, "function": function, "fix-test": fix_test, "predict": predict,
}  # fmt: skip
