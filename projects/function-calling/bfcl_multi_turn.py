"""The multi-turn rows of the Berkeley Function Calling Leaderboard, version 4: read turn by turn, checked by state.

A line is `{"id", "question": [[turn], …], "initial_config", "involved_classes"}`, its answers are Python calls for each
turn, and the functions' descriptions are in multi_turn_func_doc/. Each turn becomes a row: what was said and rightly
called before it, with the results, and the right calls as its answer. Where a turn lacks a value or a function, nothing
may be called; a function that comes later (`missed_function`) is offered from its turn on.

The classes that the calls run on are the leaderboard's own, in eval_checker/ beside data/ of the user's copy: they give
the results, and the states that an answer is judged by (bfcl_states.py). Where there is data/ alone, first turns are
read, and their calls compared by their syntax tree.
"""

import ast
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.projects.rows import Fault
from gretchen.projects.splits import official_key
from gretchen.scoring.metrics.sandbox import Limits, Sandbox

from . import bfcl_states
from .bfcl import Call
from .bfcl_reader import (
    Faulty,
    answers_beside,
    as_json_schema,
    category_of,
    functions_of,
    read_lines,
    turns_of,
)
from .problems import call_turn

MORE_FUNCTIONS = "There are more functions now. Please try again with them."
ASKS_BACK = "What exactly do you mean?"
LIMITS = Limits(cpu_seconds=5.0, wall_seconds=60.0, memory_bytes=1024**3)


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each turn of the conversations in a file of questions, and a fault for each broken line."""
    category, answers, package = category_of(file), answers_beside(file), file.absolute().parents[1]
    runs = _classes(package, bfcl_states.MODULES["GorillaFileSystem"]).is_file()
    return read_lines(file, lambda entry: list(_rows(entry, category, answers, file.parent, package if runs else None)))


def is_right(calls: list[Call], meta: dict[str, Any]) -> bool:
    """Return whether calls lead to the state and the results of a turn's right ones, all turns before it right.

    Raises UserError where the leaderboard's classes, which `make data` has read, are gone.
    """
    scenario, before = meta["scenario"], meta["before"]
    arguments = [scenario, [*before, calls], [*before, meta["calls"]]]
    try:
        done = _sandbox(Path(scenario["package"])).run("", "turns_right", arguments)
    except RecursionError:  # arguments in arguments in arguments
        return False
    return done.outcome == "returned" and done.value == len(before) + 1


def _classes(package: Path, module: str) -> Path:
    """Return the file of one of the leaderboard's classes."""
    return package / "eval_checker" / "multi_turn_eval" / "func_source_code" / f"{module}.py"


@cache
def _sandbox(package: Path) -> Sandbox:
    """Return this process's sandbox with the leaderboard's classes in it."""
    for module in bfcl_states.MODULES.values():
        if not _classes(package, module).is_file():
            hint = "run make data with SOURCE= again: the calls of BFCL's multi-turn rows run on these classes"
            raise UserError(f"{_classes(package, module)} does not exist", hint)
    lines = [
        Path(bfcl_states.__file__).read_text(encoding="utf-8"),
        f"import sys, _strptime; sys.path.append({str(package.parent)!r})",  # strptime() imports _strptime when called
        "for module in MODULES.values(): importlib.import_module(f'{FOLDER}.{module}')",
    ]
    # The code is the leaderboard's; a model chooses methods and arguments. So it may run where nothing can be isolated.
    return Sandbox(setup="\n".join(lines), limits=LIMITS, trusted=True)


