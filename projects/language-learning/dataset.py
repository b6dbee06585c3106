"""The language learning builder: chats for fine-tuning, pairs and verdicts for alignment, prompts and documents.

    make data PROJECT=language-learning

A feature grammar writes correct English and German sentences with their analysis; operators plant typed errors. The
second route finds the edits again from the two texts alone (route.py: ERRANT; for German its alignment, typed here). A
row whose routes disagree is dropped and counted in `dropped()`.

Not covered: texts of several sentences, style, errors of meaning.
"""

import random
from collections import Counter
from collections.abc import Iterator

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of
from gretchen.projects.splits import split_of

from . import documents, drills, pairs, tasks
from .draws import Draw, Mismatch
from .endings import endings
from .readers import read
from .tasks import Problem
from .wordings import language_name, pick, system_message

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

FORMS = tasks.FORMS | drills.FORMS | {"endings": endings}
# How often in a round; of the sentences to be corrected (none, and the first four) 30 % are correct.
WEIGHTS = dict.fromkeys(FORMS, 1) | {"one": 3, "several": 2, "rule-one": 3, "rule-two": 2, "none": 4}
HARD_FORMS = ("one", "several", "several", "rule-one", "rule-two")
SYSTEM_OF = {"correct": "system", "name-type": "system_labels", "explain": "system_labels"}
HARD_SHARE = 0.07
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
LANGUAGES = ("en", "de")
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many draws each form lost since the module was loaded: no such sentence, or the routes disagreed."""
    return dict(_DROPPED)


def chats() -> Iterator[dict]:
    """Question and answer, endless, forms and languages interleaved; 7 % hard rows; no prompt comes twice."""
    rng = random.Random("language chats")
    for number, (problem, row) in enumerate(_rows(rng, HARD_SHARE), start=1):
        messages = [*row.pop("prompt"), {"role": "assistant", "content": problem.answer}]
        yield row | {"id": f"chat-{row['id']}-{number}", "messages": messages}


def prompts() -> Iterator[dict]:
    """Questions to be answered for a reward, endless, independent of the chats'; `meta` holds the right answer."""
    rng = random.Random("language prompts")
    for number, (problem, row) in enumerate(_rows(rng, 0.0), start=1):
        meta = row["meta"] | {"reference": problem.answer}
        yield _soft(row) | {"id": f"prompt-{row['id']}-{number}", "meta": meta}


def texts() -> Iterator[dict]:
    """Documents for an embedded base, endless: exercises of the forms of `tiny` with their answers, and drills."""
    rng, number = random.Random("language documents"), 0
    while True:
        try:
            made = documents.document(rng, rng.choices(SPLITS, SHARES)[0])
        except Mismatch:
            continue
        number += 1
        yield {
            "id": f"doc-{made.form}-{made.language}-{number}",
            "form": made.form,
            "group": made.keys,
            "text": made.text,
            "meta": {"answer": made.answer} if made.answer else {},
        }


def as_document(row: dict) -> str | None:
    """Return a question as a document of the base's corpus has it, up to its answer; None where documents have none."""
    return meta_of(row).get("document")


def preferences() -> Iterator[dict]:
    """Pairs, endless: the builder's answer against one with a single fault, of like length (see pairs.py)."""
    rng = random.Random("language preferences")
    for number, (problem, row) in enumerate(_rows(rng, 0.0), start=1):
        spoiled = pairs.rejected(rng, problem, row["meta"]["language"], row["meta"]["asked"])
        if spoiled is None:
            _DROPPED[f"{problem.form}, no faulty side"] += 1
            continue
        answer, fault = spoiled
        yield _soft(row) | {
            "id": f"pref-{row['id']}-{number}",
            "chosen": [{"role": "assistant", "content": problem.answer}],
            "rejected": [{"role": "assistant", "content": answer}],
            "meta": row["meta"] | {"fault": fault, "differs_in": "content"},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, the right or the faulty one, as often as the other."""
    yield from judged_sides(random.Random("language feedback"), preferences())


def _soft(row: dict) -> dict:
    """Return a row of a format that has no hard rows."""
    return {key: value for key, value in row.items() if key != "hard"}


def _rows(rng: random.Random, hard_share: float) -> Iterator[tuple[Problem, dict]]:
    """Problems with the row of their question, endless; no question comes twice."""
    seen: set[str] = set()
    for problem, draw, asked in _problems(rng, hard_share):
        row = _question(draw, problem, asked)
        content = "\n".join(turn["content"] for turn in row["prompt"][1:])
        if content not in seen and split_of(row["group"]) is not None:
            seen.add(content)
            yield problem, row


def _question(draw: Draw, problem: Problem, asked: str) -> dict:
    """Return the columns of a problem's question: system and user turns, form, groups, meta."""
    wording, key = pick(draw.rng, problem.task, asked, draw.split)
    content = wording.format(language=language_name(draw.language, asked), **problem.slots)
    system = system_message(draw.language, asked, SYSTEM_OF.get(problem.task, "system_exercise"))
    document = {"document": documents.before_answer(problem, asked)} if problem.form in documents.FORMS else {}
    return {
        "id": f"{problem.form}-{draw.language}-{asked}",
        "form": problem.form,
        "group": [*draw.keys, key],
        "prompt": [system, {"role": "user", "content": content}, *problem.before],
        "meta": problem.meta | {"language": draw.language, "asked": asked} | document,
        "hard": draw.is_hard,
    }


def _problems(rng: random.Random, hard_share: float) -> Iterator[tuple[Problem, Draw, str]]:
    """Problems without end, each form by its weight, in random languages and splits; a Mismatch is only counted.

    A form that found no problem is drawn again, so that the shares stay.
    """
    for form in rounds(rng, WEIGHTS):
        is_hard = rng.random() < hard_share
        name = rng.choice(HARD_FORMS) if is_hard else form
        language, asked = rng.choice(LANGUAGES), rng.choice(LANGUAGES)
        split = "test" if is_hard else rng.choices(SPLITS, SHARES)[0]
        while True:
            draw = Draw(rng, language, split, is_hard)
            try:
                yield FORMS[name](draw, asked), draw, asked
                break
            except Mismatch as reason:
                _DROPPED[f"{name}, {reason}" if "routes" in str(reason) else name] += 1
