"""The Socratic assistant's builder: chats for fine-tuning, pairs and verdicts for alignment, documents for a base.

    make data PROJECT=socratic-assistant

A student shows a buggy function or a wrong calculation; the tutor asks one question. Bugs are mutants that were run
and traced in the sandbox (programs.py), calculations are graphs evaluated exactly (arithmetic.py), and the question
comes from their facts (code_moves.py, math_moves.py). Each question was judged by the project's own metric before it
is a row.

Not covered: exceptions, for Python names their line itself; bugs without a line (a statement is missing).
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of, prompt_of
from gretchen.projects.splits import official_key, split_of

from . import arithmetic, drills, pairs, programs, tasks
from .readers import read
from .tasks import FORMS, Task, draw_task

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "read", "texts"]

HARD_SHARE = 0.07
DRILLS = 0.7  # drills for each document that shows a function or a calculation
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
LANGUAGES = ("en", "de")
WEIGHTS = dict.fromkeys(FORMS, 1) | {"code-predict": 2, "code-locate": 2, "code-invariant": 2, "math-sub-problem": 3}
# What a base of 1.5M parameters could learn: the question copies a name, a call or a number from what was said before.
TINY_FORMS = (
    "code-expected", "code-trace", "code-locate", "code-why", "code-recap", "code-off-topic", "math-trace",
    "math-recap",
)  # fmt: skip
SPEAKERS = {"en": {"user": "Student", "assistant": "Tutor"}, "de": {"user": "Schüler", "assistant": "Tutor"}}


def dropped() -> dict[str, int]:
    """Return how many mutants, problems, tasks and questions were dropped since the modules were loaded, by reason."""
    counts = {f"mutant: {reason}": count for reason, count in programs.dropped().items()}
    counts |= {f"problem: {reason}": count for reason, count in arithmetic.dropped().items()}
    return counts | tasks.dropped()


def chats() -> Iterator[dict]:
    """What a student says and the tutor's question, endless; 7 % hard rows; no prompt comes twice."""
    rng = random.Random("socratic chats")
    for number, (task, row) in enumerate(_rows(rng, WEIGHTS, HARD_SHARE), start=1):
        question = {"role": "assistant", "content": task.moves[0].questions[0]}
        yield row | {"id": f"chat-{row['id']}-{number}", "messages": [*row.pop("prompt"), question]}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the guiding question against one that tells, is vague, misses the point, or asks too much."""
    rng = random.Random("socratic preferences")
    last: dict[str, Task] = {}
    for number, (task, row) in enumerate(_rows(rng, WEIGHTS, 0.0), start=1):
        other, last[task.language] = last.get(task.language), task
        spoiled = pairs.rejected(rng, task, other) if other else None
        if spoiled is None:
            continue
        answer, fault = spoiled
        yield {key: value for key, value in row.items() if key != "hard"} | {
            "id": f"pref-{row['id']}-{number}",
            "chosen": [{"role": "assistant", "content": task.moves[0].questions[0]}],
            "rejected": [{"role": "assistant", "content": answer}],
            "meta": row["meta"] | {"fault": fault, "differs_in": "content"},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: did the turn help the student, or did it tell, or miss? Both equally often."""
    yield from judged_sides(random.Random("socratic feedback"), preferences())


def texts() -> Iterator[dict]:
    """Documents for an embedded base, endless: conversations of the forms that a small base can learn, and drills.

    The question is always in the first of its wordings, so that what was said before determines it.
    """
    rng = random.Random("socratic texts")
    weights = dict.fromkeys(TINY_FORMS, 1)
    for number, (task, row) in enumerate(_rows(rng, weights, 0.0, is_plain=True), start=1):
        question = task.moves[0].questions[0]
        columns = {key: row[key] for key in ("form", "group")}
        yield _document(f"text-{row['id']}-{number}", _conversation(task.messages, task.language), question, columns)
        if rng.random() < DRILLS:
            yield _drill(rng, number)


def _drill(rng: random.Random, number: int) -> dict:
    """Return a drill as a document; it is a training document, whatever its names."""
    form, language = rng.choice(drills.FORMS), rng.choice(LANGUAGES)
    said, question = drills.drill(rng, form, language)
    columns = {"form": f"code-{form}", "group": [official_key(f"drill:{number}", "train")]}
    return _document(f"drill-{number}", _conversation([{"role": "user", "content": said}], language), question, columns)


def _document(name: str, beginning: str, question: str, columns: dict[str, Any]) -> dict:
    """Return a document of the base's corpus, which ends in a question."""
    return columns | {"id": name, "text": beginning + question, "meta": {"answer": question}}


def as_document(row: dict) -> str | None:
    """Return a chat's conversation as a document of the base's corpus has it, up to where the question begins.

    None where documents have no such form: the larger forms, rows of a public data set.
    """
    turns = prompt_of(row)
    return _conversation(turns, meta_of(row)["language"]) if row.get("form") in TINY_FORMS else None


def _conversation(messages: Sequence[dict[str, Any]], language: str) -> str:
    """Return what was said as a document, up to the tutor's next turn."""
    names = SPEAKERS[language]
    said = [f"{names[turn['role']]}: {turn['content']}" for turn in messages if turn["role"] in names]
    return "\n".join([*said, f"{names['assistant']}: "])


def _rows(
    rng: random.Random, weights: dict[str, int], hard_share: float, is_plain: bool = False
) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Yield tasks with the columns of their rows, endless; no conversation comes twice."""
    seen: set[str] = set()
    for form in rounds(rng, weights):
        for task, is_hard in _tries(rng, form, hard_share, is_plain):
            if task is None or task.prompt_text in seen or split_of(task.groups) is None:
                continue
            seen.add(task.prompt_text)
            yield task, _row(task, is_hard)
            break


def _tries(rng: random.Random, form: str, hard_share: float, is_plain: bool) -> Iterator[tuple[Task | None, bool]]:
    """Yield up to a dozen draws of a form, so that forms whose facts are rare are as frequent as the others."""
    is_hard, language = rng.random() < hard_share, rng.choice(LANGUAGES)
    split = "test" if is_hard else rng.choices(SPLITS, SHARES)[0]
    for _ in range(12):
        yield draw_task(rng, form, language, split, is_hard, is_plain), is_hard


def _row(task: Task, is_hard: bool) -> dict[str, Any]:
    """Return the columns of a task's row."""
    return {
        "id": f"{task.form}-{task.language}",
        "form": task.form,
        "group": list(task.groups),
        "prompt": list(task.messages),
        "meta": {"language": task.language, "subject": task.subject, "plan": [move.as_json() for move in task.moves]},
        "hard": is_hard,
    }
