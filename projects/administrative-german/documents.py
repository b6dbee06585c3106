"""The documents of the embedded base's corpus: what is given, what is asked in a line, the answer.

    document(rng, 17, "train")      -> Document(text="Der Betrag …\\nAufgabe: kurz und klar\\nBitte …", …)

They are of the eight forms whose answers follow from the question (short.py, desk.py, instruction.py, citizen.py). Two
of three training documents have made-up names (made_up.py). `question` writes a chat's question as such a document, up
to its answer; an answer is always German, and so is the line.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from . import citizen, desk, instruction, short
from .cases import Case, draw_case
from .made_up import made_up_case, made_up_procedure
from .tasks import Problem

Form = Callable[[random.Random, Case, bool], Problem]
FORMS: dict[str, Form] = short.FORMS | desk.FORMS | instruction.FORMS | citizen.FORMS
WEIGHTS = {
    "short-plain": 4, "short-easy": 2, "short-json": 3, "missing": 3, "check-form": 2, "which-office": 2,
    "remedy-notice": 1, "citizen": 3,
}  # fmt: skip
MADE_UP = 2 / 3  # share of the training documents


@dataclass(frozen=True)
class Document:
    """A document, the answer that ends it, its form, and its group keys."""

    text: str
    answer: str
    form: str
    keys: list[str]


def document(rng: random.Random, number: int, split: str) -> Document:
    """Return a document of a split; `number` names its made-up procedure. Raises Mismatch."""
    is_made_up = split == "train" and rng.random() < MADE_UP
    form = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    kinds = desk.KINDS.get(form, ())
    case = made_up_case(rng, number, kinds) if is_made_up else draw_case(rng, split, kinds)
    if is_made_up and form == "which-office":  # else the only made-up name would always be the one that is asked for
        others = [made_up_procedure(rng, case.procedure, number) for _ in range(3)]
        problem = desk.which_office(rng, case, others=others)
    else:
        problem = FORMS[form](rng, case, False)
    keys = [case.procedure.group] if is_made_up else case.groups
    return Document(question(problem) + problem.answer, problem.answer, form, keys)


def question(problem: Problem) -> str:
    """Return a problem as a document up to its answer."""
    return f"{problem.source}\nAufgabe: {problem.line}\n"
