"""The wrong rows: test or validation rows in training, another project's, a set twice, a part of a set, another format.

data_mistakes(Subject.of(resolved))      -> problems, each with file and line
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import Subject, count_lines
from gretchen.files import parse_line
from gretchen.planning.rows import train_files
from gretchen.projects.rows import FORMATS, Row, format_of
from gretchen.recipes.layers import value_at
from gretchen.recipes.references import files_of, listed
from gretchen.recipes.stages import find_stage

HELD_OUT_SPLIT = re.compile(r"(test|hard)(\[|$)")
VALIDATION_SPLIT = re.compile(r"(validation|valid|val|dev|eval)(\[|$)")
SLICE = re.compile(r"\w+\[(?P<part>[^\]]+)\]")
BUILT = re.compile(r"(\./)?build/(?P<project>[^/]+)/")
MAX_VALIDATION = 0.5


def data_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield the mistakes in the rows that a recipe names for training and validation."""
    yield from trained_test_rows(subject)
    yield from validation_split(subject)
    yield from validation_files(subject)
    yield from other_projects(subject)
    yield from named_twice(subject)
    yield from parts_of_sets(subject)
    yield from held_out_share(subject)
    yield from other_format(subject)
    yield from resumed(subject)


# Data sets have upstream's own keys.
def datasets_of(subject: Subject, *sections: str) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield (key, data set) of each data set that a recipe lists in some of its sections."""
    for section in sections:
        for number, dataset in enumerate(subject.values.get(section) or []):
            if isinstance(dataset, dict):
                yield (section, number), dataset


# Data sets have upstream's own keys.
def training_sets(subject: Subject) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield (key, data set) of each data set that a recipe trains on."""
    yield from datasets_of(subject, "datasets", "pretraining_dataset")


def trained_test_rows(subject: Subject) -> Iterator[Problem]:
    """Report held-out and validation rows among the training rows."""
    values, key = subject.values, "dataset_train_split"
    split, fix = str(values.get(key, "train")), "dataset_train_split: train"
    if HELD_OUT_SPLIT.match(split):
        yield error(f"{subject.at(key)}: the model is trained on the test rows: {fix}")
    elif VALIDATION_SPLIT.match(split):
        yield error(f"{subject.at(key)}: the model is trained on the validation rows: {fix}")
    for where, dataset in training_sets(subject):
        path, split = dataset.get("path"), str(dataset.get("split") or "")
        names = [str(name) for name in (path, *listed(dataset.get("data_files"))) if name]
        at = subject.at(*where, "path")
        if any(map(is_held_out, names)) or HELD_OUT_SPLIT.match(split):
            yield error(f"{at}: the model is trained on the test rows: {path} is for `make eval` alone")
        elif any(Path(name).name == "validation.jsonl" for name in names) or VALIDATION_SPLIT.match(split):
            yield error(f"{at}: the model is trained on the validation rows: {path} is for the choice of settings")


def validation_split(subject: Subject) -> Iterator[Problem]:
    """Report a TRL validation on the training rows; warn of one on the test rows."""
    values, key = subject.values, "dataset_test_split"
    if subject.engine != "zephyr" or values.get("eval_strategy", "no") in ("no", False):
        return
    split, fix = values.get(key, "test"), "dataset_test_split: validation"
    where = subject.at(key if key in values else "eval_strategy")
    if split == values.get("dataset_train_split", "train"):
        yield error(f"{where}: validation uses the training rows: {fix}")
    elif HELD_OUT_SPLIT.match(str(split)) and any(files_of(values)):
        yield warning(f"{where}: validation uses the test rows, so that choices depend on them: {fix}")


def validation_files(subject: Subject) -> Iterator[Problem]:
    """Report an axolotl validation on the training rows; warn of one on the test rows."""
    values = subject.values
    trained = {dataset.get("path") for _, dataset in training_sets(subject)}
    for where, dataset in datasets_of(subject, "test_datasets"):
        at, name = subject.at(*where, "path"), dataset.get("path")
        if name in trained and not values.get("dataset_name") and dataset.get("split") in (None, "train"):
            yield error(f"{at}: validation uses the training rows: the model is trained on {name} too")
        elif is_held_out(name):
            yield warning(f"{at}: validation uses the test rows, so that choices depend on them: {name}")


def other_projects(subject: Subject) -> Iterator[Problem]:
    """Report rows that were built for another project: this one's evaluation says nothing about them."""
    project = subject.resolved.project
    named = [(("dataset_name",), subject.values.get("dataset_name"))]
    named += [((*where, "path"), dataset.get("path")) for where, dataset in training_sets(subject)]
    for key, name in named if project else []:
        built = BUILT.match(str(name or "").removeprefix(f"{paths.root()}/"))
        if built and built["project"] != project:
            yield error(
                f"{subject.at(*key)}: {name} holds the rows of another project, {built['project']}: ${{data.…}}"
            )


def named_twice(subject: Subject) -> Iterator[Problem]:
    """Report a data set that is listed twice: its rows count double."""
    seen: set[str] = set()
    for where, dataset in training_sets(subject):
        content = {key: value for key, value in dataset.items() if key not in ("shards_idx",)}
        path = str(content.get("path"))
        same = json.dumps(content | {"path": str((paths.root() / path).resolve())}, sort_keys=True, default=str)
        if same in seen and not dataset.get("shards_idx"):
            yield error(f"{subject.at(*where, 'path')}: {path} is listed twice: its rows count double")
        seen.add(same)


