"""What a recipe's values name: local files and folders, and code from a model's repository.

Whether they exist is checked elsewhere (gretchen.checks.references).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from gretchen.recipes.layers import Values

COMMIT = re.compile(r"[0-9a-f]{40}")
SUFFIXES = (".json", ".jsonl", ".csv", ".parquet", ".yaml", ".jinja", ".txt")


def files_of(values: Values) -> Iterator[str]:
    """Yield the local files and folders that a recipe's values name."""
    sets = [s for key in ("datasets", "test_datasets", "pretraining_dataset") for s in listed(values.get(key))]
    sets = [s for s in sets if isinstance(s, dict)]
    named = [s.get(key) for s in sets for key in ("path", "data_files", "data_dir")]
    named += [values.get(key) for key in ("dataset_name", "chat_template_path", "deepspeed", "fsdp_config")]
    for value in named:
        is_mapping = isinstance(value, dict) and value is not values.get("deepspeed")
        for name in value.values() if is_mapping else listed(value):
            if isinstance(name, str) and (name.endswith(SUFFIXES) or name.startswith(("build/", "projects/", "./"))):
                yield name


def listed(value: Any) -> list[Any]:
    """Return a value as a list."""
    return value if isinstance(value, list) else [value]


def code_faults(values: Values, location: Callable[[tuple[Any, ...]], str]) -> list[str]:
    """Return a fault for `trust_remote_code: true` unless the model's commit is pinned: it runs the repository's code.

    `location` returns file and line of a key.
    """
    if values.get("trust_remote_code") is not True or COMMIT.fullmatch(str(values.get("model_revision"))):
        return []
    problem = "'trust_remote_code: true' runs code from the model's repository: leave it out, or pin model_revision"
    return [f"{location(('trust_remote_code',))}: {problem} to a commit that you have read"]
