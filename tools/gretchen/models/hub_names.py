"""Does a recipe name anything on the hub? Where model and rows are on this disk, nothing is looked up.

use_hub_if_named(resolved.values)        before the recipe's rows or model are loaded
"""

from collections.abc import Iterable, Iterator
from typing import Any

from gretchen import paths
from gretchen.models.locate import HUB_ID, model_folder
from gretchen.recipes.references import listed
from gretchen.services import use_hub

DATASET_KEYS = ("datasets", "test_datasets", "pretraining_dataset")
# data sets' own loaders, which `path` names beside `data_files`.
LOADERS = ("json", "csv", "parquet", "arrow", "text")
# Values that name no source: where results go, and how the run is called.
NOT_READ = ("output_dir", "hub_model_id", "run_name", "dataset_prepared_path", "logging_dir", "env")


def use_hub_if_named(values: dict[str, Any], data_sets: Iterable[str] = ()) -> None:
    """Switch the hub on where a recipe's values, or these data sets, name something that is not on this disk."""
    if any(hub_names(values)) or not all(is_local(name) for name in data_sets):
        use_hub()


def hub_names(values: dict[str, Any]) -> Iterator[str]:
    """Yield what a recipe's values name that is not on this disk: hub ids (owner/name), data sets, addresses."""
    sets = [entry for key in DATASET_KEYS for entry in listed(values.get(key))]
    data_sets = [entry.get("path") if isinstance(entry, dict) else entry for entry in sets]
    for name in (values.get("dataset_name"), *data_sets):
        if isinstance(name, str) and not is_local(name):
            yield name
    for name in _strings([value for key, value in values.items() if key not in NOT_READ]):
        if (HUB_ID.fullmatch(name) or "://" in name) and not is_local(name):
            yield name


def is_local(name: str) -> bool:
    """Return whether a name is that of a file, a folder, a loader of local files, or a fetched model."""
    return name in LOADERS or len(name) < 1000 and (model_folder(name) is not None or (paths.root() / name).exists())


def _strings(value: Any) -> Iterator[str]:
    """Yield all strings in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
