"""A request answered in a thread of its own, followed from the event loop.

    async for event in follow(backend, request):        int (the prompt's tokens), Delta …, then Answers

Leaving the loop early cancels the generation at its next token.
"""

import asyncio
import threading
from collections.abc import AsyncIterator

from gretchen.models.stream import Delta
from gretchen.serving.api_requests import ApiRequest
from gretchen.serving.backend import Answers, Backend, Watcher

Event = int | Delta | Answers | BaseException


async def follow(backend: Backend, request: ApiRequest) -> AsyncIterator[int | Delta | Answers]:
    """Yield the number of the prompt's tokens, the pieces as they are generated, and last the whole answers.

    Raises as Backend.answer does.
    """
    loop, events, cancelled = asyncio.get_running_loop(), asyncio.Queue[Event](), threading.Event()

    def put(event: Event) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(events.put_nowait, event)

    def work() -> None:
        try:
            put(backend.answer(request, Watcher(put, put, cancelled.is_set)))
        except BaseException as failure:  # handed to the event loop, which raises it
            put(failure)

    threading.Thread(target=work, daemon=True).start()
    try:
        while True:
            event = await events.get()
            if isinstance(event, BaseException):
                raise event
            yield event
            if isinstance(event, Answers):
                return
    finally:
        cancelled.set()
