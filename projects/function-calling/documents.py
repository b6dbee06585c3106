"""Documents of the base's corpus: tools, request and answer as a chat has them, and drills of phrases and values.

    Tools:
    start_fan(minutes: integer, quiet: boolean = false): Start the fan.
    Hello. Start the fan for twenty minutes.
    <tool_call>{"name": "start_fan", "arguments": {"minutes": 20}}</tool_call>

A tool is one line, the same that chat_template.jinja writes: the base's template, which a test compares with it.

A drill lists what phrases mean, of all kinds of values: the vocabulary that held-out functions need too, since what is
held out are functions, not words. It has no answer of its own and no gate.
"""

import json
import random
from datetime import datetime
from functools import cache
from typing import Any

from . import devices
from .kinds import Kind

DRILLED = 8  # lines of a drill


def beginning(turns: list[dict[str, Any]], tools: list[dict[str, Any]]) -> str:
    """Return a document up to where its answer begins: a line for each tool, then the turns."""
    return "\n".join(["Tools:", *map(signature, tools), *(turn["content"] for turn in turns), ""])


def signature(tool: dict[str, Any]) -> str:
    """Return a tool as one line: name, parameters, description."""
    function = tool["function"]
    return f"{function['name']}({_fields(function['parameters'])}): {function['description']}"


def _fields(schema: dict[str, Any]) -> str:
    """Return an object's properties; one that may be left out has its default, or a question mark."""
    parts = []
    for name, value in schema["properties"].items():
        free = name not in schema.get("required", []) and "default" not in value
        default = f" = {json.dumps(value['default'], ensure_ascii=False)}" if "default" in value else ""
        parts.append(f"{name}{'?' if free else ''}: {_kind(value)}{default}")
    return ", ".join(parts)


def _kind(schema: dict[str, Any]) -> str:
    """Return a schema's type: its values where they are listed, else its name."""
    if "enum" in schema:
        written = "|".join(map(str, schema["enum"]))
    elif schema["type"] == "array":
        written = f"[{_kind(schema['items'])}]"
    else:
        written = f"{{{_fields(schema)}}}" if schema["type"] == "object" else schema["type"]
    return f"{written} ({schema['description']})" if "description" in schema else written


def drill(rng: random.Random, language: str, number: int) -> tuple[str, str]:
    """Return lines "phrase = value" of random kinds, and the drill's group key."""
    kinds = _kinds()
    values = [rng.choice(kinds).draw(rng, language, datetime(2026, 3, 12, 9)) for _ in range(DRILLED)]
    lines = [f"{value.phrase} = {json.dumps(value.argument, ensure_ascii=False)}" for value in values]
    return "\n".join(lines), f"drill:{number}"


@cache
def _kinds() -> tuple[Kind, ...]:
    """Return the kinds of the small catalogue's parameters, each as often as actions have it."""
    return tuple(parameter.kind for parameters in devices.PARAMETERS.values() for parameter in parameters.values())
