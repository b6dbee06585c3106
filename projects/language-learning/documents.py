"""The documents of the embedded base's corpus: an exercise of one of the seven forms of `tiny`, and its answer.

    document(rng, "train")      -> Document(text='[A1] Tom read a book.\\nTask: correct\\nTom reads …', answer=…, …)

What is to be copied stands behind a blank in the question and in the answer, so that it is cut into the same tokens.
Seven of ten training documents have invented words (invented.py); held-out ones have held-out words. A document is
right by construction: the second route is for rows. A fifth of the documents are drills: the sentence with each error
marked where it stands, which says at every word whether it is right. A drill has no answer of its own and no gate.
"""

import random
from dataclasses import dataclass

from gretchen.projects.splits import Split

from . import drills, tasks
from .draws import Draw
from .endings import endings
from .errors import Faulty, apply
from .grammars import faulty, sentence
from .invented import InventedDraw
from .tasks import Form, Problem
from .tokens import natural

FORMS: dict[str, Form] = {
    **{name: tasks.FORMS[name] for name in ("rule-one", "rule-two", "none", "rule-name", "rule-explain")},
    "endings": endings,
    "word-order": drills.FORMS["word-order"],
}
WEIGHTS = {"rule-one": 5, "rule-two": 3, "none": 3, "rule-name": 2, "rule-explain": 3, "endings": 2, "word-order": 2}
INVENTED_SHARE = 0.7
DRILL_SHARE = 0.2
WORD = {"en": "Task", "de": "Aufgabe"}
NAMES = {
    "correct": ("correct", "korrigieren"), "name-type": ("name the mistake", "Fehler nennen"),
    "explain": ("explain", "erklären"), "inflect": ("form", "Form"), "word-order": ("order", "ordnen"),
    "mark": ("mark", "markieren"),
}  # fmt: skip
GIVEN = {
    "explain": ("Wrong: {wrong}\nRight: {text}", "Falsch: {wrong}\nRichtig: {text}"),
    "inflect": ("Given: {text}", "Gegeben: {text}"),
    "word-order": ("First: {first}\nParts: {text}", "Anfang: {first}\nTeile: {text}"),
}
MARK = "*"


@dataclass(frozen=True)
class Document:
    """A document, the answer that ends it ("" of a drill), its form, the language it is in, and its group keys."""

    text: str
    answer: str
    form: str
    language: str
    keys: list[str]


def document(rng: random.Random, split: Split) -> Document:
    """Return a document of a split. Raises Mismatch."""
    is_invented = split == "train" and rng.random() < INVENTED_SHARE
    draw = (InventedDraw if is_invented else Draw)(rng, rng.choice(("en", "de")), split, is_checked=False)
    asked = rng.choice(("en", "de"))
    if rng.random() < DRILL_SHARE:
        return Document(_drill(draw, asked), "", "drill", draw.language, draw.keys)
    form = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    problem = FORMS[form](draw, asked)
    beginning = before_answer(problem, asked, task_first=rng.random() < 0.3)
    return Document(beginning + problem.answer, problem.answer, form, draw.language, draw.keys)


def before_answer(problem: Problem, asked: str, task_first: bool = False) -> str:
    """Return a document up to where its answer begins."""
    given = GIVEN.get(problem.task, ("{text}", "{text}"))[asked == "de"].format(**problem.slots)
    return _beginning(given, problem.task, asked, task_first)


def _beginning(given: str, task: str, asked: str, task_first: bool = False) -> str:
    """Return what is given and the line that names the task."""
    line = f"{WORD[asked]}: {NAMES[task][asked == 'de']}"
    return f"{line}\n{given}\n" if task_first else f"{given}\n{line}\n"


def _drill(draw: Draw, asked: str) -> str:
    """Return a sentence, and the sentence again with its errors marked."""
    made = faulty(draw, 1, 2, decided=True) if draw.rng.random() < 0.7 else apply(sentence(draw), [])
    return _beginning(f"[{draw.level}] {made.text}", "mark", asked) + _marked(made)


def _marked(made: Faulty) -> str:
    """Return what the learner wrote, with `* wrong → right *` where an error is."""
    words: list[str] = []
    at = 0
    for edit in made.edits:
        end = edit.end + (made.words[edit.end : edit.end + 1] == ("n't",))
        tail = made.words[edit.end : end]
        wrong, right = natural(made.words[edit.start : end]), natural([*edit.correction.split(), *tail])
        words += [*made.words[at : edit.start], MARK, *filter(None, (wrong, "→", right)), MARK]
        at = end
    return natural([*words, *made.words[at:]])
