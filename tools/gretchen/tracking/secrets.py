"""No API key in a run's files: a recipe or a command that holds one is refused before anything is written.

    refuse_secrets(resolved.values, "the recipe")

A run's files are kept, copied, uploaded and committed; a key belongs in a login or in the environment. This machine's
own keys are recognized by their value, others by their shape or by the name of their key.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gretchen.errors import UserError
from gretchen.services import hub_token_file
from gretchen.tracking import login

NAMES = re.compile(r"(^|_)(api_key|hub_token|hf_token|secret|password)$", re.IGNORECASE)
SHAPES = re.compile(r"\bhf_[A-Za-z0-9]{30,}|\bwandb_v\d_\w{30,}|\bsk-[\w-]{20,}|\bgh[pousr]_\w{36,}")
STARTS = ("hf_", "wandb_v", "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_")  # found faster than the shapes
VARIABLES = re.compile(r"(API_KEY|TOKEN|SECRET|PASSWORD)$")
REMOVED = "[API key removed]"
MIN_CHARACTERS = 16  # a shorter variable like CSRF_TOKEN=1 is not a secret
HUB_HINT = "`.venv/bin/hf auth login`, or set HF_TOKEN in the environment"


def refuse_secrets(values: Mapping[str, Any], source: str) -> None:
    """Raise UserError for the first value that holds an API key, naming its key and never the value.

    `source` begins the sentence: "the recipe", "SET".
    """
    known = own_secrets()
    for key, value in flat_strings(values):
        is_named = bool(NAMES.search(key.rsplit(".", 1)[-1])) and bool(value)
        if is_named or SHAPES.search(value) or any(secret in value for secret in known):
            problem = f"{source} holds an API key ('{key}'), which would be written into every file of the run"
            raise UserError(problem, f"leave it out and log in: {hint(key, value)}")


def redacted(text: str) -> str:
    """Return a text with REMOVED in place of API keys: those of this machine, and whatever has the shape of one."""
    for secret in own_secrets():
        text = text.replace(secret, REMOVED)
    return SHAPES.sub(REMOVED, text) if any(start in text for start in STARTS) else text


def own_secrets() -> set[str]:
    """Return the keys of this machine: in the environment, of `wandb login`, of `hf auth login`."""
    secrets = {value for name, value in os.environ.items() if VARIABLES.search(name)}
    secrets.add(login.stored_key())
    file = hub_token_file()
    if file.is_file():
        secrets.add(file.read_text(encoding="utf-8", errors="replace").strip())
    return {value for value in secrets if len(value) >= MIN_CHARACTERS}


def flat_strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted key, string) of every string in nested mappings and lists."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flat_strings(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from flat_strings(inner, key)
    elif isinstance(value, str):
        yield key, value


def hint(key: str, value: str) -> str:
    """Return how to log in to the service of a key."""
    text = f"{key} {value}".lower()
    if "wandb" in text or value in (os.environ.get("WANDB_API_KEY"), login.stored_key()):
        return login.HINT
    if re.search(r"hub|hf_", text) or value == os.environ.get("HF_TOKEN"):
        return HUB_HINT
    return "or set it in the environment variable that the library reads"
