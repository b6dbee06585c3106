"""Batches of texts of like lengths, so that little is padded."""

import sys
from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], max_tokens: int = sys.maxsize, max_rows: int = sys.maxsize) -> Iterator[list[int]]:
    """Yield the positions of texts, the longest first, in batches of at most `max_tokens` with their padding.

    A text that is longer is alone.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    while order:
        size = max(1, min(max_rows, max_tokens // max(1, lengths[order[0]])))
        yield order[:size]
        order = order[size:]
