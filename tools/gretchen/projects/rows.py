"""Rows: the formats a builder offers, what makes a row valid, its prompt and its reference.

Formats are TRL's standard dataset formats (https://huggingface.co/docs/trl/dataset_formats). Besides the format's
columns a row has `id`, `group` (one or several keys that the split keeps together) and `form`, and may have `meta` (a
dict, what scoring needs), `tools` and `hard` (true: a row of the hard test set). On disk `group` is a list, `meta` one
JSON string, and hard rows have a file of their own. `tools` and the arguments of tool calls are JSON strings there:
Arrow would give every function the parameters of all others, null where they have no value.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gretchen.safe_text import UNSAFE

Row = dict[str, Any]
# The builder's function that yields a format -> the columns that TRL reads.
FORMATS: dict[str, tuple[str, ...]] = {
    "texts": ("text",),
    "chats": ("messages",),
    "preferences": ("prompt", "chosen", "rejected"),
    "feedback": ("prompt", "completion", "label"),
    "prompts": ("prompt",),
}
COMMON = ("id", "form", "group", "tools", "meta", "hard")
LABELLED = "labelled"  # in the meta of rows from people's labels: by how many raters
SURROGATE = re.compile("[\ud800-\udfff]")
HALF_CHARACTER = "holds half of a character (a lone surrogate), which no file can hold"
ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True)
class Fault:
    """A row that could not be read: its file and line, and what is wrong with it."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


def format_of(row: Row) -> str | None:
    """Return the format whose columns a row has, None where it fits none."""
    fitting = [name for name, columns in FORMATS.items() if all(column in row for column in columns)]
    return max(fitting, key=lambda name: len(FORMATS[name]), default=None)


def row_fault(row: Any, row_format: str) -> str | None:
    """Return what is wrong with a row of a format, in words, or None."""
    if not isinstance(row, dict):
        return f"a row is a dict, not {type(row).__name__}"
    for column in ("id", "form"):
        if not isinstance(row.get(column), str) or not row[column].strip():
            return f"'{column}' is missing or not a string"
        if UNSAFE.search(row[column]) or len(row[column].splitlines()) > 1:
            return f"'{column}' is {row[column]!r:.60}: it has a line break or a control character"
    if fault := _group_fault(row.get("group")) or _meta_fault(row.get("meta") or {}) or _tools_fault(row.get("tools")):
        return fault
    for column in FORMATS[row_format]:
        fault = f"'{column}' is missing" if column not in row else _CHECKS[column](row[column])
        if fault:
            return fault
    extra = sorted(set(row) - set(FORMATS[row_format]) - set(COMMON))
    if extra:
        return f"unknown column '{extra[0]}': what scoring needs goes into 'meta'"
    if row_format == "preferences" and row["chosen"] == row["rejected"]:
        return "'chosen' and 'rejected' are identical"
    return None


def _group_fault(value: Any) -> str | None:
    """Return what is wrong with a row's group."""
    if value is None:
        return "'group' is missing: a string (or several) that rows about the same thing share"
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list | tuple) or not keys or not all(isinstance(key, str) and key for key in keys):
        return f"'group' is {value!r:.60}, expected a string or a list of strings, none of them empty"
    return None


def _tools_fault(value: Any) -> str | None:
    """Return what is wrong with the tools that an answer may call: OpenAI's list, or the same as a JSON string."""
    try:
        tools = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return "'tools' is a string that is no JSON list"
    if tools is not None and not isinstance(tools, list):
        return f"'tools' is a {type(tools).__name__}, expected a list of tools"
    for number, tool in enumerate(tools or []):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return f"tools[{number}] has no function.name: {{'type': 'function', 'function': {{'name': …}}}}"
    return None


