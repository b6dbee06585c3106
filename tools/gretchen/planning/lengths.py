"""A recipe's training rows as numbers of tokens, cut and packed as its engine does it.

    count_rows(resolved, settings, files, folder).lengths

Texts and conversations are counted here, rows with answers in answers.py. How a row becomes text and tokens: writer.py.
"""

import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path

from gretchen.planning.answers import COUNTS
from gretchen.planning.rows import Counted, read
from gretchen.planning.settings import Settings
from gretchen.planning.writer import Writer
from gretchen.recipes.resolve import Resolved

PACKED_AT_ONCE = 1000  # rows: the batch size of datasets.map, within which TRL packs


def count_rows(resolved: Resolved, s: Settings, files: Sequence[Path], folder: Path) -> Counted:
    """Return a recipe's rows counted by the tokenizer and template of a model's folder.

    Raises UserError where the rows are not of a form that the stage trains on.
    """
    write = Writer(folder, resolved)
    rows = [row for file in files for row in read(file)]
    if s.stage in COUNTS:
        return COUNTS[s.stage](rows, s, write)
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
    return Counted(len(rows), cut - len(dropped) if cut else 0, len(dropped), packed, sum(packed), told=len(kept))


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
