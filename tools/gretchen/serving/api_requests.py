"""Requests in OpenAI's format, validated: what is not known here is refused, never ignored.

    ChatRequest.model_validate(body).sampling()         -> SamplingParams

Keys and meanings: https://platform.openai.com/docs/api-reference. Three differ: `best_of` works for chats too, `seed`
repeats an answer exactly on the same machine, and a chat without `max_tokens` has 256. Log probabilities are the
model's own, before temperature, top-p and penalties.
"""

import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from gretchen.models.generate import Message, SamplingParams

CHAT_TOKENS, COMPLETION_TOKENS = 256, 16  # OpenAI's own default for completions is 16
MAX_ANSWERS, MAX_TOP, MAX_STOPS, MAX_SEED = 16, 20, 4, 2**63


StopWord = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A part of a request: unknown keys and other types are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())


class TextPart(Strict):
    """One part of a message's content."""

    type: Literal["text"]
    text: str


class ChatMessage(Strict):
    """One message of a chat."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]
    name: None = None

    def message(self) -> Message:
        """Return the message as chat templates take it."""
        content = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": content}


class JsonSchema(Strict):
    """A named JSON schema."""

    name: str
    schema_: dict[str, JsonValue] = Field(alias="schema")
    strict: bool | None = None
    description: str | None = None


class ResponseFormat(Strict):
    """What form the answer has: free text, any JSON object, or JSON of a schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    @model_validator(mode="after")
    def schema_where_named(self) -> "ResponseFormat":
        """Require a schema with json_schema, and only there."""
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema stands beside type 'json_schema', and only there")
        return self


class StreamOptions(Strict):
    """Options of a stream."""

    include_usage: bool = False


class ApiRequest(Strict):
    """What chats and completions share."""

    model: str
    max_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float = Field(1.0, ge=0, le=1)
    frequency_penalty: float = Field(0.0, ge=-2, le=2)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    n: int = Field(1, ge=1, le=MAX_ANSWERS)
    best_of: int | None = Field(None, ge=1, le=MAX_ANSWERS)
    stop: StopWord | Annotated[list[StopWord], Field(max_length=MAX_STOPS)] | None = None
    seed: int | None = Field(None, ge=-MAX_SEED, lt=MAX_SEED)
    stream: bool = False
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None

    @model_validator(mode="before")
    @classmethod
    def without_nulls(cls, body: Any) -> Any:
        """Leave out keys whose value is null: OpenAI's way to say that a key is not given."""
        return {key: value for key, value in body.items() if value is not None} if isinstance(body, dict) else body

    @model_validator(mode="after")
    def best_of_whole(self) -> "ApiRequest":
        """Require best_of to be at least n, and no stream where only the end shows which answers are the best."""
        if self.num_generated < self.n:
            raise ValueError(f"best_of ({self.best_of}) must be at least n ({self.n})")
        if self.stream and self.num_generated > self.n:
            raise ValueError("best_of above n cannot be streamed: which answers are the best shows at the end")
        if self.stream_options and not self.stream:
            raise ValueError("stream_options stands beside stream: true only")
        return self

    @property
    def num_generated(self) -> int:
        """How many answers are generated, to choose the `n` best ones from."""
        return self.best_of or self.n

    @property
    def num_new_tokens(self) -> int:
        """The most tokens that an answer may have."""
        return self.max_tokens or COMPLETION_TOKENS

    @property
    def num_top(self) -> int | None:
        """How many alternatives to each token are asked for; None: no log probabilities."""
        raise NotImplementedError

    @property
    def prompt_text(self) -> str | list[Message]:
        """The prompt: a text to continue, or the messages of a chat."""
        raise NotImplementedError

    def sampling(self) -> SamplingParams:
        """Return how to decode; without a seed a random one."""
        stops = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return SamplingParams(
            max_new_tokens=self.num_new_tokens,
            stop=stops,
            temperature=self.temperature,
            seed=secrets.randbits(62) if self.seed is None else self.seed,
            top_p=self.top_p,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
        )


class CompletionRequest(ApiRequest):
    """The body of /v1/completions: a text to continue."""

    prompt: str = Field(min_length=1)
    logprobs: int | None = Field(None, ge=0, le=MAX_TOP)

    @property
    def num_top(self) -> int | None:
        """How many alternatives to each token are asked for; None: no log probabilities."""
        return self.logprobs

    @property
    def prompt_text(self) -> str | list[Message]:
        """The text to continue."""
        return self.prompt


class ChatRequest(ApiRequest):
    """The body of /v1/chat/completions."""

    messages: list[ChatMessage] = Field(min_length=1)
    logprobs: bool = False
    top_logprobs: int | None = Field(None, ge=0, le=MAX_TOP)
    max_completion_tokens: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def top_with_logprobs(self) -> "ChatRequest":
        """Require logprobs with top_logprobs, and one name for the token limit."""
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs: true")
        if self.max_tokens and self.max_completion_tokens:
            raise ValueError("max_tokens and max_completion_tokens are two names of one limit: give one")
        return self

    @property
    def num_new_tokens(self) -> int:
        """The most tokens that an answer may have."""
        return self.max_completion_tokens or self.max_tokens or CHAT_TOKENS

    @property
    def num_top(self) -> int | None:
        """How many alternatives to each token are asked for; None: no log probabilities."""
        return (self.top_logprobs or 0) if self.logprobs else None

    @property
    def prompt_text(self) -> str | list[Message]:
        """The messages."""
        return [message.message() for message in self.messages]