def _meta_fault(meta: Any) -> str | None:
    """Return what is wrong with what scoring needs: it is written as JSON, which has no NaN, sets or paths."""
    if isinstance(meta, str):
        return None if _is_object(meta) else "'meta' is a string that is no JSON object"
    if not isinstance(meta, dict):
        return "'meta' is not a mapping"
    try:
        json.dumps(meta, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        for key, value in meta.items():
            try:
                json.dumps({key: value}, allow_nan=False)
            except (TypeError, ValueError, RecursionError):
                kind = "NaN or infinite" if isinstance(value, float) else f"a {type(value).__name__}"
                return f"meta[{key!r}] is {kind}, which JSON does not have: a number, string, list, mapping or None"
    return None


def _is_object(text: str) -> bool:
    """Return whether a string is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _text(value: Any) -> str | None:
    """Return what is wrong with a document's text."""
    if not isinstance(value, str) or not value.strip():
        return "'text' is empty or not a string"
    return f"'text' {HALF_CHARACTER}" if SURROGATE.search(value) else None


def _turns(value: Any, last: tuple[str, ...], column: str) -> str | None:
    """Return what is wrong with a list of messages whose last one is by one of the roles `last`."""
    if not isinstance(value, list) or not value:
        return f"'{column}' is not a list of messages, or an empty one"
    for number, turn in enumerate(value):
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            return f"{column}[{number}] has no role of {', '.join(ROLES)}"
        calls = turn.get("tool_calls")
        content = turn.get("content")
        if content is None and not calls:
            return f"{column}[{number}] has no content"
        if content is not None and not isinstance(content, str):
            return f"{column}[{number}]: 'content' is {content!r:.60}, expected a string: str(…)"
        if SURROGATE.search(content or ""):
            return f"{column}[{number}] {HALF_CHARACTER}"
        if not (turn.get("content") or "").strip() and not calls:
            return f"{column}[{number}] is empty"
        if calls and (fault := _calls_fault(calls)):
            return f"{column}[{number}]: {fault}"
    if value[-1]["role"] not in last:
        return f"{column} ends with a turn of '{value[-1]['role']}', expected {' or '.join(last)}"
    return None


def _calls_fault(calls: Any) -> str | None:
    """Return what is wrong with a turn's tool calls."""
    for call in calls if isinstance(calls, list) else [None]:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return "'tool_calls' is no list of {'type': 'function', 'function': {'name': …, 'arguments': …}}"
        if not isinstance(function.get("arguments"), dict) and not _is_object(str(function.get("arguments"))):
            return f"the arguments of {function['name']} are no JSON object"
    return None


def _prompt(value: Any) -> str | None:
    """Return what is wrong with a prompt."""
    return _turns(value, ("user", "tool", "system"), "prompt")


def _answer(column: str) -> Callable[[Any], str | None]:
    """Return the check of a column that holds an answer."""
    return lambda value: _turns(value, ("assistant",), column)


def _label(value: Any) -> str | None:
    """Return what is wrong with a KTO label."""
    return None if isinstance(value, bool) else "'label' is neither true nor false"


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "text": _text,
    "messages": _answer("messages"),
    "prompt": _prompt,
    "chosen": _answer("chosen"),
    "rejected": _answer("rejected"),
    "completion": _answer("completion"),
    "label": _label,
}


def group_keys(row: Row) -> list[str]:
    """Return the keys of a row's group, which the builder gives as a string or as several."""
    return [row["group"]] if isinstance(row["group"], str) else list(row["group"])


def meta_of(row: Row) -> dict[str, Any]:  # what the project's own scoring needs
    """Return a row's `meta`; its file holds it as a JSON string."""
    meta = row.get("meta") or {}
    return json.loads(meta) if isinstance(meta, str) else meta


def prompt_of(row: Row) -> list[dict[str, Any]]:  # chat messages, as TRL and chat templates take them
    """Return the messages before the answer; [] for a document."""
    if "messages" in row:
        return row["messages"][:-1]
    return row.get("prompt") or []


def tools_of(row: Row) -> list[dict[str, Any]] | None:  # JSON schemas, as chat templates take them
    """Return the tools that a row's answer may call, None without any; its file holds them as a JSON string."""
    tools = row.get("tools")
    return (json.loads(tools) if isinstance(tools, str) else tools) or None


def turn_text(turn: dict[str, Any]) -> str:
    """Return what a turn says: its content, then each tool call as `<tool_call>{…}</tool_call>` on a line."""
    lines = [str(content)] if (content := turn.get("content")) else []
    for call in turn.get("tool_calls") or []:
        name, arguments = json.dumps(call["function"]["name"]), arguments_text(call["function"]["arguments"])
        lines.append(f'<tool_call>{{"name": {name}, "arguments": {arguments}}}</tool_call>')
    return "\n".join(lines)


def arguments_text(arguments: Any) -> str:
    """Return a call's arguments as JSON, in their order; a string is JSON already."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def reference_of(row: Row) -> str:
    """Return a row's reference answer: its last turn, its chosen side, `reference` in its meta, or ""."""
    for column in ("messages", "chosen"):
        if column in row:
            return turn_text(row[column][-1])
    return str(meta_of(row).get("reference", ""))


def normalised(text: str) -> str:
    """Return a string as duplicates and leaks are compared: NFC, case folded, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def normalised_prompt(row: Row) -> str:
    """Return what a row asks, normalised."""
    return normalised(prompt_text(row))


def prompt_text(row: Row) -> str:
    """Return what a row asks: the turns before the answer, or a document's whole text."""
    if "text" in row:
        return row["text"]
    return "\n".join(turn_text(turn) for turn in prompt_of(row))
