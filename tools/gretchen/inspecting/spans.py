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
    spans, decoded = [], ""
    for start, end in zip(edges, [*edges[1:], len(ids)], strict=True):
        # The span is what the decoded text grows by: a token decoded alone may be part of a letter, or lose its blank.
        text = tokenizer.decode(ids[:end], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        spans.append(Span(text[len(decoded) :], sequence.trained[start], ids[start] in eos_ids, start in starts))
        decoded = text
    return spans


def trained_text(sequence: TokenSequence, tokenizer: Any) -> str:
    """Return the text of the trained tokens."""
    ids = [token for token, trained in zip(sequence.ids, sequence.trained, strict=True) if trained]
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def token_counts(sequence: TokenSequence) -> str:
    """Return a sequence's counts: "71 tokens, 28 trained (39%), 3 rows packed"."""
    count, trained = len(sequence.ids), sum(sequence.trained)
    packed = f", {len(sequence.starts)} rows packed" if len(sequence.starts) > 1 else ""
    return f"{count} tokens, {trained} trained ({trained / max(1, count):.0%}){packed}"
