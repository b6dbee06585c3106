"""Tests that a model wrote, tried: the right contract has to pass them, and each faulty one has to fail.

    passed, found = try_tests('@1 deposit() 4 wei -> reverts "low"', source, [faulty, …])    -> (True, 0.5)

Tests are separated by blank lines, each starts with a fresh contract; a line is a call and its outcome in this
project's notation (notation.py). The calls are data; contracts and EVM are the builder's, in the sandbox
all the same.
"""

import re
from typing import Any

from .interpreter import Step
from .judging import outcomes_of
from .notation import outcome_text

LINE = re.compile(
    r"(?:wait (?P<wait>\d{1,9}); )?@(?P<caller>[0-4]) (?P<call>\w{1,40})\((?P<args>[^()]{0,200})\)"
    r"(?: (?P<value>\d{1,30}) wei)? -> (?P<outcome>.{1,200})"
)
MOST_TESTS, MOST_STEPS = 10, 8
LONGEST = 4_000
VALUES = {"true": True, "false": False}


def try_tests(answer: str, source: str, faulty: list[str]) -> tuple[bool, float]:
    """Return whether the right contract passes the tests, and the share of faulty ones that fail one."""
    tests = parsed(answer)
    if not tests:
        return False, 0.0
    calls = [[step for step, _ in steps] for steps in tests]
    expected = [[text for _, text in steps] for steps in tests]
    if _texts(source, calls) != expected:
        return False, 0.0
    failing = [_texts(text, calls) != expected for text in faulty]
    return True, sum(failing) / len(failing)


def _texts(source: str, calls: list[list[Step]]) -> list[list[str]] | None:
    """Return each step's outcome as a line shows it, None where the contract cannot be run."""
    done = outcomes_of("vyper", source, calls)
    if "outcomes" not in done:
        return None
    return [[outcome_text(outcome) for outcome in outcomes] for outcomes in done["outcomes"]]


def parsed(answer: str) -> list[list[tuple[Step, str]]] | None:
    """Return the tests of an answer: calls with their outcomes. None where a line is none, or there are too many."""
    text = re.sub(r"```\w*", "", answer[:LONGEST]) if isinstance(answer, str) else ""
    tests = []
    for block in re.split(r"\n\s*\n", text.strip()):
        steps = [_step(line.strip()) for line in block.split("\n") if line.strip()]
        if not steps or None in steps or len(steps) > MOST_STEPS:
            return None
        tests.append([step for step in steps if step])
    return tests if 0 < len(tests) <= MOST_TESTS else None


def _step(line: str) -> tuple[Step, str] | None:
    """Return a line's call and outcome."""
    match = LINE.fullmatch(line)
    if match is None:
        return None
    step: Step = {"call": match["call"]}
    if match["args"].strip():
        arguments = [_value(text.strip()) for text in match["args"].split(",")]
        if None in arguments:
            return None
        step["args"] = arguments
    if match["caller"] != "0":
        step["from"] = int(match["caller"])
    if match["value"]:
        step["value"] = int(match["value"])
    if match["wait"]:
        step["wait"] = int(match["wait"])
    return step, match["outcome"].strip()


def _value(text: str) -> Any:  # an address, a bool, a number, or None
    """Return an argument, None where it is none."""
    if re.fullmatch(r"@[0-4]", text):
        return text
    return VALUES[text] if text in VALUES else int(text) if re.fullmatch(r"\d{1,77}", text) else None
