"""The text of an answer while it is generated: in pieces of whole characters, up to a stop string.

pieces = Pieces(tokenizer, stop=("\\n\\n",))
is_over = pieces.add(token, record)         after each token
pieces.take()                               the pieces that cannot become part of a stop string any more
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gretchen.models.tokens import Token

# What a tokenizer writes for bytes that make no whole character yet; a character has four bytes at most.
INCOMPLETE, MAX_OPEN = "\N{REPLACEMENT CHARACTER}", 4


@dataclass(frozen=True)
class Piece:
    """A piece of text with the tokens that it is made of; `end` is where it ends in the whole text."""

    text: str
    tokens: tuple[Token, ...]
    end: int


class Pieces:
    """The pieces of one answer; special tokens add no text."""

    def __init__(self, tokenizer: Any, stop: Sequence[str] = ()) -> None:
        self.tokenizer, self.stop = tokenizer, [word for word in stop if word]
        self.text, self.ids, self.done = "", [], []
        self.open: list[Token] = []
        self.num_open = self.num_taken = self.num_tokens = 0

    def add(self, token: int, record: Token | None = None) -> bool:
        """Add a token; return whether the answer is over with it, at a stop string."""
        self.ids.append(token)
        self.num_tokens += 1
        self.num_open += 1
        self.open += [record] if record else []
        text = self.decoded()
        if text.endswith(INCOMPLETE) and self.num_open < MAX_OPEN:
            return False
        self.finish_piece(text)
        return self.cut_at_stop()

    def decoded(self) -> str:
        """Return the text of all tokens so far."""
        return self.tokenizer.decode(self.ids, skip_special_tokens=True)

    def finish_piece(self, text: str) -> None:
        """Make a piece of what the text has gained."""
        self.done.append(Piece(text[len(self.text) :], tuple(self.open), len(text)))
        self.text, self.open, self.num_open = text, [], 0

    def cut_at_stop(self) -> bool:
        """Cut the text at the first stop string; return whether there was one."""
        cut = min((start for start in map(self.text.find, self.stop) if start >= 0), default=None)
        if cut is None:
            return False
        self.text = self.text[:cut]
        kept = [piece for piece in self.done if piece.end - len(piece.text) < cut]
        self.done = [Piece(p.text[: len(p.text) - max(0, p.end - cut)], p.tokens, min(p.end, cut)) for p in kept]
        self.stop = []
        return True

    def close(self) -> None:
        """Finish the last piece, whose bytes may make no whole character, and hold nothing back any more."""
        if self.num_open:
            self.finish_piece(self.decoded())
            self.cut_at_stop()
        self.stop = []

    def take(self) -> list[Piece]:
        """Return the pieces since the last call that cannot become part of a stop string."""
        safe = len(self.text) - self.held_back()
        count = next((i for i, piece in enumerate(self.done) if piece.end > safe), len(self.done))
        pieces = self.done[self.num_taken : count]
        self.num_taken = max(count, self.num_taken)
        return pieces

    def held_back(self) -> int:
        """Return how many characters at the end of the text may be the beginning of a stop string."""
        beginnings = (word[:n] for word in self.stop for n in range(1, len(word)))
        return max((len(part) for part in beginnings if self.text.endswith(part)), default=0)
