"""Which split a row belongs to: a pure function of the hash of its groups, and of nothing else.

Not of a seed, an order, a format or the project's name: so a fork, an edit or another format can't move a training row
into the test set.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

Split = Literal["train", "validation", "test"]

TEST = 0.10
VALIDATION = 0.05


def _place(key: str) -> float:
    """Return a key's place in [0, 1): the first 8 bytes of its SHA-256, as a fraction."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def split_of(groups: str | Sequence[str]) -> Split | None:
    """Return the split of a row with these group keys, or None where they disagree (such a row is dropped).

    Each key alone falls 85 % into train, 5 % into validation, 10 % into test. A row whose keys fall into different
    splits would leak one split's thing into another.
    """
    keys = [groups] if isinstance(groups, str) else groups
    found: set[Split] = set()
    for key in keys:
        place = _place(key)
        found.add("test" if place < TEST else "validation" if place < TEST + VALIDATION else "train")
    return found.pop() if len(found) == 1 else None
