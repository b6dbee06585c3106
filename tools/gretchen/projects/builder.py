"""What a builder yields, checked row by row, without exact duplicates, each with its split.

    for placed in placed_rows("genome-chatbot", "chats", 2000, tally): …

A faulty row of dataset.py stops the build with file, line and reason, for the program is wrong. A faulty row from
outside (`read()`) is left out and told.
"""

import inspect
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.rows import FORMATS, Fault, Row, format_of, normalised, normalised_prompt, row_fault
from gretchen.projects.splits import split_of

SPLITS = ("train", "validation", "test", "hard")
MOST_FAULTS = 10


@dataclass
class Tally:
    """What became of the rows of one format: counts of what was left out, by reason, and faulty rows from outside."""

    left_out: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Placed:
    """A row with its split (train, validation, test or hard), its normalised prompt and where it came from."""

    row: Row
    split: str
    prompt: str
    outside: bool = False


def offered(module: ModuleType) -> list[str]:
    """Return the formats that a dataset.py offers. Raises UserError where it offers none."""
    found = [name for name in FORMATS if callable(getattr(module, name, None))]
    if not found:
        raise UserError(
            f"{paths.shown(Path(str(module.__file__)))} defines no generator of rows",
            f"define one of {', '.join(f'{name}()' for name in FORMATS)}",
        )
    return found


def placed_rows(module: ModuleType, row_format: str, most: int, tally: Tally) -> Iterator[Placed]:
    """Yield up to `most` different rows of a format with their splits; `tally` is told what was left out.

    Raises UserError, naming file, line and reason, for a row that is no row.
    """
    function = getattr(module, row_format)
    place = f"{paths.shown(Path(inspect.getfile(function)))}:{function.__code__.co_firstlineno}"
    seen: set[str] = set()
    ids: set[str] = set()
    count = 0
    for number, row in enumerate(function(), start=1):
        fault = row_fault(row, row_format)
        if not fault and row["id"] in ids:
            fault = f"id '{row['id']}' stood already in an earlier row"
        if fault:
            raise UserError(f"{place}: {row_format}() yields a faulty row, number {number}: {fault}", example(row))
        ids.add(row["id"])
        placed = place_row(row, seen, tally)
        if placed:
            count += 1
            yield placed
        if count >= most:
            return


def outside_rows(module: ModuleType, source: Path, tallies: dict[str, Tally]) -> Iterator[tuple[str, Placed]]:
    """Yield (format, row) for every row that the project's `read()` finds in a file or folder.

    Raises UserError where the project cannot read files, or none of the rows is right.
    """
    reader = getattr(module, "read", None)
    if reader is None:
        raise UserError(f"{paths.shown(Path(str(module.__file__)))} defines no read(path)", "SOURCE needs one")
    if not source.exists():
        raise UserError(f"SOURCE: there is no file or folder {source}", "name it from where you type, or absolutely")
    seen: dict[str, set[str]] = {name: set() for name in FORMATS}
    good, faults = 0, []
    for number, row in enumerate(reader(source), start=1):
        row_format = None if isinstance(row, Fault) else format_of(row)
        if isinstance(row, Fault):
            faults.append(str(row))
        elif row_format is None:
            columns = ", ".join(map(str, row))
            faults.append(f"{source}: row {number} has the columns of no format ({columns})")
        elif wrong := row_fault(row, row_format):
            faults.append(f"{source}: row {number} ({row.get('id', '?')}): {wrong}")
        else:
            good += 1
            tally = tallies.setdefault(row_format, Tally())
            placed = place_row(row, seen[row_format], tally, outside=True)
            if placed:
                yield row_format, placed
    if not good:
        shown = faults[:MOST_FAULTS] or [f"{source}: holds no rows"]
        raise UserError("\n".join(shown), "the project's README says which files it reads")
    tallies.setdefault("", Tally()).faults.extend(faults)


def place_row(row: Row, seen: set[str], tally: Tally, outside: bool = False) -> Placed | None:
    """Return the row with its split, or None (and a count in `tally`) where it may not stay."""
    prompt = normalised_prompt(row)
    key = prompt if "completion" not in row else prompt + normalised(json.dumps(row["completion"]))
    if key in seen:
        tally.left_out["exact duplicate"] += 1
        return None
    split = split_of(row["group"])
    if split is None:
        tally.left_out["groups in several splits"] += 1
        return None
    if row.get("hard"):
        if split != "test":
            tally.left_out["hard, but not held out"] += 1
            return None
        split = "hard"
    seen.add(key)
    return Placed(row, split, prompt, outside)


def on_disk(row: Row, row_format: str) -> Row:
    """Return the row as its file holds it: `group` a list, `meta` one JSON string, `hard` gone."""
    group = [row["group"]] if isinstance(row["group"], str) else list(row["group"])
    meta = row.get("meta") or {}
    kept = {"id": row["id"], "form": row["form"], "group": group}
    kept |= {column: row[column] for column in FORMATS[row_format]}
    if row.get("tools"):
        kept["tools"] = row["tools"]
    return kept | {"meta": meta if isinstance(meta, str) else json.dumps(meta, ensure_ascii=False)}


def example(row: Any) -> str:
    """Return the head of a row, to find it by."""
    return f"the row: {str(row)[:120]}"


def counts(placed: Iterable[Placed]) -> dict[str, dict[str, int]]:
    """Return {form: {split: rows}}, sorted by form."""
    found: dict[str, Counter[str]] = {}
    for one in placed:
        found.setdefault(one.row["form"], Counter())[one.split] += 1
    return {form: {split: found[form][split] for split in SPLITS} for form in sorted(found)}
