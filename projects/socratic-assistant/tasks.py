"""A row before it is one: a student's first message, perhaps a question and its reply, and the moves that follow.

    task = code_task(rng, "predict", "en", "train", is_hard=False)      -> Task, None where the facts do not fit

Every question of a task was judged by the metric: one that holds a later value by chance, or is not guided for another
reason, is dropped and counted.
"""

import dataclasses
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from . import arithmetic, code_moves, math_moves, programs
from .judging import judge
from .moves import Move, wording_file
from .renaming import made_up_name, renamed, student_name
from .wordings import numbered, pick, system_message

FORMS = tuple(f"code-{form}" for form in code_moves.FORMS) + tuple(f"math-{form}" for form in math_moves.FORMS)
DEEPER = 0.4  # of rows whose form can follow another one: with a question and its reply before
BEFORE = {("math", "sub-problem"): "trace", **{("code", form): before for form, before in code_moves.BEFORE.items()}}
RENAMED = 0.6  # of training rows about code: the function with other names
_DROPPED: Counter[str] = Counter()


@dataclass(frozen=True)
class Task:
    """What the tutor sees, and the moves that follow."""

    form: str
    subject: str
    language: str
    groups: tuple[str, str]
    messages: tuple[dict[str, Any], ...]
    moves: tuple[Move, ...]
    fact: str  # the line that gives everything away, for the faulty side of pairs

    @property
    def prompt_text(self) -> str:
        """All that was said before."""
        return "\n".join(message["content"] for message in self.messages)


def dropped() -> dict[str, int]:
    """Return how many tasks and questions were dropped since the module was loaded, by reason."""
    return dict(_DROPPED)


def draw_task(
    rng: random.Random, form: str, language: str, split: str, is_hard: bool, is_plain: bool = False
) -> Task | None:
    """Return a task of a form, None where what was drawn does not allow it; a plain one asks in the first wording."""
    subject, name = form.split("-", 1)
    before = BEFORE.get((subject, name))
    start = before if before and rng.random() < DEEPER else name
    drawn = (_code if subject == "code" else _math)(rng, start, language, split, is_hard, is_plain)
    if drawn is None:
        _DROPPED[f"{form}, facts do not fit"] += 1
        return None
    key, slots, moves, fact = drawn
    position = next((i for i, move in enumerate(moves) if move.form == name), None)
    if position is None or (start != name and position == 0):
        return None
    wording, wording_key = pick(rng, subject, start, language, split)
    messages = [system_message(language), {"role": "user", "content": wording.format(**slots)}]
    for move in moves[:position]:
        messages.append({"role": "assistant", "content": move.questions[0]})
        messages.append({"role": "user", "content": move.reply})
    task = Task(form, subject, language, (key, wording_key), tuple(messages), tuple(moves[position:]), fact)
    return _judged(task, moves[:position])


def _code(
    rng: random.Random, form: str, language: str, split: str, is_hard: bool, is_plain: bool
) -> tuple[str, dict[str, str], list[Move], str] | None:
    """Return (group key, slots, moves, what gives it away) of a buggy function."""
    name = rng.choice(programs.functions_in(split))
    bugs = (programs.hard_bugs if is_hard else programs.bugs)(name)
    if not bugs:
        return None
    original = bug = rng.choice(bugs)
    if split == "train" and rng.random() < RENAMED:
        bug = renamed(rng, bug, made_up_name if is_plain and rng.random() < 0.7 else student_name)
    moves = code_moves.code_plan(bug, form, language, None if is_plain else rng)
    if moves is None:
        return None
    chat = rng.choice(wording_file("student")["chat"][language])
    slots = (code_moves.slots_of(bug, language) or {}) | {"body": numbered(bug.code), "chat": chat}
    fact = {"en": "Line {} has to be `{}`.", "de": "Zeile {} muss `{}` heißen."}[language].format(bug.line, bug.fixed)
    return original.function.key, slots, moves, fact


def _math(
    rng: random.Random, form: str, language: str, split: str, is_hard: bool, is_plain: bool
) -> tuple[str, dict[str, str], list[Move], str] | None:
    """Return (group key, slots, moves, what gives it away) of a word problem; a hard one has two mistakes."""
    fitting = math_moves.FITTING.get(form)
    problem = arithmetic.draw(rng, rng.choice(arithmetic.stories_in(split, has_unit=form == "unit")))
    mistakes = [
        mistake
        for mistake in problem.mistakes
        if (len(mistake.steps) > 1) == is_hard and (not fitting or fitting & set(mistake.kinds))
    ]
    if not mistakes:
        return None
    mistake = rng.choice(mistakes)
    planned = math_moves.math_plan(problem, mistake, form, language, rng, is_plain)
    if planned is None:
        return None
    slots, moves = planned
    step = problem.story.steps[mistake.steps[0]]
    equation = math_moves.equation(step.expression, problem.values, problem.values[step.name], language)
    slots["chat"] = rng.choice(wording_file("student")["chat"][language])
    fact = {"en": "The step is {}.", "de": "Der Schritt ist {}."}[language].format(equation)
    return problem.story.key, slots, moves, fact


def _judged(task: Task, earlier: list[Move]) -> Task | None:
    """Return a task with the questions alone that the metric calls guided; None where a move has none left."""
    kept = []
    for move in task.moves:
        guided = [question for question in move.questions if judge(question, move, task.prompt_text).is_guided]
        _DROPPED["questions that are not guided"] += len(move.questions) - len(guided)
        if not guided:
            _DROPPED[f"{task.form}, no guided question"] += 1
            return None
        kept.append(dataclasses.replace(move, questions=tuple(guided)))
    if any(not judge(move.questions[0], move, "").is_guided for move in earlier):
        return None
    return dataclasses.replace(task, moves=tuple(kept))
