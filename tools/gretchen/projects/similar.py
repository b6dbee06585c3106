"""Texts that nearly repeat an earlier one, by MinHash (Broder 1997) with datasketch's locality-sensitive hashing.

first_similar(["what is water?", "what is water ?", "who was goethe?"])     -> [0, 0, 2]
"""

from collections.abc import Callable, Sequence

THRESHOLD = 0.85
PERMUTATIONS = 64
SHINGLE = 5


def shingles(prompt: str) -> set[bytes]:
    """Return a normalised prompt's substrings of SHINGLE characters."""
    return {prompt[i : i + SHINGLE].encode() for i in range(max(1, len(prompt) - SHINGLE + 1))}


def first_similar(texts: Sequence[str], agree: Callable[[int, int], bool] = lambda first, second: True) -> list[int]:
    """Return for each normalised text the index of the first text that it nearly repeats; its own where none.

    Nearly: an estimated Jaccard similarity of the texts' shingles of at least THRESHOLD, and `agree` is true of their
    indices. Compared are those that repeat no earlier one, so that a chain of small changes makes no group.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    firsts = []
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch(list(shingles(text)))
        first = min((match for match in index.query(sketch) if agree(match, number)), default=number)
        if first == number:
            index.insert(number, sketch)
        firsts.append(first)
    return firsts
