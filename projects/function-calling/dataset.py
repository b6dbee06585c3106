"""The function calling builder: documents for the base, chats for fine-tuning, pairs and prompts for alignment.

    make data PROJECT=function-calling

Each request is written from drawn values in one of six languages (requests.py) and never parsed back; the calls are run
and validated (problems.py). A problem whose calls fail is dropped and counted in `dropped()`.

Not covered: live APIs, images, tools of other servers.
"""

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of, prompt_of, tools_of, turn_text

from . import pairs
from .documents import beginning, drill
from .numerals import LANGUAGES
from .problems import Draw, Mismatch, Problem, check, possible_answers
from .readers import read
from .tasks import FORMS, NOT_IN_TRAINING, SMALL
from .wordings import pick_frame, system_message

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

# How often a form comes in a round of chats, pairs and prompts.
WEIGHTS = {form: 2 if form in ("simple", "multiple") else 1 for form in FORMS} | dict.fromkeys(SMALL, 1)
DOCUMENT_WEIGHTS = dict.fromkeys(SMALL, 1) | {"small-simple": 2}
LANGUAGE_WEIGHTS = {"en": 2, "de": 1, "fr": 1, "es": 1, "tr": 1, "ar": 1}
PARALLEL = ("parallel", "parallel-multiple", "small-parallel")
HARD_SHARE = 0.07
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many problems each form lost to a call that failed or to a repetition since the module was loaded."""
    return dict(_DROPPED)


def texts() -> Iterator[dict]:
    """Documents, endless: tools, a request and the answer in the very form that a chat has; every third is a drill."""
    rng = random.Random("function documents")
    problems = _problems(rng, DOCUMENT_WEIGHTS, 0.0)
    for number in itertools.count(1):
        if number % 3 == 0:
            language = rng.choice(LANGUAGES)
            text, key = drill(rng, language, number)
            yield {"id": f"doc-drill-{language}-{number}", "form": "drill", "group": key, "text": text, "meta": {}}
            continue
        problem = next(problems)
        row = _chat(rng, problem, f"doc-{problem.form}-{problem.draw.language}-{number}")
        answer = turn_text(problem.answer)
        text = beginning(row["messages"][:-1], row["tools"]) + answer
        meta = {"answer": answer}
        yield {"id": row["id"], "form": row["form"], "group": row["group"], "text": text, "meta": meta}


def as_document(row: dict) -> str | None:
    """Return a chat's or prompt's question as a document of the base's corpus has it, up to where the answer begins.

    None where documents have no such form: the larger forms, rows of a public data set.
    """
    turns = prompt_of(row)
    if row.get("form") not in SMALL or "source" in meta_of(row):
        return None
    return beginning(turns, tools_of(row) or [])


def chats() -> Iterator[dict]:
    """Tools, turns and the right answer, endless, forms and languages interleaved; 7 % hard rows."""
    rng = random.Random("function chats")
    for number, problem in enumerate(_problems(rng, WEIGHTS, HARD_SHARE), start=1):
        row = _chat(rng, problem, f"chat-{problem.form}-{problem.draw.language}-{number}")
        yield row | {"hard": problem.draw.hard}


def prompts() -> Iterator[dict]:
    """Questions to be answered for a reward, endless, independent of the chats'; `meta` holds the right answer."""
    rng = random.Random("function prompts")
    for number, problem in enumerate(_problems(rng, WEIGHTS, 0.0), start=1):
        row = _chat(rng, problem, f"prompt-{problem.form}-{problem.draw.language}-{number}")
        meta = row["meta"] | {"reference": turn_text(problem.answer)}
        yield _without_messages(row) | {"prompt": row["messages"][:-1], "meta": meta}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the builder's answer against one with a single fault of its kind (see pairs.py)."""
    rng = random.Random("function preferences")
    for number, problem in enumerate(_problems(rng, WEIGHTS, 0.0), start=1):
        rejected = pairs.rejected(rng, problem)
        if rejected is None:
            continue
        row = _chat(rng, problem, f"pref-{problem.form}-{problem.draw.language}-{number}")
        differs = "language" if rejected.fault == "language" else "content"
        yield _without_messages(row) | {
            "prompt": row["messages"][:-1],
            "chosen": [problem.answer],
            "rejected": [rejected.turn],
            "meta": row["meta"] | {"fault": rejected.fault, "differs_in": differs},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, the right or the faulty one, as often as the other."""
    yield from judged_sides(random.Random("function feedback"), preferences())


def _without_messages(row: dict) -> dict:
    """Return a row without its `messages`."""
    return {key: value for key, value in row.items() if key != "messages"}


def _chat(rng: random.Random, problem: Problem, name: str) -> dict[str, Any]:
    """Return the chat row of a problem: its request in a frame of wording, the turns behind it, the answer."""
    draw, groups = problem.draw, problem.groups
    request = problem.request
    if problem.form != "chat":
        frame, key = pick_frame(rng, draw.language, draw.split)
        request, groups = frame.format(request=request), [*groups, key]
    system = [] if draw.small else [system_message(draw.now, draw.language)]
    turns = [*system, {"role": "user", "content": request}, *problem.before]
    return {
        "id": name,
        "form": problem.form,
        "group": groups,
        "tools": [tool.schema for tool in problem.tools],
        "messages": [*turns, problem.answer],
        "meta": _meta(problem),
    }


def _meta(problem: Problem) -> dict[str, Any]:
    """Return what scoring needs: the language, the calls, the answers that are right."""
    meta = {"language": problem.draw.language, "now": problem.draw.now.isoformat()} | problem.meta
    if problem.calls:
        meta |= {"calls": [list(call) for call in problem.calls], "possible": possible_answers(problem)}
    return meta


def _problems(rng: random.Random, weights: dict[str, int], hard_share: float) -> Iterator[Problem]:
    """Problems without end, each form by its weight, in random languages and splits, none twice.

    Training has no parallel calls in two of the languages; the hard ones have them there, of held-out functions.
    """
    seen: set[str] = set()
    for form in rounds(rng, weights):
        hard = hard_share > 0 and rng.random() < hard_share
        split = "test" if hard else rng.choices(SPLITS, SHARES)[0]
        form = rng.choice(PARALLEL) if hard else form
        draw = Draw(rng, _language(rng, form, hard), split, _now(rng), hard, form in SMALL)
        try:
            problem = replace((FORMS | SMALL)[form](draw), form=form)
            check(problem)
        except Mismatch:
            _DROPPED[form] += 1
            continue
        now = "" if draw.small else draw.now.isoformat()  # a small row does not say it
        key = json.dumps([problem.request, now, *(tool.name for tool in problem.tools)])
        if key not in seen:
            seen.add(key)
            yield problem


def _language(rng: random.Random, form: str, hard: bool) -> str:
    """Return a language by its weight, of those that a form has in training or, for hard rows, of the others."""
    languages = NOT_IN_TRAINING if hard else [n for n in LANGUAGES if form not in PARALLEL or n not in NOT_IN_TRAINING]
    return rng.choices(languages, [LANGUAGE_WEIGHTS[name] for name in languages])[0]


def _now(rng: random.Random) -> datetime:
    """Return the time that the system message says."""
    return datetime(2026, 1, 5, 8, 0) + timedelta(days=rng.randrange(340), minutes=5 * rng.randrange(140))
