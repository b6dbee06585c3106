"""The genome chatbot's dataset builder: documents for the base, chats for fine-tuning, pairs and more for alignment.

    make data PROJECT=genome-chatbot

Every answer is computed twice, by Biopython and by plain tables (sequences.py); a row whose two answers differ is
dropped and counted in `dropped()`. Per-codon results of Biopython are cached; its whole-sequence calls check every
chat row and one document in fifty.

Not covered: real genomes, translation tables other than 1, restriction sites, melting temperatures.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator

from gretchen import feedback as labels
from gretchen.projects.drawing import judged_sides, rounds
from gretchen.projects.rows import meta_of
from gretchen.projects.splits import split_of

from . import pairs, problems, sequences
from .documents import document, document_prompt, table_document
from .problems import Problem
from .readers import read
from .records import record_facts
from .wordings import pick

__all__ = ["as_document", "chats", "dropped", "feedback", "preferences", "prompts", "read", "texts"]

FORMS: dict[str, Callable[[random.Random, str, str, bool], Problem]] = {
    **{task: (lambda *a, task=task: problems.sequence_problem(task, *a)) for task in problems.SEQUENCE_TASKS},
    "codon-effect": problems.codon_effect,
    "hgvs-write": problems.hgvs_write,
    "hgvs-read": problems.hgvs_read,
    "coordinates": problems.coordinates,
    "record-facts": record_facts,
    "invalid-input": problems.invalid_input,
    "codon-lookup": problems.codon_lookup,
    "amino-acid-codons": problems.amino_acid_codons,
}
CLOSED = ("codon-lookup", "amino-acid-codons")
# How often each form occurs in the base's documents: more often where a skill is hard to learn.
DOCUMENT_WEIGHTS = {
    "reverse-complement": 4, "codon-effect": 4, "gc-count": 3, "orf": 3, "translation": 3, "invalid-input": 3,
    "hgvs-write": 3, "hgvs-read": 2, "coordinates": 3, "record-facts": 6, "translation-worked": 2, "complement": 3,
    "transcription": 1, "codon-lookup": 2, "amino-acid-codons": 2, "follow-up": 1,
}  # fmt: skip
# How often in the chats. Invalid input uses the wordings of seven other forms, most often of the two translations:
# valid and invalid remain both likely under each. Other forms more often where SFT fell furthest behind the base on
# validation rows.
CHAT_WEIGHTS = {
    **dict.fromkeys(FORMS, 1), "reverse-complement": 4, "codon-effect": 4, "invalid-input": 3, "orf": 3,
    "record-facts": 2, "gc-count": 2, "translation-worked": 2, "follow-up": 2,
}  # fmt: skip
# How often in the prompts that are rewarded: more often where fine-tuning still makes errors, which rewards need.
PROMPT_WEIGHTS = {
    **{form: 1 for form in FORMS if form not in CLOSED}, "invalid-input": 2, "follow-up": 1,
    "reverse-complement": 4, "record-facts": 3, "gc-count": 2, "codon-effect": 2, "complement": 2,
}  # fmt: skip
HARD_FORMS = (*problems.SEQUENCE_TASKS, "codon-effect", "hgvs-write", "hgvs-read", "coordinates", "record-facts",
              "invalid-input", "two-steps")  # fmt: skip
HARD_SHARE = 0.06
SPLITS, SHARES = ("train", "validation", "test"), (85, 5, 10)
_DROPPED: Counter[str] = Counter()


def dropped() -> dict[str, int]:
    """Return how many rows of each form were dropped since the module was loaded, because the two answers differed."""
    return dict(_DROPPED)


def as_document(row: dict) -> str | None:
    """Return a chat's or prompt's question as a document of the base's corpus has it, up to where the answer begins.

    None where documents have no such form: two steps at once, rows of a public data set.
    """
    return meta_of(row).get("document")


def texts() -> Iterator[dict]:
    """Yield documents without end: the input, the task, and the answer in the same form as in a chat."""
    rng = random.Random("genome documents")
    number = 0
    for form in rounds(rng, DOCUMENT_WEIGHTS):
        number += 1
        language, split = rng.choice(("en", "de")), rng.choices(SPLITS, SHARES)[0]
        try:
            if form in CLOSED:
                text, answer = table_document(
                    rng, [FORMS[form](rng, language, split, False) for _ in range(3)], language
                )
                keys = [_free_key(f"table:{form}", number, split)]
            else:
                problem = (
                    _follow_up(rng, language, split)
                    if form == "follow-up"
                    else FORMS[form](rng, language, split, False)
                )
                if number % 50 == 0 and problem.codons:
                    sequences.check_whole(problem.codons)
                text, answer = document(rng, problem, language)
                keys = problem.keys
        except sequences.Disagreement:
            _DROPPED[form] += 1
            continue
        yield {
            "id": f"doc-{form}-{language}-{number}",
            "form": form,
            "group": keys,
            "text": text,
            "meta": {"answer": answer},
        }


def chats() -> Iterator[dict]:
    """Yield questions with answers without end, forms and languages mixed; 6 % hard rows; no prompt twice."""
    for number, row in enumerate(_questions(random.Random("genome chats"), CHAT_WEIGHTS, HARD_SHARE), start=1):
        yield {"id": f"chat-{row['form']}-{row['meta']['language']}-{number}", **row}


def prompts() -> Iterator[dict]:
    """Yield prompts without end, sampled independently of the chats; `meta` holds the reference answer."""
    for number, row in enumerate(_questions(random.Random("genome prompts"), PROMPT_WEIGHTS, hard_share=0.0), start=1):
        *prompt, answer = row["messages"]
        yield {
            "id": f"prompt-{row['form']}-{row['meta']['language']}-{number}",
            "form": row["form"],
            "group": row["group"],
            "prompt": prompt,
            "meta": row["meta"] | {"reference": answer["content"]},
        }


def preferences() -> Iterator[dict]:
    """Yield the pairs that people ranked or a judge model decided, then the builder's own without end."""
    yield from labels.preferences(__file__)
    yield from labels.judged_preferences(__file__)
    yield from _pairs()


