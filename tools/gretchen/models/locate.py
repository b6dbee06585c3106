"""Which model a project trains under a profile, where its files are, and the hash of its weights.

A name is a folder (`projects/<slug>/base` for the card's `base`) or a hub id (`Qwen/Qwen3-4B`). Records and resolved
recipes hold the name; `loadable(name)` is what gets loaded: for a model of the catalogue its folder in the cache. Other
models of the hub are downloaded by the trainer.
"""

import re
from pathlib import Path
from typing import Literal

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.files import file_hash, text_hash
from gretchen.models.catalogue import known
from gretchen.models.damage import require_whole
from gretchen.models.pretrained import fetch, local_folder, source_of
from gretchen.projects.card import model_of
from gretchen.services import use_hub

EMBEDDED = re.compile(r"projects/([\w-]+)/base")
ADAPTER_CONFIG = "adapter_config.json"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
WeightsSource = Literal["embedded", "hub", "wheel", "folder"]


def locate(project: str, profile: str) -> str:
    """Return the model that the card names for a profile: a folder relative to the root, or a hub id.

    Raises WorkError where the embedded base has not been pretrained.
    """
    model = model_of(project, profile)
    require_embedded(model)
    return model


def weights_source(model: str) -> WeightsSource:
    """Return where a model's weights come from: a project's base/, the hub, a wheel, or another folder."""
    if EMBEDDED.fullmatch(model):
        return "embedded"
    folder = paths.root() / model
    is_folder = folder.is_dir()
    record = source_of(folder if is_folder else local_folder(model) or folder)
    return record.source if record else "folder" if is_folder else "hub"


def model_folder(model: str | Path) -> Path | None:
    """Return the folder of a model on this machine: a folder, or the cache's for a hub id of the catalogue; or None."""
    if not paths.is_path(str(model)):
        return None
    folder = paths.root() / model
    return folder if folder.is_dir() else local_folder(str(model))


def loadable(model: str) -> str:
    """Return what `from_pretrained` gets for a model: its folder on this machine, else its hub id."""
    folder = model_folder(model)
    return str(folder) if folder else model


def require_embedded(model: str) -> None:
    """Raise WorkError where `model` is an embedded base (projects/<slug>/base) that has not been pretrained."""
    embedded = EMBEDDED.fullmatch(model)
    if embedded and not weights(paths.root() / model):
        raise WorkError(f"{model} holds no weights", f"`make base PROJECT={embedded[1]}` pretrains the embedded base")


def weights(folder: Path) -> list[Path]:
    """Return a model or adapter folder's weight files, sorted."""
    return sorted(folder.glob("*.safetensors")) if folder.is_dir() else []


def weights_hash(model: str | Path) -> str:
    """Return one hash over the weight files of a folder; for a hub id, of its name (its commit is not looked up)."""
    folder = model_folder(model)
    if folder is None:
        return text_hash(str(model))
    return text_hash(*(f"{file.name}:{file_hash(file)}" for file in weights(folder)))


def require_reachable(model: str) -> None:
    """Raise where `model` is neither a folder, nor in a cache, nor can be fetched. A model of the catalogue is fetched.

    Raises UserError for a name without the form of a hub id and for a folder with a damaged file, WorkError for a hub
    id that cannot be had and for an embedded base that is not pretrained.
    """
    require_embedded(model)
    if (paths.root() / model).is_dir():
        if (paths.root() / model / ADAPTER_CONFIG).is_file():
            raise adapter_error(model)
        if not (paths.root() / model / "config.json").is_file():
            raise UserError(f"{model} holds no config.json", "name a folder in hub format, or a hub id as owner/name")
        require_whole(paths.root() / model)
    elif entry := known(model):
        fetch(entry)
    else:
        require_on_hub(model)


def require_on_hub(model: str) -> None:
    """Switch the hub on, and raise where a model is neither in its cache nor reachable, as require_reachable does."""
    if not HUB_ID.fullmatch(model):
        raise UserError(
            f"'{model}' is neither a folder nor a hub id (owner/name)", "see `models:` on the project's card"
        )
    use_hub()
    from httpx import HTTPError
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(try_to_load_from_cache(model, ADAPTER_CONFIG), str):
        raise adapter_error(model)
    if isinstance(try_to_load_from_cache(model, "config.json"), str):
        return
    offline = "put the model's folder in hub format on disk and name it on the card, or stay with PROFILE=tiny"
    try:
        info = HfApi().model_info(model, timeout=5)
    except HfHubHTTPError as refused:
        reason = f"the hub answered {refused.response.status_code}"
        hint = f"check the name, `hf auth login`; {offline}"
        raise WorkError(f"'{model}' is not a folder, and {reason}", hint) from None
    except (HTTPError, OfflineModeIsEnabled, OSError):
        raise WorkError(f"'{model}' is not a folder, and the hub cannot be reached", offline) from None
    if any(file.rfilename == ADAPTER_CONFIG for file in info.siblings or []):
        raise adapter_error(model)


def adapter_error(model: str) -> UserError:
    """Return the error for an adapter where a whole model is needed: a trainer would start from its plain base."""
    merge = f"gretchen merge --base … --adapter {model} --output DIR merges it: name DIR"
    return UserError(f"{model} is an adapter, no whole model", merge)
