"""Calls of a BFCL multi-turn conversation, run on the leaderboard's own classes; states and results compared.

It runs in the sandbox (bfcl_multi_turn.py), whose setup makes a user's copy of the package `bfcl_eval` importable. The
rules are those of its multi_turn_checker.py, written anew. After each turn that calls for something, the public
attributes of the objects are the right ones, and each result of the right calls is among the results so far, as often
as in the turn, in any order. Where something is to be called, no call is wrong; where nothing is, a call shows only in
a later state. Calls are a name and arguments as JSON has them; no Python text is evaluated.
"""

import copy
import importlib
import inspect
import json
from typing import Any

FOLDER = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
# Of each class: its module, and its file of descriptions in multi_turn_func_doc/.
MODULES = {
    "GorillaFileSystem": "gorilla_file_system", "MathAPI": "math_api", "MessageAPI": "message_api",
    "TwitterAPI": "posting_api", "TicketAPI": "ticket_api", "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking", "VehicleControlAPI": "vehicle_control",
}  # fmt: skip
Turn = list[tuple[str, dict[str, Any]]]  # the calls of one turn


def results_of(scenario: dict[str, Any], turns: list[Turn]) -> list[list[str]]:
    """Return the results of each turn's calls, run one after another from the start of a scenario."""
    objects = _objects(scenario)
    return [_run(objects, turn) for turn in turns]


def turns_right(scenario: dict[str, Any], given: list[Turn], right: list[Turn]) -> int:
    """Return how many turns are right before the first that is wrong; all of them: the conversation is right."""
    objects, expected = _objects(scenario), _objects(scenario)
    so_far: list[str] = []
    for number, (calls, right_calls) in enumerate(zip(given, right, strict=True)):
        so_far += _run(objects, calls)
        results = _run(expected, right_calls)
        if right_calls and not (calls and _same_state(objects, expected) and _contains(so_far, results)):
            return number
    return len(right)


def _objects(scenario: dict[str, Any]) -> dict[str, Any]:
    """Return an object of each class of a scenario, in the state that it starts from."""
    objects = {}
    for name in scenario["classes"]:
        made = getattr(importlib.import_module(f"{FOLDER}.{MODULES[name]}"), name)()
        if hasattr(made, "_load_scenario"):
            config = copy.deepcopy(scenario["config"].get(name, {}))
            made._load_scenario(config, long_context=scenario["long_context"])
        objects[name] = made
    return objects


def _run(objects: dict[str, Any], calls: Turn) -> list[str]:
    """Return the results of calls as text; an error is a result."""
    methods = {
        name: method
        for made in objects.values()
        for name, method in inspect.getmembers(made, inspect.ismethod)
        if not name.startswith("_")
    }
    results = []
    for name, arguments in calls:
        try:
            results.append(_text(methods[name](**arguments)))
        except Exception as error:
            results.append(f"Error during execution: {error}")
    return results


def _text(result: Any) -> str:
    """Return a result as text: an object as JSON where it can be."""
    if isinstance(result, dict):
        try:
            return json.dumps(result)
        except (TypeError, ValueError):
            return str(result)
    return str(result)


def _same_state(objects: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Return whether all public attributes are equal."""
    return all(
        getattr(objects[name], attribute) == value
        for name, made in expected.items()
        for attribute, value in vars(made).items()
        if not attribute.startswith("_")
    )


def _contains(results: list[str], part: list[str]) -> bool:
    """Return whether each of `part` is among the results, as often as there."""
    left = list(results)
    for result in part:
        if result not in left:
            return False
        left.remove(result)
    return True
