"""Built files that were edited or exchanged: held-out rows in training, a row twice, one split that looks otherwise.

leaks(folder, closed)                     -> problems of build/<project>/<format>/, each with file and line
held_out_prompts(folder, closed)          -> {normalised prompt: "file:line"} of its test and hard rows

All rows are read: what the builder itself wrote needs none of this.
"""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.files import parse_line
from gretchen.projects.rows import Row, normalised_prompt

HELD_OUT = ("test", "hard")
NUM_LEAKS, MIN_REPEATED = 5, 10
NUM_COMPARED, MIN_COMPARED = 200, 10
NEARLY_ALL, HARDLY_ANY = 0.9, 0.1


def leaks(folder: Path, closed: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong between the splits of one format."""
    held_out = held_out_prompts(folder, closed)
    train, validation = (read_rows(folder / f"{split}.jsonl") for split in ("train", "validation"))
    for split, rows, among in (("train", train, "training"), ("validation", validation, "validation")):
        found = ((n, held_out[prompt]) for n, row in enumerate(rows, start=1) if (prompt := prompt_of(row)) in held_out)
        for number, test_row in islice(found, NUM_LEAKS):
            file = f"{paths.shown(folder)}/{split}.jsonl:{number}"
            yield error(f"{file}: has the prompt of {test_row}: a test row is among the {among} rows")
    yield from repeated_rows(train, f"{paths.shown(folder)}/train.jsonl")
    yield from other_shape(train, folder)


def held_out_prompts(folder: Path, closed: Collection[str]) -> dict[str, str]:
    """Return {normalised prompt: where it stands} of the test and hard rows of one format; closed forms are exempt."""
    found: dict[str, str] = {}
    for split in HELD_OUT:
        for number, row in enumerate(read_rows(folder / f"{split}.jsonl"), start=1):
            if row.get("form") not in closed and (prompt := prompt_of(row)):
                found.setdefault(prompt, f"{paths.shown(folder)}/{split}.jsonl:{number}")
    return found


def repeated_rows(rows: list[Row], file: str) -> Iterator[Problem]:
    """Report rows that stand in a file more than once: they count double."""
    first: dict[str, int] = {}
    repeated = []
    for number, row in enumerate(rows, start=1):
        if first.setdefault(str(row.get("id")), number) != number:
            repeated.append(number)
    if len(repeated) >= MIN_REPEATED:
        name = str(rows[repeated[0] - 1].get("id"))
        yield error(
            f"{file}:{repeated[0]}: has the id '{name:.40}' of line {first[name]}: {len(repeated):,} rows stand in "
            "the file again, and count double: `make data` writes it anew"
        )


def other_shape(train: list[Row], folder: Path) -> Iterator[Problem]:
    """Warn of training rows whose turns are others than the test rows': a system turn that only one of them has."""
    compared = [shapes(rows) for rows in (train, read_rows(folder / "test.jsonl", NUM_COMPARED))]
    if min(map(len, compared)) < MIN_COMPARED:
        return
    for role in ("system", "tool"):
        trained, tested = (sum(role in roles for roles in rows) / len(rows) for rows in compared)
        if max(trained, tested) >= NEARLY_ALL and min(trained, tested) <= HARDLY_ANY:
            has, lacks = ("train", "test") if trained > tested else ("test", "train")
            yield warning(
                f"{paths.shown(folder)}/{has}.jsonl: its rows have a {role} turn, those of {lacks}.jsonl have none: "
                "the model is asked otherwise than it was trained"
            )


def shapes(rows: list[Row]) -> list[Counter[str]]:
    """Return the roles of each of the first rows that have turns."""
    turns = [row.get("messages") or row.get("prompt") for row in rows[:NUM_COMPARED]]
    return [
        Counter(str(turn.get("role")) for turn in row if isinstance(turn, dict))
        for row in turns
        if isinstance(row, list)
    ]


def read_rows(file: Path, limit: int | None = None) -> list[Row]:
    """Return the first rows of a built file that are JSON objects; [] where there is no file."""
    if not file.is_file():
        return []
    rows = []
    with file.open("rb") as stream:
        for line in islice(stream, limit):
            with contextlib.suppress(ValueError):  # reported by the check of rows
                rows.append(parse_line(line))
    return [row for row in rows if isinstance(row, dict)]


def prompt_of(row: Row) -> str:
    """Return a row's normalised prompt; "" for a row that has none."""
    try:
        return normalised_prompt(row)
    except (TypeError, AttributeError, KeyError):
        return ""
