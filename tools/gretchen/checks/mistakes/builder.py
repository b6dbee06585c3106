"""Mistakes of a builder that its first rows show: chance without a seed, rows without groups, sides exchanged.

    sample = sample_rows("genome-chatbot")       -> {format: its first rows}, valid ones
    builder_mistakes("genome-chatbot", sample)   -> problems

The builder is run twice, the second time in a process of its own with other hashes of strings, so that the order of
sets and what is drawn at import differ as they do from day to day.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from gretchen import paths
from gretchen.checks.mistakes.likeness import unlike_answers
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.writing import lost_letters
from gretchen.errors import UserError
from gretchen.projects.builder import JUDGED, location_of, offered_formats, valid_rows
from gretchen.projects.card import load_card
from gretchen.projects.modules import load_dataset_module
from gretchen.projects.rows import (
    LABELLED,
    Row,
    group_keys,
    meta_of,
    normalised,
    normalised_prompt,
    prompt_of,
    reference_of,
    turn_text,
)
from gretchen.projects.splits import split_of
from gretchen.projects.team_code import patience

NUM_ROWS = 300
MAX_SECONDS, MAX_WAIT = 3.0, 30.0
TWICE = 20
MIN_ROWS, MIN_FORMS = 20, 3
SECOND_BUILD_SECONDS = 120
MIN_KNOWN = 5
# Names of things: sequences, identifiers, long words. What is on more rows than this share is a word of the task.
IDENTIFIER = re.compile(r"\b[A-Z]{2,}(?: [A-Z]{2,}){2,}\b|\b(?=\w*\d)(?=\w*[A-Za-z])\w{6,}\b|\b[A-Z]{8,}\b|\S{20,}")
# None is one: markup, words in one (NoncurrentLiabilities, a German compound), code (self.held[msg.sender]).
MARKUP = re.compile(r"<[^<>\n]*>")
WORDS = re.compile(r"(?:[A-ZÄÖÜ][a-zäöüß]+)+\W*|[A-Za-z_][\w.]*[\[({][\w.,=\[\]()]*\W*")
COMMON = 0.05
SHARED = 0.2
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
Sample = Mapping[str, list[Row]]


def sample_rows(project: str) -> dict[str, list[Row]]:
    """Return the first rows of each format that a project offers. Raises UserError for a faulty row or its code."""
    module = load_dataset_module(project)
    return {name: list(first_rows(module, name)) for name in offered_formats(module)}


def first_rows(module: ModuleType, row_format: str) -> Iterator[Row]:
    """Yield the first rows of a generator: twenty, and further ones for a few seconds of work.

    A busy machine gets as many rows as a quiet one, unless the generator waits for something else.

    Raises UserError for a faulty row, for none at all, and for a generator that does not come to its next row.
    """
    worked, started, number = time.process_time(), time.monotonic(), 0
    rows = valid_rows(module, row_format)
    while number < NUM_ROWS:
        slow = time.process_time() - worked > MAX_SECONDS or time.monotonic() - started > MAX_WAIT
        if slow and number >= MIN_ROWS:
            break
        with patience(Path(str(module.__file__)).parent, f"{row_format}()"):
            row = next(rows, None)
        if row is None:
            break
        number += 1
        yield row
    if not number:
        raise UserError(f"{location_of(module, row_format)} yields no row")


def builder_mistakes(project: str, sample: Sample) -> Iterator[Problem]:
    """Yield the mistakes that a sample of a builder's rows shows."""
    module = load_dataset_module(project)
    where = {name: location_of(module, name) for name in sample}
    yield from chance(project, sample, where)
    for name, rows in sample.items():
        yield from one_group(rows, where[name])
        yield from one_split_a_form(rows, where[name])
        yield from repeats(rows, where[name])
        yield from languages(project, rows, where[name])
        yield from lost_letters(rows, load_card(project).languages, where[name])
        yield from shared_things(rows, where[name])
    known = [*exchanged_sides(sample, where), *wrong_labels(sample, where)]
    yield from known or unlike_answers(sample, where)


def chance(project: str, sample: Sample, where: Mapping[str, str]) -> Iterator[Problem]:
    """Report formats whose rows differ from one process to the next."""
    again = second_build(project)
    for name, rows in sample.items():
        for number, row in enumerate(rows[:TWICE]):
            if digest(row) not in again.get(name, [digest(row)])[number : number + 1] and name in again:
                yield error(
                    f"{where[name]} yields other rows each time, from number {number + 1} on: chance needs a seed "
                    "(random.Random(0)), and neither the order of a set nor the clock may count"
                )
                break


def second_build(project: str) -> dict[str, list[str]]:
    """Return {format: digests of the first rows} of a build in another process; {} where that one fails."""
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    command = [sys.executable, "-m", "gretchen.checks.second_build", project]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "GRETCHEN_ROOT": str(paths.root())}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECOND_BUILD_SECONDS, check=False
        )
        return json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        return {}


def digest(row: Row) -> str:
    """Return a hash of a row's content."""
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=list).encode()).hexdigest()[:16]


def one_group(rows: list[Row], where: str) -> Iterator[Problem]:
    """Report rows that all share a group: they are all in one split. Labelled rows are all of the train split."""
    rows = [row for row in rows if LABELLED not in meta_of(row)]
    if len(rows) < MIN_ROWS:
        return
    hard = sum(bool(row.get("hard")) for row in rows)
    if hard > 0.5 * len(rows):
        yield warning(f"{where}: {hard} of {len(rows)} rows are hard: those are never trained")
    splits = Counter(split_of(row["group"]) for row in rows)
    keys = {key for row in rows for key in group_keys(row)}
    if len(splits - Counter({None: splits[None]})) < 2:
        problem = f"all of {len(rows)} rows have the group '{min(keys)}'" if len(keys) == 1 else "too few groups"
        yield error(f"{where}: {problem}: training and test rows need groups of their own")
    elif splits[None] > 0.5 * len(rows):
        yield warning(f"{where}: {splits[None]} of {len(rows)} rows have groups in several splits, and are left out")


