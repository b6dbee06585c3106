"""Near-duplicate rows: external rows that nearly repeat another row are removed (similar.py says what nearly means).

In the builder's own rows they are only counted: rows of one template with different content look alike to MinHash, and
are right. builder.py removes exact duplicates before.
"""

from collections.abc import Sequence

from gretchen.projects.builder import SplitRow
from gretchen.projects.similar import first_similar

# How many of the builder's rows are looked at: 2,000 rows a second are hashed.
SAMPLE = 1000


def near_duplicates(rows: Sequence[SplitRow], known: Sequence[SplitRow] = ()) -> list[bool]:
    """Return for each row whether its prompt nearly repeats that of a `known` row, or of an earlier one of `rows`."""
    firsts = first_similar([placed.prompt for placed in (*known, *rows)])
    return [first != number for number, first in enumerate(firsts)][len(known) :]
