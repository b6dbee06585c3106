"""The forms of several turns: a second step, a question answered, a tool's error, a result said, small talk."""

import json
from decimal import Decimal

from . import requests, wordings
from .catalogue import REFUSABLE
from .numerals import data, written
from .problems import Draw, Mismatch, Problem, call_turn, of_request, stated, with_others, without_a_value
from .registry import FUNCTIONS, executed
from .requests import Request

# Functions that give an amount to spend, and all that give a number.
PRICES = ("convert_currency", "split_bill", "discounted_price", "add_tip")
NUMERIC = (
    "convert_length", "convert_weight", "convert_temperature", "convert_volume", "convert_speed", "convert_area",
    "convert_duration", "convert_data_size", "sum_numbers", "multiply_numbers", "mean_of_numbers", "square_root",
    "percentage_of", "convert_currency", "loan_payment", "split_bill", "compound_interest", "discounted_price",
    "add_tip", "raise_to_power", "greatest_common_divisor",
)  # fmt: skip


def sequential(draw: Draw) -> Problem:
    """Two steps: the second takes the first one's result. The first call has been made."""
    sentences, available = requests.sentences(), {function.name for function in draw.functions()}
    spending = [name for name in PRICES if name in available]
    names = [
        name for name in available if "then" in sentences[name] and (spending or FUNCTIONS[name].domain == "maths")
    ]
    second = draw.function(*sorted(names))
    firsts = NUMERIC if second.domain == "maths" else spending
    first = stated(draw, draw.function(*(name for name in firsts if name != second.name)))
    results, _ = executed([(first.function.name, first.arguments)], draw.now.isoformat())
    number = json.loads(results[0])
    if not isinstance(number, int | float) or number <= 0:
        raise Mismatch(f"{first.function.name} gives no number to go on with")
    values = requests.draw_values(draw.rng, second, draw.language, draw.now)
    slot = next(name for name in ("value", "amount", "price") if name in values)
    step = requests.fill(sentences[second.name]["then"][draw.language], values, draw.language)
    arguments = {name: number if name == slot else values[name].argument for name in second.parameters}
    before = [call_turn([(first.function.name, first.arguments)]), {"role": "tool", "content": results[0]}]
    tools = with_others(draw, [first.function, second], draw.rng.choice((2, 3)))
    return Problem("sequential", draw, f"{first.text} {step}", tools, [(second.name, arguments)], before=before,
                   called=[first.function.name, second.name], request_values=values)  # fmt: skip


def answered(draw: Draw) -> Problem:
    """The missing value has been asked for and given: the answer calls."""
    request, name, asks = without_a_value(draw)
    value = request.function.parameters[name].kind.draw(draw.rng, draw.language, draw.now)
    while value.argument in request.arguments.values():
        value = request.function.parameters[name].kind.draw(draw.rng, draw.language, draw.now)
    text, _ = wordings.question(asks, draw.language)
    reply = {"role": "user", "content": requests.capitalised(value.bare, draw.language) + "."}
    whole = Request(request.function, draw.language, request.text, request.values | {name: value})
    before = [{"role": "assistant", "content": text}, reply]
    tools = with_others(draw, [request.function], draw.rng.choice((1, 1, 2)))
    return of_request("answered", draw, whole, tools, before=before)


def repair(draw: Draw) -> Problem:
    """The tool refused a value and named another, which the user takes: the answer calls with that."""
    function = draw.function(*REFUSABLE)
    name = REFUSABLE[function.name]
    request = draw.request(function, frozenset(n for n, p in function.parameters.items() if not p.required))
    other = function.parameters[name].kind.draw(draw.rng, draw.language, draw.now)
    while other.argument == request.values[name].argument:
        other = function.parameters[name].kind.draw(draw.rng, draw.language, draw.now)
    error = {"error": f"{name} {request.arguments[name]} is not available", "available": other.argument}
    replies = data("replies")
    said = replies["unavailable"][draw.language].format(other=other.bare)
    before = [
        call_turn([(function.name, request.arguments)]),
        {"role": "tool", "content": json.dumps(error, ensure_ascii=False)},
        {"role": "assistant", "content": said},
        {"role": "user", "content": draw.rng.choice(replies["agreement"][draw.language])},
    ]
    mended = Request(function, draw.language, request.text, request.values | {name: other})
    return of_request("repair", draw, mended, with_others(draw, [function], draw.rng.choice((1, 2))), before=before)


def respond(draw: Draw) -> Problem:
    """The call has been made: the answer says its result, as the language writes numbers."""
    request = stated(draw, draw.function(*NUMERIC))
    results, _ = executed([(request.function.name, request.arguments)], draw.now.isoformat())
    number = json.loads(results[0], parse_float=str)
    if not Decimal(str(number)):
        raise Mismatch(f"{request.function.name} gives 0, rounded")
    result = written(Decimal(str(number)), draw.language)
    text = draw.rng.choice(data("replies")["result"][draw.language]).format(result=result)
    before = [call_turn([(request.function.name, request.arguments)]), {"role": "tool", "content": results[0]}]
    return Problem("respond", draw, request.text, [request.function], text=text, before=before,
                   called=[request.function.name], meta={"result": str(number)})  # fmt: skip


def chat(draw: Draw) -> Problem:
    """A remark that asks for nothing."""
    remark, answer, key = wordings.small_talk(draw.rng, draw.language, draw.split)
    tools = draw.rng.sample(draw.offered(), draw.rng.choice((1, 1, 2)))
    return Problem("chat", draw, remark, tools, text=answer, keys=(key,))
