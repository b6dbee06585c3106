"""A tutor's moves on a word problem: how it was calculated, the step that went wrong, a simpler case, the recap.

plan = math_plan(problem, mistake, "sub-problem", "en", rng)        -> moves from that form on
"""

import random
import re
from collections.abc import Mapping
from fractions import Fraction

from .arithmetic import Mistake, Problem, Step, evaluate, numeric, shown
from .moves import Move, Secret, questions_of, varied, wording_file

FORMS = ("trace", "sub-problem", "unit", "counterexample", "tell-me", "why", "recap", "off-topic")
NAMES = ("Ada", "Ben", "Carla", "Deniz", "Emil", "Fatma", "Greta", "Hugo", "Ines", "Jan", "Klara", "Levi")
LONGEST_PLAN = 3
FITTING = {"unit": {"unit"}, "counterexample": {"order", "operation", "percent"}}  # mistakes by form; else all of them
SIGNS = {"en": {"*": "×", "/": "÷"}, "de": {"*": "·", "/": ":"}}


def math_plan(
    problem: Problem, mistake: Mistake, form: str, language: str, rng: random.Random, is_plain: bool = False
) -> tuple[dict[str, str], list[Move]] | None:
    """Return (what fills the student's wordings, the moves from a form on); None where the form does not fit.

    With `is_plain` each move has the first of its questions alone.
    """
    story, first = problem.story, mistake.steps[0]
    if form in FITTING and not FITTING[form] & set(mistake.kinds):
        return None
    slots = _slots(problem, mistake, language, rng)
    if not slots["work"]:
        return None
    number = {"off-topic": 0, "why": rng.randrange(len(story.steps) - 1)}.get(form, first)
    order = None if is_plain else rng
    moves = [_move(problem, mistake, form, number, language, slots, order)]
    if form in ("why", "recap"):
        return slots, moves
    following = number + 1 if form in ("sub-problem", "tell-me", "off-topic") else first
    for i in range(following, len(story.steps)):
        if len(moves) < LONGEST_PLAN:
            moves.append(_move(problem, mistake, "sub-problem", i, language, slots, order))
    return slots, moves


def _slots(problem: Problem, mistake: Mistake, language: str, rng: random.Random) -> dict[str, str]:
    """Return what fills the wordings' slots, whatever the step."""
    story, entry = problem.story, problem.story.entry
    name, other = rng.sample(NAMES, 2)
    people = {"name": name, "other": other}
    last = story.steps[-1]
    given = {key: str(number) for key, number in problem.given.items()}
    slots = people | given | {
        "wrong": shown(mistake.answer), "answer": shown(problem.answer),
        "work": _work(problem, mistake, language), "right_work": _way(problem, language),
        "last": last.clause[language].format(**people), "last_keys": last.keys[language][-1],
        "try": entry["try"][language].format(**people), "unit": "", "unit_keys": "",
    }  # fmt: skip
    slots["try_keys"] = "|".join(word for word in re.findall(r"\w+", slots["try"].lower()) if len(word) > 4)
    if unit := entry.get("unit"):
        slots |= {"unit": unit[language], "unit_keys": unit["keys"][language][0]}
    return slots | {"story": f"{entry[language].format(**given, **people)} {entry['ask'][language]}"}


def _work(problem: Problem, mistake: Mistake, language: str) -> str:
    """Return the student's calculation at the step that went wrong, and those after it."""
    values = dict(problem.values)
    parts = []
    for i, step in enumerate(problem.story.steps):
        expression = mistake.expressions.get(step.name, step.expression)
        before = dict(values)
        values[step.name] = evaluate(expression, values)
        if i >= mistake.steps[0] and re.search("[*+/-]", expression):
            parts.append(equation(expression, before, values[step.name], language))
    return ", ".join(parts)


def _way(problem: Problem, language: str) -> str:
    """Return the right calculation, all steps."""
    return ", ".join(
        equation(step.expression, problem.values, problem.values[step.name], language) for step in problem.story.steps
    )


def equation(expression: str, values: Mapping[str, Fraction], result: Fraction, language: str) -> str:
    """Return `3 × 12 = 36`, in German `3 · 12 = 36`."""
    text = numeric(expression, values)
    return f"{''.join(SIGNS[language].get(sign, sign) for sign in text)} = {shown(result)}"


def _move(
    problem: Problem,
    mistake: Mistake,
    form: str,
    number: int,
    language: str,
    slots: dict[str, str],
    rng: random.Random | None,
) -> Move:
    """Return one move at a step."""
    step = problem.story.steps[number]
    slots = slots | {"clause": step.clause[language].format(**slots)}
    asked = "sub-problem" if form == "tell-me" else form
    is_last = asked == "sub-problem" and number == mistake.steps[0] == len(problem.story.steps) - 1
    questions, anchors = questions_of("math", asked, "last" if is_last else "", language, slots)
    anchors = [
        part for anchor in anchors for part in (_keys(step, slots, language) if anchor == "{keys}" else [anchor])
    ]
    questions = varied(rng, questions, form, language)
    replies = wording_file("student")["math"]["replies"]
    worked = equation(step.expression, problem.values, problem.values[step.name], language)
    reply = replies["step" if form in ("sub-problem", "tell-me", "off-topic") else form][language]
    secret = Secret() if form in ("why", "recap") else _secret(problem, step, number)
    return Move(form, tuple(questions), tuple(anchors), secret, reply.format(**slots | {"sum": worked}))


def _keys(step: Step, slots: dict[str, str], language: str) -> list[str]:
    """Return the anchors of a step."""
    return [key.format(**slots) for key in step.keys[language]]


def _secret(problem: Problem, step: Step, number: int) -> Secret:
    """Return what a move must keep: the values from its step on, and its calculation."""
    later = tuple(shown(problem.values[following.name]) for following in problem.story.steps[number:])
    operands = tuple(re.findall(r"\d+", numeric(step.expression, problem.values)))
    return Secret(values=later, operands=operands if len(operands) > 1 else ())
