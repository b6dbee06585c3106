"""The local server's API in OpenAI's format, as an ASGI app: /v1/models, /v1/chat/completions, /v1/completions.

    app = api(Backend(models), token="…")       requests bear the token: Authorization: Bearer …

`make playground` serves it beside its page. Text only: no tools, no images, no embeddings, one prompt a request, one
request at a time. A request with a key that it does not know is refused with OpenAI's error object.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response, StreamingResponse

from gretchen.errors import GretchenError
from gretchen.models.stream import Delta
from gretchen.serving.api_errors import ApiError, of_failure, of_validation
from gretchen.serving.api_requests import ApiRequest, ChatRequest, CompletionRequest
from gretchen.serving.api_responses import Json, Responder
from gretchen.serving.backend import Answers, Backend
from gretchen.serving.guard import is_token
from gretchen.serving.streaming import follow

DISCONNECT_SECONDS = 0.5  # between two looks whether the client still waits


def api(backend: Backend, token: str) -> FastAPI:
    """Return the app. Its documentation pages are left out: they load scripts from other hosts."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def require_token(request: Request) -> None:
        if not is_token(request.headers.get("authorization"), token):
            raise ApiError("the token is missing or wrong: Authorization: Bearer …", 401, code="invalid_api_key")

    @app.exception_handler(ApiError)
    async def on_api_error(request: Request, failure: ApiError) -> Response:
        return JSONResponse(failure.body(), failure.status)

    @app.exception_handler(404)
    @app.exception_handler(405)
    async def on_unknown_path(request: Request, failure: Exception) -> Response:
        path = ApiError(f"there is no {request.method} {request.url.path} here", 404, code="unknown_url")
        return JSONResponse(path.body(), path.status)

    @app.get("/v1/models")
    async def models(request: Request) -> Response:
        require_token(request)
        return JSONResponse({"object": "list", "data": [model_object(name) for name in backend.models]})

    @app.get("/v1/models/{name:path}")
    async def model(request: Request, name: str) -> Response:
        require_token(request)
        await asyncio.to_thread(backend.describe, name)  # refuses an unknown name
        return JSONResponse(model_object(name))

    @app.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        require_token(request)
        return await respond(backend, request, await parsed(request, ChatRequest))

    @app.post("/v1/completions")
    async def completions(request: Request) -> Response:
        require_token(request)
        return await respond(backend, request, await parsed(request, CompletionRequest))

    return app


def model_object(name: str) -> Json:  # OpenAI's own object
    """Return a model as OpenAI's JSON object."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "gretchen"}


async def parsed(request: Request, kind: type[ApiRequest]) -> ApiRequest:
    """Return a request's body. Raises ApiError where it does not fit."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ApiError("the body is not valid JSON") from None
    try:
        return kind.model_validate(body)
    except ValidationError as invalid:
        raise of_validation(invalid, kind) from None


async def respond(backend: Backend, http: Request, request: ApiRequest) -> Response:
    """Return the response to a valid request. Raises ApiError."""
    events = follow(backend, request)
    try:
        if not request.stream:
            answers = await while_connected(http, events)
            return JSONResponse(Responder(request, answers.num_prompt_tokens).whole(answers.answers))
        num_prompt_tokens = await anext(events)  # so that a refusal has its HTTP status
    except GretchenError as failure:
        raise of_failure(failure) from None
    assert isinstance(num_prompt_tokens, int)
    return StreamingResponse(lines(events, Responder(request, num_prompt_tokens)), media_type="text/event-stream")


async def while_connected(http: Request, events: AsyncIterator[int | Delta | Answers]) -> Answers:
    """Return the answers; give up where the client went away."""

    async def last() -> Answers:
        return [event async for event in events][-1]  # type: ignore[return-value]

    task = asyncio.ensure_future(last())
    while not (await asyncio.wait({task}, timeout=DISCONNECT_SECONDS))[0]:
        if await http.is_disconnected():
            task.cancel()
            raise ApiError("the client went away", 499)  # nginx's status for it; nobody reads it
    return await task


async def lines(events: AsyncIterator[int | Delta | Answers], responder: Responder) -> AsyncIterator[str]:
    """Yield the server-sent events of a stream; an error in its middle is its last one."""
    request = responder.request
    try:
        if responder.is_chat:
            for index in range(request.n):
                yield sent(responder.first_chunk(index))
        async for event in events:
            if isinstance(event, Delta):
                yield sent(responder.chunk(event))
            elif isinstance(event, Answers):
                for index, answer in enumerate(event.answers):
                    yield sent(responder.last_chunk(index, answer))
                if request.stream_options and request.stream_options.include_usage:
                    yield sent(responder.usage_chunk(event.answers))
    except GretchenError as failure:
        yield sent(of_failure(failure).body())
    yield "data: [DONE]\n\n"


def sent(value: Json) -> str:
    """Return an object as a server-sent event."""
    return f"data: {json.dumps(value)}\n\n"
