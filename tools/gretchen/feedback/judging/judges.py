"""Which model judges: one behind an address in OpenAI's format, or a local one, served by this program while it judges.

    with reachable(chosen_judge("genome-chatbot", "laptop")) as endpoint: …

An address's key comes from the environment: JUDGE_API_KEY, or OPENAI_API_KEY for OpenAI's own address. It is sent to
that address and written nowhere.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gretchen.errors import UserError
from gretchen.feedback.judge_labels import Judge
from gretchen.files import text_hash
from gretchen.models.catalogue import LAPTOP_MODEL
from gretchen.models.locate import require_reachable, weights_hash
from gretchen.runs.store import finished_run, list_runs
from gretchen.scoring.systems import system
from gretchen.serving.api import api
from gretchen.serving.backend import Backend
from gretchen.serving.chat_models import ChatModel, by_name, folder_model, of_run
from gretchen.serving.local_server import address_of, listening, new_token, running

KEY, OPENAI_KEY, OPENAI_HOST = "JUDGE_API_KEY", "OPENAI_API_KEY", "api.openai.com"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LAPTOP = "laptop"
# To an address: requests at once, and repeats of one that failed, each after a longer wait. A local model answers one
# at a time, and would take as long again.
AT_ONCE, REPEATS = 8, 4


@dataclass(frozen=True)
class Endpoint:
    """Where a judge is asked. `key` is left out of what is printed of it."""

    address: str
    model: str
    key: str = field(repr=False)
    at_once: int = 1
    repeats: int = 0

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, where no proxy leads to."""
        return urlsplit(self.address).hostname in LOOPBACK


@dataclass(frozen=True)
class ChosenJudge:
    """A judge, and the local model that it is; None for one behind an address."""

    judge: Judge
    local: ChatModel | None = None


def chosen_judge(project: str, name: str, model: str = "") -> ChosenJudge:
    """Return the judge of a name: an address (with `model`), `laptop`, a run of the project, a folder, a hub id.

    Raises UserError for what is none of these, and WorkError where a model cannot be had.
    """
    if "://" in name:
        return ChosenJudge(Judge(name=model, address=checked_address(name, model)))
    if model:
        raise UserError(f"MODEL names a model of an address, and '{name}' is none", "leave MODEL out")
    local = local_model(project, name)
    require_reachable(local.model)
    if local.is_base:
        raise UserError(f"{name} was pretrained only: it continues texts and judges nothing", "name a chat model")
    weights = [weights_hash(local.model), *([weights_hash(local.adapter)] if local.adapter else [])]
    return ChosenJudge(Judge(name=local.name, weights=text_hash(*weights) if local.adapter else weights[0]), local)


def checked_address(address: str, model: str) -> str:
    """Return an address without a slash at its end. Raises UserError for one that cannot be stored, or has no model."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"'{address}' is no address of a server", "JUDGE=http://127.0.0.1:8000/v1 MODEL=…")
    if parts.username or parts.password or parts.query:
        problem = "the address of a judge is kept with each verdict, and this one holds a key or a query"
        raise UserError(problem, f"put the key into the environment as {KEY}")
    if not model:
        raise UserError("a judge behind an address needs MODEL", f"MODEL names one that {address}/models lists")
    return address.rstrip("/")


def local_model(project: str, name: str) -> ChatModel:
    """Return the local model of a name. Raises UserError."""
    if name == LAPTOP:
        return folder_model(LAPTOP_MODEL.hub_id)
    if any(run.name == name for run in list_runs(project)):
        asked = system(finished_run(project, name), alone=False)
        if asked.kind == "reward":
            raise UserError(f"run {name} is a reward model, which says nothing", "name another run")
        return of_run(asked)
    return folder_model(name)


@contextlib.contextmanager
def reachable(chosen: ChosenJudge) -> Iterator[Endpoint]:
    """Give the endpoint of a judge; a local one is loaded, and served on 127.0.0.1 while the block runs.

    Raises as gretchen.models.generate.load does.
    """
    judge = chosen.judge
    if chosen.local is None:
        is_openai = urlsplit(judge.address).hostname == OPENAI_HOST
        key = os.environ.get(KEY) or (os.environ.get(OPENAI_KEY) if is_openai else "")
        yield Endpoint(judge.address, judge.name, key or "none", AT_ONCE, REPEATS)
        return
    backend = Backend(by_name([chosen.local]))
    with backend.loaded(chosen.local):
        pass  # loaded now: the first request would wait for it, and time out on a slow disk
    bound, token = listening(0), new_token()
    with running(api(backend, token), bound):
        yield Endpoint(f"{address_of(bound)}/v1", chosen.local.name, token)
