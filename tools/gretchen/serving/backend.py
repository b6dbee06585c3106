"""Several models by name behind requests in OpenAI's format: what the server and the playground both ask.

    backend = Backend({"base": …, "sft.zephyr": …})       functions that return a ChatModel
    backend.answer(request)                               -> Answers

A model is loaded when it is first asked, and stays. Adapters of one base share it. One request is answered at a time;
the others wait.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gretchen.models.generate import Model, encode
from gretchen.models.grammar import compile_schema
from gretchen.models.shared_base import SharedBase
from gretchen.models.stream import Answer, AnswerOptions, Delta, answers, ignore, never, require_room
from gretchen.names import unknown
from gretchen.serving.api_errors import ApiError
from gretchen.serving.api_requests import ApiRequest
from gretchen.serving.chat_models import ChatModel

WAIT_SECONDS = 0.2  # between two looks whether a waiting request was given up


class Cancelled(Exception):
    """A request that was given up while it waited for its turn."""


@dataclass(frozen=True)
class Answers:
    """The answers to a request, the best ones first where there are more than `n`, and the prompt's tokens."""

    answers: tuple[Answer, ...]
    num_prompt_tokens: int


@dataclass(frozen=True)
class Watcher:
    """Who follows a request: gets the number of the prompt's tokens, then each piece, and may give up."""

    on_start: Callable[[int], None] = ignore
    on_delta: Callable[[Delta], None] = ignore
    is_cancelled: Callable[[], bool] = never


class Backend:
    """The models, loaded or not, and the lock that lets one request at a time to them."""

    def __init__(self, models: Mapping[str, Callable[[], ChatModel]]) -> None:
        self.models = dict(models)
        self.lock = threading.Lock()
        self.bases: dict[str, SharedBase] = {}
        self.known: dict[str, ChatModel] = {}

    def describe(self, name: str) -> ChatModel:
        """Return a model's description, without loading it. Raises ApiError for an unknown name."""
        if name not in self.models:
            problem, hint = unknown("model", name, self.models)
            raise ApiError(f"{problem}, {hint}", status=404, param="model", code="model_not_found")
        if name not in self.known:
            self.known[name] = self.models[name]()
        return self.known[name]

    def answer(self, request: ApiRequest, watcher: Watcher | None = None) -> Answers:
        """Return the answers to a request. Raises ApiError, GretchenError, and Cancelled where the watcher gave up."""
        watcher = watcher or Watcher()
        asked = self.describe(request.model)
        with self.turn(watcher.is_cancelled), self.loaded(asked) as model:
            ids = encode(model, request.prompt_text)
            if not ids:
                raise ApiError("the prompt has no tokens", param="prompt")
            params, options = request.sampling(), options_of(request, model)
            require_room(model, len(ids), params)
            watcher.on_start(len(ids))
            options = replace(options, on_delta=watcher.on_delta, is_cancelled=watcher.is_cancelled)
            generated = answers(model, ids, params, options)
        if request.num_generated > request.n:
            generated = tuple(sorted(generated, key=lambda answer: -answer.mean_logprob))
        return Answers(generated, len(ids))

    @contextlib.contextmanager
    def turn(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for one's turn. Raises Cancelled where that is given up."""
        while not self.lock.acquire(timeout=WAIT_SECONDS):
            if is_cancelled():
                raise Cancelled
        try:
            yield
        finally:
            self.lock.release()

    @contextlib.contextmanager
    def loaded(self, asked: ChatModel) -> Iterator[Model]:
        """Give a model in memory. Raises as gretchen.models.generate.load does."""
        base = self.bases.setdefault(asked.model, SharedBase(asked.model))
        with base.model(asked.adapter, asked.template) as model:
            yield model


def options_of(request: ApiRequest, model: Model) -> AnswerOptions:
    """Return how many answers, log probabilities and which form a request asks for. Raises UserError for a schema."""
    form, grammar = request.response_format, None
    if form and form.type != "text":
        grammar = compile_schema(model, form.json_schema.schema_ if form.json_schema else None)
    top = request.num_top
    if request.num_generated > request.n and top is None:
        top = 0  # the best answers are those with the highest log probability per token
    return AnswerOptions(n=request.num_generated, top_logprobs=top, grammar=grammar)
