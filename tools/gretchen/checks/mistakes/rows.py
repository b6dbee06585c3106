"""Mistakes in built rows that no single row's form shows: markup, sides, roles, labels, lengths, test rows in train.

    look_at("genome-chatbot").errors

The first 200 rows of each training file are looked at; for test rows among the training rows, all, unless the
builder wrote them as they are: it looks for such itself.
"""

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Found
from gretchen.projects.build import untouched
from gretchen.projects.card import Card, read_card
from gretchen.projects.rows import FORMATS, Row, normalised_prompt

ROWS = 200
# What chat templates write around turns. In a row's content it means that a template was applied already.
MARKUP = re.compile(
    r"<\|(im_start|im_end|start_header_id|end_header_id|eot_id|endoftext|user|assistant|system)\|>"
    r"|\[/?INST\]|<</?SYS>>|<(start|end)_of_turn>|^### (Instruction|Response|Human|Assistant):",
    re.MULTILINE,
)
# A warning from so many pairs on, where nine of ten chosen answers are longer, by half on average.
LEAST_PAIRS, SHARE, RATIO = 30, 0.9, 1.5
# KTO's authors balance wanted and unwanted rows by weights; ten to one is far beyond what these are meant for.
UNBALANCED = 10


def look_at(project: str) -> Found:
    """Return the mistakes in a project's built rows; nothing is found where nothing is built."""
    found = Found()
    built_here = untouched(project)  # then the builder has looked for test rows in train
    for row_format in FORMATS:
        file = paths.build(project) / row_format / "train.jsonl"
        rows = first(file)
        for number, row in enumerate(rows, start=1):
            of_row(row, f"{paths.shown(file)}:{number}", found)
        of_file(rows, paths.shown(file), found)
        if not built_here:
            found.errors += test_rows_in_train(project, row_format)
    return found


def first(file: Path, most: int | None = ROWS) -> list[Row]:
    """Return the first rows of a built file that are JSON; [] where there is no file."""
    if not file.is_file():
        return []
    rows = []
    with file.open(encoding="utf-8") as stream:
        for line in islice(stream, most):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:  # told by the check of rows
                continue
    return [row for row in rows if isinstance(row, dict)]


def of_row(row: Row, where: str, found: Found) -> None:
    """Add what is wrong with one row."""
    turns = {
        column: row[column] for column in ("messages", "prompt", "chosen", "rejected", "completion") if column in row
    }
    for column, messages in turns.items():
        if not isinstance(messages, list) or not all(isinstance(turn, dict) for turn in messages):
            return  # told by the check of rows
        for number, turn in enumerate(messages):
            if mark := MARKUP.search(str(turn.get("content") or "")):
                found.warnings.append(
                    f"{where}: {column}[{number}] holds the template's own '{mark[0]}': the chat template will be "
                    "applied a second time: store the plain text"
                )
    for side in ("chosen", "rejected", "completion"):
        if side in turns and turns.get("prompt") and turns[side][0].get("role") == "user":
            found.errors.append(f"{where}: '{side}' begins with the prompt again: it holds the answer alone")
    if "chosen" in turns and said(turns["chosen"]) == said(turns["rejected"]) and turns["chosen"] != turns["rejected"]:
        found.errors.append(f"{where}: 'chosen' and 'rejected' differ in white space only")
    roles(turns.get("messages") or turns.get("prompt") or [], where, found)


def said(turns: list[dict[str, Any]]) -> list[str]:
    """Return what turns say, white space aside."""
    return ["".join(str(turn.get("content") or "").split()) + json.dumps(turn.get("tool_calls")) for turn in turns]


def roles(turns: list[dict[str, Any]], where: str, found: Found) -> None:
    """Warn of turns in an order that many templates refuse or drop."""
    names = [turn.get("role") for turn in turns]
    if "system" in names[1:]:
        found.warnings.append(f"{where}: a system turn that is not the first: many templates drop or refuse it")
    for one, other in zip(names, names[1:], strict=False):
        if one == other and one in ("user", "assistant"):
            found.warnings.append(f"{where}: two turns of '{one}' in a row: many templates refuse them: make them one")
            return


def of_file(rows: list[Row], where: str, found: Found) -> None:
    """Add what is wrong with a file's rows together."""
    labels = [row["label"] for row in rows if isinstance(row.get("label"), bool)]
    wanted, unwanted = labels.count(True), labels.count(False)
    if labels and not (wanted and unwanted):
        found.errors.append(f"{where}: every 'label' is {str(labels[0]).lower()}: KTO learns from both kinds")
    elif labels and max(wanted, unwanted) > UNBALANCED * min(wanted, unwanted):
        found.warnings.append(
            f"{where}: {wanted} wanted and {unwanted} unwanted rows: 'desirable_weight' and 'undesirable_weight' "
            "balance them"
        )
    pairs = [(length(row["chosen"]), length(row["rejected"])) for row in rows if "chosen" in row and "rejected" in row]
    longer = sum(chosen > rejected for chosen, rejected in pairs)
    total = sum(chosen for chosen, _ in pairs), sum(rejected for _, rejected in pairs)
    if len(pairs) >= LEAST_PAIRS and longer >= SHARE * len(pairs) and total[0] >= RATIO * total[1]:
        found.warnings.append(
            f"{where}: {longer} of {len(pairs)} chosen answers are longer than the rejected ones, "
            f"{total[0] / total[1]:.1f} times in all: the model will learn to write more"
        )


def length(turns: Any) -> int:
    """Return how many letters turns hold."""
    return sum(len(str(turn.get("content") or "")) for turn in turns if isinstance(turn, dict))


def test_rows_in_train(project: str, row_format: str) -> list[str]:
    """Return a sentence for each of the first training rows that ask what a held-out row asks, closed forms aside."""

    card = read_card(project)
    closed = set(card.closed) if isinstance(card, Card) else set()
    folder = paths.build(project) / row_format
    held = {}
    for split in ("test", "hard"):
        for number, row in enumerate(first(folder / f"{split}.jsonl", None), start=1):
            if row.get("form") not in closed and (prompt := asked(row)):
                held.setdefault(prompt, f"{paths.shown(folder)}/{split}.jsonl:{number}")
    train = first(folder / "train.jsonl", None) if held else []
    leaks = [(number, held[asked(row)]) for number, row in enumerate(train, start=1) if asked(row) in held]
    return [f"{paths.shown(folder)}/train.jsonl:{number}: asks what {there} asks: a test row is trained"
            for number, there in leaks[:5]]  # fmt: skip


def asked(row: Row) -> str:
    """Return what a row asks, normalised; "" for a row of no form."""
    try:
        return normalised_prompt(row)
    except (TypeError, AttributeError, KeyError):
        return ""
