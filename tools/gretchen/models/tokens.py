"""Generated tokens with their log probabilities, and the likeliest alternatives to each.

A log probability is the model's own: of its logits before temperature, top-p, penalties and grammar, in nats.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Alternative:
    """A token that could stand at a position, with its log probability there.

    `data` are its bytes, `text` the characters that they make; a part of a character is written as \\xc3.
    """

    id: int
    text: str
    data: bytes
    logprob: float


@dataclass(frozen=True)
class Token(Alternative):
    """A generated token; `top` are the likeliest tokens of its position, best first, itself among them or not."""

    top: tuple[Alternative, ...] = ()


class Vocabulary:
    """The text and the bytes of a tokenizer's tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.special = set(tokenizer.all_special_ids)

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes that a token stands for: of byte-level BPE possibly a part of a character's."""
        piece = self.tokenizer.convert_ids_to_tokens(token) or ""
        table = byte_of_symbol()
        if token not in self.special and piece and all(symbol in table for symbol in piece):
            return bytes(table[symbol] for symbol in piece)
        if token in self.special or "▁" not in piece:
            return (piece if token in self.special else self.tokenizer.decode([token])).encode("utf-8", "replace")
        return piece.replace("▁", " ").encode()

    def alternative(self, token: int, logprob: float) -> Alternative:
        """Return a token with its log probability."""
        data = self.bytes_of(token)
        return Alternative(token, readable(data), data, logprob)

    def token(self, token: int, log_probabilities: Any, num_top: int) -> Token:
        """Return a generated token; `log_probabilities` is a tensor over the vocabulary."""
        values, ids = log_probabilities.topk(min(num_top, len(log_probabilities)))
        pairs = zip(ids.tolist(), values.tolist(), strict=True)
        top = tuple(self.alternative(i, value) for i, value in pairs)
        chosen = self.alternative(token, float(log_probabilities[token]))
        return Token(chosen.id, chosen.text, chosen.data, chosen.logprob, top)


def readable(data: bytes) -> str:
    """Return bytes as text, those that make no whole characters as \\xc3."""
    return data.decode("utf-8", "backslashreplace")


@cache
def byte_of_symbol() -> dict[str, int]:
    """Return GPT-2's table of byte-level BPE, symbol to byte: printable bytes stand for themselves."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
