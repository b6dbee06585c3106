"""A real HTTP server on 127.0.0.1 for tests: the API over a base of random weights and two adapters on it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from random_models import write_adapter, write_base

from gretchen.serving import local_server
from gretchen.serving.api import api
from gretchen.serving.backend import Backend
from gretchen.serving.chat_models import ChatModel
from gretchen.serving.local_server import address_of, listening, new_token


@dataclass(frozen=True)
class LocalApi:
    """A running server: its address, its token and its backend."""

    address: str
    token: str
    backend: Backend

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def write_models(folder: Path) -> Backend:
    """Write a base of random weights with two adapters into a folder, and return a backend over them."""
    base = folder / "base"
    write_base(base)
    for seed, name in enumerate(("sft", "dpo"), start=1):
        write_adapter(base, folder / name, seed)
    models = [ChatModel("base", str(base), is_base=True)]
    models += [ChatModel(name, str(base), folder / name) for name in ("sft", "dpo")]
    return Backend({model.name: partial(lambda model: model, model) for model in models})


@contextlib.contextmanager
def running(backend: Backend) -> Iterator[LocalApi]:
    """Serve a backend on a free port while the block runs."""
    token, bound = new_token(), listening(0)
    with local_server.running(api(backend, token), bound):
        yield LocalApi(address_of(bound), token, backend)
