"""The event data builder: documents for the base, chats for fine-tuning, pairs and verdicts and prompts for alignment.

    make data PROJECT=event-data

A process is a random tree over the blocks of a domain (processes.py). Its traces are enumerated from the tree, and
aligned with the tree's net by r4pm: a row whose answer does not score 1 by that second route is dropped and counted in
`dropped()`.

Not covered: processes with duplicate activities, events of several objects.
"""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import count

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of
from gretchen.projects.splits import split_of

from . import analysis, pairs, tasks
from .documents import document, question
from .readers import read
from .scoring import quality
from .tasks import Draw, Mismatch, Problem
from .wordings import SPOILING, pick, system_message

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

FORMS = tasks.FORMS | analysis.FORMS
WEIGHTS = dict.fromkeys(FORMS, 2) | {"csv": 4, "xes": 1, "ocel": 1}  # how often in a round; the long forms less often
HARD_SHARE = 0.07
# Forms about a log have no operators to combine; the standards' logs are long even of small processes.
NOT_HARD = (*analysis.FORMS, "xes", "ocel", "timed", "variants")
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
LANGUAGES = ("en", "de")
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many rows each form lost since the module was loaded: no such problem, or the routes disagreed."""
    return dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a question as a document of the base's corpus has it, up to where the answer begins; None without one."""
    return meta_of(row).get("document")


def texts() -> Iterator[dict]:
    """Documents of the base's corpus, endless: a process or a log, and tasks with answers (documents.py)."""
    rng = random.Random("event documents")
    for number in count(1):
        try:
            made = document(rng, number, rng.choices(SPLITS, SHARES)[0])
        except Mismatch:
            _DROPPED["documents"] += 1
            continue
        yield {
            "id": f"doc-{made.form}-{number}",
            "form": made.form,
            "group": made.keys,
            "text": made.text,
            "meta": {"answer": made.answer},
        }


def chats() -> Iterator[dict]:
    """Question and answer, endless, forms and languages interleaved; 7 % hard rows; no prompt comes twice."""
    rng = random.Random("event chats")
    for number, (problem, row) in enumerate(_rows(rng, HARD_SHARE), start=1):
        messages = [*row.pop("prompt"), {"role": "assistant", "content": problem.answer}]
        yield row | {"id": f"chat-{row['id']}-{number}", "messages": messages}


def prompts() -> Iterator[dict]:
    """Questions to be answered for a reward, endless, independent of the chats'; `meta` holds the right answer."""
    rng = random.Random("event prompts")
    for number, (problem, row) in enumerate(_rows(rng, 0.0), start=1):
        meta = row["meta"] | {"reference": problem.answer}
        yield _soft(row) | {"id": f"prompt-{row['id']}-{number}", "meta": meta}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the builder's answer against one with a single fault, of like length (see pairs.py)."""
    rng = random.Random("event preferences")
    for number, (problem, row) in enumerate(_rows(rng, 0.0), start=1):
        spoiled = pairs.rejected(rng, problem)
        if spoiled is None:
            _DROPPED[f"{problem.form}, no faulty side"] += 1
            continue
        answer, fault = spoiled
        yield _soft(row) | {
            "id": f"pref-{row['id']}-{number}",
            "chosen": [{"role": "assistant", "content": problem.answer}],
            "rejected": [{"role": "assistant", "content": answer}],
            "meta": row["meta"] | {"fault": fault, "differs_in": "language" if fault == "language" else "content"},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, the right or the faulty one, as often as the other."""
    yield from judged_sides(random.Random("event feedback"), preferences())


def _soft(row: dict) -> dict:
    """Return a row of a format that has no hard rows."""
    return {key: value for key, value in row.items() if key != "hard"}


def _rows(rng: random.Random, hard_share: float) -> Iterator[tuple[Problem, dict]]:
    """Problems with the row of their question, endless; no question comes twice."""
    seen: set[str] = set()
    for problem, draw in _problems(rng, hard_share):
        row = _question(draw, problem)
        content = row["prompt"][-1]["content"]
        if content not in seen and split_of(row["group"]) is not None:
            seen.add(content)
            yield problem, row


def _question(draw: Draw, problem: Problem) -> dict:
    """Return the columns of a problem's question: system and user turn, form, groups, meta."""
    wording, key = pick(draw.rng, problem.form, draw.language, draw.split)
    slots = dict(problem.slots)
    if "plant" in slots:
        slots["plant"] = SPOILING[slots["plant"]][draw.language]
    beginning = question(problem, draw.language)
    content = wording.format(body=problem.body, name=problem.domain.named(draw.language), **slots)
    return {
        "id": f"{problem.form}-{draw.language}",
        "form": problem.form,
        "group": [problem.domain.key, key],
        "prompt": [system_message(problem.body, draw.language), {"role": "user", "content": content}],
        "meta": problem.meta if beginning is None else problem.meta | {"document": beginning},
        "hard": draw.is_hard,
    }


def _problems(rng: random.Random, hard_share: float) -> Iterator[tuple[Problem, Draw]]:
    """Problems without end, each form by its weight, in random languages and splits; a Mismatch is only counted."""
    for form in rounds(rng, WEIGHTS):
        is_hard = form not in NOT_HARD and rng.random() < hard_share * 1.5
        draw = Draw(rng, rng.choice(LANGUAGES), "test" if is_hard else rng.choices(SPLITS, SHARES)[0], is_hard)
        try:
            problem = FORMS[form](draw)
        except Mismatch:
            _DROPPED[form] += 1
            continue
        if quality(problem.answer, problem.meta) != 1:
            _DROPPED[f"{form}, routes disagree"] += 1
            continue
        yield problem, draw
