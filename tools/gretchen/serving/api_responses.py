"""Answers as OpenAI's JSON objects: whole, or in the chunks of a stream.

Responder(request).whole(answers)       one object
Responder(request).chunk(delta)         one piece of a stream
"""

import secrets
import time
from collections.abc import Sequence
from typing import Any

from gretchen.models.stream import Answer, Delta
from gretchen.models.tokens import Alternative, Token
from gretchen.serving.api_requests import ApiRequest, ChatRequest

Json = dict[str, Any]  # OpenAI's own objects


class Responder:
    """Writes the objects of one response: they share id and time."""

    def __init__(self, request: ApiRequest, num_prompt_tokens: int) -> None:
        self.request, self.num_prompt_tokens = request, num_prompt_tokens
        self.is_chat = isinstance(request, ChatRequest)
        self.has_logprobs = request.num_top is not None
        self.id = ("chatcmpl-" if self.is_chat else "cmpl-") + secrets.token_hex(12)
        self.created = int(time.time())
        self.offsets = [0] * request.n

    def head(self, kind: str) -> Json:
        """Return what every object begins with."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.request.model}

    def whole(self, answers: Sequence[Answer]) -> Json:
        """Return the response to a request without a stream."""
        choices = [self.choice(index, answer) for index, answer in enumerate(answers[: self.request.n])]
        kind = "chat.completion" if self.is_chat else "text_completion"
        return self.head(kind) | {"choices": choices, "usage": self.usage(answers)}

    def choice(self, index: int, answer: Answer) -> Json:
        """Return one answer."""
        content: Json = {"text": answer.text}
        if self.is_chat:
            content = {"message": {"role": "assistant", "content": answer.text, "refusal": None}}
        logprobs = self.logprobs(answer.tokens, 0) if self.has_logprobs else None
        return {"index": index, **content, "logprobs": logprobs, "finish_reason": finish_reason(answer)}

    def usage(self, answers: Sequence[Answer]) -> Json:
        """Return the token counts: all answers that were generated count."""
        generated = sum(answer.num_tokens for answer in answers)
        counts = {"prompt_tokens": self.num_prompt_tokens, "completion_tokens": generated}
        return counts | {"total_tokens": self.num_prompt_tokens + generated}

    def chunk(self, delta: Delta) -> Json:
        """Return one piece of an answer."""
        logprobs = self.logprobs(delta.tokens, self.offsets[delta.index]) if self.has_logprobs else None
        self.offsets[delta.index] += len(delta.text)
        content: Json = {"delta": {"content": delta.text}} if self.is_chat else {"text": delta.text}
        return self.part([{"index": delta.index, **content, "logprobs": logprobs, "finish_reason": None}])

    def first_chunk(self, index: int) -> Json:
        """Return the chunk that opens an answer of a chat."""
        delta = {"role": "assistant", "content": ""}
        return self.part([{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}])

    def last_chunk(self, index: int, answer: Answer) -> Json:
        """Return the chunk that ends an answer."""
        content: Json = {"delta": {}} if self.is_chat else {"text": ""}
        return self.part([{"index": index, **content, "logprobs": None, "finish_reason": finish_reason(answer)}])

    def usage_chunk(self, answers: Sequence[Answer]) -> Json:
        """Return the chunk with the token counts."""
        return self.part([]) | {"usage": self.usage(answers)}

    def part(self, choices: list[Json]) -> Json:
        """Return a chunk."""
        return self.head("chat.completion.chunk" if self.is_chat else "text_completion") | {"choices": choices}

    def logprobs(self, tokens: Sequence[Token], offset: int) -> Json:
        """Return tokens with their log probabilities; `offset`: where the first one begins in the answer."""
        if self.is_chat:
            entries = [of_token(token) | {"top_logprobs": [of_token(other) for other in token.top]} for token in tokens]
            return {"content": entries, "refusal": None}
        offsets = [offset]
        for token in tokens:
            offsets.append(offsets[-1] + sum(byte & 0xC0 != 0x80 for byte in token.data))  # characters begun
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [{other.text: other.logprob for other in reversed(token.top)} for token in tokens],
            "text_offset": offsets[:-1],
        }


def of_token(token: Alternative) -> Json:  # OpenAI's own object
    """Return a token as chats show it."""
    return {"token": token.text, "logprob": token.logprob, "bytes": list(token.data)}


def finish_reason(answer: Answer) -> str:
    """Return why an answer ended, in OpenAI's words."""
    return "length" if answer.finish_reason == "length" else "stop"