def one_split_a_form(rows: list[Row], where: str) -> Iterator[Problem]:
    """Warn of forms of which each is in one split: nothing tests what is trained."""
    forms: dict[str, list[str | None]] = {}
    for row in rows:
        if not row.get("hard"):
            forms.setdefault(row["form"], []).append(split_of(row["group"]))
    large = [splits for splits in forms.values() if len(splits) >= MIN_ROWS]
    if len(large) >= MIN_FORMS and all(len(set(splits)) == 1 for splits in large):
        yield warning(f"{where}: each form is in one split: a group is a thing that rows are about, not a form")


def repeats(rows: list[Row], where: str) -> Iterator[Problem]:
    """Warn of a generator with few rows, or the same again and again; report one that gives two rows an id."""
    ids = Counter(row["id"] for row in rows)
    if repeated := next((name for name, count in ids.items() if count > 1), None):
        yield error(f"{where} yields several rows with the id '{repeated}'")
    if len(rows) < MIN_ROWS:
        yield warning(f"{where} yields only {len(rows)} rows: they are learned by heart")
    distinct = len({content_key(row) for row in rows})
    if len(rows) >= MIN_ROWS and distinct < 0.5 * len(rows):
        yield warning(
            f"{where}: {distinct} different prompts in the first {len(rows)} rows: repeated ones are left out"
        )


def content_key(row: Row) -> str:
    """Return what makes a row another one than the rest: its prompt, and the answers that are judged."""
    return normalised_prompt(row) + "".join(str(row.get(column, "")) for column in JUDGED)


def languages(project: str, rows: list[Row], where: str) -> Iterator[Problem]:
    """Warn of rows in a language that the card does not name, where `meta` says which."""
    named = load_card(project).languages
    for row in rows:
        meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
        language = meta.get("language", meta.get("lang"))
        if isinstance(language, str) and LANGUAGE.fullmatch(language) and language not in named:
            yield warning(
                f"{where}: row '{row['id']}' is in '{language}', and the card's languages are {', '.join(named)}"
            )
            return


def shared_things(rows: list[Row], where: str) -> Iterator[Problem]:
    """Warn of test rows about a thing that training rows are about: it needs one group."""
    splits: dict[str, list[set[str]]] = {"train": [], "test": []}
    counts: Counter[str] = Counter()
    for row in rows:
        text = MARKUP.sub(" ", " ".join(str(turn.get("content")) for turn in prompt_of(row)))
        names = {name for name in IDENTIFIER.findall(text) if not WORDS.fullmatch(name)}
        counts.update(names)
        split = split_of(row["group"])
        if split in splits:
            splits[split].append(names)
    rare = {name for name, count in counts.items() if count <= max(2, COMMON * len(rows))}
    trained = set().union(*splits["train"]) & rare
    named = [names & rare for names in splits["test"] if names & rare]
    shared = [names & trained for names in named if names & trained]
    if len(named) >= MIN_KNOWN and len(shared) >= max(3, SHARED * len(named)):
        yield warning(
            f"{where}: {len(shared)} of {len(named)} test rows are about something that training rows are about "
            f"('{min(shared[0])[:40]}'): rows about the same thing need the same group"
        )


def known_answers(sample: Sample) -> dict[str, str]:
    """Return {prompt: its answer} of the chats and the prompts."""
    answers = {}
    for name in ("prompts", "chats"):
        for row in sample.get(name, ()):
            if reference := reference_of(row):
                answers[normalised_prompt(row)] = normalised(reference)
    return answers


def exchanged_sides(sample: Sample, where: Mapping[str, str]) -> Iterator[Problem]:
    """Report pairs whose rejected side is the answer of the chats to the same question."""
    answers, right, wrong = known_answers(sample), 0, 0
    for row in sample.get("preferences", ()):
        answer = answers.get(normalised_prompt(row)) or normalised(str(meta_of(row).get("reference") or ""))
        if answer:
            right += last_text(row, "chosen") == answer
            wrong += last_text(row, "rejected") == answer
    if wrong >= MIN_KNOWN and wrong > right:
        problem = f"{wrong} rejected answers are the right ones, {right} chosen ones: sides are exchanged"
        yield error(f"{where['preferences']}: {problem}")


def wrong_labels(sample: Sample, where: Mapping[str, str]) -> Iterator[Problem]:
    """Report feedback whose labels contradict the chats, or the pairs, in most rows."""
    good = set(known_answers(sample).items())
    pairs = sample.get("preferences", ())
    good |= {(normalised_prompt(row), last_text(row, "chosen")) for row in pairs}
    bad = {(normalised_prompt(row), last_text(row, "rejected")) for row in pairs} - good
    right = wrong = 0
    for row in sample.get("feedback", ()):
        answer = normalised_prompt(row), last_text(row, "completion")
        is_good = answer in good or answer[1] == normalised(str(meta_of(row).get("reference") or " "))
        if is_good or answer in bad:
            right, wrong = right + (is_good == row["label"]), wrong + (is_good != row["label"])
    if wrong >= MIN_KNOWN and wrong > right:
        yield error(
            f"{where['feedback']}: the labels of {wrong} of {right + wrong} rows are inverted: true is desirable"
        )


def last_text(row: Row, column: str) -> str:
    """Return the last turn of a column, normalised."""
    return normalised(turn_text(row[column][-1]))