def _pairs() -> Iterator[dict]:
    """Yield pairs without end: the builder's answer, and one of similar length with a single fault (pairs.py).

    `differs_in` in meta is "language" where both answers say the same in two languages, else "content".
    """
    rng = random.Random("genome preferences")
    seen: set[str] = set()
    number = 0
    for form in rounds(rng, pairs.WEIGHTS):
        language, split = rng.choice(("en", "de")), rng.choices(SPLITS, SHARES)[0]
        try:
            state = rng.getstate()
            twin = FORMS[form](rng, "de" if language == "en" else "en", split, False)
            rng.setstate(state)
            problem = FORMS[form](rng, language, split, False)
        except sequences.Disagreement:
            _DROPPED[form] += 1
            continue
        rejected = pairs.rejected(rng, problem, twin, language)
        wording, key = pick(rng, problem.task, language, split)
        prompt = wording.format(**problem.slots)
        if rejected is None or prompt in seen:
            continue
        seen.add(prompt)
        number += 1
        yield {
            "id": f"pref-{form}-{language}-{number}",
            "form": form,
            "group": [*problem.keys, key],
            "prompt": [{"role": "user", "content": prompt}],
            "chosen": [{"role": "assistant", "content": problem.answer}],
            "rejected": [{"role": "assistant", "content": rejected[0]}],
            "meta": {"fault": rejected[1], "differs_in": pairs.differs_in(rejected[1]), "language": language},
        }


def feedback() -> Iterator[dict]:
    """Yield the answers that people or a judge model judged, then one side of each own pair, drawn at random."""
    yield from labels.feedback(__file__)
    yield from labels.judged_feedback(__file__)
    yield from judged_sides(random.Random("genome feedback"), _pairs())


def _free_key(stem: str, number: int, split: str) -> str:
    """Return a group key in `split`, for documents of closed tables, which hold nothing that could be held out."""
    tries = 0
    while split_of(f"{stem}/{number}-{tries}") != split:
        tries += 1
    return f"{stem}/{number}-{tries}"


def _questions(rng: random.Random, weights: dict[str, int], hard_share: float) -> Iterator[dict]:
    """Yield chat rows without ids, without end, each form by its weight, no prompt twice."""
    seen: set[str] = set()
    for form in rounds(rng, weights):
        hard = rng.random() < hard_share
        form = rng.choice(HARD_FORMS) if hard else form
        language = rng.choice(("en", "de"))
        split = "test" if hard else rng.choices(SPLITS, SHARES)[0]
        try:
            row = _chat(rng, form, language, split, hard)
        except sequences.Disagreement:
            _DROPPED[form] += 1
            continue
        prompt = "\n".join(message["content"] for message in row["messages"][:-1])
        if prompt not in seen:
            seen.add(prompt)
            yield row


def _chat(rng: random.Random, form: str, language: str, split: str, hard: bool) -> dict:
    """Return a chat row without its id; raises Disagreement."""
    if form == "follow-up":
        problem = _follow_up(rng, language, split)
    elif form == "two-steps":
        problem = _two_steps(rng, language, split)
    else:
        problem = FORMS[form](rng, language, split, hard)
    if problem.codons:
        sequences.check_whole(problem.codons)
    wording, key = pick(rng, problem.task, language, split)
    keys = [*problem.keys, key]
    messages = [{"role": "user", "content": wording.format(**problem.slots)}]
    if form == "follow-up":
        second, key = pick(rng, f"then-{problem.meta['second']}", language, split)
        keys.append(key)
        messages += [{"role": "assistant", "content": problem.meta["first"]}, {"role": "user", "content": second}]
    messages.append({"role": "assistant", "content": problem.answer})
    meta = {"task": problem.task, "language": language, **{k: v for k, v in problem.meta.items() if k != "first"}}
    if prefix := document_prompt(problem, language):
        meta["document"] = prefix
    return {"form": form, "group": keys, "messages": messages, "meta": meta, "hard": hard}


def _follow_up(rng: random.Random, language: str, split: str) -> Problem:
    """Return two questions on one sequence of 3-5 codons; the second refers to the sequence without repeating it."""
    codons = sequences.draw(rng, split, 3, 5)
    task, second = rng.choice(("complement", "reverse-complement", "translation")), "transcription"
    if task != "translation":
        second = rng.choice(("translation", "gc-count", "transcription"))
    shown = " ".join(codons)
    meta = {"first": problems.solve(task, codons, language), "second": second}
    answer = problems.solve(second, codons, language)
    return Problem("follow-up", task, f"DNA: {shown}", answer, {"x": shown}, [sequences.key(shown)], meta, codons)


def _two_steps(rng: random.Random, language: str, split: str) -> Problem:
    """Return the question for a reverse complement and its protein; 3-6 codons."""
    codons = sequences.draw(rng, split, 3, 6)
    shown = " ".join(codons)
    first = problems.solve("reverse-complement", codons, language)
    answer = f"{first}\nProtein: {sequences.protein(sequences.reverse_complement(codons).split())}"
    return Problem("two-steps", "two-steps", f"DNA: {shown}", answer, {"x": shown}, [sequences.key(shown)], {}, codons)
