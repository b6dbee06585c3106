"""What a recipe's values name: local files and folders, and code from a model's repository.

Nothing is looked up here.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

COMMIT = re.compile(r"[0-9a-f]{40}")
SUFFIXES = (".json", ".jsonl", ".csv", ".parquet", ".yaml", ".jinja", ".txt")


def files_of(values: dict[str, Any]) -> Iterator[str]:
    """Yield the local files and folders that a recipe's values name."""
    sets = [s for key in ("datasets", "test_datasets", "pretraining_dataset") for s in _listed(values.get(key))]
    sets = [s for s in sets if isinstance(s, dict)]
    named = [s.get(key) for s in sets for key in ("path", "data_files", "data_dir")]
    named += [values.get(key) for key in ("dataset_name", "chat_template_path", "deepspeed", "fsdp_config")]
    for text in named:
        for name in text.values() if isinstance(text, dict) and text is not values.get("deepspeed") else _listed(text):
            if isinstance(name, str) and (name.endswith(SUFFIXES) or name.startswith(("build/", "projects/", "./"))):
                yield name


def _listed(value: Any) -> list[Any]:
    """Return a value as a list."""
    return value if isinstance(value, list) else [value]


def code_faults(values: dict[str, Any], place: Callable[[tuple[Any, ...]], str]) -> list[str]:
    """Return a fault for `trust_remote_code: true` unless the model's commit is pinned: it runs what stands there."""
    if values.get("trust_remote_code") is not True or COMMIT.fullmatch(str(values.get("model_revision"))):
        return []
    told = "'trust_remote_code: true' runs code from the model's repository: leave it out, or pin model_revision"
    return [f"{place(('trust_remote_code',))}: {told} to a commit that you have read"]
