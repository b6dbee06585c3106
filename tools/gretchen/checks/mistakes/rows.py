"""Mistakes in built rows that no single row's form shows: markup, sides, roles, labels, lengths, test rows in train.

    find_mistakes("genome-chatbot")      -> problems, each with file and line

The first 200 rows of each training file are read. Test rows among the training rows are searched in all rows, unless
the builder's own files are unchanged: it has searched them.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.answers import content_mistakes
from gretchen.checks.mistakes.leaks import leaks, read_rows
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import count_lines
from gretchen.checks.mistakes.writing import writing_mistakes
from gretchen.projects.build import is_unmodified
from gretchen.projects.builder import SPLITS
from gretchen.projects.card import Card, read_card
from gretchen.projects.rows import FORMATS, Row

NUM_ROWS = 200
MIN_ROWS = 100  # from so many on, each split has some
COLUMNS = ("messages", "prompt", "chosen", "rejected", "completion")
# What chat templates write around turns. In a row's content it means that a template was applied already.
MARKUP = re.compile(
    r"<\|(im_start|im_end|start_header_id|end_header_id|eot_id|endoftext|user|assistant|system)\|>"
    r"|\[/?INST\]|<</?SYS>>|<(start|end)_of_turn>|^### (Instruction|Response|Human|Assistant):",
    re.MULTILINE,
)
# A warning from so many pairs on, where nine of ten chosen answers are longer, by half on average.
MIN_PAIRS, LONGER_SHARE, LENGTH_RATIO = 30, 0.9, 1.5
# KTO's authors balance desirable and undesirable rows by weights; ten to one is far beyond what these are meant for.
MAX_IMBALANCE = 10


def find_mistakes(project: str) -> Iterator[Problem]:
    """Yield the mistakes in a project's built rows."""
    builder_checked_leakage, card = is_unmodified(project), read_card(project)
    closed = card.closed if isinstance(card, Card) else []
    for row_format in FORMATS:
        file = paths.build(project) / row_format / "train.jsonl"
        rows = read_rows(file, NUM_ROWS)
        for number, row in enumerate(rows, start=1):
            yield from row_mistakes(row, f"{paths.shown(file)}:{number}")
        yield from file_mistakes(rows, paths.shown(file))
        yield from content_mistakes(rows, partial(line_of, paths.shown(file)))
        yield from writing_mistakes(rows, partial(line_of, paths.shown(file)))
        yield from empty_splits(file.parent)
        if not builder_checked_leakage:
            yield from leaks(file.parent, closed)


def file_mistakes(rows: list[Row], where: str) -> Iterator[Problem]:
    """Yield the mistakes that the rows of one file show together."""
    yield from label_mistakes(rows, where)
    yield from length_mistakes(rows, where)
    yield from labels_by_length(rows, where)


def line_of(file: str, number: int) -> str:
    """Return "file:line" of a row."""
    return f"{file}:{number}"


def empty_splits(folder: Path) -> Iterator[Problem]:
    """Report training rows without rows to test them on, or none at all: all of them share a group."""
    counts = {split: count_lines(file) for split in SPLITS[:3] if (file := folder / f"{split}.jsonl").is_file()}
    total = sum(counts.values())
    empty = [split for split, count in counts.items() if not count]
    if total >= MIN_ROWS and empty:
        problem = f"no {' and no '.join(empty)} rows of {total:,}"
        yield error(f"{paths.shown(folder)}: {problem}: rows of one group share a split, so there are too few groups")


def row_mistakes(row: Row, where: str) -> Iterator[Problem]:
    """Yield the mistakes in one row."""
    turns = {column: row[column] for column in COLUMNS if column in row}
    if not all(isinstance(value, list) and all(isinstance(turn, dict) for turn in value) for value in turns.values()):
        return  # reported by the check of rows
    for column, messages in turns.items():
        for number, turn in enumerate(messages):
            if markup := MARKUP.search(str(turn.get("content") or "")):
                yield warning(
                    f"{where}: {column}[{number}] contains the template's own '{markup[0]}': the chat template will be "
                    "applied a second time: store the plain text"
                )
    for side in ("chosen", "rejected", "completion"):
        if turns.get(side) and turns.get("prompt") and turns[side][0].get("role") == "user":
            yield error(f"{where}: '{side}' begins with the prompt again: it holds the answer alone")
    chosen, rejected = turns.get("chosen"), turns.get("rejected")
    if chosen and rejected and chosen != rejected and squeezed(chosen) == squeezed(rejected):
        yield error(f"{where}: 'chosen' and 'rejected' differ in white space only")
    yield from role_mistakes(turns.get("messages") or turns.get("prompt") or [], where)


