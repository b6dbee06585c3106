"""A server on 127.0.0.1, with a token, for one person at this machine.

    bound = listening(port=0)
    serve(app, bound, f"playground  {address_of(bound)}/{token}/")      until Ctrl-C
    with running(app, bound): …                                         beside this program's own work

It is no server for several people, or for a network. The access log is off: addresses hold the token.
"""

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from gretchen.errors import WorkError
from gretchen.serving.guard import Guard

HOST = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 0.05, 10


def new_token() -> str:
    """Return a random token for one run of a server."""
    return secrets.token_urlsafe(24)


def listening(port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1; port 0 takes a free one. Raises WorkError where the port is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen()
    except OSError as failure:
        bound.close()
        raise WorkError(
            f"port {port} on {HOST} cannot be used: {failure.strerror}", "leave PORT out: any free"
        ) from None
    return bound


def address_of(bound: socket.socket) -> str:
    """Return the address of a listening socket, without a slash at its end."""
    return f"http://{HOST}:{bound.getsockname()[1]}"


def serve(app: ASGIApp, bound: socket.socket, announcement: str) -> None:
    """Print the announcement, and serve a guarded app until Ctrl-C."""
    print(f"{announcement}\nCtrl-C ends it", flush=True)
    server(app, bound).run(sockets=[bound])


@contextlib.contextmanager
def running(app: ASGIApp, bound: socket.socket) -> Iterator[None]:
    """Serve a guarded app in a thread while the block runs."""
    started = server(app, bound)
    thread = threading.Thread(target=started.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not started.started:
        time.sleep(START_SECONDS)
    try:
        yield
    finally:
        started.should_exit = True
        thread.join(STOP_SECONDS)


def server(app: ASGIApp, bound: socket.socket) -> uvicorn.Server:
    """Return uvicorn's server for a guarded app; `server.run(sockets=[bound])` serves until Ctrl-C."""
    guarded = Guard(app, bound.getsockname()[1])
    return uvicorn.Server(uvicorn.Config(guarded, log_level="warning", access_log=False, timeout_graceful_shutdown=2))
