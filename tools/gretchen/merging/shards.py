"""Tensors of a folder in hub format, read a few rows at a time, and safetensors files written the same way.

    weights = Weights.of(Path("projects/<slug>/base"))
    weights.heads["model.norm.weight"].shape, weights.rows("model.norm.weight", 0, 64)

A file is mapped, not read, and let go after each piece: what was touched would count as this process's memory. Nothing
is computed here.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import UserError
from gretchen.models.files import pickle_problems, read_json

INDEX, SINGLE = "model.safetensors.index.json", "model.safetensors"
# Rows are handled in pieces of this many elements, 4 MiB in float32. Pieces of 16 MiB were no faster.
PIECE = 2**20


@dataclass(frozen=True)
class Head:
    """What a safetensors file says of one tensor; `dtype` in its own words: BF16, F32 …"""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


@dataclass
class Weights:
    """A folder's tensors by name. `instead` holds tensors that are made when asked for, in place of the file's."""

    heads: dict[str, Head]
    instead: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Weights":
        """Return a model folder's tensors. Raises UserError where it holds no safetensors, or files are missing."""
        index = read_json(folder / INDEX).get("weight_map", {})
        names = sorted(set(index.values())) or [SINGLE]
        for name in names:
            if not (folder / name).is_file():
                raise missing(folder, name)
        return cls.in_files([folder / name for name in names])

    @classmethod
    def in_files(cls, files: Iterable[Path]) -> "Weights":
        """Return the tensors of some safetensors files. Raises UserError for a file that is none."""
        return cls({name: head for file in files for name, head in heads(file).items()})

    @property
    def files(self) -> list[Path]:
        """The files, sorted."""
        return sorted({head.file for head in self.heads.values()})

    def rows(self, name: str, start: int, stop: int) -> Any:
        """Return some rows of a tensor (all of it where it has no dimension)."""
        if name in self.instead:
            return self.instead[name]()[start:stop]
        part = self._handle(name).get_slice(name)
        return part[start:stop] if part.get_shape() else self.tensor(name)

    def tensor(self, name: str) -> Any:
        """Return a whole tensor."""
        return self.instead[name]() if name in self.instead else self._handle(name).get_tensor(name)

    def _handle(self, name: str) -> Any:
        """Return the opened file of a tensor."""
        from safetensors import safe_open

        return safe_open(self.heads[name].file, framework="pt")


def missing(folder: Path, name: str) -> UserError:
    """Return the error for a weight file that is not there; a pickle in its place is named."""
    place = paths.shown(folder)
    if found := pickle_problems(folder):
        return UserError(found[0], f'save {place} again with `save_pretrained("…", safe_serialization=True)`')
    return UserError(f"{place} holds no {name}", "name a folder in hub format, whole, with its weights in safetensors")


def heads(file: Path) -> dict[str, Head]:
    """Return {name: head} of a safetensors file, in the file's order. Raises UserError where it is none.

    Source of the format: https://huggingface.co/docs/safetensors (eight bytes of length, JSON, data).
    """
    try:
        with file.open("rb") as stream:
            told = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
            entries = [(name, one) for name, one in told.items() if name != "__metadata__"]
            entries.sort(key=lambda entry: entry[1]["data_offsets"])
            end = stream.tell() + max((one["data_offsets"][1] for _, one in entries), default=0)
    except (ValueError, KeyError, TypeError, MemoryError, OverflowError, AttributeError):
        raise UserError(f"{paths.shown(file)} is no safetensors file", "was it downloaded whole?") from None
    if file.stat().st_size != end:
        raise UserError(f"{paths.shown(file)} is not whole", "copy or download it again")
    return {
        name: Head(file, one["dtype"], tuple(one["shape"]), one["data_offsets"][1] - one["data_offsets"][0])
        for name, one in entries
    }


def pieces(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Return the ranges of rows in which a tensor of this shape is handled."""
    if not shape:
        yield 0, 1
        return
    step = max(1, PIECE // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], step):
        yield start, min(start + step, shape[0])


def write(file: Path, planned: Mapping[str, Head], data: Callable[[str], Iterable[Any]]) -> None:
    """Write a safetensors file, tensor by tensor: `data(name)` yields a tensor's rows in pieces.

    Of each planned head only dtype, shape and size count.
    """
    told: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, head in planned.items():
        told[name] = {
            "dtype": head.dtype,
            "shape": list(head.shape),
            "data_offsets": [offset, offset + head.nbytes],
        }
        offset += head.nbytes
    header = json.dumps(told, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with file.open("wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        for name, head in planned.items():
            written = sum(stream.write(raw(piece)) for piece in data(name))
            assert written == head.nbytes, f"{name}: {written} of {head.nbytes} bytes"


def raw(tensor: Any) -> memoryview:
    """Return a tensor's bytes."""
    import torch

    return memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