def parts_of_sets(subject: Subject) -> Iterator[Problem]:
    """Warn of settings that leave out most rows of a data set."""
    for where, dataset in training_sets(subject):
        shards = dataset.get("shards")
        if isinstance(shards, int) and shards > 1:
            yield warning(f"{subject.at(*where, 'shards')}: 'shards: {shards}' trains on one row in {shards}")
        if isinstance(dataset.get("skip"), int) and dataset["skip"] > 0:
            yield warning(f"{subject.at(*where, 'skip')}: 'skip: {dataset['skip']}' leaves out the first rows")
    shards = subject.values.get("dataset_shard_num")
    if isinstance(shards, int) and shards > 1:
        at = subject.at("dataset_shard_num")
        yield warning(f"{at}: 'dataset_shard_num: {shards}' trains on one row in {shards}")
    splits = [(("dataset_train_split",), subject.values.get("dataset_train_split"))]
    splits += [((*where, "split"), dataset.get("split")) for where, dataset in training_sets(subject)]
    for key, split in splits:
        if part := SLICE.match(str(split or "")):
            yield warning(f"{subject.at(*key)}: '{key[-1]}: {split}' trains on a part of the rows, [{part['part']}]")


def held_out_share(subject: Subject) -> Iterator[Problem]:
    """Report a validation set that takes the training rows."""
    size = subject.number("val_set_size", "test_split_size")
    rows = subject.num_rows() if size and size[1] > 0 else None
    if not size or size[1] <= 0:
        return
    share = size[1] if size[1] < 1 else size[1] / rows if rows else 0
    at = f"{subject.at(size[0])}: '{size[0]}: {size[1]:g}'"
    if share >= 1:
        yield error(f"{at} leaves no row to train on, of {rows:,}" if rows else f"{at} leaves no row to train on")
    elif share > MAX_VALIDATION:
        yield warning(f"{at} trains on {1 - share:.0%} of the rows: 0.05 to 0.2 is usual")


def other_format(subject: Subject) -> Iterator[Problem]:
    """Report local rows in another format than the stage trains on."""
    project, expected = subject.resolved.project, find_stage(subject.engine, subject.stage).row_format
    files = train_files(subject.resolved) if project else None
    if files is None:
        yield from unbuilt_format(subject, expected)
        return
    for file in files:
        row = first_row(file)
        has = format_of(row) if row else None
        if count_lines(file) == 0:
            yield error(f"{paths.shown(file)}: holds no row")
        elif has and has != expected and not fits(row, expected) and is_own(subject):
            at = subject.at(*where_of(subject, file))
            problem = f"{paths.shown(file)} holds {has}, and {subject.stage} trains on {expected}"
            yield error(f"{at}: {problem}: ${{data.{expected}}}")


def unbuilt_format(subject: Subject, expected: str) -> Iterator[Problem]:
    """Report a format that the stage does not train on, by the name of the folder in which it would be built."""
    named = [(("dataset_name",), subject.values.get("dataset_name"))]
    named += [((*where, "path"), dataset.get("path")) for where, dataset in training_sets(subject)]
    for key, name in named:
        row_format = str(name or "").removeprefix(f"build/{subject.resolved.project}/").partition("/")[0]
        if row_format in FORMATS and row_format != expected and is_own(subject):
            at = subject.at(*key)
            yield error(
                f"{at}: {name} holds {row_format}, and {subject.stage} trains on {expected}: ${{data.{expected}}}"
            )


def is_own(subject: Subject) -> bool:
    """Return whether rows are read in Gretchen's formats: an axolotl `type` of one's own may read any columns."""
    return all(dataset.get("type") in (None, "chat_template") for _, dataset in training_sets(subject))


def fits(row: Row, row_format: str) -> bool:
    """Return whether a row has the columns of a format."""
    return all(column in row for column in FORMATS[row_format])


def where_of(subject: Subject, file: Path) -> tuple[Any, ...]:
    """Return the key that names a file."""
    for where, dataset in training_sets(subject):
        if (paths.root() / str(dataset.get("path"))) == file:
            return (*where, "path")
    return ("dataset_name",)


def first_row(file: Path) -> Row | None:
    """Return the first row of a file of JSON lines; None where it has none."""
    return _first_row(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _first_row(file: Path, changed: int) -> Row | None:
    """Return the first row of a file of this time."""
    try:
        with file.open("rb") as stream:
            row = parse_line(stream.readline() or b"null")
    except ValueError:  # reported by the check of rows
        return None
    return row if isinstance(row, dict) else None


def resumed(subject: Subject) -> Iterator[Problem]:
    """Warn of a checkpoint in the recipe: an old training would go on, and its rows are skipped."""
    for key in ("resume_from_checkpoint", "auto_resume_from_checkpoints"):
        value = subject.values.get(key)
        if value not in (None, False, "none"):
            yield warning(
                f"{subject.at(key)}: '{key}' goes on with an earlier training, and skips the rows that it has seen: "
                "leave it out, `make train … RESUME=1` resumes"
            )
    prepared = value_at(subject.values, ("dataset_prepared_path",))
    if (
        isinstance(prepared, str)
        and paths.is_path(prepared)
        and (paths.root() / prepared).is_dir()
        and any((paths.root() / prepared).iterdir())
    ):
        yield warning(
            f"{subject.at('dataset_prepared_path')}: {prepared} holds rows of an earlier training: leave "
            "'dataset_prepared_path' out"
        )


def is_held_out(name: Any) -> bool:
    """Return whether a path is a built file of held-out rows."""
    return isinstance(name, str) and Path(name).name in ("test.jsonl", "hard.jsonl")
