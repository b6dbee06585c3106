"""A model folder's files, without loading any library: special tokens, vocabulary, pickles.

    token_problems(Path("projects/genome-chatbot/base"))   -> [] or sentences

It does not tokenize: `make check DEEP=1` does.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.models.damage import parse, shape_problem

PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


def read_json(file: Path) -> dict[str, Any]:  # upstream's own keys and values
    """Return a JSON file's content; {} where there is none. Raises UserError for a file that is no JSON object."""
    if not file.is_file():
        return {}
    content, problem = parse(file)
    if problem := problem or shape_problem(file.name, content):
        raise UserError(f"{paths.shown(file)}: {problem}", "copy or download the model's folder again")
    return content


def pickle_problems(folder: Path) -> list[str]:
    """Return a problem for each pickled file in a model folder: loading a pickle runs arbitrary code."""
    pickles = sorted(file for pattern in PICKLES for file in folder.glob(pattern))
    return [f"{paths.shown(file)}: a pickle, which runs code when it is loaded: use safetensors" for file in pickles]


def token_problems(folder: Path) -> list[str]:
    """Return the problems of a model folder's special tokens: EOS and padding, in all files that name them."""
    config, ids = read_json(folder / "tokenizer_config.json"), token_ids(folder)
    location = paths.shown(folder)
    if not ids:
        return [f"{location}/tokenizer.json: missing, or without a vocabulary"]
    eos, pad = token_text(config.get("eos_token")), token_text(config.get("pad_token"))
    if eos is None:
        return [f"{location}/tokenizer_config.json: 'eos_token' is missing: no answer would ever end"]
    problems = [
        f"{location}/tokenizer_config.json: '{key}' is {token}, which is no token of tokenizer.json"
        for key, token in (("eos_token", eos), ("pad_token", pad))
        if token is not None and token not in ids
    ]
    return problems + eos_problems(folder, eos, ids)


def padding_notes(folder: Path) -> list[str]:
    """Return a note where padding is the EOS token, as in most models of the hub: trainers mask it by position."""
    config = read_json(folder / "tokenizer_config.json")
    eos, pad = token_text(config.get("eos_token")), token_text(config.get("pad_token"))
    if eos is None or eos != pad:
        return []
    shows = "DEEP=1 shows whether the EOS of an answer is trained"
    return [f"{paths.shown(folder)}/tokenizer_config.json: 'pad_token' is the EOS token {eos}: {shows}"]


def eos_problems(folder: Path, eos: str, ids: Mapping[str, int]) -> list[str]:
    """Return the problems of the EOS tokens in generation_config.json, at which generation stops."""
    file = f"{paths.shown(folder)}/generation_config.json"
    configured = read_json(folder / "generation_config.json").get("eos_token_id")
    stops = configured if isinstance(configured, list) else [configured]
    if configured is None:
        return [f"{file}: 'eos_token_id' is missing: generation would not stop at {eos}"]
    problems = [
        f"{file}: 'eos_token_id' {stop} is no token of tokenizer.json" for stop in stops if stop not in ids.values()
    ]
    if eos in ids and ids[eos] not in stops:
        problems.append(f"{file}: 'eos_token_id' {configured} lacks {ids[eos]}, the tokenizer's EOS {eos}")
    return problems


def stop_tokens(folder: Path, eos: str | None) -> list[str]:
    """Return the tokens at which generation stops: the tokenizer's EOS and those of generation_config.json."""
    configured = read_json(folder / "generation_config.json").get("eos_token_id")
    stops = configured if isinstance(configured, list) else [configured]
    return [*([eos] if eos else []), *(token for token, number in token_ids(folder).items() if number in stops)]


def token_text(token: Any) -> str | None:
    """Return a special token as a string: files hold a string, or a mapping with `content`."""
    return token.get("content") if isinstance(token, dict) else token


def token_ids(folder: Path) -> Mapping[str, int]:
    """Return {token: id} of tokenizer.json, added tokens included; {} where there is none."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        return {}
    status = file.stat()
    return _token_ids(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _token_ids(file: Path, mtime_ns: int, size: int) -> Mapping[str, int]:
    """Return `token_ids` of a file in one state: a check needs them for each recipe under each profile."""
    tokenizer = read_json(file)
    vocabulary = (tokenizer.get("model") or {}).get("vocab") or {}
    known = dict(vocabulary) if isinstance(vocabulary, dict) else {str(pair[0]): i for i, pair in enumerate(vocabulary)}
    return MappingProxyType(known | {token["content"]: token["id"] for token in tokenizer.get("added_tokens") or []})
