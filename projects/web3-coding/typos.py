"""Mistakes that a compiler refuses, planted into one function's source.

    break_function(rng, "@external\\ndef f(): …", "vyper")      -> the source with one mistake

Each is one that people make: `self.` forgotten, a name misspelt, `=` for `==`, a colon or semicolon lost, a type mixed
up, `payable` missing, the other language's word.
"""

import random
import re

from .printers import Language

# A pattern and what stands instead of it.
MISTAKES: dict[str, tuple[tuple[str, str], ...]] = {
    "vyper": (
        (r"self\.(\w+)", r"\1"), (r"self\.(\w\w)(\w+)", r"self.\2\1"), (r"msg\.sender\b", "msg.from"),
        (r"\):\n", ")\n"), (r"@payable\n", ""), (r"assert ", "require "), (r": uint256", ": uint"),
        (r": address", ": addr"), (r"//", "/"), (r" == ", " = "), (r"log ", "emit "), (r"block\.timestamp", "now"),
        (r'"(\w+)"', r"\1"), (r" \+= ", " =+ "), (r"not self", "!self"),
    ),
    "solidity": (
        (r";\n", "\n"), (r"msg\.sender\b", "msg.from"), (r" payable \{", " {"), (r"require\(", "assert("),
        (r"uint256 amount", "uint256"), (r"block\.timestamp", "now"), (r"emit ", "log "), (r"address ", "addr "),
        (r'"(\w+)"\)', r"\1)"), (r" == ", " = "), (r"\bfunction ", "func "), (r"\(bool ok, \) = ", "bool ok = "),
        (r"!(\w)", r"not \1"),
    ),
}  # fmt: skip


def break_function(rng: random.Random, source: str, language: Language) -> str:
    """Return a function's source with one mistake at a random place; unchanged where none fits."""
    fitting = [(match, text) for pattern, text in MISTAKES[language] for match in re.finditer(pattern, source)]
    if not fitting:
        return source
    kinds = sorted({match.re.pattern for match, _ in fitting})
    kind = rng.choice(kinds)
    match, text = rng.choice([pair for pair in fitting if pair[0].re.pattern == kind])
    return source[: match.start()] + match.expand(text) + source[match.end() :]
