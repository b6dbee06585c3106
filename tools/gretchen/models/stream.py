"""Answers piece by piece as they are generated, with the log probabilities of their tokens.

    stream(model, messages, SamplingParams(max_new_tokens=256), on_text=print)      -> Completion
    answers(model, encode(model, prompt), params, AnswerOptions(n=2, top_logprobs=5))     -> (Answer, Answer)

What `ask`, the playground and the local server say goes through here. The text is the same as that of `generate`. A
piece ends where its bytes make whole characters, and never holds the beginning of a stop string. Ctrl-C ends it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gretchen.errors import UserError
from gretchen.models.generate import (
    Completion,
    Message,
    Model,
    SamplingParams,
    encode,
    end_ids,
    generation_config,
)
from gretchen.models.grammar import Grammar
from gretchen.models.penalties import penalties
from gretchen.models.pieces import Piece, Pieces
from gretchen.models.tokens import Token, Vocabulary

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class Delta:
    """The next piece of answer number `index`, and the tokens that it is the text of (none without log probabilities).

    The text is empty where a token has none, like a special token.
    """

    index: int
    text: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Answer:
    """A whole answer. `finish_reason`: "stop" at EOS or a stop string, "length" at the token limit.

    `pieces` are its text with its tokens; `end` is the EOS token that ended it, None without log probabilities.
    """

    text: str
    finish_reason: FinishReason
    num_tokens: int
    pieces: tuple[Piece, ...] = ()
    end: Token | None = None

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the text; none without log probabilities."""
        return tuple(token for piece in self.pieces for token in piece.tokens)

    @property
    def logprob(self) -> float:
        """The log probability of the whole answer, its EOS token included."""
        return sum(token.logprob for token in self.all_tokens)

    @property
    def mean_logprob(self) -> float:
        """The log probability per token."""
        return self.logprob / max(1, len(self.all_tokens))

    @property
    def all_tokens(self) -> tuple[Token, ...]:
        """The tokens of the text, then the EOS token where one ended it."""
        return (*self.tokens, self.end) if self.end else self.tokens


def ignore(event: Delta | int) -> None:
    """Do nothing with a piece, or with another event."""


def never() -> bool:
    """Return that nobody gives up."""
    return False


@dataclass(frozen=True)
class AnswerOptions:
    """How many answers, what is recorded of their tokens, what constrains them, and who watches.

    `top_logprobs` None: no log probabilities. `is_cancelled` is asked before each token.
    """

    n: int = 1
    top_logprobs: int | None = None
    grammar: Grammar | None = None
    on_delta: Callable[[Delta], None] = ignore
    is_cancelled: Callable[[], bool] = never


def stream(model: Model, messages: list[Message], params: SamplingParams, on_text: Callable[[str], None]) -> Completion:
    """Return the answer to a conversation; `on_text` gets each piece of it. Raises as `answers` does."""
    options = AnswerOptions(on_delta=lambda delta: on_text(delta.text))
    (answer,) = answers(model, encode(model, messages), params, options)
    return Completion(answer.text, ended=answer.finish_reason == "stop")


def answers(model: Model, ids: list[int], params: SamplingParams, options: AnswerOptions) -> tuple[Answer, ...]:
    """Return `options.n` answers to a prompt's token ids, generated together.

    Raises UserError for a prompt that leaves no room for the answer in the model's context.
    """
    import torch

    require_room(model, len(ids), params)
    watch = Watch(model, params, options)
    config = generation_config(model, params)
    config.stop_strings = None  # the watch finds them, and holds back what may become one
    if params.temperature > 0:
        torch.manual_seed(params.seed)
    tokens = torch.tensor([ids] * options.n, device=model.model.device)
    with torch.inference_mode():
        model.model.generate(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            generation_config=config,
            streamer=watch,
            stopping_criteria=[watch.done],
            logits_processor=[
                watch.record,
                *penalties(params.frequency_penalty, params.presence_penalty, len(ids)),
                *([options.grammar.processor(len(ids))] if options.grammar else []),
            ],
        )
    return watch.answers()


class Watch:
    """What `generate` calls at each step: with the logits, with the tokens chosen, and to ask which answers are over.

    `put` and `end` make it a streamer of transformers.
    """

    def __init__(self, model: Model, params: SamplingParams, options: AnswerOptions) -> None:
        self.options, self.ends = options, set(end_ids(model))
        self.vocabulary = Vocabulary(model.tokenizer)
        self.pieces = [Pieces(model.tokenizer, params.stop) for _ in range(options.n)]
        self.end_tokens: list[Token | None] = [None] * options.n
        self.finish: list[FinishReason | None] = [None] * options.n
        self.is_prompt, self.log_probabilities = True, None

    def record(self, ids: Any, logits: Any) -> Any:
        """Keep the model's own log probabilities of the next token; return the logits as they are."""
        if self.options.top_logprobs is not None:
            self.log_probabilities = logits.float().log_softmax(-1).cpu()
        return logits

    def put(self, value: Any) -> None:
        """Take the next token of each answer; the first call brings the prompt."""
        if self.is_prompt:
            self.is_prompt = False
            return
        for index, token in enumerate(value.reshape(-1).tolist()):
            if self.finish[index] is None:
                self.add(index, token)

    def add(self, index: int, token: int) -> None:
        """Add a token to an answer, and hand on the text that is certain now."""
        record = None
        if self.log_probabilities is not None:
            record = self.vocabulary.token(token, self.log_probabilities[index], self.options.top_logprobs or 0)
        pieces = self.pieces[index]
        if token in self.ends:
            self.finish[index], self.end_tokens[index] = "stop", record
            pieces.num_tokens += 1
            pieces.close()
        elif pieces.add(token, record):
            self.finish[index] = "stop"
        self.hand_on(index)

    def hand_on(self, index: int) -> None:
        """Give an answer's new pieces to whoever watches."""
        for piece in self.pieces[index].take():
            self.options.on_delta(Delta(index, piece.text, piece.tokens))

    def done(self, ids: Any, scores: Any) -> Any:
        """Return a boolean tensor: which answers are over."""
        import torch

        if self.options.is_cancelled():
            self.finish = [reason or "cancelled" for reason in self.finish]
        return torch.tensor([reason is not None for reason in self.finish], device=ids.device)

    def end(self) -> None:
        """Hand on what is left, at the token limit."""
        for index, pieces in enumerate(self.pieces):
            pieces.close()
            self.hand_on(index)

    def answers(self) -> tuple[Answer, ...]:
        """Return the answers."""
        return tuple(
            Answer(pieces.text, reason or "length", pieces.num_tokens, tuple(pieces.done), end)
            for pieces, reason, end in zip(self.pieces, self.finish, self.end_tokens, strict=True)
        )


def require_room(model: Model, num_tokens: int, params: SamplingParams) -> None:
    """Raise UserError where prompt and answer exceed the model's context."""
    if model.context and num_tokens + params.max_new_tokens > model.context:
        raise UserError(
            f"the prompt has {num_tokens:,} tokens; with {params.max_new_tokens:,} for the answer that is more than "
            f"the model's context of {model.context:,}",
            "shorten the prompt, or allow fewer new tokens",
        )
