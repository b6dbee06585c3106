"""The rejected side of a preference pair: one fault in an answer that is otherwise right.

Calls: another function, a value that nobody said, a value left as the user's language has it (untranslated), a value
misread (decimal comma, half hours, day and month, a digit), a call too few, a refusal, a needless question. Sentences:
a call although no tool fits (the nearest tool, with the request's values), an invented value instead of the question,
the question for another value, another language. Each fault is wrong for certain: the checker calls it wrong before it
becomes a pair.

Not covered: broken JSON; the chosen side is always the builder's answer.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from . import bfcl, requests, wordings
from .kinds import Value
from .numerals import LANGUAGES, data
from .problems import Call, Problem, Turn, call_turn, possible_answers
from .registry import Function


@dataclass(frozen=True)
class Rejected:
    """A faulty answer, and its fault."""

    turn: Turn
    fault: str


def rejected(rng: random.Random, problem: Problem) -> Rejected | None:
    """Return a wrong answer and its fault, the first of a random order that the problem allows; None without any."""
    faults = OF_CALLS if problem.calls else OF_TEXTS[kind_of(problem)]
    order = rng.sample(list(faults), len(faults))
    if rng.random() < 0.8:  # what every problem allows comes last: the rarer faults would drown in it
        order.sort(key=EASY.__contains__)
    for fault in order:
        turn = faults[fault](rng, problem)
        if turn is not None and turn != problem.answer and not _is_right(turn, problem):
            return Rejected(turn, fault)
    return None


def kind_of(problem: Problem) -> str:
    """Return a problem's form, without "small-"."""
    return problem.form.removeprefix("small-")


def _is_right(turn: Turn, problem: Problem) -> bool:
    """Return whether an answer would count as right after all."""
    if not problem.calls:
        return turn["content"] == problem.text
    calls = [
        (call["function"]["name"], json.loads(call["function"]["arguments"])) for call in turn.get("tool_calls", [])
    ]
    return bfcl.is_right(calls, possible_answers(problem), [tool.schema for tool in problem.tools])


def _replaced(problem: Problem, number: int, call: Call) -> Turn:
    """Return the answer with another call at one position."""
    return call_turn([*problem.calls[:number], call, *problem.calls[number + 1 :]])


def _other_function(rng: random.Random, problem: Problem) -> Turn | None:
    """Another of the offered functions, with values of the request where parameters have the same name."""
    number = rng.randrange(len(problem.calls))
    name, arguments = problem.calls[number]
    others = [tool for tool in problem.tools if tool.name != name]
    if not others:
        return None
    other = rng.choice(others)
    drawn = requests.draw_values(rng, other, problem.draw.language, problem.draw.now)
    given = {key: arguments.get(key, drawn[key].argument) for key, p in other.parameters.items() if p.required}
    return _replaced(problem, number, (other.name, given))


def _invented_argument(rng: random.Random, problem: Problem) -> Turn | None:
    """A value for a parameter that the request leaves out."""
    candidates = [(i, key) for i, optional in enumerate(problem.optional) for key in optional]
    if not candidates:
        return None
    number, key = rng.choice(candidates)
    name, arguments = problem.calls[number]
    function = next(tool for tool in problem.tools if tool.name == name)
    value = function.parameters[key].kind.draw(rng, problem.draw.language, problem.draw.now)
    return _replaced(problem, number, (name, arguments | {key: value.argument}))


def _untranslated(rng: random.Random, problem: Problem) -> Turn | None:
    """A city or a value of a closed list in the words of the request."""
    name, arguments = problem.calls[0]
    keys = [
        key
        for key, value in problem.request_values.items()
        if isinstance(value.argument, str) and key in arguments and _is_translated(problem, name, key)
    ]
    if not keys or len(problem.calls) > 1:
        return None
    key = rng.choice(keys)
    return call_turn([(name, arguments | {key: problem.request_values[key].bare})])


def _is_translated(problem: Problem, name: str, key: str) -> bool:
    """Return whether a parameter's values are the same in all languages: closed lists and cities."""
    schema = next(tool for tool in problem.tools if tool.name == name).parameters[key].kind.schema
    return "enum" in schema or schema.get("description") == "English name"


def _misread(rng: random.Random, problem: Problem) -> Turn | None:
    """A number, a date, a time or a code read wrong."""
    number = rng.randrange(len(problem.calls))
    name, arguments = problem.calls[number]
    wrong = {key: value for key in arguments if (value := _wrong(rng, arguments[key])) is not None}
    if not wrong:
        return None
    key = rng.choice(list(wrong))
    return _replaced(problem, number, (name, arguments | {key: wrong[key]}))


