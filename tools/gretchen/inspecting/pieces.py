"""A sequence as pieces of text, each wholly trained or wholly masked: what the terminal and the page show."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gretchen.inspecting.sequences import Sequence


@dataclass(frozen=True)
class Piece:
    """A piece of text: is it trained, is it a token that ends an answer, does a packed row begin with it?"""

    text: str
    trained: bool
    ends: bool = False
    begins: bool = False


def pieces_of(sequence: Sequence, tokenizer: Any, stops: Collection[int]) -> list[Piece]:
    """Return a sequence's text in pieces, special tokens spelled out; `stops` are the ids that end an answer."""
    ids, starts = sequence.ids, set(sequence.starts) - {0}
    edges = [0]
    for place in range(1, len(ids)):
        apart = ids[place] in stops or ids[place - 1] in stops or place in starts
        if apart or sequence.trained[place] != sequence.trained[place - 1]:
            edges.append(place)
    found, told = [], ""
    for start, end in zip(edges, [*edges[1:], len(ids)], strict=True):
        # Told by what the text grows by: a token alone may be half a letter, or lose its blank.
        whole = tokenizer.decode(ids[:end], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        found.append(Piece(whole[len(told) :], sequence.trained[start], ids[start] in stops, start in starts))
        told = whole
    return found


def trained_text(sequence: Sequence, tokenizer: Any) -> str:
    """Return the text of the trained tokens."""
    ids = [number for number, trained in zip(sequence.ids, sequence.trained, strict=True) if trained]
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def figures(sequence: Sequence) -> str:
    """Return a sequence's counts in words: 71 tokens, 28 trained (39 %), 3 rows packed."""
    count, trained = len(sequence.ids), sum(sequence.trained)
    packed = f", {len(sequence.starts)} rows packed" if len(sequence.starts) > 1 else ""
    return f"{count} tokens, {trained} trained ({trained / max(1, count):.0%}){packed}"
