"""Files of the Berkeley Function Calling Leaderboard, version 4, as chat rows.

A line is `{"id", "question": [[turn, …], …], "function": [{name, description, parameters}]}`; the right answers are in
possible_answer/<the same name>: `{"id", "ground_truth": [{name: {parameter: [values]}}]}`. Types "dict", "float",
"tuple" and "any" become JSON Schema's. Of Java and JavaScript rows the model sees strings with the type in their
description, as the leaderboard shows them; the check has the types, in `meta`. Multi-turn files: bfcl_multi_turn.py.

Not covered: memory, web search, relevance (any call is right), live APIs.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen.projects.json_lines import json_objects
from gretchen.projects.rows import Fault
from gretchen.projects.splits import official_key

from .bfcl_states import MODULES
from .bfcl_types import TYPES as CODE_TYPES
from .bfcl_types import write_value

TYPES = {"dict": "object", "float": "number", "tuple": "array"}
NOT_READ = {
    "memory": "its answers depend on earlier conversations", "web_search": "its answers come from the live web",
    "relevance": "it has no right answer: any call counts", "format_sensitivity": "it names rows of other files",
}  # fmt: skip


class Faulty(ValueError):
    """What is wrong with a line."""


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield a row or a fault for each line of a file of questions."""
    category, answers = category_of(file), answers_beside(file)
    if unread := next((why for name, why in NOT_READ.items() if name in category.replace("irrelevance", "")), ""):
        lines = (item.line if isinstance(item, Fault) else item[0] for item in json_objects(file))
        return (Fault(str(file), number, f"{category} is not read: {unread}") for number in lines)
    return read_lines(file, lambda entry: [_row(entry, category, answers, file.parent)])


