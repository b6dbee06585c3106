"""Documents of the base's corpus: tools, request and answer as a chat has them, and drills of phrases and values.

A drill lists what phrases mean, of all kinds of values: the vocabulary that held-out functions need too, since what is
held out are functions, not words. It has no answer of its own and no gate.
"""

import json
import random
from datetime import datetime
from functools import cache
from typing import Any

from .catalogue import FUNCTIONS
from .kinds import Kind

DRILLED = 12  # lines of a drill
TOOLS = "Tools:\n<tools>\n{tools}\n</tools>\n"


def beginning(turns: list[dict[str, Any]], tools: list[dict[str, Any]]) -> str:
    """Return a document up to where its answer begins: tools as the chat template renders them, then the turns."""
    rendered = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    return TOOLS.format(tools=rendered) + "".join(f"{turn['content']}\n" for turn in turns)


def drill(rng: random.Random, language: str, number: int) -> tuple[str, str]:
    """Return lines "phrase = value" of random kinds, and the drill's group key."""
    kinds = _kinds()
    values = [rng.choice(kinds).draw(rng, language, datetime(2026, 3, 12, 9)) for _ in range(DRILLED)]
    lines = [f"{value.phrase} = {json.dumps(value.argument, ensure_ascii=False)}" for value in values]
    return "\n".join(lines), f"drill:{number}"


@cache
def _kinds() -> tuple[Kind, ...]:
    """Return the kinds of parameters that a small model can learn, each as often as functions have it."""
    kinds = [parameter.kind for function in FUNCTIONS.values() for parameter in function.parameters.values()]
    return tuple(kind for kind in kinds if kind.is_tiny)
