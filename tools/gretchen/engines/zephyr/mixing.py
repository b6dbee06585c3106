"""The handbook's mixture of data sets, mixed by its own rule and written as a folder that TRL's `dataset_name` takes.

    write_mixture(read_mixture(values), "sft", run / "data")     -> data/train.parquet, data/test.parquet

`dataset_mixer`: the first share of each data set, then all shuffled; test splits whole. `dataset_mixture`: each
shuffled, its first share, then all shuffled, then the test rows split off. Columns are those that the handbook's
scripts kept. What these did to the rows beyond that is left to TRL: chat template, packing, truncation.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen.errors import UserError, WorkError
from gretchen.files import whole_folder
from gretchen.recipes.mixture import Mixture, Part

COLUMNS = ("messages", "chosen", "rejected", "prompt", "completion", "label", "text")


def write_mixture(mixture: Mixture, stage: str, folder: Path, text_column: str = "text") -> dict[str, int]:
    """Mix the rows into `folder`, whole or not at all, and return {split: number of rows}.

    Raises UserError for a missing data set, split or column, WorkError where the hub cannot be reached.
    """
    from datasets import disable_progress_bars

    disable_progress_bars()
    splits = mix(mixture, stage, text_column)
    with whole_folder(folder) as temporary:
        for name, rows in splits.items():
            rows.to_parquet(str(temporary / f"{name}.parquet"))
    return {name: len(rows) for name, rows in splits.items()}


def mix(mixture: Mixture, stage: str, text_column: str = "text") -> dict[str, Any]:  # datasets.Dataset by split
    """Return {"train": rows, "test": rows}, the second where the mixture has test rows."""
    train = concatenated([train_share(part, mixture, stage, text_column) for part in mixture.train], mixture.seed)
    if mixture.test_size is not None:
        return dict(train.train_test_split(test_size=mixture.test_size, seed=mixture.seed))
    test = [with_columns(load(part), part, stage, text_column) for part in mixture.test]
    return {"train": train} | ({"test": concatenated(test, mixture.seed)} if test else {})


def train_share(part: Part, mixture: Mixture, stage: str, text_column: str) -> Any:
    """Return the share of one part's rows that is trained on."""
    rows = with_columns(load(part), part, stage, text_column)
    if mixture.shuffled_first:
        rows = rows.shuffle(seed=mixture.seed)
    return rows.select(range(int(part.share * len(rows))))


def concatenated(parts: list[Any], seed: int) -> Any:
    """Return rows concatenated and shuffled. Raises UserError where their columns differ."""
    from datasets import concatenate_datasets

    try:
        return concatenate_datasets(parts).shuffle(seed=seed)
    except ValueError as failure:
        problem = f"the mixture's data sets do not fit together: {one_line(failure)}"
        raise UserError(problem, "name the `columns` of each") from None


def with_columns(rows: Any, part: Part, stage: str, text_column: str) -> Any:
    """Return rows with the columns that the part names, or else with those that the stage needs.

    UltraFeedback and its kin have a prompt string beside whole conversations: there the handbook took the prompt from
    the conversations. Raises UserError for a missing column.
    """
    names = rows.column_names
    if part.columns is not None:
        if missing := [name for name in part.columns if name not in names]:
            raise UserError(f"{part.path} has no column '{missing[0]}'", f"it has {', '.join(names)}")
        return rows.select_columns([name for name in part.columns if stage == "sft" or name != "messages"])
    if stage == "sft":
        selected = ["messages"] if "messages" in names else [text_column, "prompt", "completion"]
    else:
        whole = is_conversational(rows, "chosen") and not is_conversational(rows, "prompt")
        selected = [name for name in COLUMNS if name != "messages" and not (whole and name == "prompt")]
    selected = [name for name in selected if name in names]
    if not selected:
        raise UserError(f"{part.path} has no column that {stage} trains on", f"it has {', '.join(names)}")
    return rows.select_columns(selected)


def without_extra_prompts(rows: Any) -> Any:
    """Return a DatasetDict without prompt strings beside whole conversations (`chosen`, `rejected`).

    TRL takes such a string for the prompt and fails; without it, the prompt is what the two conversations share.
    """
    for name, split in rows.items():
        if not split.column_names or "prompt" not in split.column_names:
            continue
        if is_conversational(split, "chosen") and not is_conversational(split, "prompt"):
            rows[name] = split.remove_columns([key for key in ("prompt", "messages") if key in split.column_names])
    return rows


def is_conversational(rows: Any, column: str) -> bool:
    """Return whether a column holds messages, and not a string."""
    first = next(iter(rows), {}) if column in rows.column_names else {}
    return isinstance(first.get(column), list)


def load(part: Part) -> Any:
    """Return the rows of one part: a hub id, a folder of data files, or a folder that `save_to_disk` wrote."""
    from datasets import load_dataset, load_from_disk

    saved = Path(part.path) / part.split
    with contextlib.suppress(OSError):
        if (saved / "state.json").is_file():
            return load_from_disk(str(saved))
    if part.path.startswith((".", "/", "~")) and not Path(part.path).exists():
        raise UserError(f"data set '{part.path}' is not on this disk", "a name on the hub begins with its owner's")
    with loading(f"data set '{part.path}'", f", split '{part.split}'"):
        return load_dataset(part.path, part.name, split=part.split)


@contextlib.contextmanager
def loading(data_set: str, part: str = "") -> Iterator[None]:
    """Turn the libraries' errors on a data set (and a part of it) into one sentence.

    Raises UserError for one that does not exist or cannot be read, WorkError where the hub cannot be reached.
    """
    from datasets.exceptions import DatasetsError
    from httpx import HTTPError
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except HfHubHTTPError as failure:  # before HTTPError: the hub answered
        raise UserError(f"{data_set}{part}: {one_line(failure)}", "check the name, `hf auth login`") from None
    except (ConnectionError, OfflineModeIsEnabled, HTTPError, RuntimeError) as failure:
        # The hub's client closes itself after its last attempt, and asks once more.
        if type(failure) is RuntimeError and "client has been closed" not in str(failure):
            raise
        problem = f"{data_set} is not on this disk, and the hub cannot be reached"
        raise WorkError(problem, "name a folder with its files, or connect to the network") from None
    except (ValueError, OSError, DatasetsError) as failure:
        raise UserError(f"{data_set}{part}: {one_line(failure)}") from None


def one_line(failure: Exception) -> str:
    """Return an error's message on one line."""
    return " ".join(str(failure).split())