def read_lines(file: Path, rows_of: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Iterator[dict | Fault]:
    """Yield the rows of each line of a file, and a fault where there is no object or `rows_of` raises Faulty."""
    for item in json_objects(file):
        if isinstance(item, Fault):
            yield item
            continue
        number, entry = item
        try:
            yield from rows_of(entry)
        except Faulty as fault:
            yield Fault(str(file), number, str(fault))


def category_of(file: Path) -> str:
    """Return the category that a file's name has: BFCL_v4_<category>.json."""
    return file.stem.partition("_v4_")[2] or file.stem.partition("_v3_")[2] or file.stem


def answers_beside(file: Path) -> dict[str, Any]:
    """Return {id: ground truth} of the file beside a file of questions; broken lines have none."""
    beside = file.parent / "possible_answer" / file.name
    if not beside.is_file():
        return {}
    entries = [item[1] for item in json_objects(beside) if not isinstance(item, Fault)]
    return {
        entry["id"]: entry["ground_truth"]
        for entry in entries
        if isinstance(entry.get("id"), str) and "ground_truth" in entry
    }


def _row(entry: dict[str, Any], category: str, answers: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the chat row of a line; raises Faulty."""
    if not isinstance(entry.get("id"), str):
        raise Faulty("no object with an id")
    turns = turns_of(entry.get("question"))
    described = functions_of(entry, folder)
    code = next((name for name in ("javascript", "java") if name in category), "python")
    functions = [_in_text(f, code) if code != "python" else as_json_schema(f) for f in described]
    meta: dict[str, Any] = {"source": "BFCL v4", "language": "en", "category": category}
    meta |= {"code": code, "functions": described} if code != "python" else {}
    truth = [] if "irrelevance" in category else _of(entry, answers)
    refused = {"role": "assistant", "content": "None of the tools can do that."}, {"refuse": True}
    answer, more = _answer(truth, described, code) if truth else refused
    return {
        "id": f"bfcl-{entry['id']}",
        "form": f"bfcl-{category.replace('_', '-')}",
        "group": official_key(f"bfcl:{entry['id']}", "test"),
        "tools": [{"type": "function", "function": function} for function in functions],
        "messages": [*turns, answer],
        "meta": meta | more,
    }


def turns_of(question: Any) -> list[dict[str, str]]:
    """Return the messages of a question's first turn; raises Faulty."""
    if not isinstance(question, list) or not question or not isinstance(question[0], list) or not question[0]:
        raise Faulty("'question' is no list of turns")
    for turn in question[0]:
        if not isinstance(turn, dict) or turn.get("role") not in ("system", "user", "assistant"):
            raise Faulty("a turn of 'question' has no role")
        if not isinstance(turn.get("content"), str) or not turn["content"].strip():
            raise Faulty("a turn of 'question' has no content")
    return [{"role": turn["role"], "content": turn["content"]} for turn in question[0]]


def functions_of(entry: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the descriptions of a line's functions, their types as JSON Schema has them; raises Faulty."""
    functions = entry.get("function")
    if functions is None and "involved_classes" in entry:
        functions = [function for name in entry["involved_classes"] for function in _described(folder, name)]
    functions = [functions] if isinstance(functions, dict) else functions
    if not isinstance(functions, list) or (not functions and "irrelevance" not in entry["id"]):
        raise Faulty("'function' is no list of descriptions")
    for function in functions:
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise Faulty("a function has no name")
        if not isinstance(function.get("parameters"), dict) or "properties" not in function["parameters"]:
            raise Faulty(f"{function['name']} has no parameters")
    return functions


@lru_cache(maxsize=64)
def _described(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the descriptions of a class's methods; raises Faulty where their file is missing."""
    file = folder / "multi_turn_func_doc" / f"{MODULES.get(name, name)}.json"
    if not file.is_file():
        raise Faulty(f"{file.parent.name}/{file.name}, the functions of {name}, is missing")
    functions = []
    for item in json_objects(file):
        if isinstance(item, Fault) or not isinstance(item[1].get("name"), str):
            number = item.line if isinstance(item, Fault) else item[0]
            raise Faulty(f"{file.parent.name}/{file.name}:{number} is no function with a name")
        functions.append(item[1])
    return functions


def as_json_schema(value: Any) -> Any:
    """Return a description with JSON Schema's types: "any" is no type, "float" a number."""
    if isinstance(value, list):
        return [as_json_schema(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    changed = {key: as_json_schema(entry) for key, entry in value.items() if not (key == "type" and entry == "any")}
    kind = changed.get("type")
    return changed | ({"type": TYPES.get(kind, kind)} if isinstance(kind, str) else {})


def _in_text(function: dict[str, Any], code: str) -> dict[str, Any]:
    """Return a description whose parameters are strings in a language's syntax; raises Faulty for an unknown type."""
    language = {"java": "Java", "javascript": "JavaScript"}[code]
    properties = {}
    for name, schema in function["parameters"]["properties"].items():
        if schema.get("type") not in CODE_TYPES[code]:
            raise Faulty(f"{function['name']}: {name} has the type {schema.get('type')}, which is not read")
        items = schema.get("items", {}).get("type")
        kind = f"{schema['type']} of {items}" if items else schema["type"]
        text = f"{schema.get('description', '')} A string in {language}'s syntax, of type {kind}.".strip()
        properties[name] = {"type": "string", "description": text}
    required = function["parameters"].get("required", [])
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"name": function["name"], "description": function.get("description", ""), "parameters": parameters}


def _of(entry: dict[str, Any], answers: dict[str, Any]) -> list[Any]:
    """Return a line's ground truth; raises Faulty."""
    truth = answers.get(entry["id"])
    if not isinstance(truth, list) or not truth:
        raise Faulty("no answer in possible_answer/")
    return truth


def _answer(truth: list[Any], functions: list[dict[str, Any]], code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the assistant's turn of the right answer, and what scoring needs; raises Faulty."""
    calls = []
    for expected in truth:
        if not isinstance(expected, dict) or len(expected) != 1:
            raise Faulty("the ground truth is no list of {function: {parameter: values}}")
        ((name, values),) = expected.items()
        if name not in [function["name"] for function in functions] or not isinstance(values, dict):
            raise Faulty(f"the ground truth calls {name}, which is not offered")
        arguments = {key: _first(right) for key, right in values.items() if _is_said(right)}
        if code != "python":
            schemas = next(f for f in functions if f["name"] == name)["parameters"]["properties"]
            arguments = {
                key: write_value(value, schemas.get(key, {"type": "any"}), code) for key, value in arguments.items()
            }
        calls.append({"name": name, "arguments": arguments})
    turn = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": c} for c in calls]}
    return turn, {"possible": truth}


def _is_said(right: Any) -> bool:
    """Return whether a parameter has a value that is not left out."""
    return any(value != "" for value in right) if isinstance(right, list) else True


def _first(right: list[Any]) -> Any:
    """Return the first right value; in objects, and lists of them, the first of each key, deeper ones as they are."""
    value = next(entry for entry in right if entry != "")
    entries = value if isinstance(value, list) else [value]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return value
    plain = [
        {
            key: next(right for right in v if right != "")
            for key, v in entry.items()
            if isinstance(v, list) and _is_said(v)
        }
        for entry in entries
    ]
    return plain if isinstance(value, list) else plain[0]
