"""Data sets, and for SFT what of a row is trained: TRL reads whole rows, axolotl a data set's `type`.

TRL's trainers turn rows in TRL's formats into tokens themselves. For preference training axolotl hands rows without a
`type` on to these same trainers, so that the twins see the same tokens.
"""

import re
from pathlib import PurePosixPath
from typing import Any

from gretchen import paths
from gretchen.converting.conversion import Conversion
from gretchen.recipes.layers import Values

DATA = re.compile(r"\$\{data\.([a-z-]+)\}")
SPLIT_DATA = re.compile(r"\$\{data\.([a-z-]+)\.([a-z]+)\}")
FILES = (".jsonl", ".json", ".parquet", ".csv", ".arrow")
OTHER_KEYS = {"columns": "axolotl hands all columns on", "data_dir": "axolotl takes data_files",
              "fraction": "axolotl mixes data sets whole"}  # fmt: skip
# What TRL can do with a row without being told: these say no more than that.
USUAL = {"field_messages": "messages", "message_property_mappings": {"role": "role", "content": "content"},
         "field_chosen": "chosen", "field_rejected": "rejected", "split": "train"}  # fmt: skip
PLACES = ("path", "name", "split", "data_files", "ds_type", "revision")
PASSED_ON = (None, "", "passthrough", "passthrough.default")
RENDERED = ("chat_template", "chat_template.default", "chat_template.argilla", "chat_template.argilla_chat")


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's data sets, and for SFT which turns are trained."""
    kind = trained_turns(c) if c.stage == "sft" else {}
    sets, held_out = read_sets(c)
    named = "dataset_name" if c.says("dataset_name") else "datasets"
    if sets:
        c.put("datasets", [one | kind for one in sets], named)
    if held_out:
        c.put("test_datasets", [one | kind for one in held_out], test_origin(c))
    if (share := c.take("test_split_size")) is not None:
        c.put("val_set_size", share, "test_split_size")
        c.note("held-out rows: each engine draws others, axolotl the last ones, TRL by chance")
    template = c.take("chat_template_path")
    if template is None and c.stage == "sft":  # elsewhere TRL's trainer takes the tokenizer's own
        c.put("chat_template", "tokenizer_default", named)
    elif template is None:
        pass
    elif str(template).endswith((".jinja", ".j2")):
        c.put("chat_template", "jinja", "chat_template_path")
        c.put("chat_template_jinja", template, "chat_template_path")
    else:
        c.name("chat_template_path", "axolotl takes a .jinja file, no other model's tokenizer")
    if c.stage != "sft":
        c.put("skip_prepare_dataset", True, named)
    if c.stage in ("kto", "orpo"):
        c.put("remove_unused_columns", c.take("remove_unused_columns", False), named)


def test_origin(c: Conversion) -> str:
    """Return the key that says which rows are held out."""
    return next((key for key in ("dataset_test_split", "dataset_name") if c.says(key)), "datasets")


def trained_turns(c: Conversion) -> Values:
    """Return what each of axolotl's data sets says of the rows' form and of what is trained."""
    if c.take("completion_only_loss") is not None:
        c.name("completion_only_loss", "axolotl trains turns of a chat, not a completion beside its prompt")
    if c.says("dataset_text_field") or "${data.texts}" in str(c.said.get("dataset_name")):
        return {"type": "completion", "field": c.take("dataset_text_field", "text")}
    if c.take("assistant_only_loss", False):
        return {"type": "chat_template", "roles_to_train": ["assistant"], "train_on_eos": "turn"}
    c.note("what is trained: all tokens in TRL, in axolotl the turns without the template's words between them")
    return {"type": "chat_template", "roles_to_train": ["system", "user", "assistant", "tool"], "train_on_eos": "all"}


def read_sets(c: Conversion) -> tuple[list[Values], list[Values]]:
    """Return axolotl's data sets for training and for evaluation."""
    name, config = c.take("dataset_name"), c.take("dataset_config")
    train, test = c.take("dataset_train_split", "train"), c.take("dataset_test_split", "test")
    evaluates = c.said.get("eval_strategy", "no") != "no"
    mixed = c.take("datasets", [])
    if name is None:
        for number, one in enumerate(mixed):
            for key, why in OTHER_KEYS.items():
                if one.get(key) is not None:
                    c.named.append(("datasets", f"datasets[{number}].{key}: {why}"))
        return [{k: v for k, v in one.items() if k in PLACES and v is not None} for one in mixed], []
    sets = [set_of(str(name), config, split) for split in (train, test)]
    return sets[:1], sets[1:] if evaluates else []


def set_of(name: str, config: str | None, split: str) -> Values:
    """Return one of axolotl's data sets: a split of a project's format, of a folder, or of a data set on the hub."""
    if match := DATA.fullmatch(name):
        return {"path": f"${{data.{match[1]}.{split}}}", "ds_type": "json", "split": "train"}
    folder = paths.root() / name
    files = [folder / f"{split}{suffix}" for suffix in FILES]
    file = next((file for file in files if file.is_file()), None)
    if file or name.startswith("build/"):
        suffix = file.suffix if file else ".jsonl"
        kind = "json" if suffix in (".json", ".jsonl") else suffix.removeprefix(".")
        return {"path": f"{name}/{split}{suffix}", "ds_type": kind, "split": "train"}
    return {"path": name, **({"name": config} if config else {}), "split": split}


