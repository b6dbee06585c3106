"""Where a model's config.json lies: in a folder, in the hub's cache, on the hub.

    config_of("projects/genome-chatbot/base")

From the hub come config.json and the tokenizer, never weights.
"""

import os
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.models.locate import HUB_ID, require_reachable
from gretchen.projects import card
from gretchen.recipes.schema import MODEL

HINT = "name a config.json that you have: MODEL=… (--model CONFIG.json)"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def model_of(resolved: Any, project: str) -> str:
    """Return the model whose shape a recipe trains."""
    name = str(resolved.values.get(MODEL[resolved.engine], ""))
    return there_or_base(name, resolved.profile, project) if resolved.parent_stage else name


def other_of(resolved: Any, project: str) -> str | None:
    """Return the model that a recipe uses beside its own, a teacher or PPO's reward model; None for none."""
    key = {"distill": "teacher_model_name_or_path", "ppo": "reward_model_path"}.get(resolved.stage)
    name = str(resolved.values.get(key) or "")
    return there_or_base(name, resolved.profile, project) if resolved.uses else name or None


def there_or_base(name: str, profile: str, project: str) -> str:
    """Return a model of an earlier stage, or where it has still to be made the base, which has its shape."""
    if (paths.root() / name).is_dir():
        return name

    return card.model_of(project, profile)


def other_config(resolved: Any, project: str) -> Path | None:
    """Return the config.json of the model that a recipe uses beside its own; None where there is none to be had."""
    name = other_of(resolved, project)
    try:
        return config_of(name) if name else None
    except WorkError:
        return None


def config_of(name: str, named: bool = False) -> Path:
    """Return the config.json of a model: a file, a folder, or a hub id; `named`: the user named a file or folder.

    Raises UserError where there is no such file, WorkError where the hub does not give it.
    """
    place = paths.root() / name
    if place.is_dir() or place.is_file():
        return place / "config.json" if place.is_dir() else place
    if named:
        raise UserError(f"there is no file {name}", "MODEL=… names a config.json or the folder that holds it")
    if not HUB_ID.fullmatch(name):
        raise WorkError(f"there is no model at '{name}'", HINT)
    return cached(name) or fetched(name)


def cached(name: str) -> Path | None:
    """Return a hub id's config.json in the hub's cache, looked up without the hub's slow library; None for none."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{name.replace('/', '--')}"
    found = sorted(cache.glob("snapshots/*/config.json"), key=lambda file: file.stat().st_mtime)
    return found[-1] if found else None


def fetched(name: str) -> Path:
    """Return a hub id's config.json, fetched with its tokenizer. Raises WorkError where the hub does not give it."""
    try:
        require_reachable(name)
    except WorkError as failure:
        raise WorkError(failure.problem, HINT) from None
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=["config.json", *TOKENIZER])) / "config.json"
