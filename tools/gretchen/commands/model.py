"""`make model [NAME=owner/name]`: fetch a pretrained model ahead of time, and print folder, size, source and licence.

    make model                           SmolLM2-135M-Instruct, the model of PROFILE=laptop
    make model NAME=Qwen/Qwen3-0.6B      any model of the hub, into the hub's own cache

`train` and `eval` fetch a model when they need it; this is for the evening before, or for a cluster's login node. It
trains nothing and loads no weights.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.models.catalogue import LAPTOP_MODEL, MODELS, Pretrained, known
from gretchen.models.locate import HUB_ID, require_reachable
from gretchen.models.pretrained import fetch, source_of
from gretchen.names import unknown

FILES = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "README.md"]


def model(
    name: Annotated[str, typer.Option(help="the model's id on the hub, owner/name")] = LAPTOP_MODEL.hub_id,
) -> None:
    """Fetch a pretrained model and say where it is."""
    if not HUB_ID.fullmatch(name):
        problem, hint = unknown("model", name, MODELS)
        raise UserError(problem, f"{hint}; or the id of any model on the hub, as owner/name")
    entry = known(name)
    print("\n".join(fetched_from_catalogue(entry) if entry else fetched_from_hub(name)))


def fetched_from_catalogue(entry: Pretrained) -> list[str]:
    """Fetch a model of the catalogue into the cache, and return the lines about it."""
    folder = fetch(entry)
    record = source_of(folder)
    assert record is not None, folder
    return [
        f"model    {entry.hub_id}, {entry.num_parameters / 1e6:.1f}M parameters",
        f"folder   {folder}",
        f"size     {record.num_bytes / 1e6:.0f} MB, weights in bf16",
        f"source   {record.source}: {record.origin} (weights stored as {record.precision})",
        f"licence  {record.licence}",
    ]


def fetched_from_hub(name: str) -> list[str]:
    """Fetch a model of the hub into the hub's own cache, and return the lines about it."""
    from huggingface_hub import constants, snapshot_download

    require_reachable(name)
    folder = Path(snapshot_download(name, allow_patterns=FILES, local_files_only=constants.is_offline_mode()))
    num_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return [
        f"model    {name}",
        f"folder   {folder}",
        f"size     {num_bytes / 1e6:.0f} MB",
        f"source   hub: {name}@{folder.name}",
        f"licence  {licence_of(folder)}",
    ]


def licence_of(folder: Path) -> str:
    """Return the licence that a snapshot's model card names."""
    from huggingface_hub import ModelCard

    card = folder / "README.md"
    return (ModelCard.load(card).data.license if card.is_file() else None) or "not stated on its model card"
