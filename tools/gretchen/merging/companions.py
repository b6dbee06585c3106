"""What stands beside the weights of a merged model: config, tokenizer, chat template, generation config.

The adapter's own files go first: it was trained with its tokenizer and its template. The generation config ends answers
at the tokenizer's EOS, whatever the base's said. Weights, READMEs and adapter files are left where they are.
"""

import shutil
from pathlib import Path
from typing import Any

from gretchen.files import write_json
from gretchen.merging.shards import INDEX
from gretchen.models.files import read_json, token_ids, token_text

KINDS = ("*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py", "LICENSE*", "NOTICE*")
# The trainer's own, and what is written anew.
LEFT_OUT = {INDEX, "adapter_config.json", "config.json", "generation_config.json", "trainer_state.json", "merge.json"}
TEMPLATES = ("chat_template.jinja", "chat_template.json")


def companions(base: Path, adapter: Path, target: Path) -> None:
    """Copy into `target` what belongs to a model besides config and weights, the adapter's files before the base's."""
    for folder in (base, adapter):
        if folder == adapter and read_json(adapter / "tokenizer_config.json").get("chat_template"):
            # The base's template file would win over the one that the adapter's tokenizer brings.
            for name in TEMPLATES:
                (target / name).unlink(missing_ok=True)
        for file in [file for kind in KINDS for file in folder.glob(kind) if file.name not in LEFT_OUT]:
            shutil.copyfile(file, target / file.name)


def write_config(base: Path, target: Path, untied: bool, words: int | None) -> None:
    """Write config.json: the base's, with the tokenizer's EOS, untied where it must be, for `words` words."""
    config = read_json(base / "config.json")
    parts = [config, config["text_config"]] if isinstance(config.get("text_config"), dict) else [config]
    for part in parts:
        if untied:
            part["tie_word_embeddings"] = False
        if words and "vocab_size" in part:
            part["vocab_size"] = words
        if "eos_token_id" in part and (ends := end_tokens(target)):
            part["eos_token_id"] = ends[0]
    write_json(target / "config.json", config)


def write_generation_config(base: Path, adapter: Path, target: Path) -> None:
    """Write generation_config.json: the adapter's or the base's, with the tokenizer's EOS among its ends, first."""
    told = read_json(adapter / "generation_config.json") or read_json(base / "generation_config.json")
    said = told.get("eos_token_id", read_json(base / "config.json").get("eos_token_id"))
    others = said if isinstance(said, list) else [said]
    ends = [*end_tokens(target), *(token for token in others if token is not None)]
    ends = list(dict.fromkeys(ends))
    padding = special_token(target, "pad_token")
    told |= {"eos_token_id": ends[0] if len(ends) == 1 else ends} if ends else {}
    told |= {"pad_token_id": padding} if padding is not None else {}
    if told:
        write_json(target / "generation_config.json", told)


def end_tokens(folder: Path) -> list[int]:
    """Return the tokenizer's EOS as a list of one id, [] where it names none."""
    end = special_token(folder, "eos_token")
    return [] if end is None else [end]


def special_token(folder: Path, name: str) -> int | None:
    """Return the id of a special token of a folder's tokenizer, None where it has none."""
    text: Any = token_text(read_json(folder / "tokenizer_config.json").get(name))
    return token_ids(folder).get(text) if text else None
