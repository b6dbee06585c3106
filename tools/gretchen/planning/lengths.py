"""The lengths of a recipe's training rows in tokens, cut and packed as its engine does it.

    count_rows(resolved, settings, files, model_dir).lengths

Texts and conversations are counted here, other formats in completions.py. renderer.py makes text and tokens of a row.
"""

import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path

from gretchen.planning.completions import COUNTERS
from gretchen.planning.renderer import Renderer
from gretchen.planning.rows import RowCounts, read
from gretchen.planning.settings import Settings
from gretchen.recipes.resolve import Resolved

PACKING_BATCH_ROWS = 1000  # the batch size of datasets.map, within which TRL packs


def count_rows(resolved: Resolved, settings: Settings, files: Sequence[Path], model_dir: Path) -> RowCounts:
    """Return a recipe's rows counted by the tokenizer and chat template of a model's folder.

    Raises UserError where the rows do not have the format that the stage trains on.
    """
    renderer = Renderer(model_dir, resolved)
    rows = [row for file in files for row in read(file)]
    if settings.stage in COUNTERS:
        return COUNTERS[settings.stage](rows, settings, renderer)
    full_lengths = renderer.lengths([renderer.row(row) for row in rows])
    limit = settings.max_length
    too_long = [number for number, length in enumerate(full_lengths) if limit is not None and length > limit]
    lengths, num_cut, dropped = full_lengths, 0, set()
    if limit is None or settings.packing == "wrapped":
        pass
    elif settings.engine == "axolotl":  # drop_long_seq
        dropped = set(too_long)
    else:
        num_cut = len(too_long)
        if settings.packing != "bfd_split":
            lengths = [min(length, limit) for length in full_lengths]
        if not settings.packing and resolved.values.get("assistant_only_loss"):
            dropped = {number for number in too_long if renderer.first_trained(rows[number]) >= limit}
    kept = [length for number, length in enumerate(lengths) if number not in dropped]
    packed = pack(kept, limit, settings.packing) if settings.packing and limit else kept
    num_cut = num_cut - len(dropped) if num_cut else 0
    return RowCounts(len(rows), num_cut, len(dropped), packed, sum(packed), rows_in_steps=len(kept))


def pack(lengths: Sequence[int], limit: int, strategy: str) -> list[int]:
    """Return the lengths of packed sequences: TRL's best fit decreasing, or its wrapping (trl.data_utils).

    axolotl's bins are filled by first fit over all rows; best fit gives as many or one or two fewer.
    """
    if strategy == "bins":
        return best_fit(lengths, limit)
    packed: list[int] = []
    for batch in _batches(lengths):
        if strategy == "wrapped":
            full, rest = divmod(sum(batch), limit)
            packed += [limit] * full + ([rest] if rest else [])
        else:
            packed += best_fit([piece for length in batch for piece in _pieces(length, limit)], limit)
    return packed


def best_fit(lengths: Sequence[int], limit: int) -> list[int]:
    """Return the filled lengths of bins: the longest row first, each into the fullest bin with room for it."""
    spaces: list[int] = []
    for length in sorted(lengths, reverse=True):
        index = bisect.bisect_left(spaces, length)
        space = spaces.pop(index) if index < len(spaces) else limit
        bisect.insort(spaces, space - length)
    return [limit - space for space in spaces]


def _batches(lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the rows that are packed together."""
    for start in range(0, len(lengths), PACKING_BATCH_ROWS):
        yield lengths[start : start + PACKING_BATCH_ROWS]


def _pieces(length: int, limit: int) -> Iterator[int]:
    """Yield the lengths of the pieces that a row is split into."""
    yield from [limit] * (length // limit)
    if length % limit:
        yield length % limit
