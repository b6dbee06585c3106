"""The financial extraction builder: documents for the base, chats for fine-tuning, pairs and prompts for alignment.

    make data PROJECT=financial-extraction

Every amount comes from an integer ledger (ledger.py), is printed by locale (locales.py, tables.py), and read back from
the rendered text with Decimal; programs are executed. A row whose routes disagree is dropped and counted in
`dropped()`.

Not covered: real companies, filings of more than one table.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator

from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of
from gretchen.projects.splits import split_of

from . import analysis, pairs, tasks
from .documents import before_answer, document, drill
from .programs import program
from .readers import read
from .tables import Mismatch
from .tasks import Problem
from .wordings import SYSTEM, pick

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

Form = Callable[[random.Random, str, str, bool], Problem]
# The forms that a small model can learn: the embedded base's documents are of these.
TINY: dict[str, Form] = {
    "table-facts": tasks.table_facts,
    "scale-note": tasks.scale_note,
    "two-years": tasks.two_years,
    "signs": tasks.signs,
    "absent": tasks.absent,
    "prose-facts": tasks.prose_facts,
    "cell": tasks.cell,
    "program": program,
}
FORMS = TINY | analysis.FORMS
# How often a form comes in the base's documents: skills that are hard to learn more often.
DOCUMENT_WEIGHTS = {
    "table-facts": 3, "scale-note": 2, "two-years": 3, "signs": 2, "absent": 2, "prose-facts": 2, "cell": 2,
    "program": 3,
}  # fmt: skip
WEIGHTS = dict.fromkeys(FORMS, 1)  # how often in chats, pairs and prompts
NOT_HARD = ("absent", "prose-facts")  # their layout or answer does not depend on the table's
HARD_SHARE = 0.07
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
LANGUAGES = ("en", "de")
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many rows each form lost to a disagreement of the two routes since the module was loaded."""
    return dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a chat's or prompt's question as a document of the base's corpus has it, up to where the answer begins.

    None where documents have no such form: the larger forms, rows of a public data set.
    """
    return meta_of(row).get("document")


def texts() -> Iterator[dict]:
    """Documents, endless: a report, what is asked in a line, the answer in the very form that a chat answers in.

    Every second is a drill, which has no answer of its own.
    """
    rng = random.Random("financial documents")
    problems = _problems(rng, DOCUMENT_WEIGHTS, 0.0)
    for number in itertools.count(1):
        if number % 2 == 0:
            language, split = rng.choice(LANGUAGES), rng.choices(SPLITS, SHARES)[0]
            form, meta, (text, keys) = "drill", {}, drill(rng, language, split)
        else:
            problem, _ = next(problems)
            form, language, keys = problem.form, problem.meta["language"], problem.keys
            text, meta = document(rng, problem), {"answer": problem.answer}
        yield {"id": f"doc-{form}-{language}-{number}", "form": form, "group": keys, "text": text, "meta": meta}


def chats() -> Iterator[dict]:
    """Question and answer, endless, forms and languages interleaved; 7 % hard rows; no prompt comes twice."""
    rng, seen = random.Random("financial chats"), set()
    for problem, hard in _problems(rng, WEIGHTS, HARD_SHARE):
        turns, keys = _question(rng, problem, "test" if hard else None)
        if turns[-1]["content"] in seen:
            continue
        seen.add(turns[-1]["content"])
        yield {
            "id": _name("chat", problem, len(seen)),
            "form": problem.form,
            "group": keys,
            "messages": [*turns, {"role": "assistant", "content": problem.answer}],
            "meta": problem.meta | _document_meta(problem),
            "hard": hard,
        }


def prompts() -> Iterator[dict]:
    """Questions to be answered for a reward, endless, independent of the chats'; `meta` holds the right answer."""
    rng, seen = random.Random("financial prompts"), set()
    for problem, _ in _problems(rng, WEIGHTS, 0.0):
        turns, keys = _question(rng, problem)
        if turns[-1]["content"] in seen:
            continue
        seen.add(turns[-1]["content"])
        meta = problem.meta | {"reference": problem.answer} | _document_meta(problem)
        name = _name("prompt", problem, len(seen))
        yield {"id": name, "form": problem.form, "group": keys, "prompt": turns, "meta": meta}


def preferences() -> Iterator[dict]:
    """Pairs, endless: the builder's answer against one with a single typed error, of like length (see pairs.py)."""
    rng, seen = random.Random("financial preferences"), set()
    for problem, _ in _problems(rng, WEIGHTS, 0.0):
        spoiled = pairs.rejected(rng, problem)
        turns, keys = _question(rng, problem)
        if spoiled is None or turns[-1]["content"] in seen:
            continue
        seen.add(turns[-1]["content"])
        answer, error = spoiled
        yield {
            "id": _name("pref", problem, len(seen)),
            "form": problem.form,
            "group": keys,
            "prompt": turns,
            "chosen": [{"role": "assistant", "content": problem.answer}],
            "rejected": [{"role": "assistant", "content": answer}],
            "meta": problem.meta | {"fault": error, "differs_in": "content"},
        }


def feedback() -> Iterator[dict]:
    """Answers with a verdict, endless: of each pair one side, the right or the faulty one, as often as the other."""
    yield from judged_sides(random.Random("financial feedback"), preferences())


def _name(kind: str, problem: Problem, number: int) -> str:
    """Return a row's id."""
    return f"{kind}-{problem.form}-{problem.meta['language']}-{number}"


def _document_meta(problem: Problem) -> dict[str, str]:
    """Return what as_document() reads from a row's meta; {} where no document asks this."""
    return {"document": before_answer(problem)} if problem.form in TINY else {}


def _question(rng: random.Random, problem: Problem, split: str | None = None) -> tuple[list[dict], list[str]]:
    """Return the system and user turns that ask for a problem, and the row's group keys."""
    language = problem.meta["language"]
    split = split or split_of(problem.keys)
    wording, key = pick(rng, problem.task, language, split)
    asked = wording.format(**problem.slots)
    content = f"{problem.report}\n\n{asked}" if rng.random() < 0.67 else f"{asked}\n\n{problem.report}"
    system = {"role": "system", "content": SYSTEM[problem.meta["kind"]][language]}
    return [system, {"role": "user", "content": content}], [*problem.keys, key]


def _problems(rng: random.Random, weights: dict[str, int], hard_share: float) -> Iterator[tuple[Problem, bool]]:
    """Problems without end, each form by its weight, in random languages and splits; a Mismatch is only counted."""
    for form in rounds(rng, weights):
        hard = hard_share > 0 and rng.random() < hard_share
        form = rng.choice([name for name in weights if name not in NOT_HARD]) if hard else form
        split = "test" if hard else rng.choices(SPLITS, SHARES)[0]
        try:
            yield FORMS[form](rng, rng.choice(LANGUAGES), split, hard), hard
        except Mismatch:
            _DROPPED[form] += 1
