"""What a task is made of: the draw, the problem, its calls as a turn, the answers that are right, the second route.

`check(problem)` runs the calls and validates their arguments by jsonschema; what fails raises Mismatch. Calls are in
the order of the request; what else would be as right (a default said aloud, a list in another order) is in
`possible_answers`, as the Berkeley leaderboard lists it.
"""

import itertools
import json
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gretchen.projects.rows import turn_text
from gretchen.projects.splits import Split

from . import devices, requests
from .catalogue import callable_in, key_of, offered
from .kinds import Value
from .registry import Function, ToolError, executed
from .requests import Request

Call = tuple[str, dict[str, Any]]
Turn = dict[str, Any]


class Mismatch(Exception):
    """The calls of a problem fail when they are run, or do not validate."""


@dataclass(frozen=True)
class Draw:
    """What a problem is drawn from."""

    rng: random.Random
    language: str
    split: Split
    now: datetime
    hard: bool = False
    small: bool = False  # functions of the small catalogue, no system message

    def function(self, *names: str) -> Function:
        """Return one of the split's functions, of those named where names are given."""
        return self.rng.choice([f for f in self.functions() if not names or f.name in names])

    def functions(self) -> list[Function]:
        """Return the functions that the split's rows may call."""
        return list(callable_in(self.split, self.small))

    def offered(self) -> list[Function]:
        """Return the functions that the split's rows may offer."""
        return list(offered(self.split, self.small))

    def others(self, functions: list[Function], count: int) -> list[Function]:
        """Return `count` functions that serve no request for the given ones; small ones are close every other time."""
        others = [f for f in self.offered() if f not in functions and not any(overlap(f, g) for g in functions)]
        if self.small and self.rng.random() < 0.5:
            others = [f for f in others if any(devices.is_close(f, g) for g in functions)]
        return self.rng.sample(others, count)

    def request(self, function: Function, omitted: frozenset[str] = frozenset()) -> Request:
        """Return a request for a function."""
        return requests.write(self.rng, function, self.language, self.now, omitted)


@dataclass(frozen=True)
class Problem:
    """Turns with a frame still around the request, the tools, and the right answer: calls, or a text."""

    form: str
    draw: Draw
    request: str
    tools: list[Function]
    calls: list[Call] = field(default_factory=list)
    text: str = ""
    before: list[Turn] = field(default_factory=list)  # turns behind the request, in front of the answer
    called: list[str] = field(default_factory=list)  # functions that the problem is about: its groups
    optional: list[dict[str, Any]] = field(
        default_factory=list
    )  # of each call: defaults of what the request leaves out
    meta: dict[str, Any] = field(default_factory=dict)
    request_values: dict[str, Value] = field(default_factory=dict)
    keys: tuple[str, ...] = ()

    @property
    def answer(self) -> Turn:
        """The assistant's turn that answers."""
        return {"role": "assistant", "content": self.text} if not self.calls else call_turn(self.calls)

    @property
    def groups(self) -> list[str]:
        """The group keys of the functions."""
        return [*self.keys, *dict.fromkeys(map(key_of, self.called))]


def call_turn(calls: list[Call]) -> Turn:
    """Return an assistant's turn of calls, in the format of OpenAI's API; arguments are JSON, as they are there."""
    functions = [{"name": name, "arguments": json.dumps(given, ensure_ascii=False)} for name, given in calls]
    return {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": f} for f in functions]}


def possible_answers(problem: Problem) -> list[dict[str, dict[str, list[Any]]]]:
    """Return {function: {parameter: values that are right}} of each call; "" says that it may be left out."""
    left_out = problem.optional or [{} for _ in problem.calls]
    return [
        {
            name: {key: _orders(value) for key, value in arguments.items()}
            | {key: [*([default] if default is not None else []), ""] for key, default in optional.items()}
        }
        for (name, arguments), optional in zip(problem.calls, left_out, strict=True)
    ]


def _orders(value: Any) -> list[Any]:
    """Return a value as a list of right ones: a list of up to four entries in every order, an object's right values."""
    if isinstance(value, dict):
        return [{key: _orders(entry) for key, entry in value.items()}]
    return [list(order) for order in itertools.permutations(value)] if isinstance(value, list) else [value]


def with_others(draw: Draw, wanted: list[Function], count: int) -> list[Function]:
    """Return the wanted functions among others that cannot serve the request, `count` in all, in random order."""
    tools = [*wanted, *draw.others(wanted, max(0, count - len(wanted)))]
    draw.rng.shuffle(tools)
    return tools


def overlap(one: Function, other: Function) -> bool:
    """Return whether a request for one function could be served by the other."""
    return devices.overlap(one.name, other.name) or {one.name, other.name} in (
        {"set_timer", "set_sleep_timer"}, {"set_reminder", "set_medication_reminder"}, {"set_alarm", "set_reminder"},
        {"flight_status", "search_flights"}, {"track_delivery", "track_order"}, {"create_event", "add_weekly_event"},
        {"create_event", "set_reminder"}, {"send_message", "schedule_message"}, {"days_until", "add_days"},
        {"percentage_of", "discounted_price"}, {"current_weather", "weather_forecast"}, {"create_event", "book_doctor"},
    )  # fmt: skip


def stated(draw: Draw, function: Function) -> Request:
    """Return a request that states what is required, and half of what may be left out."""
    free = [name for name in requests.droppable(function, draw.language) if not function.parameters[name].required]
    return draw.request(function, frozenset(name for name in free if draw.rng.random() < 0.5))


def left_out(request: Request) -> dict[str, Any]:
    """Return {parameter: default} of what a request leaves out."""
    parameters = request.function.parameters
    return {n: p.default for n, p in parameters.items() if not p.required and n not in request.values}


def of_request(form: str, draw: Draw, request: Request, tools: list[Function], **more: Any) -> Problem:
    """Return the problem of one request and one call."""
    name = request.function.name
    return Problem(form, draw, request.text, tools, [(name, request.arguments)], called=[name],
                   optional=[left_out(request)], request_values=request.values, **more)  # fmt: skip


def without_a_value(draw: Draw) -> tuple[Request, str, str]:
    """Return a request without a required value, the value's parameter, and the question for it."""
    candidates = [
        (function, name)
        for function in draw.functions()
        for name in requests.droppable(function, draw.language)
        if function.parameters[name].required and function.parameters[name].kind.asks
    ]
    function, name = draw.rng.choice(candidates)
    free = {n for n, p in function.parameters.items() if not p.required}
    return draw.request(function, frozenset({name} | free)), name, function.parameters[name].kind.asks


def check(problem: Problem) -> None:
    """Run a problem's calls, and validate them against the offered tools; raises Mismatch where that fails."""
    names = [tool.name for tool in problem.tools]
    if len(set(names)) != len(names) or any(name not in names for name, _ in problem.calls):
        raise Mismatch("a called function is not offered")
    try:
        executed(problem.calls, problem.draw.now.isoformat())
    except ToolError as failure:
        raise Mismatch(str(failure)) from failure
    if problem.calls and turn_text(problem.answer).count("<tool_call>") != len(problem.calls):
        raise Mismatch("the rendered answer has another number of calls")
