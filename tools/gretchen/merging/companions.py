"""The files beside the weights of a merged model: config, tokenizer, chat template, generation config.

The adapter's own files take precedence: it was trained with its tokenizer and its template. The generation config ends
answers at the tokenizer's EOS, whatever the base's names. Weights, READMEs and adapter files are not copied.
"""

import shutil
from pathlib import Path

from gretchen.files import write_json
from gretchen.merging.shards import INDEX
from gretchen.models.files import read_json, token_ids, token_text

PATTERNS = ("*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py", "LICENSE*", "NOTICE*")
# The trainer's own files, and those that are written anew.
NOT_COPIED = {INDEX, "adapter_config.json", "config.json", "generation_config.json", "trainer_state.json", "merge.json"}
TEMPLATES = ("chat_template.jinja", "chat_template.json")


def copy_companions(base: Path, adapter: Path, target: Path) -> None:
    """Copy the files of a model besides config and weights into `target`; the adapter's replace the base's."""
    for folder in (base, adapter):
        if folder == adapter and read_json(adapter / "tokenizer_config.json").get("chat_template"):
            # The base's template file would take precedence over the one in the adapter's tokenizer.
            for name in TEMPLATES:
                (target / name).unlink(missing_ok=True)
        files = [file for pattern in PATTERNS for file in folder.glob(pattern) if file.name not in NOT_COPIED]
        for file in files:
            shutil.copyfile(file, target / file.name)


def write_config(base: Path, target: Path, untied: bool, vocab_size: int | None) -> None:
    """Write config.json: the base's, with the tokenizer's EOS, and where they changed, untied and with a vocab_size."""
    config = read_json(base / "config.json")
    parts = [config, config["text_config"]] if isinstance(config.get("text_config"), dict) else [config]
    eos = special_token_id(target, "eos_token")
    for part in parts:
        if untied:
            part["tie_word_embeddings"] = False
        if vocab_size and "vocab_size" in part:
            part["vocab_size"] = vocab_size
        if "eos_token_id" in part and eos is not None:
            part["eos_token_id"] = eos
    write_json(target / "config.json", config)


def write_generation_config(base: Path, adapter: Path, target: Path) -> None:
    """Write generation_config.json: the adapter's or the base's, with the tokenizer's EOS as the first EOS token."""
    config = read_json(adapter / "generation_config.json") or read_json(base / "generation_config.json")
    configured = config.get("eos_token_id", read_json(base / "config.json").get("eos_token_id"))
    eos, pad = special_token_id(target, "eos_token"), special_token_id(target, "pad_token")
    candidates = [eos, *(configured if isinstance(configured, list) else [configured])]
    eos_ids = list(dict.fromkeys(token for token in candidates if token is not None))
    if eos_ids:
        config["eos_token_id"] = eos_ids[0] if len(eos_ids) == 1 else eos_ids
    if pad is not None:
        config["pad_token_id"] = pad
    if config:
        write_json(target / "generation_config.json", config)


def special_token_id(folder: Path, name: str) -> int | None:
    """Return the id of a special token of a folder's tokenizer, None where it has none."""
    text = token_text(read_json(folder / "tokenizer_config.json").get(name))
    return token_ids(folder).get(text) if text else None
