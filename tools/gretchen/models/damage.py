"""Damaged files of a model's folder, seen without loading it: Git LFS pointers, broken JSON, truncated weights.

    folder_problems(Path("projects/genome-chatbot/base"))   -> [] or sentences

Only the headers of weight files are read, and of the JSON files the keys that Gretchen itself reads (SHAPES).
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import unreadable

LFS = b"version https://git-lfs"
FETCH = "a Git LFS pointer, not the file itself: `git lfs pull` fetches it"
MAX_HEADER_BYTES = 100_000_000  # safetensors' own limit
LENGTH_BYTES = 8
MAX_TEXT_BYTES = 200_000_000  # the largest tokenizer.json of public models has 33 MB
# What libraries read of a model's folder; it may hold other files.
TEXTS = (
    *("config.json", "*_config.json", "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
    *("*.safetensors.index.json", "*.jinja"),
)
WEIGHTS = ("*.safetensors",)


class Shape(BaseModel):
    """The type of some keys of a JSON file; other keys are upstream's own business."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Token(Shape):
    """A special token that is written as a mapping."""

    content: str


class Template(Shape):
    """One of several named chat templates."""

    name: str
    template: str


class AddedToken(Token):
    """A token beside the vocabulary."""

    id: int


class Vocabulary(Shape):
    """The model of a tokenizer: {token: id}, or pairs of token and score."""

    vocab: dict[str, int] | list[Annotated[list[Any], Field(min_length=1)]] | None = None


class TokenizerFile(Shape):
    """tokenizer.json."""

    model: Vocabulary | None = None
    added_tokens: list[AddedToken] | None = None


class TokenizerConfig(Shape):
    """tokenizer_config.json."""

    bos_token: str | Token | None = None
    eos_token: str | Token | None = None
    pad_token: str | Token | None = None
    chat_template: str | list[Template] | None = None
    model_max_length: int | float | None = None


class GenerationConfig(Shape):
    """generation_config.json."""

    eos_token_id: int | list[int] | None = None


class ModelConfig(Shape):
    """config.json."""

    architectures: list[str] | None = None
    model_type: str | None = None
    quantization_config: dict[str, Any] | None = None
    vocab_size: int | None = None
    hidden_size: int | None = None
    num_hidden_layers: int | None = None
    num_attention_heads: int | None = None


SHAPES: dict[str, type[Shape]] = {
    "config.json": ModelConfig,
    "generation_config.json": GenerationConfig,
    "tokenizer.json": TokenizerFile,
    "tokenizer_config.json": TokenizerConfig,
}


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
    if file.suffix != ".json":
        return text_problem(file)
    content, problem = parse(file)
    return problem or shape_problem(file.name, content)


def shape_problem(name: str, content: dict[str, Any]) -> str | None:  # upstream's own keys and values
    """Return the first key of a JSON file whose value is of another type than libraries write there, or None."""
    if name not in SHAPES:
        return None
    try:
        SHAPES[name].model_validate(content)
    except ValidationError as wrong:
        error = wrong.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in error["loc"] if not isinstance(part, str) or "[" not in part)
        return f"{key}: {error['msg'][0].lower()}{error['msg'][1:]}, not {error['input']!r:.40}"
    return None


def text_problem(file: Path) -> str | None:
    """Return what is wrong with a text file, or None."""
    if problem := unreadable(file, MAX_TEXT_BYTES):
        return problem
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
    except ValueError as failure:  # a number of more digits than Python converts
        return {}, f"not readable: {failure}"
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
