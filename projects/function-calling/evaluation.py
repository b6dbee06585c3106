"""The metrics. Main: BFCL's AST accuracy (bfcl.py), over forms; per language as well.

    ast                    the calls are right (in BFCL's conversations: by the state they lead to); where no tool fits,
                           nothing is called; where a value is missing, it is asked for. None for small talk and for
                           saying a result.
    executable             the calls run, and give the results and the state that the right ones give
    schema_valid           all calls validate against the offered tools, by jsonschema; None where nothing is called
    irrelevance_recall     of the requests that no tool serves, those that nothing is called for
    irrelevance_precision  of the answers without a call, where calls or refusals are right, those that are right
    asks                   of the requests that lack a value, those that are answered by a question for it
    answers                a result is said with its value, small talk answered without a call
    ast_en … ast_ar, language_gap    `ast` in each language, and the largest less the smallest

Nothing raises on an answer: what is no JSON is no call.

Not covered: whether prose beside calls is true; how a refusal is worded.
"""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from gretchen.projects.rows import meta_of, reference_of, tools_of

from . import bfcl, bfcl_multi_turn
from .catalogue import FUNCTIONS
from .numerals import LANGUAGES, written
from .registry import ToolError, executed

METRICS = ("ast", "executable", "schema_valid", "irrelevance_recall", "asks", "answers")
LONGEST, MOST_CALLS, MOST_DIGITS = 20_000, 50, 40
OPENED, CLOSED = "<tool_call>", "</tool_call>"
QUESTION_MARKS = ("?", "؟")


def score(prediction: str, row: dict[str, Any]) -> dict[str, float | None]:
    """Return the scores of one answer against its row."""
    meta, calls = meta_of(row), calls_in(prediction)
    scores: dict[str, float | None] = dict.fromkeys(METRICS)
    if calls:
        scores["schema_valid"] = float(_validate(calls, tools_of(row) or []))
    if "possible" in meta:
        right = _calls_are_right(calls, row, meta)
        runs = _runs_alike(calls, meta) if "source" not in meta else None
        return scores | {"ast": float(right), "executable": runs}
    if "refuse" in meta:
        return scores | {"ast": float(not calls), "irrelevance_recall": float(not calls)}
    if "asks" in meta:
        asked = float(asks_for(prediction, meta["asks"]))
        return scores | {"ast": asked, "asks": asked}
    if "result" in meta:
        return scores | {"answers": float(says_result(prediction, meta))}
    return scores | {"answers": float(is_prose(prediction))}


def reward(prediction: str, row: dict[str, Any]) -> float:
    """Return GRPO's reward, 0 to 1.

    Where calls are right: form and schema 0.1 each, names 0.3, arguments 0.3, the same effect when run 0.2. Where a
    sentence is right: nothing for a call; a question for the missing value or the right result 0.7, its likeness to the
    reference up to 0.3; other sentences by their likeness alone.
    """
    meta, calls = meta_of(row), calls_in(prediction)
    if "possible" in meta:
        return _calls_reward(prediction, calls, row, meta) if calls else 0.0
    if calls or not is_prose(prediction):
        return 0.0
    likeness = SequenceMatcher(None, prediction[:400], reference_of(row)).ratio()
    if "asks" in meta or "result" in meta:
        right = asks_for(prediction, meta["asks"]) if "asks" in meta else says_result(prediction, meta)
        return 0.7 * right + 0.3 * likeness
    return likeness


def _calls_reward(prediction: str, calls: list[bfcl.Call], row: dict[str, Any], meta: dict[str, Any]) -> float:
    """Return the reward of calls: in parts, so that a nearly right answer gets more than a wrong one."""
    tools = tools_of(row) or []
    if _calls_are_right(calls, row, meta):
        return 1.0
    names = _f1([name for name, _ in calls], [next(iter(call)) for call in meta["possible"]])
    given = [(name, key, json.dumps(_comparable(v))) for name, arguments in calls for key, v in arguments.items()]
    right = [
        (name, key, json.dumps(_comparable(_first(values[0]))))
        for call in meta["possible"]
        for name, parameters in call.items()
        for key, values in parameters.items()
        if "" not in values
    ]
    same = _runs_alike(calls, meta) if "source" not in meta else 0.0
    is_plain = prediction.count(OPENED) == len(calls)
    valid = _validate(calls, tools)
    return 0.1 * is_plain + 0.1 * valid + 0.3 * names + 0.3 * _f1(given, right) + 0.2 * (same or 0.0)


def _comparable(value: Any) -> Any:
    """Return a value as a reward compares it: strings, alone or in a list, as the checker does."""
    return [bfcl.standard(entry) for entry in value] if isinstance(value, list) else bfcl.standard(value)


def _first(right: Any) -> Any:
    """Return a right value as a call has it: of an object, alone or in a list, the first right value of each key."""
    if isinstance(right, dict):
        return {key: next((v for v in values if v != ""), "") for key, values in right.items() if values != [""]}
    return [_first(entry) for entry in right] if isinstance(right, list) else right


def _calls_are_right(calls: list[bfcl.Call], row: dict[str, Any], meta: dict[str, Any]) -> bool:
    """Return whether calls are right; a row of another language has its functions with that language's types.

    Of a turn of BFCL's conversations they are where they lead to the right state and results.
    """
    if "scenario" in meta:
        return bool(calls) and bfcl_multi_turn.is_right(calls, meta)
    return bfcl.is_right(
        calls, meta["possible"], meta.get("functions") or tools_of(row) or [], meta.get("code", "python")
    )


