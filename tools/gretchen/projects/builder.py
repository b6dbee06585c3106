"""The rows of a builder (dataset.py) and of `read()`: each checked, exact duplicates dropped, with its split.

    for placed in builder_rows(module, "chats", 2000, tally): …

A faulty row of the builder stops the build with file, line and reason: the program is wrong. A faulty row of an
external source is left out and listed.
"""

import inspect
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.left_out import Tally
from gretchen.projects.plain import plain_rows, plain_rows_or_none
from gretchen.projects.rows import (
    FORMATS,
    Fault,
    Row,
    arguments_text,
    format_of,
    group_keys,
    normalised,
    normalised_prompt,
    reference_of,
    row_fault,
    tools_of,
)
from gretchen.projects.splits import split_of
from gretchen.projects.team_code import guarded, team_code

SPLITS = ("train", "validation", "test", "hard")
MAX_FAULTS = 10
# What makes a row another one than those with the same prompt: the tools on offer, and the answers that are judged.
JUDGED = ("tools", "chosen", "rejected", "completion")
EMPTY_CELLS = ("nan", "<na>")
# A generator that yields no new row for so long has no more of them; the longest such run of a real one had 2 rows.
MAX_REPEATS = 10_000


@dataclass(frozen=True)
class SplitRow:
    """A row with its split (train, validation, test or hard), its normalised prompt, and whether it is external."""

    row: Row
    split: str
    prompt: str
    external: bool = False


def offered_formats(module: ModuleType) -> list[str]:
    """Return the formats that a dataset.py offers. Raises UserError where it offers none."""
    formats = [name for name in FORMATS if callable(getattr(module, name, None))]
    if not formats:
        raise UserError(
            f"{paths.shown(Path(str(module.__file__)))} defines no generator of rows",
            f"define one of {', '.join(f'{name}()' for name in FORMATS)}",
        )
    return formats


def builder_rows(
    module: ModuleType, row_format: str, limit: int, tally: Tally, forms: Collection[str] | None = None
) -> Iterator[SplitRow]:
    """Yield up to `limit` different rows of a format with their splits; `tally` counts what was left out.

    With `forms` only rows of these; rows of other forms are not counted as left out.

    A generator that repeats itself for ever is stopped after MAX_REPEATS rows without a new one. Raises UserError,
    naming file, line and reason, for a row that is not valid.
    """
    location = location_of(module, row_format)
    seen: dict[str, str] = {}
    ids: set[str] = set()
    count = num_repeats = 0
    for number, row in enumerate(valid_rows(module, row_format), start=1):
        if row["id"] in ids:
            raise faulty_row(location, number, f"an earlier row has the same id '{row['id']}'", row)
        ids.add(row["id"])
        placed = assign_split(row, seen, tally) if forms is None or row["form"] in forms else None
        if placed:
            count += 1
            yield placed
        num_repeats = 0 if placed else num_repeats + 1
        if num_repeats == MAX_REPEATS and count < limit:
            noun = "row" if count == 1 else "rows"
            tally.exhausted = (
                f"{location} has only {count:,} different {noun}, {limit:,} are asked for: "
                f"the last {MAX_REPEATS:,} that it yielded were repeats, left out or of other forms"
            )
            return
        if count >= limit:
            return


def valid_rows(module: ModuleType, row_format: str) -> Iterator[Row]:
    """Yield the rows of a format's generator. Raises UserError with file, line and reason for one that is not valid."""
    name = f"{row_format}()"
    with team_code(folder_of(module), name):
        rows = getattr(module, row_format)()
    if rows is None or isinstance(rows, str | dict) or not hasattr(rows, "__iter__"):
        problem = f"{location_of(module, row_format)} returns {type(rows).__name__}, not rows"
        raise UserError(problem, "`yield` each row")
    for number, row in enumerate(guarded(rows, folder_of(module), name), start=1):
        if fault := row_fault(row, row_format):
            raise faulty_row(location_of(module, row_format), number, fault, row)
        yield row


def location_of(module: ModuleType, row_format: str) -> str:
    """Return where a format's generator is defined, as messages name it: "projects/x/dataset.py:12: chats()"."""
    function = getattr(module, row_format)
    return f"{paths.shown(Path(inspect.getfile(function)))}:{function.__code__.co_firstlineno}: {row_format}()"


def faulty_row(location: str, number: int, fault: str, row: Row) -> UserError:
    """Return the error for a row that a generator must not yield."""
    return UserError(f"{location} yields a faulty row, number {number}: {fault}", f"the row: {str(row)[:120]}")


def folder_of(module: ModuleType) -> Path:
    """Return the folder of a project's module."""
    return Path(str(module.__file__)).parent


