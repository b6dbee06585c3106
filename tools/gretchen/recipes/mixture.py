"""Reads the handbook's mixtures of data sets, and writes them in TRL's keys.

    read_mixture(values)           -> a Mixture, None where the recipe has none
    trl_datasets(mixture)          -> TrlDatasets: dataset_name … or datasets: […], and what these keys cannot express

The handbook had `dataset_mixer` (2023, 2024) and `dataset_mixture` (2025). A share is the fraction *of that data set*
that is used; TRL's `fraction` is a fraction of the mixture, which is something else. `gretchen train` mixes the rows by
the handbook's rule (engines/zephyr/mixing.py), so nothing is lost there.
"""

from dataclasses import dataclass, field
from typing import Any

from gretchen.recipes.layers import Values

MIXER = ("dataset_mixer", "dataset_splits", "dataset_configs")
ENTRY = {"id", "config", "split", "columns", "weight"}
TOLERANCE_PERCENT = 1e-9


class MixtureError(Exception):
    """What is wrong with a mixture, and the key that is wrong."""

    def __init__(self, problem: str, *key: Any) -> None:
        super().__init__(problem)
        self.key = key


@dataclass(frozen=True)
class Part:
    """One split of one data set: `share` of its rows is used; `columns` None keeps what the stage needs."""

    path: str
    name: str | None
    split: str
    share: float = 1.0
    columns: list[str] | None = None


@dataclass(frozen=True)
class Mixture:
    """Parts to train on and to evaluate on.

    `shuffled_first`: a share is a random sample, otherwise the first rows. `test_size` (a fraction or a number of rows)
    is split off the training rows.
    """

    train: list[Part]
    test: list[Part] = field(default_factory=list)
    seed: int = 42
    shuffled_first: bool = False
    test_size: float | int | None = None


@dataclass(frozen=True)
class TrlDatasets:
    """A mixture in TRL's keys, and a sentence for each thing that these keys cannot express."""

    values: Values
    differences: list[str] = field(default_factory=list)


def read_mixture(values: Values) -> Mixture | None:
    """Return a recipe's mixture, None where it has none. Raises MixtureError for an invalid or ambiguous one."""
    if values.get("dataset_mixture") is not None:
        if values.get("dataset_mixer") is not None:
            both = "'dataset_mixer' and 'dataset_mixture' both name the data to train on: keep one"
            raise MixtureError(both, "dataset_mixer")
        return _read_dataset_mixture(values["dataset_mixture"])
    return _read_dataset_mixer(values) if values.get("dataset_mixer") is not None else None


def _read_dataset_mixer(values: Values) -> Mixture:
    """Return the mixture of `dataset_mixer: {id: share}`; the names of its splits say which are for training."""
    mixer, splits, configs = (values.get(key) for key in MIXER)
    if not isinstance(mixer, dict) or not mixer:
        raise MixtureError("'dataset_mixer' is no mapping of data sets to shares: {owner/name: 1.0}", "dataset_mixer")
    splits = ["train", "test"] if splits is None else splits
    if not isinstance(splits, list) or not all(isinstance(split, str) for split in splits):
        raise MixtureError("'dataset_splits' is no list of splits: [train_sft, test_sft]", "dataset_splits")
    configs = configs or [None] * len(mixer)
    if not isinstance(configs, list) or len(configs) != len(mixer):
        raise MixtureError(f"'dataset_configs' is no list of {len(mixer)}, one for each data set", "dataset_configs")
    train = [split for split in splits if "train" in split]
    test = [split for split in splits if "test" in split and split not in train]
    if len(train) != 1 or len(train) + len(test) != len(splits):
        expected = "expected one with 'train' in its name, and others with 'test'"
        raise MixtureError(f"'dataset_splits' is {splits}: {expected}", "dataset_splits")
    named = list(zip(mixer, configs, strict=True))
    return Mixture(
        [Part(str(path), name, train[0], _share(mixer[path], "dataset_mixer", path)) for path, name in named],
        [Part(str(path), name, split) for path, name in named for split in test],
    )


