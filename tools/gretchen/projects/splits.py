"""Which split a row belongs to: a pure function of the hash of its groups, and of nothing else.

Not of a seed, an order, a format or the project's name: so a fork, an edit or another format can't move a training row
into the test set. A public data set's official split is kept by keys that name it:

split_of("pubmedqa:11")                                     -> "train", by its hash
split_of(official_key("pubmedqa:11", "test"))               -> "test", whatever its hash
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Literal, cast

Split = Literal["train", "validation", "test"]

TEST = 0.10
VALIDATION = 0.05


_OFFICIAL = re.compile(r"#split=(train|validation|test)$")


def official_key(key: str, split: Split) -> str:
    """Return a group key that is in the split that a public data set's authors chose."""
    return f"{key}#split={split}"


def _fraction(key: str) -> float:
    """Return a key's number in [0, 1): the first 8 bytes of its SHA-256, as a fraction."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def split_of(groups: str | Sequence[str]) -> Split | None:
    """Return the split of a row with these group keys, or None where they disagree: such a row is dropped.

    Of all keys, 85 % are in train, 5 % in validation, 10 % in test. A row whose keys are in different splits would leak
    from one split into another.
    """
    keys = [groups] if isinstance(groups, str) else groups
    splits = {_split_of_key(key) for key in keys}
    return splits.pop() if len(splits) == 1 else None


def _split_of_key(key: str) -> Split:
    """Return the split of one group key: the one that it names, else by its hash."""
    if official := _OFFICIAL.search(key):
        return cast(Split, official[1])
    fraction = _fraction(key)
    return "test" if fraction < TEST else "validation" if fraction < TEST + VALIDATION else "train"
