"""Faulty answers: the rejected side of a pair, and the bad half of KTO's verdicts.

    rejected(rng, problem, "de", "en")      -> (answer, fault), or None where no fault can be planted

    uncorrected     the sentence is said to be right, or an error is explained and left, or one of several is left
    over-corrected  a right word is changed too, with an explanation; or a correct sentence is changed
    wrong-fix       the error is replaced by another one
    wrong-rule      the correction is right, its label and rule are another error's
    too-hard        the recast's question is above the level
    wrong-level     a sentence is rephrased for another level than was asked for
    wrong-form      an exercise with a typical mistake

Both answers, "correct" and corrections, are on both sides. Every faulty answer is scored like a model's: it becomes a
pair only if it is worse.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .errors import Edit, Faulty, apply
from .explanations import CORRECT, correction, explained
from .grammars import CANDIDATES
from .m2 import applied
from .scoring import above_level, compared, label_share
from .tasks import Problem
from .tokens import natural

HARD_QUESTIONS = {
    "en": ("Would you regard that as a formative experience?", "Which circumstances prompted that decision?"),
    "de": ("Würdest du das als prägende Erfahrung bezeichnen?", "Welche Umstände haben dich dazu veranlasst?"),
}
CORRECTING = ("uncorrected", "over-corrected", "wrong-rule", "wrong-fix")
FAULTS = {
    **dict.fromkeys(("one", "several", "rule-one", "rule-two"), CORRECTING),
    "none": ("over-corrected",),
    "explain": ("wrong-rule",),
    "rule-explain": ("wrong-rule",),
    "dialogue": ("uncorrected", "too-hard"),
    "rephrase": ("wrong-level",),
}


def rejected(rng: random.Random, problem: Problem, language: str, asked: str) -> tuple[str, str] | None:
    """Return a faulty answer and its fault, None where none was found."""
    faults = FAULTS.get(problem.form, ("wrong-form",))
    for fault in rng.sample(faults, len(faults)):
        answer = MAKERS[fault](rng, problem, language, asked)
        if answer and answer != problem.answer and is_worse(answer, problem, language):
            return answer, fault
    return None


def is_worse(answer: str, problem: Problem, language: str) -> bool:
    """Return whether the metrics say that an answer is worse than the right one."""
    meta = problem.meta | {"language": language}
    if meta["kind"] == "correct":
        (counts,) = compared(answer, meta).counts
        share = label_share(answer, meta["errors"])
        return bool(counts[1] or counts[2]) or (share is not None and share < 1)
    if meta["kind"] == "recast" and any(answer.startswith(text) for text in meta["accepted"]):
        return (above_level(answer, language, meta["level"]) or 0) > (
            above_level(problem.answer, language, meta["level"]) or 0
        )
    return answer not in meta["accepted"]


def _uncorrected(rng: random.Random, problem: Problem, language: str, asked: str) -> str | None:
    """Return that all is right, the sentence as it was with the explanations, or all but one error corrected."""
    made = problem.faulty
    if problem.form == "dialogue":
        return f"{made.text} {problem.answer.rsplit('. ', 1)[-1]}"
    if len(made.errors) > 1 and rng.random() < 0.6:
        return _but_one(rng, made, language, asked)
    if rng.random() < 0.7:
        return CORRECT[asked]
    return "\n".join([made.text, *problem.answer.split("\n")[1:]])


def _but_one(rng: random.Random, made: Faulty, language: str, asked: str) -> str | None:
    """Return a correction that leaves one error of several."""
    if len(made.edits) != len(made.errors):
        return None
    kept = rng.randrange(len(made.errors))
    others = tuple(edit for number, edit in enumerate(made.edits) if number != kept)
    errors = tuple(error for number, error in enumerate(made.errors) if number != kept)
    lines = [f"{n}. {explained(error, language, asked)}" for n, error in enumerate(errors, start=1)]
    return "\n".join([_text(made, others), *lines])


def _text(made: Faulty, edits: tuple[Edit, ...]) -> str:
    """Return the learner's sentence with some edits."""
    return natural(applied(made.words, edits))


def _over_corrected(rng: random.Random, problem: Problem, language: str, asked: str) -> str | None:
    """Return the right answer with one change too many, explained like the others."""
    made = problem.faulty
    spoiled = _spoiled(rng, made, language)
    if spoiled is None:
        return None
    error = spoiled.errors[0]
    turned = replace(error, wrong=error.right, right=error.wrong)
    lines = [] if not made.errors else problem.answer.split("\n")[1:]
    return "\n".join([spoiled.text, *lines, f"{len(lines) + 1}. {explained(turned, language, asked)}"])


def _spoiled(rng: random.Random, made: Faulty, language: str) -> Faulty | None:
    """Return the correct sentence with a new error, at another place than the learner's."""
    spans = {word for edit in made.edits for word in edit.correction.split()}
    words = made.sentence.words
    found = [
        item for item in CANDIDATES[language](made.sentence)
        if not any(words[i] in spans for part in item.parts for i in range(part.start, part.end))
    ]  # fmt: skip
    return apply(made.sentence, [rng.choice(found)]) if found else None


def _wrong_rule(rng: random.Random, problem: Problem, language: str, asked: str) -> str | None:
    """Return the answer with label and rule of another error in one line."""
    made = problem.faulty
    known = {error.label for error in made.errors}
    others = [apply(made.sentence, [item]).errors[0] for item in CANDIDATES[language](made.sentence)]
    others = [error for error in others if error.label not in known]
    if not others:
        return None
    errors, number = list(made.errors), rng.randrange(len(made.errors))
    other = rng.choice(others)
    errors[number] = replace(other, wrong=errors[number].wrong, right=errors[number].right)
    if problem.task == "explain":
        return explained(errors[0], language, asked)
    return correction(replace(made, errors=tuple(errors)), language, asked)


def _wrong_fix(rng: random.Random, problem: Problem, language: str, asked: str) -> str | None:
    """Return the answer with another wrong form where the error was."""
    made = problem.faulty
    text, _, lines = problem.answer.partition("\n")
    for error in rng.sample(made.errors, len(made.errors)):
        forms = [
            apply(made.sentence, [item]).errors[0].wrong for item in CANDIDATES[language](made.sentence)
            if apply(made.sentence, [item]).errors[0].right == error.right
        ]  # fmt: skip
        forms = [form for form in forms if form != error.wrong]
        if forms and text.count(error.right) == 1:
            form = rng.choice(forms)
            return f"{text.replace(error.right, form)}\n{lines.replace(f'→ {error.right}:', f'→ {form}:')}"
    return None


def _too_hard(rng: random.Random, problem: Problem, language: str, asked: str) -> str | None:
    """Return a recast with a question above the level."""
    return f"{problem.meta['accepted'][0]} {rng.choice(HARD_QUESTIONS[language])}"


def _wrong_form(rng: random.Random, problem: Problem, language: str, asked: str) -> str | None:
    """Return a typical mistake of an exercise."""
    return rng.choice(problem.wrong) if problem.wrong else None


Maker = Callable[[random.Random, Problem, str, str], Any]
MAKERS: dict[str, Maker] = {
    "uncorrected": _uncorrected, "over-corrected": _over_corrected, "wrong-rule": _wrong_rule, "wrong-fix": _wrong_fix,
    "too-hard": _too_hard, "wrong-form": _wrong_form, "wrong-level": _wrong_form,
}  # fmt: skip
