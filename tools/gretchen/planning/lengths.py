"""A recipe's training rows as numbers of tokens, cut and packed as its engine does it.

    count_rows(resolved, folder).lengths

It reads built or local files only: what lies on the hub is not fetched. How a row becomes text and tokens: writer.py.
"""

import bisect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.planning.settings import Settings
from gretchen.planning.writer import Row, Writer
from gretchen.recipes.resolve import Resolved

PACKED_AT_ONCE = 1000  # rows: the batch size of datasets.map, within which TRL packs


@dataclass(frozen=True)
class Counted:
    """Training rows counted: `rows` read, `cut` at the length limit, `dropped` by the engine.

    `lengths` are the tokens of each sequence that is trained, after cutting and packing; a pair of answers counts with
    its longer one in `lengths`, and with both in `tokens`.
    """

    rows: int
    cut: int
    dropped: int
    lengths: list[int]
    tokens: int


def train_files(resolved: Resolved) -> list[Path] | None:
    """Return the files of a recipe's training rows; None where one of them is not on this disk."""
    values = resolved.values
    named = [one.get("path") for key in ("datasets", "pretraining_dataset") for one in values.get(key) or []]
    split = values.get("dataset_train_split", "train")
    files = []
    for name in named or [values.get("dataset_name")]:
        place = paths.root() / str(name)
        place = place / f"{split}.jsonl" if place.is_dir() else place
        if not name or not place.is_file():
            return None
        files.append(place)
    return files


def count_rows(resolved: Resolved, s: Settings, files: Sequence[Path], folder: Path) -> Counted:
    """Return a recipe's rows counted by the tokenizer and template of a model's folder.

    Raises UserError where the rows are not of a form that the stage trains on.
    """
    write = Writer(folder, resolved)
    rows = [row for file in files for row in read(file)]
    if s.stage == "dpo":
        return count_pairs(rows, s, write)
    texts = [write.row(row) for row in rows]
    raw = write.lengths(texts)
    limit = s.length
    over = [number for number, length in enumerate(raw) if limit is not None and length > limit]
    if limit is None or s.packing == "wrapped":
        lengths, cut, dropped = raw, 0, set()
    elif s.engine == "axolotl":  # drop_long_seq: a longer row is left out
        lengths, cut, dropped = raw, 0, set(over)
    else:
        lengths, cut, dropped = [min(length, limit) for length in raw], len(over), set()
        if s.packing == "bfd_split":
            lengths = raw
        elif not s.packing and resolved.values.get("assistant_only_loss"):
            dropped = {number for number in over if write.first_trained(rows[number]) >= limit}
    kept = [length for number, length in enumerate(lengths) if number not in dropped]
    packed = pack(kept, limit, s.packing) if s.packing and limit else kept
    return Counted(len(rows), cut - len(dropped) if cut else 0, len(dropped), packed, sum(packed))


def count_pairs(rows: list[Row], s: Settings, write: Writer) -> Counted:
    """Return rows with two answers counted: each answer behind its prompt is a sequence."""
    prompts = write.lengths([write.prompt(row) for row in rows])
    sides = [write.lengths([write.answered(row, side) for row in rows]) for side in ("chosen", "rejected")]
    limit = s.length
    lengths, tokens, cut, dropped = [], 0, 0, 0
    for prompt, *both in zip(prompts, *sides, strict=True):
        too_long = limit is not None and max(both) > limit
        # DPOTrainer drops a row whose prompt alone fills the limit; axolotl one that is longer than it.
        if too_long and (prompt >= limit or s.engine == "axolotl"):
            dropped += 1
            continue
        cut += too_long
        both = [min(one, limit) if limit else one for one in both]
        lengths.append(max(both))
        tokens += sum(both)
    return Counted(len(rows), cut, dropped, lengths, tokens)


def pack(lengths: Sequence[int], limit: int, strategy: str) -> list[int]:
    """Return the lengths of packed sequences: TRL's best fit decreasing, or its wrapping (trl.data_utils).

    axolotl's bins are filled by first fit over all rows; best fit gives as many or one or two fewer.
    """
    if strategy == "bins":
        return best_fit(lengths, limit)
    packed: list[int] = []
    for batch in batches(lengths):
        if strategy == "wrapped":
            whole, rest = divmod(sum(batch), limit)
            packed += [limit] * whole + ([rest] if rest else [])
        else:
            pieces = [piece for length in batch for piece in cut_up(length, limit)]
            packed += best_fit(pieces, limit)
    return packed


def batches(lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the rows that are packed together."""
    for start in range(0, len(lengths), PACKED_AT_ONCE):
        yield lengths[start : start + PACKED_AT_ONCE]


def cut_up(length: int, limit: int) -> Iterator[int]:
    """Yield the lengths of a row's pieces."""
    yield from [limit] * (length // limit)
    if length % limit:
        yield length % limit


def best_fit(lengths: Sequence[int], limit: int) -> list[int]:
    """Return the filled lengths of bins: the longest row first, each into the fullest bin that still holds it."""
    spaces: list[int] = []
    for length in sorted(lengths, reverse=True):
        place = bisect.bisect_left(spaces, length)
        space = spaces.pop(place) if place < len(spaces) else limit
        bisect.insort(spaces, space - length)
    return [limit - space for space in spaces]


def read(file: Path) -> Iterator[Row]:
    """Yield a file's rows. Raises UserError for a line that is no JSON object, and for a file of another kind."""
    if file.suffix not in (".jsonl", ".json"):
        raise UserError(f"{paths.shown(file)}: only JSON lines are counted", "write the rows as .jsonl")
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise UserError(f"{paths.shown(file)}:{number}: not one JSON object a line", "write the rows as .jsonl")
            yield row
