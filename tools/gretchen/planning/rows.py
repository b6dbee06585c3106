"""A recipe's training rows: the files that contain them, the rows themselves, and their counts.

    train_files(resolved)      -> [Path("build/genome-chatbot/chats/train.jsonl")]

Only built or local files: data sets on the hub are not downloaded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import parse_line
from gretchen.recipes.resolve import Resolved

Row = dict[str, Any]


@dataclass(frozen=True)
class RowCounts:
    """Counts of training rows: `rows` read, `cut` at the length limit, `dropped` by the engine.

    `lengths` are the tokens of each training sequence, after cutting and packing. A pair counts with its longer
    completion in `lengths`, and with both in `tokens`. `longest_prompt` is that of generated completions.
    `rows_in_steps` are those that axolotl computes its steps from, before the trainer drops any.
    """

    rows: int
    cut: int
    dropped: int
    lengths: list[int]
    tokens: int
    longest_prompt: int = 0
    rows_in_steps: int = 0


def train_files(resolved: Resolved) -> list[Path] | None:
    """Return the files of a recipe's training rows; None where one of them is not on this disk."""
    values = resolved.values
    datasets = [dataset for key in ("datasets", "pretraining_dataset") for dataset in values.get(key) or []]
    names = [dataset.get("path") for dataset in datasets] or [values.get("dataset_name")]
    split = values.get("dataset_train_split", "train")
    files = []
    for name in names:
        file = paths.root() / str(name)
        file = file / f"{split}.jsonl" if file.is_dir() else file
        if not name or not file.is_file():
            return None
        files.append(file)
    return files


def read(file: Path) -> Iterator[Row]:
    """Yield a file's rows. Raises UserError for a line that is not a JSON object, and for a file of another kind."""
    if file.suffix not in (".jsonl", ".json"):
        raise UserError(f"{paths.shown(file)}: only JSON lines are counted", "write the rows as .jsonl")
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                row = parse_line(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise UserError(f"{paths.shown(file)}:{number}: not one JSON object a line", "write the rows as .jsonl")
            yield row