def _wrong(rng: random.Random, value: Any) -> Any:
    """Return a value as a hasty reader takes it; None for a kind that is not misread so."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(str(value).replace(".", ""))  # 3,5 read as 35
    if isinstance(value, int):
        return value / 1000 if value >= 1000 else rng.choice((value * 10, value + 10, value + 1))  # 1.250 read as 1.25
    if isinstance(value, list):
        return value[:-1] if len(value) > 1 else None
    match = re.fullmatch(r"(.*T)?(\d\d):(\d\d)", str(value))
    if match:
        hour = int(match[2])
        wrong = (hour + 1) % 24 if match[3] != "00" or hour < 12 else hour - 12  # "halb drei" read as half past three
        return f"{match[1] or ''}{wrong:02}:{match[3]}"
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", str(value))
    if match:
        swapped = match[3] if int(match[3]) <= 12 else f"{int(match[2]) % 12 + 1:02}"
        return f"{match[1]}-{swapped}-{match[2] if int(match[3]) <= 12 else match[3]}"
    return None


def _call_too_few(rng: random.Random, problem: Problem) -> Turn | None:
    """One of several calls is left out."""
    if len(problem.calls) < 2:
        return None
    left_out = rng.randrange(len(problem.calls))
    return call_turn([call for i, call in enumerate(problem.calls) if i != left_out])


def _refused(rng: random.Random, problem: Problem) -> Turn:
    """A refusal although a tool serves."""
    return {"role": "assistant", "content": wordings.refusal(rng, problem.draw.language)}


def _asked(rng: random.Random, problem: Problem) -> Turn | None:
    """A question for a value that the request states."""
    name, arguments = problem.calls[0]
    function = next(tool for tool in problem.tools if tool.name == name)
    kinds = [function.parameters[key].kind for key in arguments]
    asks = [kind.asks for kind in kinds if kind.asks]
    if not asks:
        return None
    return {"role": "assistant", "content": wordings.question(rng.choice(asks), problem.draw.language)[0]}


def _called(rng: random.Random, problem: Problem) -> Turn:
    """A call of the offered function that is nearest to the one asked for, with the request's values where it has them.

    Values that the request does not state are invented.
    """
    wanted = {word for name in problem.called for word in name.split("_")}
    function = max(problem.tools, key=lambda tool: len(wanted & set(tool.name.split("_"))))
    drawn = requests.draw_values(rng, function, problem.draw.language, problem.draw.now)
    required = {key: drawn[key] for key, parameter in function.parameters.items() if parameter.required}
    given = required | {key: value for key, value in problem.request_values.items() if _takes(function, key, value)}
    return call_turn([(function.name, {key: given[key].argument for key in function.parameters if key in given})])


def _takes(function: Function, key: str, value: Value) -> bool:
    """Return whether a function has a parameter of that name and of the value's type."""
    parameter = function.parameters.get(key)
    return parameter is not None and Draft202012Validator(parameter.kind.schema).is_valid(value.argument)


def _other_question(rng: random.Random, problem: Problem) -> Turn | None:
    """A question for another value than the missing one; None where it asks for that as well."""
    language, texts = problem.draw.language, data("questions")
    others = [asks for asks, written in texts.items() if _asks(written[language]) != problem.text]
    question = wordings.question(rng.choice(others), language)[0]
    asks_too = problem.meta["asks"].casefold() in question.casefold()
    return None if asks_too else {"role": "assistant", "content": question}


def _in_another_language(rng: random.Random, problem: Problem) -> Turn | None:
    """The sentence in another language."""
    language, replies = problem.draw.language, data("replies")
    other = rng.choice([name for name in LANGUAGES if name != language])
    if kind_of(problem) == "missing":
        asks = next(key for key, texts in data("questions").items() if _asks(texts[language]) == problem.text)
        return {"role": "assistant", "content": wordings.question(asks, other)[0]}
    if kind_of(problem) == "irrelevance":
        number = replies["refusals"][language].index(problem.text)
        return {"role": "assistant", "content": replies["refusals"][other][number]}
    if problem.form == "chat":
        number = [line.split(" | ")[1] for line in replies["small_talk"][language]].index(problem.text)
        return {"role": "assistant", "content": replies["small_talk"][other][number].split(" | ")[1]}
    return None


def _asks(marked: str) -> str:
    """Return a question without its mark."""
    return wordings.MARKED.sub(r"\1", marked)


def _wrong_result(rng: random.Random, problem: Problem) -> Turn:
    """A result with two digits exchanged, or one more."""
    digits = [i for i, c in enumerate(problem.text) if c.isdigit()]
    i = rng.choice(digits)
    wrong = str((int(problem.text[i]) + rng.randint(1, 8)) % 10)
    return {"role": "assistant", "content": problem.text[:i] + wrong + problem.text[i + 1 :]}


EASY = ("refused", "asked")
Fault = Callable[[random.Random, Problem], Turn | None]
OF_CALLS: dict[str, Fault] = {
    "other-function": _other_function, "invented-argument": _invented_argument, "untranslated": _untranslated,
    "misread": _misread, "call-too-few": _call_too_few, "refused": _refused, "asked": _asked,
}  # fmt: skip
OF_TEXTS: dict[str, dict[str, Fault]] = {
    "irrelevance": {"called": _called, "language": _in_another_language},
    "missing": {"called": _called, "other-question": _other_question, "language": _in_another_language},
    "chat": {"called": _called, "language": _in_another_language},
    "respond": {"wrong-result": _wrong_result, "called": _called},
}