def squeezed(turns: list[dict[str, Any]]) -> list[str]:
    """Return the content of turns without white space, tool calls included."""
    return ["".join(str(turn.get("content") or "").split()) + json.dumps(turn.get("tool_calls")) for turn in turns]


def role_mistakes(turns: list[dict[str, Any]], where: str) -> Iterator[Problem]:
    """Warn of turns in an order that many templates refuse or drop."""
    roles = [turn.get("role") for turn in turns]
    if "system" in roles[1:]:
        yield warning(f"{where}: a system turn that is not the first: many templates drop or refuse it")
    repeated = next((role for role, following in pairwise(roles) if role == following in ("user", "assistant")), None)
    if repeated:
        yield warning(f"{where}: two turns of '{repeated}' in a row: many templates refuse them: join them")


def label_mistakes(rows: list[Row], where: str) -> Iterator[Problem]:
    """Yield what is wrong with the labels of a file's rows (KTO)."""
    labels = [row["label"] for row in rows if isinstance(row.get("label"), bool)]
    desirable, undesirable = labels.count(True), labels.count(False)
    if labels and not (desirable and undesirable):
        yield error(f"{where}: every 'label' is {str(labels[0]).lower()}: KTO learns from both kinds")
    elif labels and max(desirable, undesirable) > MAX_IMBALANCE * min(desirable, undesirable):
        yield warning(
            f"{where}: {desirable} desirable and {undesirable} undesirable rows: 'desirable_weight' and "
            "'undesirable_weight' balance them"
        )


def length_mistakes(rows: list[Row], where: str) -> Iterator[Problem]:
    """Warn of pairs in which the chosen answer is nearly always the longer one."""
    pairs = [
        (num_characters(row["chosen"]), num_characters(row["rejected"]))
        for row in rows
        if "chosen" in row and "rejected" in row
    ]
    yield from longer_side(pairs, where)


def longer_side(pairs: list[tuple[int, int]], where: str) -> Iterator[Problem]:
    """Warn of pairs (characters of chosen and rejected) in which one side is nearly always the longer one."""
    longer = sum(chosen > rejected for chosen, rejected in pairs)
    shorter = sum(chosen < rejected for chosen, rejected in pairs)
    total_chosen, total_rejected = sum(chosen for chosen, _ in pairs), sum(rejected for _, rejected in pairs)
    many = len(pairs) >= MIN_PAIRS and longer >= LONGER_SHARE * len(pairs)
    if many and total_chosen >= LENGTH_RATIO * total_rejected:
        yield warning(
            f"{where}: {longer} of {len(pairs)} chosen answers are longer than the rejected ones, "
            f"{total_chosen / max(1, total_rejected):.1f} times in all: the model will learn to write more"
        )
    less = len(pairs) >= MIN_PAIRS and shorter >= LONGER_SHARE * len(pairs)
    if less and total_rejected >= LENGTH_RATIO * total_chosen:
        yield warning(
            f"{where}: {shorter} of {len(pairs)} rejected answers are longer than the chosen ones, "
            f"{total_rejected / max(1, total_chosen):.1f} times in all: the model will learn to write less"
        )


def labels_by_length(rows: list[Row], where: str) -> Iterator[Problem]:
    """Warn of feedback in which an answer's length tells its label."""
    lengths: dict[bool, list[int]] = {True: [], False: []}
    for row in rows:
        if isinstance(row.get("label"), bool) and "completion" in row:
            lengths[row["label"]].append(num_characters(row["completion"]))
    good, bad = lengths[True], lengths[False]
    if min(len(good), len(bad)) < MIN_PAIRS // 2:
        return
    longer = sum(g > b for g in good for b in bad) / (len(good) * len(bad))
    shorter = sum(g < b for g in good for b in bad) / (len(good) * len(bad))
    means = sum(good) / len(good), sum(bad) / len(bad)
    if max(longer, shorter) >= LONGER_SHARE and max(means) >= LENGTH_RATIO * max(1.0, min(means)):
        side, effect = ("longer", "more") if longer > shorter else ("shorter", "less")
        yield warning(
            f"{where}: desirable answers are nearly always the {side} ones ({means[0]:.0f} characters, undesirable "
            f"ones {means[1]:.0f}): the model will learn to write {effect}"
        )


def num_characters(turns: Any) -> int:
    """Return the number of characters in turns."""
    return sum(len(str(turn.get("content") or "")) for turn in turns if isinstance(turn, dict))
