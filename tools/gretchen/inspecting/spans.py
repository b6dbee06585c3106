"""A sequence as spans of text, each fully trained or fully masked: what the terminal and the page show."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gretchen.inspecting.sequences import TokenSequence


@dataclass(frozen=True)
class Span:
    """A span of text: trained on or masked; `is_eos`: one token that ends generation; `starts_row`: of a packed row."""

    text: str
    trained: bool
    is_eos: bool = False
    starts_row: bool = False


def spans_of(sequence: TokenSequence, tokenizer: Any, eos_ids: Collection[int]) -> list[Span]:
    """Return a sequence's text in spans, special tokens included; `eos_ids` are the tokens that end generation."""
    ids, starts = sequence.ids, set(sequence.starts) - {0}
    edges = [0]
    for position in range(1, len(ids)):
        at_eos = ids[position] in eos_ids or ids[position - 1] in eos_ids
        if at_eos or position in starts or sequence.trained[position] != sequence.trained[position - 1]:
            edges.append(position)
    spans, previous = [], 0
    for start, end in zip(edges, [*edges[1:], len(ids)], strict=True):
        # A token decoded alone may be part of a letter, or lose its blank: the span before is decoded with it.
        before, text = _decode(ids[previous:start], tokenizer), _decode(ids[previous:end], tokenizer)
        spans.append(Span(text[len(before) :], sequence.trained[start], ids[start] in eos_ids, start in starts))
        previous = start
    return spans


def trained_text(sequence: TokenSequence, tokenizer: Any) -> str:
    """Return the text of the trained tokens."""
    ids = [token for token, trained in zip(sequence.ids, sequence.trained, strict=True) if trained]
    return _decode(ids, tokenizer)


def _decode(ids: list[int], tokenizer: Any) -> str:
    """Return the text of tokens, special ones included."""
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def token_counts(sequence: TokenSequence) -> str:
    """Return a sequence's counts: "71 tokens, 28 trained (39%), 3 rows packed"."""
    count, trained = len(sequence.ids), sum(sequence.trained)
    packed = f", {len(sequence.starts)} rows packed" if len(sequence.starts) > 1 else ""
    return f"{count} tokens, {trained} trained ({trained / max(1, count):.0%}){packed}"
