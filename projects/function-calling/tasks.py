"""The forms of one turn: tools and a request, and the calls or the sentence that is right.

    FORMS[form](draw) -> Problem

The forms of several turns are in dialogues.py, what all are made of in problems.py.

Not covered: several users, tools that return tools.
"""

import json
from collections.abc import Callable
from difflib import SequenceMatcher

from . import dialogues, wordings
from .catalogue import ONCE
from .numerals import data
from .problems import Draw, Mismatch, Problem, left_out, of_request, overlap, stated, with_others, without_a_value
from .registry import Function
from .requests import Request

NOT_IN_TRAINING = ("es", "tr")  # languages in which no training row has parallel calls


def simple(draw: Draw) -> Problem:
    """One tool, one call."""
    function = draw.function()
    return of_request("simple", draw, stated(draw, function), [function])


def multiple(draw: Draw) -> Problem:
    """Two to eight tools, one of which serves."""
    function = draw.function()
    tools = with_others(draw, [function], draw.rng.choice((2,) if draw.small else (2, 2, 2, 2, 3, 3, 3, 4, 5, 8)))
    return of_request("multiple", draw, stated(draw, function), tools)


def alike(draw: Draw) -> Problem:
    """Two or three tools of like names."""
    function = draw.function()
    names = [f for f in draw.offered() if f is not function and not overlap(f, function)]
    names.sort(key=lambda f: -SequenceMatcher(None, f.name, function.name).ratio())
    tools = [function, *names[: draw.rng.choice((1, 2))]]
    draw.rng.shuffle(tools)
    return of_request("alike", draw, stated(draw, function), tools)


def parallel(draw: Draw) -> Problem:
    """One tool, two or three calls of it, each on another thing."""
    function = draw.function(*(f.name for f in draw.functions() if f.name not in ONCE))
    free = frozenset(name for name, parameter in function.parameters.items() if not parameter.required)
    omitted = free if len(free) < len(function.parameters) else frozenset()
    written = [draw.request(function, omitted) for _ in range(draw.rng.choice((2, 2, 3)))]
    asked = {str(next(iter(request.arguments.values()))): request for request in written}
    return _together("parallel", draw, list(asked.values()), [function])


def parallel_multiple(draw: Draw) -> Problem:
    """Two to four tools, a call of two or three of them; small: two tools, a call of each."""
    functions: list[Function] = []
    while len(functions) < (2 if draw.small else draw.rng.choice((2, 2, 3))):
        function = draw.function()
        if function not in functions and not any(overlap(function, f) for f in functions):
            functions.append(function)
    tools = with_others(draw, functions, len(functions) + (0 if draw.small else draw.rng.choice((0, 1))))
    asked = [draw.request(f, frozenset(n for n, p in f.parameters.items() if not p.required)) for f in functions]
    return _together("parallel-multiple", draw, asked, tools)


def _together(form: str, draw: Draw, asked: list[Request], tools: list[Function]) -> Problem:
    """Return the problem of several requests in one message."""
    if len({json.dumps(r.arguments) + r.function.name for r in asked}) < 2:
        raise Mismatch("two requests are the same")
    text = data("replies")["also"][draw.language].join(request.text for request in asked)
    calls = [(request.function.name, request.arguments) for request in asked]
    optional = [left_out(request) for request in asked]
    return Problem(form, draw, text, tools, calls, called=[name for name, _ in calls], optional=optional)


def irrelevance(draw: Draw) -> Problem:
    """Tools of other domains than the request's, or on other devices or to do other things with it: none serves."""
    function = draw.function()
    if draw.small:
        tools = draw.others([function], draw.rng.choice((1, 2)))
    else:
        others = [f for f in draw.offered() if f.domain != function.domain and not overlap(f, function)]
        tools = draw.rng.sample(others, draw.rng.choice((1, 1, 2, 2, 3)))
    text, request = wordings.refusal(draw.rng, draw.language, first=draw.small), stated(draw, function)
    return Problem("irrelevance", draw, request.text, tools, text=text, called=[function.name],
                   meta={"refuse": True}, request_values=request.values)  # fmt: skip


def missing(draw: Draw) -> Problem:
    """A required value is missing: the answer asks for it."""
    request, name, asks = without_a_value(draw)
    text, word = wordings.question(asks, draw.language)
    tools = with_others(draw, [request.function], draw.rng.choice((1, 1, 2)))
    return Problem("missing", draw, request.text, tools, text=text, called=[request.function.name],
                   meta={"asks": word, "missing": name}, request_values=request.values)  # fmt: skip


def defaults(draw: Draw) -> Problem:
    """What may be left out is left out: the call leaves it out, or states the default."""
    names = [f.name for f in draw.functions() if any(not p.required for p in f.parameters.values())]
    function = draw.function(*names)
    omitted = frozenset(name for name, parameter in function.parameters.items() if not parameter.required)
    tools = with_others(draw, [function], draw.rng.choice((1, 2)))
    return of_request("defaults", draw, draw.request(function, omitted), tools)


def structured(draw: Draw) -> Problem:
    """A list, an object, a flag or several values of closed lists."""
    names = [f.name for f in draw.functions() if _is_structured(f)]
    function = draw.function(*names)
    return of_request(
        "structured", draw, draw.request(function), with_others(draw, [function], draw.rng.choice((1, 2)))
    )


def _is_structured(function: Function) -> bool:
    """Return whether a function takes a list, an object or a flag, or two values of closed lists."""
    schemas = [parameter.kind.schema for parameter in function.parameters.values()]
    enums = sum("enum" in schema for schema in schemas)
    return enums > 1 or any(schema["type"] in ("array", "object", "boolean") for schema in schemas)


FORMS: dict[str, Callable[[Draw], Problem]] = {
    "simple": simple, "multiple": multiple, "parallel": parallel, "irrelevance": irrelevance, "missing": missing,
    "defaults": defaults, "structured": structured, "alike": alike, "parallel-multiple": parallel_multiple,
    "sequential": dialogues.sequential, "answered": dialogues.answered, "repair": dialogues.repair,
    "respond": dialogues.respond, "chat": dialogues.chat,
}  # fmt: skip
# The forms that a small model can learn, with the functions of the small catalogue: the documents of the embedded base
# are of these. `small-parallel` calls two tools, since nobody asks for one thing of one device twice.
SMALL = {f"small-{name}": FORMS[name] for name in ("simple", "multiple", "irrelevance", "missing", "defaults",
                                                   "structured")} | {"small-parallel": parallel_multiple}  # fmt: skip