def source_rows(module: ModuleType, source: Path, tallies: dict[str, Tally]) -> Iterator[tuple[str, SplitRow]]:
    """Yield (format, row) for every row that the project's `read()`, or else a plain table's reader, reads.

    Raises UserError where neither can read it, or none of the rows is valid.
    """
    if not source.exists():
        raise UserError(f"SOURCE: no such file or folder: {source}", "give an absolute path, or one from where you are")
    seen: dict[str, dict[str, str]] = {name: {} for name in FORMATS}
    num_valid, faults = 0, []
    for number, row in enumerate(external_rows(module, source), start=1):
        row_format = None if isinstance(row, Fault) else format_of(row)
        if fault := external_fault(row, row_format, f"{source}: row {number}"):
            faults.append(fault)
            continue
        num_valid += 1
        tally = tallies.setdefault(row_format, Tally())
        placed = assign_split(row, seen[row_format], tally, external=True)
        if placed:
            yield row_format, placed
    if not num_valid:
        shown = faults[:MAX_FAULTS] or [f"{source}: holds no rows"]
        raise UserError("\n".join(shown), "the project's README says which files it reads")
    tallies.setdefault("", Tally()).faults.extend(faults)


def external_rows(module: ModuleType, source: Path) -> list[Row | Fault]:
    """Return the rows and faults of a file or folder: by the project's `read()`, else as a plain table.

    Raises UserError where neither can read it: the error of `read()`, where the project defines it.
    """
    reader = getattr(module, "read", None)
    if reader is None and source.is_dir():
        problem = f"{paths.shown(Path(str(module.__file__)))} defines no read(path), which a folder as SOURCE needs"
        raise UserError(problem, "SOURCE=rows.csv names one file, with a question and an answer in each row")
    if reader is None:
        return plain_rows(source)
    try:
        with team_code(folder_of(module), "read()"):
            rows = list(reader(source))
    except UserError:
        if source.is_dir() or not (rows := plain_rows_or_none(source)):
            raise
        return rows
    return rows if any(isinstance(row, dict) for row in rows) else plain_rows_or_none(source) or rows


def external_fault(row: Row | Fault, row_format: str | None, location: str) -> str | None:
    """Return what is wrong with a row that `read()` yielded, with where it is, or None."""
    if isinstance(row, Fault):
        return str(row)
    if row_format is None:
        return f"{location} has the columns of no format ({', '.join(map(str, row))})"
    fault = row_fault(row, row_format)
    return f"{location} ({row.get('id', '?')}): {fault}" if fault else None


def assign_split(row: Row, seen: dict[str, str], tally: Tally, external: bool = False) -> SplitRow | None:
    """Return the row with its split, or None where it is left out, which `tally` notes.

    `seen` maps what tells rows apart to the id of the first row that has it.
    """
    prompt = normalised_prompt(row)
    key = prompt + "".join(normalised(json.dumps(row[column])) for column in JUDGED if column in row)
    if key in seen:
        tally.leave_out("exact duplicate", row, repeats=seen[key])
        return None
    split = split_of(row["group"])
    if split is None:
        tally.leave_out("groups in several splits", row)
        return None
    if row.get("hard"):
        if split != "test":
            tally.leave_out("hard, but not held out", row)
            return None
        split = "hard"
    seen[key] = row["id"]
    return SplitRow(row, split, prompt, external)


def on_disk(row: Row, row_format: str) -> Row:
    """Return the row as its file holds it: `group` a list, `meta`, `tools`, arguments JSON strings, no `hard`."""
    meta = row.get("meta") or {}
    columns = {"id": row["id"], "form": row["form"], "group": group_keys(row)}
    columns |= {column: _with_plain_calls(row[column]) for column in FORMATS[row_format]}
    if tools := tools_of(row):
        columns["tools"] = json.dumps(tools, ensure_ascii=False)
    return columns | {"meta": meta if isinstance(meta, str) else json.dumps(meta, ensure_ascii=False)}


def _with_plain_calls(value: Any) -> Any:
    """Return a column whose turns' tool calls have their arguments as a JSON string."""
    turns = value if isinstance(value, list) else []
    return [_with_plain_arguments(turn) for turn in turns] if any(t.get("tool_calls") for t in turns) else value


def _with_plain_arguments(turn: dict[str, Any]) -> dict[str, Any]:
    """Return a turn whose tool calls have their arguments as a JSON string."""
    functions = [call["function"] for call in turn.get("tool_calls") or []]
    calls = [function | {"arguments": arguments_text(function["arguments"])} for function in functions]
    return turn | ({"tool_calls": [{"type": "function", "function": call} for call in calls]} if calls else {})


def empty_cells(rows: Iterable[SplitRow]) -> tuple[int, int, str]:
    """Return how many answers are a table's empty cell as pandas writes it ("nan"), of how many, and the first's id."""
    answers = [(normalised(reference_of(placed.row)), placed.row["id"]) for placed in rows if "text" not in placed.row]
    empty = [row_id for answer, row_id in answers if answer in EMPTY_CELLS]
    return len(empty), len(answers), empty[0] if empty else ""


def count_forms(rows: Iterable[SplitRow]) -> dict[str, dict[str, int]]:
    """Return {form: {split: number of rows}}, sorted by form."""
    forms: dict[str, Counter[str]] = {}
    for placed in rows:
        forms.setdefault(placed.row["form"], Counter())[placed.split] += 1
    return {form: {split: forms[form][split] for split in SPLITS} for form in sorted(forms)}
