"""Calls, outcomes and rules as prompts show them.

call_line({"call": "deposit", "from": 1, "value": 4, "wait": 60})   -> "wait 60; @1 deposit() 4 wei"
outcome_text({"reverts": "low"})                                     -> 'reverts "low"'
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .features import Design
from .interpreter import Outcome, Step


def call_line(step: Step) -> str:
    """Return a call in a line: waiting time (s), account, function with arguments, ether."""
    wait = f"wait {step['wait']}; " if step.get("wait") else ""
    arguments = ", ".join(value_text(value) for value in step.get("args", []))
    value = f" {step['value']} wei" if "value" in step else ""
    return f"{wait}@{step.get('from', 0)} {step['call']}({arguments}){value}"


def value_text(value: Any) -> str:  # a uint256, an address or a bool
    """Return an argument or a result."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def outcome_text(outcome: Outcome) -> str:
    """Return an outcome: the result, else what was logged and paid."""
    if "missing" in outcome:
        return "no such function"
    if "reverts" in outcome:
        return f'reverts "{outcome["reverts"]}"' if outcome["reverts"] else "reverts"
    parts = [] if outcome.get("returns") is None else [f"returns {value_text(outcome['returns'])}"]
    parts += [f"logs {name}({', '.join(map(value_text, values))})" for name, values in outcome.get("emits", [])]
    parts += [f"pays {name} {amount}" for name, amount in sorted(outcome.get("pays", {}).items())]
    return ", ".join(parts) or "succeeds"


def calls_text(steps: Sequence[Step]) -> str:
    """Return calls, one a line."""
    return "\n".join(call_line(step) for step in steps)


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return data/words.yaml."""
    return yaml.safe_load((Path(__file__).parent / "data" / "words.yaml").read_text(encoding="utf-8"))


def rules_text(design: Design, language: str, function: str = "") -> str:
    """Return a contract's rules, one a line; with a function's name those about it alone."""
    rules = [rule for rule in design.rules if not function or _is_about(rule, function)]
    return "\n".join(_words()[key][language].format(**dict(slots)) for key, _, slots in rules)


def _is_about(rule: tuple[str, str, tuple[tuple[str, str], ...]], function: str) -> bool:
    """Return whether a rule is about a function, as its subject or as what a switch turns off."""
    return function in (rule[1], dict(rule[2]).get("f"))
