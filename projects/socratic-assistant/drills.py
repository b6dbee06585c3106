"""Short documents for the embedded base: what a student says of a function that nobody sees, and the tutor's question.

    drill(rng, "trace", "en")   -> ("Why is it wrong? `brel_onto([3, 8], 'scal')` gives 5, right is 7.", "Can you …")

The question copies a call or a variable that is new in each of them. The functions of data/ have 500 calls in all; a
base would learn those by heart.
"""

import random

from .code_moves import code_plan, slots_of
from .moves import ORDINALS, wording_file
from .programs import Bug, Function
from .renaming import made_up_name
from .wordings import ENDINGS

FORMS = (
    "expected",
    "trace",
    "locate",
    "why",
    "off-topic",
)  # of code; a recap names the function, which only code shows


def drill(rng: random.Random, form: str, language: str) -> tuple[str, str]:
    """Return (what the student says, the tutor's question)."""
    bug = _made_up(rng)
    moves, slots = code_plan(bug, form, language, None), slots_of(bug, language)
    assert moves and slots, "a made-up bug has all facts"
    file = wording_file("student")
    endings = ENDINGS.get(form, {}).get(language) or file["code"]["endings"][language]
    statement = rng.choice(file["code"]["statements"][form][language]) + rng.choice(endings)
    return statement.format(**slots, chat=rng.choice(file["chat"][language])), moves[0].questions[0]


def _made_up(rng: random.Random) -> Bug:
    """Return facts of a bug in a function without code."""
    name, variable = made_up_name(rng, True), made_up_name(rng, False)
    call = ", ".join(_literal(rng) for _ in range(rng.choice((1, 1, 2))))
    expected, actual, value, right, last = (_literal(rng) for _ in range(5))
    kind = rng.choice(("variable", "branch", "result", "loop"))
    return Bug(
        Function(name, "", {"en": "", "de": ""}, ()), ("made-up",), "", rng.randint(1, 15), call, expected, actual,
        (call,), (call, right), (call,), kind, variable, rng.randint(1, len(ORDINALS["en"])), right, value,
        is_taken=rng.random() < 0.5, history=(value, last), fixed=f"{made_up_name(rng, False)} = {_literal(rng)}",
    )  # fmt: skip


def _literal(rng: random.Random) -> str:
    """Return a number, a text, a truth value, or a list, as Python writes it."""
    kind = rng.choice(("number", "number", "number", "text", "numbers", "numbers", "texts", "truth"))
    if kind == "number":
        return str(rng.choice((rng.randint(0, 20), rng.randint(-99, 999), rng.randint(1000, 99999))))
    if kind == "truth":
        return rng.choice(("True", "False"))
    if kind == "text":
        return repr(_text(rng))
    made = [rng.randint(-20, 99) if kind == "numbers" else _text(rng) for _ in range(rng.randint(1, 4))]
    return repr(made)


def _text(rng: random.Random) -> str:
    """Return a word, sometimes with a capital."""
    word = made_up_name(rng, False)
    return word.capitalize() if rng.random() < 0.3 else word
