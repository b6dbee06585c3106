"""The administrative German builder: chats for fine-tuning, pairs and prompts for alignment.

    make data PROJECT=administrative-german

Case facts (cases.py) are rendered by two grammars (official.py, plain.py) and as Leichte Sprache (easy.py); each text
is read back (facts.py) and compared with its case; deadlines are computed twice. A row whose routes disagree is dropped
and counted in `dropped()`.

Not covered: real notices, legal advice.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of
from gretchen.projects.splits import split_of

from . import pairs, reckoning, tasks, terms
from .cases import draw_case
from .desk import KINDS
from .documents import FORMS as SHORT_FORMS
from .documents import document
from .documents import question as document_question
from .grounding import counts_of
from .readers import read
from .style import checks
from .tasks import Mismatch, Problem
from .wordings import SYSTEM, pick

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

Form = Callable[[random.Random, str, bool], Problem]


def _drawn(name: str) -> Form:
    """Return a form that is asked of a case as one that draws it."""
    return lambda rng, split, hard: SHORT_FORMS[name](rng, draw_case(rng, split, KINDS.get(name, ())), hard)


FORMS: dict[str, Form] = (
    tasks.FORMS | reckoning.FORMS | terms.FORMS | {name: _drawn(name) for name in SHORT_FORMS}
)  # fmt: skip
WEIGHTS = dict.fromkeys(FORMS, 1) | {"simplify": 3, "letter": 2, "deadline": 2}
# Forms of the hard set.
HARD = (
    "letter",
    "notice",
    "facts-json",
    "deadline",
    "deadline",
    "missing",
    "check-form",
    "which-office",
    "citizen",
    "term",
)
HARD_SHARE = 0.07
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many rows each form lost to a disagreement of the two routes since the module was loaded."""
    return dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a question as a document of the base's corpus has it, up to where the answer begins; None without one."""
    return meta_of(row).get("document")


def texts() -> Iterator[dict]:
    """Documents of the base's corpus, endless: eight short forms, most with made-up names (documents.py)."""
    rng = random.Random("german documents")
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
    """Question and answer, endless, forms interleaved; 7 % hard rows; no prompt comes twice."""
    rng, seen = random.Random("german chats"), set()
    for problem, hard in _problems(rng, WEIGHTS, HARD_SHARE):
        turns, keys = question(rng, problem, "test" if hard else None)
        if turns[-1]["content"] in seen:
            continue
        seen.add(turns[-1]["content"])
        yield {
            "id": _name("chat", problem, len(seen)),
            "form": problem.form,
            "group": keys,
            "messages": [*turns, {"role": "assistant", "content": problem.answer}],
            "meta": meta_for(problem),
            "hard": hard,
        }


def prompts() -> Iterator[dict]:
    """Questions to be answered for a reward, endless, independent of the chats'; `meta` holds the right answer."""
    rng, seen = random.Random("german prompts"), set()
    for problem, _ in _problems(rng, WEIGHTS, 0.0):
        turns, keys = question(rng, problem)
        if turns[-1]["content"] in seen:
            continue
        seen.add(turns[-1]["content"])
        meta = meta_for(problem) | {"reference": problem.answer}
        name = _name("prompt", problem, len(seen))
        yield {"id": name, "form": problem.form, "group": keys, "prompt": turns, "meta": meta}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the builder's answer against one with a single fault, of like length (see pairs.py)."""
    rng, seen = random.Random("german preferences"), set()
    for problem, _ in _problems(rng, {form: WEIGHTS[form] for form in pairs.FAULTS}, 0.0):
        spoiled = pairs.rejected(rng, problem)
        turns, keys = question(rng, problem)
        if spoiled is None or turns[-1]["content"] in seen:
            continue
        seen.add(turns[-1]["content"])
        answer, fault = spoiled
        yield {
            "id": _name("pref", problem, len(seen)),
            "form": problem.form,
            "group": keys,
            "prompt": turns,
            "chosen": [{"role": "assistant", "content": problem.answer}],
            "rejected": [{"role": "assistant", "content": answer}],
            "meta": meta_for(problem) | {"fault": fault, "differs_in": "content"},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, the right or the faulty one, as often as the other."""
    yield from judged_sides(random.Random("german feedback"), preferences())


def question(rng: random.Random, problem: Problem, split: str | None = None) -> tuple[list[dict], list[str]]:
    """Return the system and user turns that ask for a problem, and the row's group keys."""
    keys = [*problem.case.groups, *problem.keys]
    split = split or split_of(keys)
    wording, key = pick(rng, problem.task, problem.language, split)
    asked = wording.format(**problem.slots)
    content = f"{asked}\n\n{problem.source}" if rng.random() < 0.7 else f"{problem.source}\n\n{asked}"
    system = {"role": "system", "content": SYSTEM.get(problem.form, SYSTEM[problem.style])}
    return [system, {"role": "user", "content": content}], [*keys, key]


def meta_for(problem: Problem) -> dict:
    """Return what scoring needs."""
    statements = [
        {"mode": item.mode, "stems": list(item.stems), "facts": [list(fact) for fact in item.facts]}
        for item in problem.statements
    ]
    meta = {
        "style": problem.style,
        "language": "de",  # of the answer
        "asked_in": problem.language,
        "land": problem.case.town.land,
        "procedure": problem.case.procedure.key,
        "source": problem.source,
        "statements": statements,
        "optional": [list(fact) for fact in dict.fromkeys(problem.optional)],
    }
    document = {"document": document_question(problem)} if problem.line else {}
    return meta | document | problem.meta


def _name(kind: str, problem: Problem, number: int) -> str:
    """Return a row's id."""
    return f"{kind}-{problem.form}-{problem.language}-{number}"


def _problems(rng: random.Random, weights: dict[str, int], hard_share: float) -> Iterator[tuple[Problem, bool]]:
    """Problems without end, each form by its weight, in random splits; a Mismatch is only counted."""
    for form in rounds(rng, weights):
        hard = hard_share > 0 and rng.random() < hard_share
        form = rng.choice(HARD) if hard else form
        split = "test" if hard else rng.choices(SPLITS, SHARES)[0]
        try:
            problem = FORMS[form](rng, split, hard)
        except Mismatch:
            _DROPPED[form] += 1
            continue
        if is_right(problem):
            yield problem, hard
        else:
            _DROPPED[f"{form}, not right by the metric"] += 1


def is_right(problem: Problem) -> bool:
    """Return whether the metric finds every fact and the style in a problem's own answer."""
    styled = all(checks(problem.style, problem.answer, problem.source, problem.answer).values())
    return styled and (problem.style == "json" or counts_of(problem.answer, meta_for(problem)).f1 == 1)
