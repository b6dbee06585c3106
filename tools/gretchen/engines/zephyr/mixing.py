"""The handbook's mixture of data sets, mixed by its own rule and written as a folder that TRL's `dataset_name` takes.

    write_mixture(read_mixture(values), "sft", run / "data")     -> data/train.parquet, data/test.parquet

`dataset_mixer`: the first share of each data set, then all shuffled; test splits whole. `dataset_mixture`: each
shuffled, its first share, then all shuffled, then the test rows taken off. Columns are those that the handbook's
scripts kept. What they did to the rows beyond that is left to TRL: chat template, packing, cutting.
"""

import contextlib
from pathlib import Path
from typing import Any

from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder
from gretchen.recipes.mixture import Mixture, Part

PREFERENCES = ("prompt", "chosen", "rejected")
KEPT = ("messages", "chosen", "rejected", "prompt", "completion", "label", "text")


def write_mixture(mixture: Mixture, stage: str, folder: Path, text_column: str = "text") -> dict[str, int]:
    """Mix the rows into `folder`, whole or not at all, and return {split: number of rows}.

    Raises UserError where a data set, split or column is not there, WorkError where the hub cannot be reached.
    """
    from datasets import disable_progress_bars

    disable_progress_bars()
    rows = mixed(mixture, stage, text_column)
    with whole_folder(folder) as place:
        for split, one in rows.items():
            one.to_parquet(str(place / f"{split}.parquet"))
    return {split: len(one) for split, one in rows.items()}


def mixed(mixture: Mixture, stage: str, text_column: str = "text") -> dict[str, Any]:
    """Return {"train": rows, "test": rows}, the second where the mixture has some."""
    train = joined([share_of(part, mixture, stage, text_column) for part in mixture.train], mixture.seed)
    if mixture.test_size is not None:
        return dict(train.train_test_split(test_size=mixture.test_size, seed=mixture.seed))
    test = [kept(load(part), part, stage, text_column) for part in mixture.test]
    return {"train": train} | ({"test": joined(test, mixture.seed)} if test else {})


def share_of(part: Part, mixture: Mixture, stage: str, text_column: str) -> Any:
    """Return the share of one part's rows that is trained on."""
    rows = kept(load(part), part, stage, text_column)
    if mixture.shuffled_first:
        rows = rows.shuffle(seed=mixture.seed)
    return rows.select(range(int(part.share * len(rows))))


def joined(parts: list[Any], seed: int) -> Any:
    """Return rows one after the other, shuffled. Raises UserError where their columns differ."""
    from datasets import concatenate_datasets

    try:
        return concatenate_datasets(parts).shuffle(seed=seed)
    except ValueError as wrong:
        told = " ".join(str(wrong).split())
        raise UserError(f"the mixture's data sets do not fit together: {told}", "name the `columns` of each") from None


def kept(rows: Any, part: Part, stage: str, text_column: str) -> Any:
    """Return rows with the columns that count: those that the part names, else those that the stage needs.

    UltraFeedback and its kin have a text as prompt beside whole chats: there the handbook took the prompt from these.
    """
    there = rows.column_names
    if part.columns is not None:
        if missing := [name for name in part.columns if name not in there]:
            raise UserError(f"{part.path} has no column '{missing[0]}'", f"it has {', '.join(there)}")
        wanted = [name for name in part.columns if stage == "sft" or name != "messages"]
        return rows.select_columns(wanted)
    if stage == "sft":
        wanted = (
            ["messages"] if "messages" in there else [n for n in (text_column, "prompt", "completion") if n in there]
        )
    else:
        wanted = [name for name in KEPT if name in there and name != "messages"]
        if talks(rows, "chosen") and not talks(rows, "prompt"):
            wanted = [name for name in wanted if name != "prompt"]
    if not wanted:
        raise UserError(f"{part.path} has no column that {stage} trains on", f"it has {', '.join(there)}")
    return rows.select_columns(wanted)


def chats_alone(rows: Any) -> Any:
    """Return a DatasetDict whose whole chats (`chosen`, `rejected`) have no text as prompt beside them.

    TRL takes such a text for the prompt and fails; without it, the prompt is what the two chats share.
    """
    for split, one in rows.items():
        if one.column_names and talks(one, "chosen") and "prompt" in one.column_names and not talks(one, "prompt"):
            rows[split] = one.remove_columns([name for name in ("prompt", "messages") if name in one.column_names])
    return rows


def talks(rows: Any, column: str) -> bool:
    """Return whether a column holds messages, and not a text."""
    first = next(iter(rows), {}) if column in rows.column_names else {}
    return isinstance(first.get(column), list)


def load(part: Part) -> Any:
    """Return the rows of one part: a hub id, a folder of data files, or a folder that `save_to_disk` wrote."""
    from datasets import load_dataset, load_from_disk
    from datasets.exceptions import DatasetsError

    saved = Path(part.path) / part.split
    with contextlib.suppress(OSError):
        if (saved / "state.json").is_file():
            return load_from_disk(str(saved))
    try:
        return load_dataset(part.path, part.name, split=part.split)
    except ConnectionError as away:
        raise WorkError(
            f"data set '{part.path}' is not on this disk, and the hub cannot be reached: {said(away)}"
        ) from None
    except (ValueError, OSError, DatasetsError) as wrong:
        raise UserError(f"data set '{part.path}', split '{part.split}': {said(wrong)}") from None


def said(failure: Exception) -> str:
    """Return an error's words on one line."""
    return " ".join(str(failure).split())
