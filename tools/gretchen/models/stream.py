"""One answer, piece by piece as it is generated: what a person sees while a model writes.

    stream(model, messages, SamplingParams(max_new_tokens=256), on_text=print)     -> Completion

The text is the same as that of `generate`. A piece ends where its bytes make whole characters. Ctrl-C ends it.
"""

from collections.abc import Callable
from typing import Any

from gretchen.errors import UserError
from gretchen.models.generate import Completion, Message, Model, SamplingParams, encode, end_ids, generation_config

# What a tokenizer writes for bytes that make no whole character yet.
INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class TextPieces:
    """A streamer for transformers' `generate`: hands the text on, without the prompt and without special tokens."""

    def __init__(self, tokenizer: Any, on_text: Callable[[str], None]) -> None:
        self.tokenizer, self.on_text = tokenizer, on_text
        self.is_prompt, self.ids, self.shown = True, [], 0

    def put(self, value: Any) -> None:
        """Take the next token ids; the first ones are the prompt's."""
        if self.is_prompt:
            self.is_prompt = False
            return
        self.ids += value.reshape(-1).tolist()
        text = self.text
        if not text.endswith(INCOMPLETE):
            self.on_text(text[self.shown :])
            self.shown = len(text)

    def end(self) -> None:
        """Hand on what is left."""
        if rest := self.text[self.shown :]:
            self.on_text(rest)

    @property
    def text(self) -> str:
        """The whole text so far."""
        return self.tokenizer.decode(self.ids, skip_special_tokens=True)


def stream(model: Model, messages: list[Message], params: SamplingParams, on_text: Callable[[str], None]) -> Completion:
    """Return the answer to a conversation; `on_text` gets each piece of it as it is generated.

    Raises UserError for a conversation that leaves no room for the answer in the model's context.
    """
    import torch

    ids = encode(model, messages)
    require_room(model, len(ids), params)
    pieces = TextPieces(model.tokenizer, on_text)
    if params.temperature > 0:
        torch.manual_seed(params.seed)
    tokens = torch.tensor([ids], device=model.model.device)
    with torch.inference_mode():
        output = model.model.generate(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            generation_config=generation_config(model, params),
            tokenizer=model.tokenizer if params.stop else None,
            streamer=pieces,
        )
    ended = any(token in end_ids(model) for token in output[0, len(ids) :].tolist())
    return Completion(pieces.text, ended)


def require_room(model: Model, num_tokens: int, params: SamplingParams) -> None:
    """Raise UserError where prompt and answer exceed the model's context."""
    context = getattr(model.model.config, "max_position_embeddings", None)
    if context and num_tokens + params.max_new_tokens > context:
        raise UserError(
            f"the prompt has {num_tokens:,} tokens; with {params.max_new_tokens:,} for the answer that is more than "
            f"the model's context of {context:,}",
            "shorten the prompt, or MAX_NEW_TOKENS",
        )