def _f1(given: list[Any], right: list[Any]) -> float:
    """Return the F1 of two multisets; 1 where both are empty."""
    left = list(right)
    for entry in given:
        if entry in left:
            left.remove(entry)
    return 2 * (len(right) - len(left)) / (len(given) + len(right)) if given or right else 1.0


def aggregate(scored: Sequence[Any]) -> dict[str, float | None]:
    """Return precision of refusals, AST accuracy by language (mean over forms) and the gap between languages."""
    by_language: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    refused = right = 0
    for row in scored:
        meta = meta_of(row.row)
        for scores, prediction in zip(row.scores, row.predictions, strict=True):
            if scores.get("ast") is None:
                continue
            by_language[meta["language"]][row.form].append(scores["ast"])
            is_irrelevant = "refuse" in meta
            if (is_irrelevant or "possible" in meta) and not calls_in(prediction):
                refused, right = refused + 1, right + is_irrelevant
    means = {
        language: sum(sum(values) / len(values) for values in forms.values()) / len(forms)
        for language, forms in by_language.items()
    }
    return {
        "irrelevance_precision": right / refused if refused else None,
        "language_gap": max(means.values()) - min(means.values()) if len(means) > 1 else None,
        **{f"ast_{language}": means.get(language) for language in LANGUAGES},
    }


@lru_cache(maxsize=20_000)
def _parsed(prediction: str) -> tuple[str, ...]:
    """Return the JSON of each tool call in an answer; () where one of them is broken or there are too many."""
    found, position = [], prediction.find(OPENED)
    while position >= 0:
        start = position + len(OPENED)
        end = prediction.find(CLOSED, start)
        text = prediction[start : end if end >= 0 else None].strip()
        if end < 0 or not _is_call(text) or len(found) >= MOST_CALLS:
            return ()
        found.append(text)
        position = prediction.find(OPENED, end)
    return tuple(found)


def calls_in(prediction: str) -> list[bfcl.Call]:
    """Return the calls of an answer, [] where it makes none or one cannot be read."""
    if not isinstance(prediction, str) or len(prediction) > LONGEST:
        return []
    values = [json.loads(text) for text in _parsed(prediction)]
    return [(value["name"], _arguments(value)) for value in values]


def _arguments(value: dict[str, Any]) -> dict[str, Any]:
    """Return a call's arguments: an object, or one written as a JSON string."""
    arguments = value.get("arguments", {})
    return json.loads(arguments) if isinstance(arguments, str) else arguments


def _is_call(text: str) -> bool:
    """Return whether a text is the JSON of a call: a name and an object of arguments, its numbers of usual length."""
    if re.search(rf"\d{{{MOST_DIGITS}}}", text):
        return False
    try:
        value = json.loads(text, parse_constant=_refuse)
        is_named = isinstance(value, dict) and isinstance(value.get("name"), str)
        return is_named and isinstance(_arguments(value), dict)
    except (ValueError, RecursionError):
        return False


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity, which JSON does not know."""
    raise ValueError(constant)


def _validate(calls: list[bfcl.Call], tools: list[dict[str, Any]]) -> bool:
    """Return whether all calls are of offered tools and validate against their schemas."""
    functions = {tool["function"]["name"]: tool["function"] for tool in tools}
    return all(name in functions and _validator(_schema(functions[name])).is_valid(given) for name, given in calls)


def _schema(function: dict[str, Any]) -> str:
    """Return a function's parameters as JSON, closed to unknown ones."""
    return json.dumps(function.get("parameters", {}) | {"additionalProperties": False})


@lru_cache(maxsize=2000)
def _validator(schema: str) -> Draft202012Validator:
    """Return the validator of a schema."""
    return Draft202012Validator(json.loads(schema))


def _runs_alike(calls: list[bfcl.Call], meta: dict[str, Any]) -> float:
    """Return 1 where calls give the results and the state of the right ones, in any order."""
    try:
        results, state = executed(calls, meta["now"])
    except (ToolError, RecursionError):
        return 0.0
    expected, right = executed([(name, arguments) for name, arguments in meta["calls"]], meta["now"])
    return float(sorted(results) == sorted(expected) and state == right)


def is_prose(prediction: str) -> bool:
    """Return whether an answer is a sentence: not empty, without a tool call, whole or broken."""
    return isinstance(prediction, str) and any(map(str.isalnum, prediction)) and OPENED not in prediction


def asks_for(prediction: str, word: str) -> bool:
    """Return whether an answer is one question that names what is missing, and nothing more."""
    if not is_prose(prediction) or len(prediction) > 200:
        return False
    ends = prediction.rstrip().endswith(QUESTION_MARKS)
    one = sum(prediction.count(mark) for mark in QUESTION_MARKS) <= 2
    return ends and one and word in prediction.lower() and not any(name in prediction for name in FUNCTIONS)


def says_result(prediction: str, meta: dict[str, Any]) -> bool:
    """Return whether an answer holds the result, as the language or the tool writes it, and no other number."""
    if not is_prose(prediction):
        return False
    result, language = meta["result"], meta["language"]
    forms = {result, *(written(result, language, grouped) for grouped in (True, False))}
    numbers = re.findall(r"-?\d[\d.,\u00a0\u202f ]*\d|-?\d", prediction)
    return bool(numbers) and all(number in forms for number in numbers)
