"""A recipe's training rows: the files that hold them, the rows themselves, and what is counted of them.

    train_files(resolved)      -> [Path("build/genome-chatbot/chats/train.jsonl")]

Built or local files only: what lies on the hub is not fetched.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.recipes.resolve import Resolved

Row = dict[str, Any]


@dataclass(frozen=True)
class Counted:
    """Training rows counted: `rows` read, `cut` at the length limit, `dropped` by the engine.

    `lengths` are the tokens of each sequence that is trained, after cutting and packing; a pair of answers counts with
    its longer one in `lengths`, and with both in `tokens`. `prompt`: the longest one that an answer may be written to.
    `told`: the rows that axolotl works out its steps from, before the trainer drops any.
    """

    rows: int
    cut: int
    dropped: int
    lengths: list[int]
    tokens: int
    prompt: int = 0
    told: int = 0


def train_files(resolved: Resolved) -> list[Path] | None:
    """Return the files of a recipe's training rows; None where one of them is not on this disk."""
    values = resolved.values
    named = [one.get("path") for key in ("datasets", "pretraining_dataset") for one in values.get(key) or []]
    split = values.get("dataset_train_split", "train")
    files = []
    for name in named or [values.get("dataset_name")]:
        place = paths.root() / str(name)
        place = place / f"{split}.jsonl" if place.is_dir() else place
        if not name or not place.is_file():
            return None
        files.append(place)
    return files


def read(file: Path) -> Iterator[Row]:
    """Yield a file's rows. Raises UserError for a line that is no JSON object, and for a file of another kind."""
    if file.suffix not in (".jsonl", ".json"):
        raise UserError(f"{paths.shown(file)}: only JSON lines are counted", "write the rows as .jsonl")
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise UserError(f"{paths.shown(file)}:{number}: not one JSON object a line", "write the rows as .jsonl")
            yield row
