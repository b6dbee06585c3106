"""Converts data sets, and for SFT the loss mask: TRL reads rows by their columns, axolotl by the data set's `type`.

TRL's trainers tokenize rows in TRL's formats themselves. For preference training axolotl passes rows without a `type`
on to the same trainers, so that a recipe and its twin train on the same tokens.
"""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from gretchen import paths
from gretchen.converting.conversion import Conversion, Dropped
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import load_schema

DATA = re.compile(r"\$\{data\.([a-z-]+)\}")
SPLIT_DATA = re.compile(r"\$\{data\.([a-z-]+)\.([a-z]+)\}")
SUFFIXES = (".jsonl", ".json", ".parquet", ".csv", ".arrow")
ZEPHYR_ONLY = {"columns": "axolotl passes all columns on", "data_dir": "axolotl has data_files",
               "fraction": "axolotl mixes whole data sets"}  # fmt: skip
# Keys of axolotl's data sets with the value that TRL assumes: they need no equivalent.
ASSUMED_BY_TRL = {"field_messages": "messages", "message_property_mappings": {"role": "role", "content": "content"},
         "field_chosen": "chosen", "field_rejected": "rejected", "split": "train"}  # fmt: skip
SPECIAL_TOKENS = ("eos_token", "pad_token")
LOCATION = ("path", "name", "split", "data_files", "ds_type", "revision")
PASSED_ON = (None, "", "passthrough", "passthrough.default")
RENDERED = ("chat_template", "chat_template.default", "chat_template.argilla", "chat_template.argilla_chat")


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's data sets, and for SFT the turns that are trained on."""
    mask = trained_turns(c) if c.stage == "sft" else {}
    datasets, held_out = axolotl_datasets(c)
    named = "dataset_name" if c.has("dataset_name") else "datasets"
    if datasets:
        c.put("datasets", [dataset | mask for dataset in datasets], named)
    if held_out:
        c.put("test_datasets", [dataset | mask for dataset in held_out], test_origin(c))
    if (size := c.take("test_split_size")) is not None:
        c.put("val_set_size", size, "test_split_size")
        c.note("held-out rows: axolotl takes the last rows, TRL a random sample")
    template = c.take("chat_template_path")
    if template is None and c.stage == "sft":  # elsewhere TRL's trainer uses the tokenizer's template
        c.put("chat_template", "tokenizer_default", named)
    elif template is None:
        pass
    elif str(template).endswith((".jinja", ".j2")):
        c.put("chat_template", "jinja", "chat_template_path")
        c.put("chat_template_jinja", template, "chat_template_path")
    else:
        c.drop("chat_template_path", "axolotl takes a .jinja file, not another model's tokenizer")
    special_tokens(c)
    if c.stage != "sft":
        c.put("skip_prepare_dataset", True, named)
    if c.stage in ("kto", "orpo"):
        c.put("remove_unused_columns", c.take("remove_unused_columns", False), named)


def special_tokens(c: Conversion) -> None:
    """Move EOS and padding between TRL's keys and axolotl's block; TRL takes other tokens from the tokenizer alone."""
    if c.target == "axolotl":
        tokens = {name: token for name in SPECIAL_TOKENS if (token := c.take(name)) is not None}
        if tokens:
            c.put("special_tokens", tokens, next(iter(tokens)))
        return
    known = load_schema("zephyr", c.stage)["properties"]
    for name, token in (c.take("special_tokens") or {}).items():
        if name in SPECIAL_TOKENS and name in known:
            c.put(name, token, "special_tokens")
        elif token is not None:
            c.dropped.append(Dropped("special_tokens", f"{name}: TRL uses the tokenizer's own"))


def test_origin(c: Conversion) -> str:
    """Return the source's key for the held-out rows."""
    return next((key for key in ("dataset_test_split", "dataset_name") if c.has(key)), "datasets")


