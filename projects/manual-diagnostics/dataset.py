"""The manual diagnostics builder: documents for a base, chats for fine-tuning, pairs and verdicts for alignment.

    make data PROJECT=manual-diagnostics

A device is a graph of components with one fault (devices.py); the manual is rendered from it (manual.py), and every
answer follows from the device. Then the excerpt is read back as text and the answer worked out again (checking.py): a
row whose routes disagree, or whose answer does not score 1, is dropped and counted in `dropped()`.

Not covered: intermittent faults, two faults at once, drawings.
"""

import random
from collections import Counter
from collections.abc import Iterator

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import prompt_of
from gretchen.projects.splits import split_of

from . import dialogues, lookups, pairs
from .checking import agrees
from .evaluation import score
from .loop import played
from .problems import Draw, Mismatch, Problem
from .readers import read
from .turns import CODE, NAME
from .wordings import SYSTEM, pick

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "read", "texts"]

FORMS = dialogues.FORMS | lookups.FORMS
# How often a form comes in a round: dialogues are what it is all about.
WEIGHTS = dict.fromkeys(FORMS, 1) | {"dialogue": 2, "next": 2, "diagnose": 2, "lookup": 2}
# What a base of 1.5 million parameters can learn.
TINY = ("next", "diagnose", "lookup", "tolerance", "cite", "absent")
HARD = ("dialogue", "symptom", "next", "diagnose")
WHOLE = ("dialogue", "symptom", "contradiction", "vague")
HARD_SHARE = 0.07
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
LANGUAGES = ("en", "de")
TRIES = 200
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many rows each form lost since the module was loaded: the two routes disagreed."""
    return dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a chat's question as a document of the base's corpus has it, up to where the answer begins.

    None where documents have no such form: dialogues, rows of a public data set.
    """
    turns = prompt_of(row)
    asked = [turn["content"] for turn in turns if turn["role"] != "system"]
    return f"{asked[0]}\n" if row.get("form") in TINY and len(asked) == 1 else None


def texts() -> Iterator[dict]:
    """Documents, endless: excerpt, question and answer as chats have them, without roles, of the forms of TINY."""
    rng = random.Random("manual documents")
    for number, (problem, row) in enumerate(_rows(rng, dict.fromkeys(TINY, 1), 0.0), start=1):
        yield {
            "id": f"doc-{row['id']}-{number}",
            "form": row["form"],
            "group": row["group"],
            "text": f"{as_document(row)}{problem.answer}",
            "meta": {"answer": problem.answer},
        }


def chats() -> Iterator[dict]:
    """Question and answer, endless, forms and languages interleaved; 7 % hard rows.

    Dialogues of the train split are whole. Those of the others end with the first answer: there the technician of
    loop.py goes on.
    """
    rng = random.Random("manual chats")
    for number, (problem, row) in enumerate(_rows(rng, WEIGHTS, HARD_SHARE), start=1):
        turns = [{"role": "assistant", "content": problem.answer}]
        if problem.form in WHOLE and split_of(row["group"]) == "train":
            turns = played(problem.meta)
        yield row | {"id": f"chat-{row['id']}-{number}", "messages": [*row.pop("prompt"), *turns]}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the right turn of a dialogue, or the right answer, against one with a single fault (pairs.py)."""
    rng = random.Random("manual preferences")
    for number, (problem, row) in enumerate(_rows(rng, WEIGHTS, 0.0), start=1):
        pair = pairs.draw_pair(rng, problem)
        if pair is None:
            _DROPPED[f"{problem.form}, no faulty side"] += 1
            continue
        yield {
            **_soft(row),
            "id": f"pref-{row['id']}-{number}",
            "prompt": [*row["prompt"], *pair.before],
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
            "meta": row["meta"]
            | {"fault": pair.fault, "differs_in": "language" if pair.fault == "language" else "content"},
        }


def feedback() -> Iterator[dict]:
    """Turns with a verdict, endless: of each pair one side, one that helps to solve the case or one that does not."""
    yield from judged_sides(random.Random("manual feedback"), preferences())


def _soft(row: dict) -> dict:
    """Return a row of a format that has no hard rows."""
    return {key: value for key, value in row.items() if key != "hard"}


def _rows(rng: random.Random, weights: dict[str, int], hard_share: float) -> Iterator[tuple[Problem, dict]]:
    """Problems with the row of their question, endless."""
    for form in rounds(rng, weights):
        is_hard = form in HARD and rng.random() < hard_share * 1.7
        draw = Draw(rng, rng.choice(LANGUAGES), "test" if is_hard else rng.choices(SPLITS, SHARES)[0], is_hard)
        problem = _problem(draw, form)
        row = _question(draw, problem)
        if not agrees(problem, row["prompt"][-1]["content"].rpartition("\n\n")[2]) or not _is_perfect(problem, row):
            _DROPPED[form] += 1
            continue
        yield problem, row


def _problem(draw: Draw, form: str) -> Problem:
    """Return a problem of a form: devices are drawn until one has it."""
    for _ in range(TRIES):
        try:
            return FORMS[form](draw)
        except Mismatch:
            continue
    raise AssertionError(f"no device of {draw.split} has a problem of the form {form}")


def _is_perfect(problem: Problem, row: dict) -> bool:
    """Return whether the answer, or the whole dialogue, gets full scores."""
    turns = played(problem.meta) if problem.meta["kind"] == "loop" else problem.answer
    scores = score(turns, row)
    full = ("diagnosis", "exact", "citation_precision", "citation_recall", "safety_order")
    return all(scores[name] in (None, 1.0) for name in full) and scores["invented"] == 0


def _question(draw: Draw, problem: Problem) -> dict:
    """Return the columns of a problem's question: system and user turn, form, groups, meta."""
    wording, key = pick(draw.rng, problem.question, draw.language, draw.split)
    content = f"{problem.manual.text}\n\n{wording.format(**problem.slots)}"
    names = sorted({*NAME.findall(content), *CODE.findall(content)})  # what the question names is not invented
    return {
        "id": f"{problem.form}-{draw.language}",
        "form": problem.form,
        "group": [problem.device.family.group, key],
        "prompt": [{"role": "system", "content": SYSTEM[draw.language]}, {"role": "user", "content": content}],
        "meta": problem.meta | {"names": names, "most": 12 + 2 * len(problem.answer.split())},
        "hard": draw.is_hard,
    }
