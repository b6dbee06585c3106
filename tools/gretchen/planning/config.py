"""Where a model's config.json is: in a folder, in the hub's cache, on the hub.

    find_config("projects/genome-chatbot/base")

From the hub come config.json and the tokenizer, never weights.
"""

from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.models.adapter_sources import cached_folder, find_local_adapter
from gretchen.models.catalogue import known
from gretchen.models.locate import HUB_ID, model_folder, require_on_hub
from gretchen.projects import card
from gretchen.recipes.resolve import Resolved
from gretchen.recipes.schema import MODEL

HINT = "name a config.json that you have: MODEL=… (--model CONFIG.json)"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
AUXILIARY_KEYS = {"distill": "teacher_model_name_or_path", "ppo": "reward_model_path"}


def trained_model(resolved: Resolved, project: str) -> str:
    """Return the model that a recipe trains; the base, where an earlier stage is not merged yet."""
    name = str(resolved.values.get(MODEL[resolved.engine], ""))
    return _existing_or_base(name, resolved.profile, project) if resolved.parent_stage else name


def auxiliary_config(resolved: Resolved, project: str) -> Path | None:
    """Return the config.json of the teacher or of PPO's reward model; None where there is none, or not on this disk."""
    name = str(resolved.values.get(AUXILIARY_KEYS.get(resolved.stage, "")) or "")
    name = _existing_or_base(name, resolved.profile, project) if resolved.uses else name
    try:
        return find_config(name) if name else None
    except WorkError:
        return None


def find_config(name: str, is_path: bool = False) -> Path:
    """Return the config.json of a model: a file, a folder, or a hub id; of an adapter, its base's.

    `is_path`: the user named a file or folder.
    Raises UserError where there is no such file, WorkError where the hub does not provide it.
    """
    if not is_path and (adapter := find_local_adapter(name)):
        return find_config(adapter.base)
    path = next((path for path in (paths.root() / name, Path(name)) if path.exists()), None)
    if path:
        return path / "config.json" if path.is_dir() else path
    if is_path:
        raise UserError(f"there is no file {name}", "MODEL=… names a config.json or the folder that contains it")
    if not HUB_ID.fullmatch(name):
        raise WorkError(f"there is no model at '{name}'", HINT)
    folder = model_folder(name) or cached_folder(name)
    cached = folder / "config.json" if folder else None
    return cached if cached and cached.is_file() else _download(name)


def _existing_or_base(name: str, profile: str, project: str) -> str:
    """Return a model's name where its folder exists, else the base that the card names for the profile."""
    if (paths.root() / name).is_dir():
        return name
    return card.model_of(project, profile)


def _download(name: str) -> Path:
    """Return a hub id's config.json, downloaded with its tokenizer. Raises WorkError where the hub is out of reach."""
    try:
        require_on_hub(name)
    except WorkError as failure:
        raise WorkError(failure.problem, f"`make model` fetches it; or {HINT}" if known(name) else HINT) from None
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=["config.json", *TOKENIZER_FILES])) / "config.json"
