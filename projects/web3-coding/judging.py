"""Code that a model wrote, judged: does it compile, and which of the row's tests does it pass?

    verdict = judge(answer, meta)       -> Verdict(compiles=True, passed=(True, False), gas=81_000, lint=("…",))

Compiler and EVM run in one worker of the sandbox, which imports both and then loses its files, the network and all
rights; each answer is a fork of it with limits on time and memory. What the builder compiled and ran before is looked
up by its content instead. A contract that cannot be deployed, or destroys itself while it is, has no functions.
"""

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.scoring.metrics.sandbox import Limits, Sandbox

from . import evm, solidity
from .compiled import known
from .lint import findings
from .printers import Language

FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
UNFIT = re.compile(
    "[\0\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029\ud800-\udfff]"
)  # line breaks of other kinds, half characters
LONGEST = 20_000  # characters of an answer that are read as code
LIMITS = Limits(cpu_seconds=5.0, wall_seconds=60.0, memory_bytes=1024**3)
PARTS = ("returns", "reverts", "emits", "pays")


@dataclass(frozen=True)
class Verdict:
    """What is right and wrong with an answer in code. `error` is the compiler's or the sandbox's."""

    compiles: bool
    passed: tuple[bool, ...]
    gas: int | None
    lint: tuple[str, ...]
    error: str = ""

    @property
    def is_right(self) -> bool:
        """Whether all tests pass."""
        return self.compiles and bool(self.passed) and all(self.passed)

    @property
    def share(self) -> float:
        """The share of the tests that pass."""
        return sum(self.passed) / len(self.passed) if self.passed else 0.0


def code_of(answer: str) -> str:
    """Return the code of an answer: its first block between fences, else all of it."""
    answer = answer[:LONGEST] if isinstance(answer, str) else ""
    block = FENCE.search(answer)
    return (block[1] if block else answer).strip("\n").rstrip()


def judge(answer: str, meta: dict[str, Any]) -> Verdict:
    """Return the verdict on an answer; for one function it is put into its contract."""
    code = code_of(answer)
    if not code.strip() or UNFIT.search(code):
        return Verdict(False, (False,) * len(meta["tests"]), None, (), "no code")
    language = meta["code"]
    if language == "solidity" and "before" in meta:
        code = "\n".join(f"    {line}" if line else "" for line in code.split("\n"))
    source = f"{meta.get('before', '')}{code}{meta.get('after', '')}"
    return _judged(language, source, json.dumps(meta["tests"]), tuple(meta["functions"]))


@lru_cache(maxsize=4096)
def _judged(language: Language, source: str, tests_text: str, functions: tuple[str, ...]) -> Verdict:
    """Return the verdict on a whole source."""
    tests = json.loads(tests_text)
    calls = [[_call(step) for step in test["steps"]] for test in tests]
    done = outcomes_of(language, source, calls)
    failed = (False,) * len(tests)
    if "error" in done:
        return Verdict(False, failed, None, (), done["error"])
    found = findings(language, source, done["abi"], functions, done.get("warnings", 0))
    if "failure" in done:
        return Verdict(True, failed, None, found, done["failure"])
    passed = tuple(
        [_text(step) for step in test["steps"]] == [_text(outcome) for outcome in outcomes]
        for test, outcomes in zip(tests, done["outcomes"], strict=True)
    )
    return Verdict(True, passed, done["gas"], found)


def outcomes_of(language: Language, source: str, calls: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return what `tested` would (compiled.py), from the cache or from the sandbox. Raises UserError without solc."""
    done = known(language, source, calls)
    if done is None:
        if language == "solidity" and not solidity.is_available():
            raise UserError("answers in Solidity cannot be compiled here", solidity.command_to_install())
        done = _run(language, source, calls)
    return done


def _call(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step without its outcome."""
    return {key: value for key, value in step.items() if key not in PARTS}


def _text(outcome: dict[str, Any]) -> str:
    """Return an outcome as text, in which true is not 1."""
    return json.dumps({key: outcome[key] for key in (*PARTS, "missing") if key in outcome}, sort_keys=True)


@cache
def sandbox() -> Sandbox:
    """Return this process's sandbox, with the compiler and the EVM in it."""
    setup = f"{Path(evm.__file__).read_text(encoding='utf-8')}\nwarm()\n"
    return Sandbox(setup=setup, limits=LIMITS)


def _run(language: Language, source: str, calls: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Compile a source and run it against tests, in the sandbox; Node compiles Solidity, and runs nothing of it."""
    if language == "solidity":
        compiled = solidity.compile_solidity(source)
        if "error" in compiled:
            return compiled
        done = sandbox().run("", "run", [compiled, calls])
    else:
        compiled, done = {}, sandbox().run("", "compile_and_run", [source, calls])
    if done.outcome == "returned":
        return compiled | done.value
    return {"error": f"{done.outcome}: {done.error}"}
