"""The forms that start from a learner's sentence: correct it, name the error's type, explain it, recast it.

Each takes a Draw and the language of the request, and returns a Problem. It raises Mismatch where the draw gives none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .draws import Draw, Mismatch
from .errors import Faulty, apply
from .explanations import correction, explained, name_of
from .grammars import PATTERNS, by_label, faulty, sentence
from .lexicon import rules
from .route import confirms, edits_between


@dataclass(frozen=True)
class Problem:
    """A question with its right answer, before it is worded."""

    form: str
    task: str  # which wordings it takes
    answer: str
    slots: dict[str, str]
    meta: dict[str, Any]
    faulty: Faulty | None = None  # the sentence with its errors, for preference pairs
    wrong: tuple[str, ...] = ()  # wrong answers, for preference pairs
    before: tuple[dict[str, str], ...] = field(default=())  # earlier turns of a dialogue


Form = Callable[[Draw, str], Problem]


def correct_meta(draw: Draw, made: Faulty) -> dict[str, Any]:
    """Return what scoring a correction needs: the source, the reference's edits, its errors; nothing for a document."""
    if not draw.is_checked:
        return {}
    found = edits_between(draw.language, made.words, tuple(made.sentence.words))
    return {
        "kind": "correct",
        "source": list(made.words),
        "references": [[[e.start, e.end, e.correction, e.label] for e in found]],
        "errors": [[error.label, error.wrong, error.right] for error in made.errors],
        "level": draw.level,
    }


def _correcting(form: str, least: int, most: int, decided: bool = False) -> Form:
    """Return a form that asks for the correction of a sentence with so many errors."""

    def problem(draw: Draw, asked: str) -> Problem:
        made = faulty(draw, least, most, decided) if most else apply(sentence(draw), [])
        slots = {"text": f"[{draw.level}] {made.text}"}
        return Problem(form, "correct", correction(made, draw.language, asked), slots, correct_meta(draw, made), made)

    return problem


def _naming(form: str, decided: bool = False) -> Form:
    """Return a form that asks for the type of the one error in a sentence."""
    return lambda draw, asked: _named(form, draw, asked, faulty(draw, 1, 1, decided))


def _explaining(form: str, decided: bool = False) -> Form:
    """Return a form that asks why a correction is right."""
    return lambda draw, asked: _explained(form, draw, asked, faulty(draw, 1, 1, decided))


def _named(form: str, draw: Draw, asked: str, made: Faulty) -> Problem:
    """Ask for the type of the one error in a sentence."""
    label = made.errors[0].label
    known = rules()["names"][draw.language]
    others = [name for name in known if name != label]

    def shown(name: str) -> str:
        return f"{name}: {name_of(name, draw.language, asked)}"

    example = shown(draw.rng.choice(others))
    meta = {
        "kind": "short",
        "accepted": [shown(label)],
        "errors": [[label, made.errors[0].wrong, made.errors[0].right]],
    }
    slots = {"text": f"[{draw.level}] {made.text}", "example": example}
    wrong = tuple(shown(name) for name in draw.rng.sample(others, 3))
    return Problem(form, "name-type", shown(label), slots, meta, made, wrong)


def _explained(form: str, draw: Draw, asked: str, made: Faulty) -> Problem:
    """Ask why a correction is right."""
    error = made.errors[0]
    answer = explained(error, draw.language, asked)
    meta = {"kind": "explain", "accepted": [answer], "errors": [[error.label, error.wrong, error.right]]}
    slots = {"wrong": made.text, "text": made.sentence.text}
    return Problem(form, "explain", answer, slots, meta, made)


ME = {"en": ("I", "you"), "de": ("ich", "du")}
TALK_PATTERNS = {"en": ("statement", "perfect", "continuous", "modal"), "de": ("present", "perfect", "modal")}
OPENINGS = {
    "en": ("What is new?", "Hi! How are things?", "Tell me about your day.", "What have you been up to?"),
    "de": ("Was gibt es Neues?", "Hallo! Wie geht es dir?", "Erzähl mir von deinem Tag.", "Was machst du gerade so?"),
}
FOLLOWING = {
    "en": ("How do you feel about that?", "Do you like that?", "What comes next?", "Who else knows about it?"),
    "de": ("Wie ist das für dich?", "Gefällt dir das?", "Was kommt danach?", "Wer weiß das noch?"),
}


def _dialogue(draw: Draw, asked: str) -> Problem:
    """Ask for a recast: the learner's sentence said back correctly to him, and a question."""
    state, name = draw.rng.getstate(), draw.rng.choice(TALK_PATTERNS[draw.language])
    mine, yours = (_said(draw, state, name, pronoun) for pronoun in ME[draw.language])
    labels = by_label(mine, draw.language)
    if not labels:
        raise Mismatch("no error to recast")
    made = apply(mine, [draw.rng.choice(labels[draw.rng.choice(list(labels))])])
    if not confirms(draw.language, made):
        raise Mismatch(f"routes disagree: {made.edits[0].label}")
    turns = (
        {"role": "assistant", "content": draw.rng.choice(OPENINGS[draw.language])},
        {"role": "user", "content": made.text},
    )
    answer = f"{yours.text} {draw.rng.choice(FOLLOWING[draw.language])}"
    meta = {"kind": "recast", "accepted": [yours.text], "level": draw.level}
    return Problem("dialogue", "dialogue", answer, {}, meta, made, before=turns)


def _said(draw: Draw, state: Any, name: str, pronoun: str) -> Any:  # a Sentence
    """Return a pattern's sentence about one person, drawn with the same random numbers."""
    draw.rng.setstate(state)
    draw.rng.random()
    draw.keys, draw.pronoun = [], pronoun
    return PATTERNS[draw.language][name](draw)


FORMS: dict[str, Form] = {
    "one": _correcting("one", 1, 1),
    "none": _correcting("none", 0, 0),
    "several": _correcting("several", 2, 4),
    "name-type": _naming("name-type"),
    "explain": _explaining("explain"),
    "dialogue": _dialogue,
    # Of errors that a rule decides, whatever the words are (decided.py).
    "rule-one": _correcting("rule-one", 1, 1, decided=True),
    "rule-two": _correcting("rule-two", 2, 2, decided=True),
    "rule-name": _naming("rule-name", decided=True),
    "rule-explain": _explaining("rule-explain", decided=True),
}