def trained_turns(c: Conversion) -> Values:
    """Return the keys of axolotl's data sets for the rows' format and for the turns that are trained on."""
    if c.take("completion_only_loss") is not None:
        c.drop("completion_only_loss", "axolotl trains on turns of a chat, not on a completion beside its prompt")
    if c.has("dataset_text_field") or "${data.texts}" in str(c.source_values.get("dataset_name")):
        return {"type": "completion", "field": c.take("dataset_text_field", "text")}
    if c.take("assistant_only_loss", False):
        return {"type": "chat_template", "roles_to_train": ["assistant"], "train_on_eos": "turn"}
    c.note("loss mask: all tokens in TRL, in axolotl the turns without the template's tokens between them")
    return {"type": "chat_template", "roles_to_train": ["system", "user", "assistant", "tool"], "train_on_eos": "all"}


def axolotl_datasets(c: Conversion) -> tuple[list[Values], list[Values]]:
    """Return axolotl's data sets for training and for evaluation."""
    name, config = c.take("dataset_name"), c.take("dataset_config")
    train, test = c.take("dataset_train_split", "train"), c.take("dataset_test_split", "test")
    evaluates = c.source_values.get("eval_strategy", "no") != "no"
    mixture = c.take("datasets", [])
    if name is None:
        for number, dataset in enumerate(mixture):
            for key, reason in ZEPHYR_ONLY.items():
                if dataset.get(key) is not None:
                    c.dropped.append(Dropped("datasets", f"datasets[{number}].{key}: {reason}"))
        return [{k: v for k, v in dataset.items() if k in LOCATION and v is not None} for dataset in mixture], []
    datasets = [axolotl_dataset(str(name), config, split) for split in (train, test)]
    return datasets[:1], datasets[1:] if evaluates else []


def axolotl_dataset(name: str, config: str | None, split: str) -> Values:
    """Return one of axolotl's data sets: a split of a project's format, of a folder, or of a data set on the hub."""
    if match := DATA.fullmatch(name):
        return {"path": f"${{data.{match[1]}.{split}}}", "ds_type": "json", "split": "train"}
    folder = paths.root() / name
    files = [folder / f"{split}{suffix}" for suffix in SUFFIXES]
    file = next((file for file in files if file.is_file()), None)
    if file or name.startswith("build/"):
        suffix = file.suffix if file else ".jsonl"
        kind = "json" if suffix in (".json", ".jsonl") else suffix.removeprefix(".")
        return {"path": f"{name}/{split}{suffix}", "ds_type": kind, "split": "train"}
    return {"path": name, **({"name": config} if config else {}), "split": split}


def to_zephyr(c: Conversion) -> None:
    """Write TRL's data set, and for SFT the loss mask."""
    datasets, held_out = c.take("datasets", []), c.take("test_datasets", [])
    for number, dataset in enumerate(datasets):
        drop_axolotl_only(c, "datasets", number, dataset)
    if c.stage == "sft":
        trained_tokens(c, datasets)
    elif any(dataset.get("type") in RENDERED for dataset in datasets):
        c.note("the end of a response: axolotl cuts the template's tokens behind the last turn, TRL trains on them")
    template(c)
    special_tokens(c)
    c.take("skip_prepare_dataset")
    size = c.take("val_set_size", 0)
    put_zephyr_datasets(c, datasets, held_out, mixture=bool(size) and not held_out)
    if size and not held_out:
        c.put("test_split_size", size, "val_set_size")
        c.note("held-out rows: axolotl takes the last rows, TRL a random sample")
    if c.stage in ("kto", "orpo"):
        c.take("remove_unused_columns")


def template(c: Conversion) -> None:
    """Write the chat template: TRL uses the tokenizer's, or a file."""
    name, text = c.take("chat_template"), c.take("chat_template_jinja")
    if text is not None and str(text).endswith((".jinja", ".j2")) and c.stage == "sft":
        c.put("chat_template_path", text, "chat_template_jinja")
    elif text is not None:
        c.drop("chat_template_jinja", "TRL takes a file for SFT (chat_template_path), else the tokenizer's template")
    elif name not in (None, "tokenizer_default"):
        c.drop("chat_template", f"'{name}' is one of axolotl's templates: TRL uses the tokenizer's, or a file")


