"""Rows that a recipe names, and what its engine reads of them: columns, roles, held-out rows by another name.

column_mistakes(Subject.of(resolved))      -> problems, each with file and line

The first row of a local file is read; all rows of one that `make data` has not built, for test rows among them.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.datasets import first_row, training_sets
from gretchen.checks.mistakes.leaks import held_out_prompts, prompt_of, read_rows
from gretchen.checks.mistakes.problems import Problem, error
from gretchen.checks.mistakes.subject import Subject
from gretchen.planning.rows import train_files
from gretchen.projects.card import Card, read_card
from gretchen.projects.rows import FORMATS, Row
from gretchen.recipes.references import listed

# axolotl's `type` -> the columns that it reads; "" is a data set without a type.
COLUMNS = {
    "alpaca": ("instruction", "output"),
    "alpaca_chat": ("instruction", "output"),
    "gpteacher": ("instruction", "response"),
    "context_qa": ("question", "answer"),
    "explainchoice": ("question", "choices"),
    "reflection": ("instruction", "reflection"),
    "input_output": ("segments",),
}
MAX_LINES = 200_000
MIN_SHARED = 3


def column_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield what an engine does not find in a recipe's rows, and held-out rows in files of another name."""
    yield from missing_columns(subject)
    yield from missing_roles(subject)
    yield from copied_test_rows(subject)


def missing_columns(subject: Subject) -> Iterator[Problem]:
    """Report a data set of axolotl whose rows lack the columns that its `type` reads."""
    for where, dataset in training_sets(subject) if subject.engine == "axolotl" else ():
        row, kind = row_of(dataset), dataset.get("type")
        if row is None or (kind is not None and not isinstance(kind, str)):
            continue
        key, columns = columns_of(dataset)
        absent = [column for column in columns if column not in row]
        if absent:
            at = subject.at(*where, key if key in dataset else "type")
            yield error(
                f"{at}: 'type: {kind}' reads the column '{absent[0]}', which {dataset['path']} does not have (it has "
                f"{', '.join(list(row)[:8])}): the type of these rows, or rows of that type"
            )


def columns_of(dataset: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return (the key that names them, the columns that a data set's type reads); none for a type that is unknown."""
    kind = dataset.get("type")
    if kind == "chat_template":
        return "field_messages", (str(dataset.get("field_messages") or "messages"),)
    if kind == "completion":
        return "field", (str(dataset.get("field") or "text"),)
    return "type", COLUMNS.get(str(kind).partition(".")[0], ())


def missing_roles(subject: Subject) -> Iterator[Problem]:
    """Report roles to train that no turn of a data set's first row has: nothing would be trained."""
    for where, dataset in training_sets(subject) if subject.engine == "axolotl" else ():
        row, roles = row_of(dataset), dataset.get("roles_to_train")
        turns = row.get(str(dataset.get("field_messages") or "messages")) if row else None
        if dataset.get("type") != "chat_template" or dataset.get("roles") or not isinstance(turns, list) or not roles:
            continue
        names = listed(roles)
        # axolotl's own other names of the assistant and the user.
        known = {"gpt": "assistant", "model": "assistant", "human": "user"}
        spoken = {str(turn.get(key)) for turn in turns if isinstance(turn, dict) for key in ("role", "from")}
        spoken |= {known.get(role, role) for role in spoken}
        at = subject.at(*where, "roles_to_train")
        if not spoken & set(map(str, names)):
            yield error(f"{at}: 'roles_to_train' {names}: no turn of {dataset['path']} has such a role: [assistant]")
        elif "assistant" in spoken and not {"assistant", "all"} & set(map(str, names)):
            yield error(f"{at}: 'roles_to_train' {names} trains the questions, and no answer: [assistant]")


def row_of(dataset: dict[str, Any]) -> Row | None:
    """Return the first row of a data set's local file; None where there is none."""
    file = paths.root() / str(dataset.get("path"))
    return first_row(file) if dataset.get("path") and file.is_file() and file.suffix in (".jsonl", ".json") else None


def copied_test_rows(subject: Subject) -> Iterator[Problem]:
    """Report training rows outside build/ that ask what a test row of the project asks."""
    project = subject.resolved.project
    if not project:
        return
    build, card = paths.build(project), read_card(project)
    closed = tuple(card.closed) if isinstance(card, Card) else ()
    for file in train_files(subject.resolved) or ():
        if file.is_relative_to(build) or file.suffix not in (".jsonl", ".json"):
            continue
        shared = shared_prompts(file, build, closed, file.stat().st_mtime_ns)
        if len(shared) >= MIN_SHARED:
            where = f"{paths.shown(file)}:{shared[0]}"
            yield error(
                f"{where}: asks what a test row of {paths.shown(build)} asks ({len(shared)} rows do): test rows are "
                "among the training rows"
            )


@lru_cache(maxsize=16)
def shared_prompts(file: Path, build: Path, closed: tuple[str, ...], changed: int) -> tuple[int, ...]:
    """Return the numbers of a file's rows whose prompt is that of a held-out row of a build."""
    held_out = {prompt for name in FORMATS for prompt in held_out_prompts(build / name, closed)}
    rows = read_rows(file, MAX_LINES) if held_out else []
    return tuple(number for number, row in enumerate(rows, start=1) if prompt_of(row) in held_out)
