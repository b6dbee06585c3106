"""Damaged files of a model's folder, seen without loading it: Git LFS pointers, broken JSON, truncated weights.

    folder_problems(Path("projects/genome-chatbot/base"))   -> [] or sentences

Only the headers of weight files are read.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError

LFS = b"version https://git-lfs"
FETCH = "a Git LFS pointer, not the file itself: `git lfs pull` fetches it"
MAX_HEADER_BYTES = 100_000_000  # safetensors' own limit
LENGTH_BYTES = 8
# What libraries read of a model's folder; it may hold other files.
TEXTS = (
    *("config.json", "*_config.json", "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
    *("*.safetensors.index.json", "*.jinja"),
)
WEIGHTS = ("*.safetensors",)


def folder_problems(folder: Path, patterns: Sequence[str] = (*TEXTS, *WEIGHTS)) -> list[str]:
    """Return a problem for each file of a model's folder that is not what its name says: JSON, weights, template."""
    files = sorted({file for pattern in patterns for file in folder.glob(pattern) if file.is_file()})
    problems = [(file, _problem(file, file.stat().st_mtime_ns, file.stat().st_size)) for file in files]
    return [f"{paths.shown(file)}: {problem}" for file, problem in problems if problem]


def require_whole(folder: Path) -> None:
    """Raise UserError for a folder with a damaged file."""
    if problems := folder_problems(folder):
        raise UserError(problems[0], "copy or download the model's folder again")


@lru_cache(maxsize=512)
def _problem(file: Path, changed: int, size: int) -> str | None:
    """Return what is wrong with a file of this time and size, or None."""
    with file.open("rb") as stream:
        if stream.read(len(LFS)) == LFS:
            return FETCH
    if file.suffix == ".safetensors":
        return weights_problem(file)
    _, problem = parse(file) if file.suffix == ".json" else (None, text_problem(file))
    return problem


def text_problem(file: Path) -> str | None:
    """Return what is wrong with a text file, or None."""
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError as failure:
        return f"not UTF-8 ({failure.reason} at byte {failure.start})"
    return None


def parse(file: Path) -> tuple[dict[str, Any], str | None]:  # upstream's own keys and values
    """Return the object of a JSON file and None, or {} and what is wrong with the file."""
    if problem := text_problem(file):
        return {}, problem
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as failure:
        return {}, f"not JSON: line {failure.lineno}, column {failure.colno}: {failure.msg}"
    except RecursionError:
        return {}, "not readable: nested too deeply"
    if not isinstance(content, dict):
        return {}, f"holds a {type(content).__name__}, expected a JSON object"
    return content, None


def weights_problem(file: Path) -> str | None:
    """Return what is wrong with a safetensors file by its header and its size, or None."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        if size < LENGTH_BYTES or length > MAX_HEADER_BYTES or length > size - LENGTH_BYTES:
            return f"no whole safetensors file: {size:,} bytes do not hold its header"
        try:
            header = json.loads(stream.read(length))
            ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        except (ValueError, RecursionError, AttributeError, TypeError, KeyError, IndexError):
            return "no safetensors file: its header is damaged"
    expected = LENGTH_BYTES + length + max(ends, default=0)
    return None if size == expected else f"{size:,} bytes, its header names {expected:,}: truncated or damaged"
