"""Who may speak to a server on 127.0.0.1: no other site, no rebound name, nobody without the token.

    app = Guard(app, port=8000)         refuses other Host and Origin headers, for pages, the API and web sockets
    is_token("Bearer …", token)

A site that a browser visits can send requests to 127.0.0.1, and can point a name of its own there (DNS rebinding): the
first bring a foreign Origin, the second a foreign Host. A browser sends Origin with web sockets and with every request
that could change something.
"""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gretchen.serving.api_errors import ApiError

LOCAL_NAMES = ("127.0.0.1", "localhost")
# Pages load and connect to nothing but this server, whatever stands in them, and their address goes to no other site.
HEADERS = {
    "Content-Security-Policy": "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware that lets requests to a local name and from the server's own pages through."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.hosts = {f"{name}:{port}" for name in LOCAL_NAMES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to a request for another host or from another origin; pass the others on."""
        refusal = self.refusal(Headers(scope=scope)) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self.app(scope, receive, with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await JSONResponse(refusal.body(), refusal.status)(scope, receive, send)

    def refusal(self, headers: Headers) -> ApiError | None:
        """Return why a request is refused, or None."""
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return ApiError("this server answers on 127.0.0.1 only, not under another name", 403, code="wrong_host")
        origins = headers.getlist("origin")
        if any(origin not in {f"http://{host}" for host in self.hosts} for origin in origins):
            return ApiError("a page of another site may not use this server", 403, code="wrong_origin")
        return None


def with_headers(send: Send) -> Send:
    """Return a `send` that adds our headers to each response."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return add


def is_token(authorization: str | None, token: str) -> bool:
    """Return whether an Authorization header bears the token; the comparison takes the same time for any text."""
    scheme, _, given = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())
