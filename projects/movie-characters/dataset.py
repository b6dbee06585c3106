"""The movie characters' builder: chats for fine-tuning, pairs and verdicts for alignment, documents for a base.

    make data PROJECT=movie-characters

A content is rendered by the grammar of a character's manner (voices.py). Then the answer is read back: facts by the
typed table of the cast (checking.py), manner by a classifier trained on other contents (manner.py). A row that one of
them does not find right is dropped and counted in `dropped()`.

Not covered: real films and their characters, plots longer than a scene.
"""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import count

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of, prompt_of
from gretchen.projects.splits import split_of

from . import dialogues, invention, pairs, tasks
from .characters import cast_of
from .checking import problems_of
from .evaluation import is_in_manner
from .problems import Draw, Mismatch, Problem
from .readers import read

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "read", "texts"]

FORMS = tasks.FORMS | dialogues.FORMS
WEIGHTS = dict.fromkeys(FORMS, 1) | {
    "fact": 3,
    "paraphrase": 2,
    "inference": 2,
    "premise": 2,
    "relation": 2,
    "memory": 2,
}
GERMAN = ("fact", "inference", "age", "premise", "unknown", "era", "relation", "ai", "memory")
# What a base of 1.5 million parameters can learn: answers copy a fact that a word of the question names.
TINY_FORMS = ("fact", "inference", "premise", "unknown", "relation", "memory", "ai")
HARD_FORMS = ("fact", "paraphrase")
HARD_SHARE = 0.05
GERMAN_SHARE = 0.2
SPLITS, SHARES = ("train", "validation", "test"), (82, 7, 11)
TRIES = 12
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many rows each form lost since the module was loaded, by what the second route found wrong."""
    return dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a question as a document of the base's corpus has it, up to its answer; None of other forms."""
    if row["form"] not in TINY_FORMS or "voices" not in meta_of(row):
        return None
    turns = prompt_of(row)
    return invention.beginning([turn["content"] for turn in turns], meta_of(row)["language"], is_canonical=True)


def texts() -> Iterator[dict]:
    """Documents, endless: sheet, question and answer without roles, of TINY_FORMS, mostly of made-up characters.

    Every second has the canonical answer, which follows from the text before it; in the others content and grammar are
    drawn as in chats, and the document says so.
    """
    rng = random.Random("movie documents")
    forms = rounds(rng, {form: WEIGHTS[form] for form in TINY_FORMS})
    for number in count(1):
        is_canonical, split = number % 2 == 0, rng.choices(SPLITS, SHARES)[0]
        problem = _problem(
            rng, next(forms), _language(rng), split, is_made_up=rng.random() < 0.7, is_canonical=is_canonical
        )
        if problem is None:
            continue
        beginning = invention.beginning(
            [message["content"] for message in problem.messages], problem.language, is_canonical
        )
        yield {
            "id": f"doc-{problem.form}-{problem.language}-{number}",
            "form": problem.form,
            "group": list(problem.keys),
            "text": beginning + problem.answer,
            "meta": {"answer": problem.answer} if is_canonical else {},
        }


def chats() -> Iterator[dict]:
    """Question and answer, endless, forms and languages interleaved; 5 % hard rows; no prompt comes twice."""
    rng = random.Random("movie chats")
    for number, (problem, row) in enumerate(_rows(rng, HARD_SHARE), start=1):
        yield row | {"id": f"chat-{row['id']}-{number}", "messages": [*row.pop("prompt"), _answer(problem.answer)]}


def preferences() -> Iterator[dict]:
    """Pairs, endless: in character and true, against an answer with a single fault, of like length (pairs.py)."""
    rng = random.Random("movie preferences")
    for number, (problem, row) in enumerate(_rows(rng, 0.0), start=1):
        faulty = pairs.rejected(rng, problem)
        if faulty is None:
            _DROPPED[f"{problem.form}, no faulty side"] += 1
            continue
        answer, fault = faulty
        differs_in = "manner" if fault in ("manner", "swapped") else "content"
        yield _soft(row) | {
            "id": f"pref-{row['id']}-{number}",
            "chosen": [_answer(problem.answer)],
            "rejected": [_answer(answer)],
            "meta": row["meta"] | {"fault": fault, "differs_in": differs_in},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, in character and true or not, equally often."""
    yield from judged_sides(random.Random("movie feedback"), preferences())


def _rows(rng: random.Random, hard_share: float) -> Iterator[tuple[Problem, dict]]:
    """Problems with the columns of their rows, endless; no prompt comes twice."""
    seen: set[str] = set()
    for form in rounds(rng, WEIGHTS):
        is_hard = rng.random() < hard_share
        form = rng.choice(HARD_FORMS) if is_hard else form
        language = _language(rng) if form in GERMAN else "en"
        split = "test" if is_hard else rng.choices(SPLITS, SHARES)[0]
        problem = _problem(rng, form, language, split, is_hard)
        if problem is None or problem.prompt_text in seen:
            continue
        seen.add(problem.prompt_text)
        yield problem, _row(problem, is_hard)


def _problem(
    rng: random.Random, form: str, language: str, split: str, is_hard: bool = False, *, is_made_up: bool = False,
    is_canonical: bool = False,
) -> Problem | None:  # fmt: skip
    """Return a problem of a form that both routes find right; None where none was found in a few tries."""
    for _ in range(TRIES):
        made_up = is_made_up and split == "train"
        character = invention.character(rng, language) if made_up else rng.choice(cast_of(split, language))
        try:
            problem = FORMS[form](Draw(rng, language, split, character, is_hard, is_canonical))
        except Mismatch:
            continue
        wrong = problems_of(problem.answer, problem.meta, problem.prompt_text)
        if not is_in_manner(problem.answer, problem.meta):
            wrong = wrong | {"manner"}
        if not wrong and split_of(problem.keys) is not None:
            return problem
        _DROPPED.update(f"{form}, {reason}" for reason in wrong)
    return None


def _row(problem: Problem, is_hard: bool) -> dict:
    """Return the columns of a problem's row."""
    return {
        "id": f"{problem.form}-{problem.language}",
        "form": problem.form,
        "group": list(problem.keys),
        "prompt": list(problem.messages),
        "meta": problem.meta,
        "hard": is_hard,
    }


def _language(rng: random.Random) -> str:
    """Return a row's language."""
    return "de" if rng.random() < GERMAN_SHARE else "en"


def _answer(content: str) -> dict:
    """Return the character's turn."""
    return {"role": "assistant", "content": content}


def _soft(row: dict) -> dict:
    """Return a row of a format that has no hard rows."""
    return {key: value for key, value in row.items() if key != "hard"}
