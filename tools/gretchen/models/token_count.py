"""How many tokens a batch has so far, as a streamer of transformers' `generate`, which calls it at each step."""

from collections.abc import Callable
from typing import Any


class TokenCount:
    """Pass the number of tokens so far on, each time that every answer of the batch has got another one.

    `start` is the number that the answers have at the beginning.
    """

    def __init__(self, on_token: Callable[[int], None], start: int = 0) -> None:
        self.on_token, self.count = on_token, start
        self.has_prompts = False

    def put(self, value: Any) -> None:
        """Count a step; the first call brings the prompts."""
        if not self.has_prompts:
            self.has_prompts = True
            return
        self.count += 1
        self.on_token(self.count)

    def end(self) -> None:
        """Do nothing: the answers are returned as a whole."""
