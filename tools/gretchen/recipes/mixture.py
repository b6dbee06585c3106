"""The handbook's mixtures of data sets, `dataset_mixer` (2023, 2024) and `dataset_mixture` (2025), and TRL's keys.

    read_mixture(values)           -> a Mixture, None where the recipe has none
    trl_keys(mixture)              -> dataset_name …, or datasets: […], and what these keys cannot say

A share is what is *kept of that data set*; TRL's `fraction` is a share of the mixture, another thing. `gretchen train`
mixes by the handbook's own rule (zephyr/mixing.py), so nothing is lost there.
"""

from dataclasses import dataclass, field
from typing import Any

from gretchen.recipes.layers import Values

MIXER = ("dataset_mixer", "dataset_splits", "dataset_configs")
ENTRY = {"id", "config", "split", "columns", "weight"}
WHOLE_PERCENT = 1e-9


class MixtureFault(Exception):
    """What is wrong with a mixture, and the key where it stands."""

    def __init__(self, problem: str, *key: Any) -> None:
        super().__init__(problem)
        self.key = key


@dataclass(frozen=True)
class Part:
    """One split of one data set: `share` of its rows is kept; `columns` None keeps what the stage needs."""

    path: str
    name: str | None
    split: str
    share: float = 1.0
    columns: list[str] | None = None


@dataclass(frozen=True)
class Mixture:
    """Parts to train on and to evaluate on; `shuffled_first`: a share is drawn, else it is the first rows.

    `test_size`, a share or a number of rows, is taken off the training rows.
    """

    train: list[Part]
    test: list[Part] = field(default_factory=list)
    seed: int = 42
    shuffled_first: bool = False
    test_size: float | int | None = None


def read_mixture(values: Values) -> Mixture | None:
    """Return a recipe's mixture, None where it has none. Raises MixtureFault for one that says nothing clear."""
    if values.get("dataset_mixture") is not None:
        if values.get("dataset_mixer") is not None:
            raise MixtureFault(
                "'dataset_mixer' and 'dataset_mixture' both say what to train on: keep one", "dataset_mixer"
            )
        return of_mixture(values["dataset_mixture"])
    return of_mixer(values) if values.get("dataset_mixer") is not None else None


def of_mixer(values: Values) -> Mixture:
    """Return the mixture of `dataset_mixer: {id: share}`, whose splits are for training or testing by their names."""
    mixer, splits, configs = (values.get(key) for key in MIXER)
    if not isinstance(mixer, dict) or not mixer:
        raise MixtureFault("'dataset_mixer' is no mapping of data sets to shares: {owner/name: 1.0}", "dataset_mixer")
    splits = ["train", "test"] if splits is None else splits
    if not isinstance(splits, list) or not all(isinstance(split, str) for split in splits):
        raise MixtureFault("'dataset_splits' is no list of splits: [train_sft, test_sft]", "dataset_splits")
    configs = configs or [None] * len(mixer)
    if not isinstance(configs, list) or len(configs) != len(mixer):
        raise MixtureFault(f"'dataset_configs' is no list of {len(mixer)}, one for each data set", "dataset_configs")
    train = [split for split in splits if "train" in split]
    test = [split for split in splits if "test" in split and split not in train]
    if len(train) != 1 or len(train) + len(test) != len(splits):
        told = f"'dataset_splits' is {splits}: expected one with 'train' in its name, and others with 'test'"
        raise MixtureFault(told, "dataset_splits")
    named = list(zip(mixer, configs, strict=True))
    return Mixture(
        [Part(str(path), name, train[0], share_of(mixer[path], "dataset_mixer", path)) for path, name in named],
        [Part(str(path), name, split) for path, name in named for split in test],
    )


