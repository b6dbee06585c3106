"""What a reviewer would object to in a contract that compiles: a few rules of our own, each finding named.

    findings("vyper", source, abi, ("deposit()",), warnings=0)      -> ("function not asked for: sweep()",)

Not covered: what solhint or slither find; they can be run beside it.
"""

import re
from typing import Any

RISKY = {
    "vyper": ("selfdestruct", "raw_call", "raw_create", "delegatecall", "tx.origin"),
    "solidity": ("selfdestruct", "delegatecall", "tx.origin", "assembly", "unchecked"),
}
LONGEST_LINE = 120


def findings(
    language: str, source: str, abi: list[dict[str, Any]], functions: tuple[str, ...], warnings: int
) -> tuple[str, ...]:
    """Return the findings, each once; `functions` are the signatures that were asked for."""
    found = [f"uses {word}" for word in RISKY[language] if re.search(rf"(?<!\w){re.escape(word)}", source)]
    for entry in abi:
        kinds = ",".join(item["type"] for item in entry.get("inputs", []))
        signature = f"{entry.get('name', entry['type'])}({kinds})"
        changes = entry["type"] in ("function", "fallback", "receive") and entry.get("stateMutability") in CHANGING
        if changes and signature not in functions:
            found.append(f"function not asked for: {signature}")
    if any(len(line) > LONGEST_LINE for line in source.split("\n")):
        found.append(f"a line of more than {LONGEST_LINE} characters")
    if warnings:
        found.append("the compiler warns")
    return tuple(dict.fromkeys(found))


CHANGING = ("nonpayable", "payable")
