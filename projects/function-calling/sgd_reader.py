"""Dialogues of the Schema-Guided Dialogue data set (dstc8-schema-guided-dialogue) as chat rows, one per service call.

`<split>/schema.json` describes services (slots, intents), `<split>/dialogues_NNN.json` holds
`[{dialogue_id, services, turns: [{speaker, utterance, frames: [{service, service_call, service_results}]}]}]`. An
intent is a tool named `<service>.<intent>`; the turns before a call are the prompt, earlier calls and the first of
their results among them.

Not covered: dialogue states, acts, turns without a call.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen.projects.rows import Fault
from gretchen.projects.splits import Split, official_key

SPLITS: dict[str, Split] = {"train": "train", "dev": "validation", "test": "test"}
DONT_CARE = "dontcare"


class Faulty(ValueError):
    """What is wrong with a dialogue."""


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows and faults of a file of dialogues."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        dialogues = json.loads(text)
        tools = _tools(file.parent)
    except json.JSONDecodeError as fault:
        yield Fault(str(file), fault.lineno, f"not JSON: {fault.msg}")
        return
    except Faulty as fault:
        yield Fault(str(file), 1, str(fault))
        return
    position, line = 0, 1
    for number, dialogue in enumerate(dialogues if isinstance(dialogues, list) else [None], start=1):
        name = dialogue.get("dialogue_id") if isinstance(dialogue, dict) else None
        start = text.find(json.dumps(name), position) if isinstance(name, str) else -1
        if start >= 0:
            line, position = line + text.count("\n", position, start), start
        try:
            yield from _rows(dialogue, tools, SPLITS.get(file.parent.name, "train"))
        except Faulty as fault:
            yield Fault(str(file), line, f"dialogue {name or number}: {fault}")


@lru_cache(maxsize=8)
def _tools(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return {service: its intents as tools} of a split's schema; raises Faulty where it is missing or broken."""
    file = folder / "schema.json"
    try:
        services = json.loads(file.read_text(encoding="utf-8"))
        return {
            service["service_name"]: [_tool(service, intent) for intent in service["intents"]] for service in services
        }
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Faulty(f"{file.name} beside it cannot be read: {fault!r:.80}") from None


def _tool(service: dict[str, Any], intent: dict[str, Any]) -> dict[str, Any]:
    """Return an intent as a tool."""
    slots = {slot["name"]: slot for slot in service["slots"]}
    properties = {}
    for name in [*intent["required_slots"], *intent["optional_slots"]]:
        slot = slots[name]
        properties[name] = {"type": "string", "description": slot["description"]}
        if slot["is_categorical"] and slot["possible_values"]:
            properties[name]["enum"] = [*slot["possible_values"], DONT_CARE]
    parameters = {"type": "object", "properties": properties, "required": list(intent["required_slots"])}
    name = f"{service['service_name']}.{intent['name']}"
    return {
        "type": "function",
        "function": {"name": name, "description": intent["description"], "parameters": parameters},
        "defaults": intent["optional_slots"],
    }


def _rows(dialogue: Any, tools: dict[str, list[dict[str, Any]]], split: Split) -> Iterator[dict[str, Any]]:
    """Yield a row for each service call of a dialogue; raises Faulty."""
    if not isinstance(dialogue, dict) or not isinstance(dialogue.get("dialogue_id"), str):
        raise Faulty("no object with a dialogue_id")
    services = dialogue.get("services") or []
    unknown = next((service for service in services if service not in tools), None)
    if unknown is not None or not services:
        raise Faulty(f"service {unknown} is not in schema.json" if unknown else "it has no services")
    offered = [tool for service in services for tool in tools[service]]
    before: list[dict[str, Any]] = []
    for number, turn in enumerate(dialogue.get("turns") or []):
        if not isinstance(turn, dict) or turn.get("speaker") not in ("USER", "SYSTEM") or not turn.get("utterance"):
            raise Faulty(f"turn {number} has no speaker or no utterance")
        if turn["speaker"] == "USER":
            before.append({"role": "user", "content": turn["utterance"]})
            continue
        for frame in turn.get("frames") or []:
            if "service_call" in frame:
                call, possible = _call(frame, offered)
                name = f"sgd-{split}-{dialogue['dialogue_id']}-{number}"
                yield _row(name, f"sgd:{dialogue['dialogue_id']}", split, [*before, call], offered, possible)
                results = frame.get("service_results") or [{}]
                before += [call, {"role": "tool", "content": json.dumps(results[0], ensure_ascii=False)}]
        before.append({"role": "assistant", "content": turn["utterance"]})


def _call(frame: dict[str, Any], offered: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a service call as the assistant's turn, and the answers that are right; raises Faulty."""
    given = frame["service_call"]
    name = f"{frame.get('service')}.{given.get('method')}"
    tool = next((tool for tool in offered if tool["function"]["name"] == name), None)
    parameters = given.get("parameters")
    if tool is None or not isinstance(parameters, dict):
        raise Faulty(f"it calls {name}, which its services do not have")
    unknown = set(parameters) - set(tool["function"]["parameters"]["properties"])
    if unknown:
        raise Faulty(f"{name} has no parameter {sorted(unknown)[0]}")
    defaults = tool["defaults"]
    values = {key: [value, *([""] if defaults.get(key) == value else [])] for key, value in parameters.items()}
    values |= {key: [default, ""] for key, default in defaults.items() if key not in parameters}
    function = {"name": name, "arguments": dict(parameters)}
    turn = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
    return turn, {name: values}


def _row(
    name: str, key: str, split: Split, messages: list[dict[str, Any]], offered: list[dict[str, Any]], possible: Any
) -> dict[str, Any]:
    """Return a chat row."""
    tools = [{key: tool[key] for key in ("type", "function")} for tool in offered]
    meta = {"source": "SGD", "language": "en", "possible": [possible]}
    return {"id": name, "form": "sgd-call", "group": official_key(key, split), "tools": tools, "messages": messages,
            "meta": meta}  # fmt: skip
