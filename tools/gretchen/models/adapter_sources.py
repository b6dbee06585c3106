"""Is a model's name that of an adapter? A LoRA adapter holds no whole model: it names the base it was trained on.

    find_adapter("runs/…/adapter")           -> AdapterSource(folder, base="projects/<slug>/base"), None for a model

Of a hub id only adapter_config.json is fetched, and only where the hub's cache does not answer. Nothing is loaded.
"""

from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.models.catalogue import known
from gretchen.models.files import read_json
from gretchen.models.locate import ADAPTER_CONFIG, HUB_ID, model_folder
from gretchen.services import hub_cache, use_hub

WHOLE_MODEL = ("model*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class AdapterSource:
    """An adapter as a recipe names it, the folder of its adapter_config.json, and the base that this file names."""

    name: str
    folder: Path
    base: str


def find_adapter(model: str, revision: str | None = None) -> AdapterSource | None:
    """Return the adapter that a folder or hub id is, None for a whole model and for a name that is neither.

    Raises UserError for a folder that holds both, and for an adapter that names no base.
    """
    folder = model_folder(model) or _hub_folder(model, revision)
    return adapter_in(folder, model) if folder else None


def find_local_adapter(model: str) -> AdapterSource | None:
    """Return the adapter that a folder, or a hub id in the hub's cache, is; the hub is not asked, nothing imported.

    A folder's name is relative to the root or to the current directory.
    """
    folder = model_folder(model) or (Path(model) if Path(model).is_dir() else cached_folder(model))
    return adapter_in(folder, model) if folder else None


def adapter_in(folder: Path, name: str) -> AdapterSource | None:
    """Return the adapter in a folder, None where it has no adapter_config.json. Raises UserError as find_adapter."""
    if not (folder / ADAPTER_CONFIG).is_file():
        return None
    if any(file for pattern in WHOLE_MODEL for file in folder.glob(pattern)):
        problem = f"{paths.shown(folder)} holds a whole model and an {ADAPTER_CONFIG}"
        raise UserError(problem, "transformers would load the adapter's base instead: move one of the two elsewhere")
    base = read_json(folder / ADAPTER_CONFIG).get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise UserError(f"{paths.shown(folder / ADAPTER_CONFIG)} names no base: 'base_model_name_or_path' is missing")
    # Relative to the root, where trainings run, or to the current directory; else a hub id.
    is_here = Path(base).is_dir() and not (paths.root() / base).is_dir()
    return AdapterSource(name, folder, str(Path(base).absolute()) if is_here else base)


def cached_folder(model: str) -> Path | None:
    """Return the newest snapshot of a hub id in the hub's cache, found without the hub's slow library; or None."""
    if not HUB_ID.fullmatch(model):
        return None
    snapshots = (hub_cache() / f"models--{model.replace('/', '--')}").glob("snapshots/*")
    return max(snapshots, key=lambda folder: folder.stat().st_mtime, default=None)


def _hub_folder(model: str, revision: str | None) -> Path | None:
    """Return the cache folder of a hub id's adapter_config.json, fetched where the hub has one; None for a model."""
    if not HUB_ID.fullmatch(model) or known(model):
        return None
    from httpx import HTTPError
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    names = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
    if any(isinstance(try_to_load_from_cache(model, name, revision=revision), str) for name in names):
        return None
    use_hub()
    try:
        return Path(hf_hub_download(model, ADAPTER_CONFIG, revision=revision)).parent
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, HTTPError, OSError):
        return None  # a whole model, or out of reach: loading it says which