def to_zephyr(c: Conversion) -> None:
    """Write TRL's data set, and for SFT which tokens are trained."""
    sets, held_out = c.take("datasets", []), c.take("test_datasets", [])
    for number, one in enumerate(sets):
        name_others(c, "datasets", number, one)
    if c.stage == "sft":
        trained_tokens(c, sets)
    elif any(one.get("type") in RENDERED for one in sets):
        c.note("the end of an answer: axolotl cuts what the template writes behind the last turn, TRL trains it")
    template(c)
    c.take("skip_prepare_dataset")
    share = c.take("val_set_size", 0)
    write_sets(c, sets, held_out, mixture=bool(share) and not held_out)
    if share and not held_out:
        c.put("test_split_size", share, "val_set_size")
        c.note("held-out rows: each engine draws others, axolotl the last ones, TRL by chance")
    if c.stage in ("kto", "orpo"):
        c.take("remove_unused_columns")


def template(c: Conversion) -> None:
    """Write the chat template: TRL takes the tokenizer's own, or a file."""
    said, text = c.take("chat_template"), c.take("chat_template_jinja")
    if text is not None and str(text).endswith((".jinja", ".j2")) and c.stage == "sft":
        c.put("chat_template_path", text, "chat_template_jinja")
    elif text is not None:
        c.name("chat_template_jinja", "TRL takes a file for SFT (chat_template_path), else the tokenizer's own")
    elif said not in (None, "tokenizer_default"):
        c.name("chat_template", f"'{said}' is a template of axolotl's: TRL takes the tokenizer's own, or a file")


def name_others(c: Conversion, key: str, number: int, one: Values) -> None:
    """Name what a data set says that TRL has no word for."""
    kind = one.get("type")
    if isinstance(kind, dict) or (kind not in (*PASSED_ON, *RENDERED, "completion") and kind is not None):
        shown = "of its own" if isinstance(kind, dict) else f"'{kind}'"
        c.named.append((key, f"{key}[{number}].type {shown}: TRL takes rows of its own formats, bring yours into one"))
    for part, value in one.items():
        usual = USUAL.get(part) == value or (part == "field_messages" and c.stage != "sft" and value == "prompt")
        if part in (*PLACES, "type", "roles_to_train", "train_on_eos", "field") or usual:
            continue
        c.named.append((key, f"{key}[{number}].{part}: TRL has no such key"))


def trained_tokens(c: Conversion, sets: list[Values]) -> None:
    """Write what of a row is trained. Axolotl's own default is the assistant's turns, each with its EOS."""
    everything = c.take("train_on_inputs", False)
    if any(one.get("type") == "completion" for one in sets):
        c.put("dataset_text_field", next(one.get("field") or "text" for one in sets), "datasets", default="text")
        return
    rules = {(tuple(one.get("roles_to_train", ["assistant"])), one.get("train_on_eos", "turn")) for one in sets}
    only_answers = rules == {(("assistant",), "turn")} and not everything
    if rules and not only_answers and not all("user" in roles for roles, _ in rules):
        c.named.append(("datasets", "roles_to_train, train_on_eos: TRL trains the assistant's turns with EOS, or all"))
    if not only_answers:
        c.note("what is trained: all tokens in TRL, in axolotl the turns without the template's words between them")
    c.put("assistant_only_loss", only_answers, "datasets", default=False)


def write_sets(c: Conversion, sets: list[Values], held_out: list[Values], mixture: bool) -> None:
    """Write one data set with its splits, or a mixture: only of that TRL holds rows out itself."""
    placed = [placed_set(one) for one in (*sets, *held_out)]
    one_place = len(sets) == 1 and len(held_out) <= 1 and len({name for name, _, _ in placed}) == 1
    if one_place and placed[0][0] and not mixture:
        (name, config, train), *rest = placed
        c.put("dataset_name", name, "datasets")
        if config:
            c.put("dataset_config", config, "datasets")
        c.put("dataset_train_split", train, "datasets", default="train")
        if train == "train" and sets[0].get("split", "train") == "train":
            del c.values["dataset_train_split"]
        if rest:
            c.put("dataset_test_split", rest[0][2], "test_datasets", default="test")
        return
    if sets:
        c.put("datasets", [mixed_set(one) for one in sets], "datasets")
    if held_out:
        c.name("test_datasets", "TRL evaluates on a split of the same data set: dataset_name, dataset_test_split")


def placed_set(one: Values) -> tuple[str, str | None, str]:
    """Return (data set or folder, configuration, split) of one of axolotl's data sets; "" where TRL needs a mixture."""
    path = str(one.get("path") or "")
    if one.get("data_files"):
        return "", None, ""
    if match := SPLIT_DATA.fullmatch(path):
        return f"${{data.{match[1]}}}", None, match[2]
    if path.endswith(FILES):
        file = PurePosixPath(path)
        return str(file.parent), None, file.stem
    return path, one.get("name"), one.get("split") or "train"


def mixed_set(one: Values) -> dict[str, Any]:
    """Return an entry of TRL's mixture: a file is read by the loader of its kind."""
    path = str(one.get("path") or "")
    found = {"path": path, "name": one.get("name"), "data_files": one.get("data_files")}
    if path.endswith(FILES) or path.startswith("${data."):
        found |= {"path": one.get("ds_type") or "json", "data_files": path}
    found["split"] = one.get("split") or "train"
    return {key: value for key, value in found.items() if value is not None}