def _read_dataset_mixture(value: Any) -> Mixture:
    """Return the mixture of `dataset_mixture: {datasets: [{id, split, weight, …}], seed, test_split_size}`."""
    top = "dataset_mixture"
    entries = value.get("datasets") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not entries:
        raise MixtureError(f"'{top}' has no list 'datasets': [{{id: owner/name, split: train}}]", top)
    if unknown := sorted(map(str, value.keys() - {"datasets", "seed", "test_split_size"})):
        raise MixtureError(f"unknown key '{top}.{unknown[0]}', known: datasets, seed, test_split_size", top, unknown[0])
    parts = [_read_entry(entry, number) for number, entry in enumerate(entries)]
    seed, test_size = value.get("seed"), value.get("test_split_size")
    for name, number, types in (("seed", seed, int), ("test_split_size", test_size, int | float)):
        if not isinstance(number, types | None) or isinstance(number, bool):
            raise MixtureError(f"'{top}.{name}' is {number!r}, expected a number", top, name)
    return Mixture(parts, [], 0 if seed is None else seed, True, test_size)


def _read_entry(entry: Any, number: int) -> Part:
    """Return one entry of `dataset_mixture.datasets`."""
    path = ("dataset_mixture", "datasets", number)
    name = f"dataset_mixture.datasets[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise MixtureError(f"'{name}' has no 'id', the name of a data set", *path)
    if unknown := sorted(map(str, entry.keys() - ENTRY)):
        raise MixtureError(f"unknown key '{name}.{unknown[0]}', known: {', '.join(sorted(ENTRY))}", *path, unknown[0])
    for key, types, expected in (("config", str, "a string"), ("split", str, "a string"), ("columns", list, "a list")):
        if not isinstance(entry.get(key), types | None):
            raise MixtureError(f"'{name}.{key}' is {entry[key]!r}, expected {expected}", *path, key)
    weight = entry.get("weight")
    share = 1.0 if weight is None else _share(weight, *path, "weight")
    return Part(entry["id"], entry.get("config"), entry.get("split") or "train", share, entry.get("columns"))


def _share(value: Any, *key: Any) -> float:
    """Return a share as a number from 0 to 1."""
    try:
        share = float("x" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        raise MixtureError(f"the share of '{key[-1]}' is {value!r}, expected a number from 0 to 1", *key)
    return share


def trl_datasets(mixture: Mixture) -> TrlDatasets:
    """Return a mixture in TRL's keys."""
    first = mixture.train[0]
    if len(mixture.train) == 1 and len(mixture.test) < 2 and not mixture.shuffled_first and first.share == 1:
        test = mixture.test[0].split if mixture.test else "test"
        values = {"dataset_name": first.path, "dataset_config": first.name}
        values |= {"dataset_train_split": first.split, "dataset_test_split": test}
        defaults = {"dataset_config": None, "dataset_train_split": "train", "dataset_test_split": "test"}
        return TrlDatasets({k: v for k, v in values.items() if k not in defaults or v != defaults[k]})
    differences: list[str] = []
    values = {"datasets": [_entry(part, mixture, differences) for part in mixture.train if part.share]}
    if mixture.test_size is not None:
        values["test_split_size"] = mixture.test_size
    return TrlDatasets(values, differences)


def _entry(part: Part, mixture: Mixture, differences: list[str]) -> Values:
    """Return one entry of TRL's `datasets`, a share as a slice of the split; adds to `differences`."""
    split = part.split
    if part.share < 1 and "[" in split:
        differences.append(f"all of {part.path}'s {split} is used instead of {part.share:g} of it")
    elif part.share < 1:
        percent = max(1, round(part.share * 100))
        split = f"{split}[:{percent}%]"
        if abs(part.share * 100 - percent) > TOLERANCE_PERCENT:
            exact = f"{part.share * 100:g} %"
            differences.append(f"{percent} % of {part.path} is used instead of {exact}: slices take whole percents")
        if mixture.shuffled_first:
            differences.append(f"the first {percent} % of {part.path} is used instead of a random sample")
    values = {"path": part.path, "name": part.name, "split": split, "columns": part.columns}
    return {key: value for key, value in values.items() if value is not None}
