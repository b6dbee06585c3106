"""The merge of an adapter that a training starts from: TRL and axolotl would start a new adapter on its plain base.

    merged_adapter(find_adapter("me/zephyr-7b-sft-qlora"))      -> runs/standalone/merged/zephyr-7b-sft-qlora-3f2a61c0

A merged model is kept for all trainings that start from the same base and adapter: their hashes name its folder.
"""

from pathlib import Path

from gretchen import paths
from gretchen.files import file_hash, text_hash, whole_folder, write_json
from gretchen.merging.merge import merge
from gretchen.merging.names import CONFIG, FILE
from gretchen.merging.run import MODEL_FILES, local_folder
from gretchen.models.adapter_sources import AdapterSource, find_adapter
from gretchen.models.locate import weights_hash

FOLDER = "merged"
HASH_DIGITS = 8


def merged_adapter(adapter: AdapterSource, revision: str | None = None, base_revision: str | None = None) -> Path:
    """Return the folder of an adapter merged into its base, merged now where it is not yet.

    The revisions are those of two hub ids. A base that is an adapter itself is merged first. Raises UserError or
    WorkError where base or adapter cannot be had, or do not fit.
    """
    inner = find_adapter(adapter.base, base_revision)
    base = merged_adapter(inner, base_revision) if inner else local_folder(adapter.base, base_revision)
    folder = with_weights(adapter, revision)
    content = text_hash(weights_hash(base), weights_hash(folder), file_hash(folder / CONFIG))
    name = f"{Path(adapter.name).name}-{content[:HASH_DIGITS]}"
    target = paths.runs("standalone") / FOLDER / name
    if not target.is_dir():
        with whole_folder(target) as temporary:
            write_json(temporary / "merge.json", merge(base, folder, temporary).to_json())
    return target


def with_weights(adapter: AdapterSource, revision: str | None) -> Path:
    """Return an adapter's folder with its weights, downloaded where only its adapter_config.json is in the cache."""
    if (adapter.folder / FILE).is_file() or adapter.folder == paths.root() / adapter.name:
        return adapter.folder
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(adapter.name, revision=revision, allow_patterns=MODEL_FILES))
