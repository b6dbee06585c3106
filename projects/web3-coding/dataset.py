"""The Web3 coding assistant's builder: documents for the base, chats for fine-tuning, pairs and prompts for alignment.

    make data PROJECT=web3-coding

A contract is a tree (contracts.py) of a family and its features, printed to Vyper. Python's interpreter says what each
call does, and the EVM has to agree (subjects.py). What was compiled and run once is kept in build/web3-coding/compiled.

Not covered: contracts that call others, proxies, tokens by standard.
"""

import random
from collections import Counter
from collections.abc import Iterator

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of
from gretchen.projects.splits import split_of

from . import lookups, more_tasks, solidity, subjects, tasks
from .documents import WEIGHTS as DOCUMENT_WEIGHTS
from .documents import before_answer, document, problem_of
from .readers import read
from .subjects import draw_subject
from .tasks import Mismatch, Problem
from .wordings import pick, system_message

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

TINY = (*tasks.CONTRACT_FORMS, *lookups.FORMS)
WEIGHTS = {"contract": 3, "function": 3, "fix-test": 3, "predict": 3, "calldata": 1, "units": 1}
LARGE = dict.fromkeys(more_tasks.FORMS, 1) | {"full-contract": 2}
CODE = {"contract": 2, "function": 2, "fix-test": 2, "predict": 1}
LARGE_CODE = {"full-contract": 1, "full-function": 1, "add-feature": 1, "fix-compile": 1, "fix-vulnerability": 1}
MORE = more_tasks.FORMS | more_tasks.SOLIDITY_FORMS
HARD_SHARE = 0.07
CHANGED = 0.6  # of the pairs: the faulty side is as long as the right one
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
LANGUAGES = ("en", "en", "en", "de")
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many contracts and rows were dropped since the modules were loaded, by reason."""
    return {f"contract: {reason}": count for reason, count in subjects.dropped().items()} | dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a question as a document of the base's corpus has it, up to where the answer begins; None without one."""
    return meta_of(row).get("document")


def texts() -> Iterator[dict]:
    """Documents of the base's corpus, endless: rules, code, calls, a line that names the task, the answer."""
    rng = random.Random("web3 documents")
    for number, form in enumerate(rounds(rng, DOCUMENT_WEIGHTS), start=1):
        language, split = rng.choice(LANGUAGES), rng.choices(SPLITS, SHARES)[0]
        try:
            problem = problem_of(rng, form, language, split)
        except Mismatch:
            _DROPPED[f"{form}, documents"] += 1
            continue
        yield {
            "id": f"doc-{form}-{language}-{number}",
            "form": form,
            "group": problem.keys,
            "text": document(problem, language),
            "meta": {"answer": problem.answer},
        }


def chats() -> Iterator[dict]:
    """Question and answer, endless, forms and languages mixed; 7 % hard rows; no prompt comes twice."""
    rng = random.Random("web3 chats")
    for number, (problem, row) in enumerate(_rows(rng, weights(), HARD_SHARE), start=1):
        messages = [*row.pop("prompt"), {"role": "assistant", "content": problem.answer}]
        yield row | {"id": f"chat-{row['id']}-{number}", "messages": messages}


def prompts() -> Iterator[dict]:
    """Questions to be answered for a reward, endless, independent of the chats'; `meta` holds the right answer."""
    rng = random.Random("web3 prompts")
    for number, (problem, row) in enumerate(_rows(rng, CODE | LARGE_CODE, 0.0), start=1):
        yield _soft(row) | {"id": f"prompt-{row['id']}-{number}", "meta": row["meta"] | {"reference": problem.answer}}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the right answer against one that compiles and fails a test, or another result."""
    rng = random.Random("web3 preferences")
    for number, (problem, row) in enumerate(_rows(rng, weights(), 0.0), start=1):
        if not problem.wrong:
            _DROPPED[f"{problem.form}, no faulty side"] += 1
            continue
        answer, fault = _faulty_side(rng, problem)
        yield _soft(row) | {
            "id": f"pref-{row['id']}-{number}",
            "chosen": [{"role": "assistant", "content": problem.answer}],
            "rejected": [{"role": "assistant", "content": answer}],
            "meta": row["meta"] | {"fault": fault, "differs_in": "content"},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, the right or the faulty one, as often as the other."""
    yield from judged_sides(random.Random("web3 feedback"), preferences())


def _faulty_side(rng: random.Random, problem: Problem) -> tuple[str, str]:
    """Return a faulty answer and its fault; more often with something changed than with something dropped."""
    changed = [pair for pair in problem.wrong if not subjects.is_drop(pair[1])]
    return rng.choice(changed if changed and rng.random() < CHANGED else problem.wrong)


def weights() -> dict[str, int]:
    """Return how often each form comes in a round; without Solidity's compiler translations are left out."""
    translations = dict.fromkeys(more_tasks.SOLIDITY_FORMS, 1) if solidity.is_available() else {}
    return WEIGHTS | LARGE | translations


def _soft(row: dict) -> dict:
    """Return a row of a format that has no hard rows."""
    return {key: value for key, value in row.items() if key != "hard"}


def _rows(rng: random.Random, by_form: dict[str, int], hard_share: float) -> Iterator[tuple[Problem, dict]]:
    """Problems with the columns of their rows, endless, each form by its weight; no question comes twice."""
    seen: set[str] = set()
    for form in rounds(rng, by_form):
        hard, language = rng.random() < hard_share, rng.choice(LANGUAGES)
        split = "test" if hard else rng.choices(SPLITS, SHARES)[0]
        try:
            problem = _problem(rng, form, language, split, hard, len(seen))
        except Mismatch:
            _DROPPED[form] += 1
            continue
        row = _row(rng, problem, language, split, hard)
        content = row["prompt"][-1]["content"]
        if content not in seen and split_of(row["group"]) is not None:
            seen.add(content)
            yield problem, row


def _problem(rng: random.Random, form: str, language: str, split: str, hard: bool, number: int) -> Problem:
    """Return a problem of a form. Raises Mismatch."""
    if form in lookups.FORMS:
        return lookups.FORMS[form](rng, language, split, hard)
    if form in MORE:
        return MORE[form](rng, language, lambda: draw_subject(rng, split, hard, "large", number))
    return tasks.CONTRACT_FORMS[form](rng, language, lambda: draw_subject(rng, split, hard, "small", number))


def _row(rng: random.Random, problem: Problem, language: str, split: str, hard: bool) -> dict:
    """Return the columns of a problem's row: system and user turn, form, groups, meta."""
    wording, key = pick(rng, problem.form, language, split)
    content = wording.replace("{body}", "\0").format(**problem.slots).replace("\0", problem.body)
    system = system_message(problem.form, language, problem.slots.get("code", ""))
    meta = problem.meta | {"language": language}
    if problem.form in TINY:
        meta["document"] = before_answer(problem, language)
    return {
        "id": f"{problem.form}-{language}",
        "form": problem.form,
        "group": [*problem.keys, key],
        "prompt": [system, {"role": "user", "content": content}],
        "meta": meta,
        "hard": hard,
    }
