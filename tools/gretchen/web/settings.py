"""The request that the playground's settings become for each model.

    request(settings, model)        -> CompletionRequest or ChatRequest, in OpenAI's format

A chat model gets the system message and the prompt through its chat template, a base model as a text to continue; in
completion mode every model continues the prompt.
"""

from typing import Any

from pydantic import ValidationError

from gretchen.errors import UserError
from gretchen.serving.api_requests import ApiRequest, ChatRequest, CompletionRequest
from gretchen.serving.chat_models import ChatModel
from gretchen.serving.presets import Settings

TOP = 5  # alternatives to each token
ESCAPES = {"\\n": "\n", "\\t": "\t"}  # as people type them into a stop sequence
NAMES = {"max_tokens": "maximum length", "top_p": "top-p", "stop": "stop sequences"}


def validated(settings: Settings) -> Settings:
    """Return a copy with whole values. Raises UserError in one sentence for the first that is out of range."""
    try:
        return Settings.model_validate(settings.model_dump(warnings=False))
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        key = str(first["loc"][0])
        raise UserError(f"{NAMES.get(key, key.replace('_', ' '))}: {first['msg']}", "") from None


def body(settings: Settings, model: ChatModel) -> dict[str, Any]:  # OpenAI's own keys
    """Return the request of a model without what the server takes anyway."""
    common: dict[str, Any] = {"max_tokens": settings.max_tokens, "temperature": settings.temperature}
    if settings.temperature:
        common |= {"seed": settings.seed}
    optional = {"top_p": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0, "best_of": 1}
    common |= {key: getattr(settings, key) for key, default in optional.items() if getattr(settings, key) != default}
    if settings.stop:
        common["stop"] = [unescaped(word) for word in settings.stop]
    if continues(settings, model):
        return {"model": model.name, "prompt": document(settings), **common, "logprobs": TOP}
    messages = [{"role": "system", "content": settings.system}] if settings.system else []
    messages.append({"role": "user", "content": settings.prompt})
    return {"model": model.name, "messages": messages, **common, "logprobs": True, "top_logprobs": TOP}


def continues(settings: Settings, model: ChatModel) -> bool:
    """Return whether a model continues the prompt as a text, without a chat template."""
    return settings.mode == "completion" or model.is_base


def document(settings: Settings) -> str:
    """Return the prompt as a text to continue; in chat mode the system message stands above it."""
    is_chat = settings.mode == "chat"
    return "\n\n".join(filter(None, [settings.system if is_chat else "", settings.prompt]))


def request(settings: Settings, model: ChatModel) -> ApiRequest:
    """Return the request of a model. Raises UserError for an empty prompt."""
    if not settings.prompt:
        raise UserError("the prompt is empty", "type one, then run")
    kind = CompletionRequest if continues(settings, model) else ChatRequest
    return kind.model_validate(body(settings, model))


def unescaped(word: str) -> str:
    """Return a stop sequence as meant: \\\\n typed into the field is a line break."""
    for typed, meant in ESCAPES.items():
        word = word.replace(typed, meant)
    return word