def _rows(
    entry: dict[str, Any], category: str, answers: dict[str, Any], folder: Path, package: Path | None
) -> Iterator[dict[str, Any]]:
    """Yield the row of each turn of a line; of the first alone without the package's classes. Raises Faulty."""
    if not isinstance(entry.get("id"), str) or not isinstance(entry.get("involved_classes"), list):
        raise Faulty("no object with an id and involved_classes")
    described, truth, question = functions_of(entry, folder), answers.get(entry["id"]), entry.get("question")
    if not isinstance(truth, list) or not truth:
        raise Faulty("no answer in possible_answer/")
    if not isinstance(question, list) or (package and len(question) != len(truth)):
        raise Faulty(f"'question' is no list of {len(truth)} turns, as many as have answers")
    config, later = entry.get("initial_config", {}), _later_functions(entry)
    turns = [_calls(texts, described) for texts in (truth if package else truth[:1])]
    scenario = {"classes": entry["involved_classes"], "config": config, "long_context": "long_context" in category}
    results = _results(scenario, turns, package) if package else [[]]
    said: list[dict[str, Any]] = [{"role": "system", "content": json.dumps(config)}]
    for number, calls in enumerate(turns):
        hidden = {name for name, turn in later.items() if turn > number}
        functions = [as_json_schema(function) for function in described if function["name"] not in hidden]
        added = number in later.values() and not question[number]
        said += [{"role": "user", "content": MORE_FUNCTIONS}] if added else turns_of(question[number:])
        if unknown := {name for name, _ in calls} - {function["name"] for function in functions}:
            raise Faulty(f"the ground truth calls {min(unknown)}, which is not offered")
        possible = [{name: {key: [value] for key, value in given.items()}} for name, given in calls]
        meta = {"source": "BFCL v4", "language": "en", "category": category}
        meta |= {"possible": possible} if calls else {"refuse": True}
        if calls and package:
            meta |= {"scenario": scenario | {"package": str(package)}, "before": turns[:number], "calls": calls}
        yield {
            "id": f"bfcl-{entry['id']}-turn-{number + 1}",
            "form": f"bfcl-{category.replace('_', '-')}",
            "group": official_key(f"bfcl:{entry['id']}", "test"),
            "tools": [{"type": "function", "function": function} for function in functions],
            "messages": [*said, call_turn(calls) if calls else {"role": "assistant", "content": ASKS_BACK}],
            "meta": meta,
        }
        said = [*said, *_history(calls, results[number])]


def _history(calls: bfcl_states.Turn, results: list[str]) -> list[dict[str, Any]]:
    """Return what a turn leaves for the later ones: its calls and their results, or the question back."""
    if not calls:
        return [{"role": "assistant", "content": ASKS_BACK}]
    return [call_turn(calls), *({"role": "tool", "content": result} for result in results)]


def _later_functions(entry: dict[str, Any]) -> dict[str, float]:
    """Return the turn from which on a function is offered, of those that are not from the first. Raises Faulty."""
    later = dict.fromkeys(entry.get("excluded_function", ()), math.inf)
    try:
        return later | {name: int(turn) for turn, names in entry.get("missed_function", {}).items() for name in names}
    except (AttributeError, TypeError, ValueError):
        raise Faulty("'missed_function' is no object of turns and functions") from None


def _calls(texts: Any, functions: list[dict[str, Any]]) -> bfcl_states.Turn:
    """Return Python calls such as `cd(folder='temp')` as names and arguments. Raises Faulty for anything else."""
    calls = []
    for text in texts if isinstance(texts, list) else [None]:
        try:
            call = ast.parse(text, mode="eval").body
            name = call.func.id
            names = next(list(f["parameters"]["properties"]) for f in functions if f["name"] == name)
            arguments = dict(zip(names, map(ast.literal_eval, call.args), strict=False))
            arguments |= {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        except (SyntaxError, ValueError, AttributeError, TypeError, StopIteration):
            raise Faulty(f"{text!r} is no call of an offered function") from None
        calls.append((name, arguments))
    return calls


def _results(scenario: dict[str, Any], turns: list[bfcl_states.Turn], package: Path) -> list[list[str]]:
    """Return the results of the right calls of each turn; raises Faulty where they cannot be run."""
    done = _sandbox(package).run("", "results_of", [scenario, turns])
    if done.outcome != "returned":
        raise Faulty(f"its calls cannot be run on {', '.join(scenario['classes'])}: {done.error}")
    return done.value