def drop_axolotl_only(c: Conversion, key: str, number: int, dataset: Values) -> None:
    """Report the keys of a data set that TRL does not have."""
    kind = dataset.get("type")
    if isinstance(kind, dict) or (kind not in (*PASSED_ON, *RENDERED, "completion") and kind is not None):
        shown = "user-defined" if isinstance(kind, dict) else f"'{kind}'"
        reason = "TRL takes rows in its own formats: convert yours to one of them"
        c.dropped.append(Dropped(key, f"{key}[{number}].type {shown}: {reason}"))
    for part, value in dataset.items():
        assumed = ASSUMED_BY_TRL.get(part) == value or (
            part == "field_messages" and c.stage != "sft" and value == "prompt"
        )
        if part in (*LOCATION, "type", "roles_to_train", "train_on_eos", "field") or assumed:
            continue
        c.dropped.append(Dropped(key, f"{key}[{number}].{part}: TRL has no such key"))


def trained_tokens(c: Conversion, datasets: list[Values]) -> None:
    """Write the loss mask; axolotl's default is the assistant's turns, each with its EOS."""
    everything = c.take("train_on_inputs", False)
    if any(dataset.get("type") == "completion" for dataset in datasets):
        c.put("dataset_text_field", datasets[0].get("field") or "text", "datasets", default="text")
        return
    masks = {(tuple(d.get("roles_to_train", ["assistant"])), d.get("train_on_eos", "turn")) for d in datasets}
    only_assistant = masks == {(("assistant",), "turn")} and not everything
    if masks and not only_assistant and not all("user" in roles for roles, _ in masks):
        reason = "roles_to_train, train_on_eos: TRL trains on the assistant's turns with EOS, or on all tokens"
        c.dropped.append(Dropped("datasets", reason))
    if not only_assistant:
        c.note("loss mask: all tokens in TRL, in axolotl the turns without the template's tokens between them")
    c.put("assistant_only_loss", only_assistant, "datasets", default=False)


def put_zephyr_datasets(c: Conversion, datasets: list[Values], held_out: list[Values], mixture: bool) -> None:
    """Write one data set with its splits, or a mixture, from which TRL can hold out rows itself."""
    splits = [zephyr_split(dataset) for dataset in (*datasets, *held_out)]
    same_name = len(datasets) == 1 and len(held_out) <= 1 and len({split.name for split in splits}) == 1
    if same_name and splits[0].name and not mixture:
        (name, config, train), *rest = splits
        c.put("dataset_name", name, "datasets")
        if config:
            c.put("dataset_config", config, "datasets")
        c.put("dataset_train_split", train, "datasets", default="train")
        if train == "train" and datasets[0].get("split", "train") == "train":
            del c.values["dataset_train_split"]
        if rest:
            c.put("dataset_test_split", rest[0].split, "test_datasets", default="test")
        return
    if datasets:
        c.put("datasets", [mixture_entry(dataset) for dataset in datasets], "datasets")
    if held_out:
        c.drop("test_datasets", "TRL evaluates on a split of the same data set: dataset_name, dataset_test_split")


class Split(NamedTuple):
    """A split of a data set: its name on the hub or its folder, its configuration, and the split."""

    name: str
    config: str | None
    split: str


def zephyr_split(dataset: Values) -> Split:
    """Return one of axolotl's data sets as a split; its name is "" where TRL needs a mixture."""
    path = str(dataset.get("path") or "")
    if dataset.get("data_files"):
        return Split("", None, "")
    if match := SPLIT_DATA.fullmatch(path):
        return Split(f"${{data.{match[1]}}}", None, match[2])
    if path.endswith(SUFFIXES):
        file = PurePosixPath(path)
        return Split(str(file.parent), None, file.stem)
    return Split(path, dataset.get("name"), dataset.get("split") or "train")


def mixture_entry(dataset: Values) -> Values:
    """Return an entry of TRL's mixture; a file is read by the loader for its type."""
    path = str(dataset.get("path") or "")
    entry = {"path": path, "name": dataset.get("name"), "data_files": dataset.get("data_files")}
    if path.endswith(SUFFIXES) or path.startswith("${data."):
        entry |= {"path": dataset.get("ds_type") or "json", "data_files": path}
    entry["split"] = dataset.get("split") or "train"
    return {key: value for key, value in entry.items() if value is not None}