def of_mixture(value: Any) -> Mixture:
    """Return the mixture of `dataset_mixture: {datasets: [{id, split, weight, …}], seed, test_split_size}`."""
    top = "dataset_mixture"
    entries = value.get("datasets") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not entries:
        raise MixtureFault(f"'{top}' has no list 'datasets': [{{id: owner/name, split: train}}]", top)
    if unknown := sorted(map(str, value.keys() - {"datasets", "seed", "test_split_size"})):
        raise MixtureFault(f"unknown key '{top}.{unknown[0]}', known: datasets, seed, test_split_size", top, unknown[0])
    parts = [part_of(entry, number) for number, entry in enumerate(entries)]
    seed, test_size = value.get("seed"), value.get("test_split_size")
    for name, one, kinds in (("seed", seed, int), ("test_split_size", test_size, int | float)):
        if not isinstance(one, kinds | None) or isinstance(one, bool):
            raise MixtureFault(f"'{top}.{name}' is {one!r}, expected a number", top, name)
    return Mixture(parts, [], 0 if seed is None else seed, True, test_size)


def part_of(entry: Any, number: int) -> Part:
    """Return one entry of `dataset_mixture.datasets`."""
    place = ("dataset_mixture", "datasets", number)
    name = f"dataset_mixture.datasets[{number}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise MixtureFault(f"'{name}' has no 'id', a data set's name", *place)
    if unknown := sorted(map(str, entry.keys() - ENTRY)):
        raise MixtureFault(f"unknown key '{name}.{unknown[0]}', known: {', '.join(sorted(ENTRY))}", *place, unknown[0])
    for key, kinds, expected in (("config", str, "a text"), ("split", str, "a text"), ("columns", list, "a list")):
        if not isinstance(entry.get(key), kinds | None):
            raise MixtureFault(f"'{name}.{key}' is {entry[key]!r}, expected {expected}", *place, key)
    weight = entry.get("weight")
    share = 1.0 if weight is None else share_of(weight, *place, "weight")
    return Part(entry["id"], entry.get("config"), entry.get("split") or "train", share, entry.get("columns"))


def share_of(value: Any, *key: Any) -> float:
    """Return a share as a number from 0 to 1."""
    try:
        share = float("x" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        raise MixtureFault(f"the share of '{key[-1]}' is {value!r}, expected a number from 0 to 1", *key)
    return share


def trl_keys(mixture: Mixture) -> tuple[Values, list[str]]:
    """Return a mixture in TRL's keys, and a line for each thing that these cannot say."""
    first = mixture.train[0]
    if len(mixture.train) == 1 and len(mixture.test) < 2 and not mixture.shuffled_first and first.share == 1:
        test = mixture.test[0].split if mixture.test else "test"
        said = {"dataset_name": first.path, "dataset_config": first.name}
        said |= {"dataset_train_split": first.split, "dataset_test_split": test}
        usual = {"dataset_config": None, "dataset_train_split": "train", "dataset_test_split": "test"}
        return {key: value for key, value in said.items() if key not in usual or value != usual[key]}, []
    lost: list[str] = []
    said = {"datasets": [entry(part, mixture, lost) for part in mixture.train if part.share]}
    if mixture.test_size is not None:
        said["test_split_size"] = mixture.test_size
    return said, lost


def entry(part: Part, mixture: Mixture, lost: list[str]) -> Values:
    """Return one entry of TRL's `datasets`, a share as the slice of a split, and note in `lost` what that changes."""
    split = part.split
    if part.share < 1 and "[" in split:
        lost.append(f"of {part.path} all of {split}, where {part.share:g} of it is meant")
    elif part.share < 1:
        percent = max(1, round(part.share * 100))
        split = f"{split}[:{percent}%]"
        if abs(part.share * 100 - percent) > WHOLE_PERCENT:
            lost.append(
                f"of {part.path} {percent} %, where {part.share * 100:g} % are meant: slices know whole percents only"
            )
        if mixture.shuffled_first:
            lost.append(f"of {part.path} the first {percent} %, where the handbook draws")
    said = {"path": part.path, "name": part.name, "split": split, "columns": part.columns}
    return {key: value for key, value in said.items() if value is not None}
