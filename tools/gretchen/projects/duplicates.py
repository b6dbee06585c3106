"""Near-duplicates by MinHash (Broder 1997) with datasketch's locality-sensitive hashing.

External rows that nearly repeat another row are removed. In the builder's own rows they are only counted: rows of one
template with different content look alike to MinHash, and are right. builder.py removes exact duplicates before.
"""

from collections.abc import Sequence

from gretchen.projects.builder import SplitRow

THRESHOLD = 0.85
PERMUTATIONS = 64
SHINGLE = 5
# How many of the builder's rows are looked at: 2,000 rows a second are hashed.
SAMPLE = 1000


def shingles(prompt: str) -> set[bytes]:
    """Return a normalised prompt's substrings of SHINGLE characters."""
    return {prompt[i : i + SHINGLE].encode() for i in range(max(1, len(prompt) - SHINGLE + 1))}


def near_duplicates(rows: Sequence[SplitRow], known: Sequence[SplitRow] = ()) -> list[bool]:
    """Return for each row whether it nearly repeats a `known` row, or an earlier one of `rows`.

    Nearly: an estimated Jaccard similarity of the prompts' shingles of at least THRESHOLD.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    repeated = []
    for number, placed in enumerate([*known, *rows]):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch(list(shingles(placed.prompt)))
        matches = bool(index.query(sketch))
        if not matches:
            index.insert(number, sketch)
        if number >= len(known):
            repeated.append(matches)
    return repeated
