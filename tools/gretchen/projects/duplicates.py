"""Near-duplicates by MinHash (Broder 1997) with datasketch's locality-sensitive hashing.

In rows from outside they are removed. In rule-made rows they are only counted: rows of one template with different
content look alike to MinHash and are right. Exact duplicates are found before, in builder.py.
"""

from collections.abc import Sequence

from gretchen.projects.builder import Placed

THRESHOLD = 0.85
PERMUTATIONS = 64
SHINGLE = 5
# Counting in rule-made rows takes a sample: 2,000 rows a second are hashed.
SAMPLE = 1000


def shingles(prompt: str) -> set[bytes]:
    """Return a normalised prompt's pieces of SHINGLE characters."""
    return {prompt[i : i + SHINGLE].encode() for i in range(max(1, len(prompt) - SHINGLE + 1))}


def near_duplicates(rows: Sequence[Placed], known: Sequence[Placed] = ()) -> list[bool]:
    """Return for each row whether a `known` row, or an earlier one of its own list, is nearly the same.

    Nearly: an estimated Jaccard similarity of the prompts' shingles of THRESHOLD or more.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    found = []
    for number, one in enumerate([*known, *rows]):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch(list(shingles(one.prompt)))
        alike = bool(index.query(sketch))
        if not alike:
            index.insert(number, sketch)
        if number >= len(known):
            found.append(alike)
    return found
