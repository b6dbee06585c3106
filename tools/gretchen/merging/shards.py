"""Tensors of a folder in hub format, read a few rows at a time, and safetensors files written the same way.

    weights = Weights.of(Path("projects/<slug>/base"))
    weights.tensors["model.norm.weight"].shape, weights.rows("model.norm.weight", 0, 64)

A file is memory-mapped and closed after each chunk of rows: pages that were touched would count as this process's
memory. Nothing is computed here.
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
# Rows are processed in chunks of this many elements, 4 MiB in float32. Chunks of 16 MiB were no faster.
CHUNK_ELEMENTS = 2**20


@dataclass(frozen=True)
class TensorInfo:
    """A tensor as the header of its safetensors file describes it; `dtype` is safetensors' name: BF16, F32 …"""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


@dataclass(frozen=True)
class Weights:
    """A folder's tensors by name. `overrides` are functions that compute a tensor used instead of the file's."""

    tensors: dict[str, TensorInfo]
    overrides: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Weights":
        """Return a model folder's tensors. Raises UserError where it has no safetensors, or files are missing."""
        index = read_json(folder / INDEX).get("weight_map", {})
        names = sorted(set(index.values())) or [SINGLE]
        for name in names:
            if not (folder / name).is_file():
                raise missing_weights(folder, name)
        return cls.in_files([folder / name for name in names])

    @classmethod
    def in_files(cls, files: Iterable[Path]) -> "Weights":
        """Return the tensors of some safetensors files. Raises UserError for another kind of file."""
        return cls({name: info for file in files for name, info in read_header(file).items()})

    @property
    def files(self) -> list[Path]:
        """The files, sorted."""
        return sorted({info.file for info in self.tensors.values()})

    @property
    def nbytes(self) -> int:
        """The size of all tensors."""
        return sum(info.nbytes for info in self.tensors.values())

    def rows(self, name: str, start: int, stop: int) -> Any:
        """Return some rows of a tensor (all of it for a scalar)."""
        if name in self.overrides:
            return self.overrides[name]()[start:stop]
        part = self._open(name).get_slice(name)
        return part[start:stop] if part.get_shape() else self.tensor(name)

    def tensor(self, name: str) -> Any:
        """Return a whole tensor."""
        return self.overrides[name]() if name in self.overrides else self._open(name).get_tensor(name)

    def _open(self, name: str) -> Any:
        """Return the opened file of a tensor."""
        from safetensors import safe_open

        return safe_open(self.tensors[name].file, framework="pt")


def missing_weights(folder: Path, name: str) -> UserError:
    """Return the error for a missing weights file; a pickle instead of it is named."""
    shown = paths.shown(folder)
    if pickled := pickle_problems(folder):
        return UserError(pickled[0], f'save {shown} again with `save_pretrained("…", safe_serialization=True)`')
    hint = "name a complete folder in hub format, with its weights in safetensors"
    return UserError(f"{shown} has no {name}", hint)


def read_header(file: Path) -> dict[str, TensorInfo]:
    """Return {name: info} of a safetensors file, in the file's order. Raises UserError for another kind of file.

    Source of the format: https://huggingface.co/docs/safetensors (eight bytes of length, JSON, data).
    """
    try:
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
            entries = [(name, entry) for name, entry in header.items() if name != "__metadata__"]
            entries.sort(key=lambda item: item[1]["data_offsets"])
            end = stream.tell() + max((entry["data_offsets"][1] for _, entry in entries), default=0)
    except (ValueError, KeyError, TypeError, MemoryError, OverflowError, AttributeError):
        raise UserError(f"{paths.shown(file)} is not a safetensors file", "was it downloaded completely?") from None
    if file.stat().st_size != end:
        raise UserError(f"{paths.shown(file)} is incomplete", "copy or download it again")
    return {
        name: TensorInfo(
            file, entry["dtype"], tuple(entry["shape"]), entry["data_offsets"][1] - entry["data_offsets"][0]
        )
        for name, entry in entries
    }


def row_chunks(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of rows in which a tensor of this shape is processed."""
    if not shape:
        yield 0, 1
        return
    step = max(1, CHUNK_ELEMENTS // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], step):
        yield start, min(start + step, shape[0])


def write_safetensors(file: Path, tensors: Mapping[str, TensorInfo], chunks_of: Callable[[str], Iterable[Any]]) -> None:
    """Write a safetensors file tensor by tensor: `chunks_of(name)` yields a tensor's rows in chunks.

    Of each TensorInfo only dtype, shape and size are used.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, info in tensors.items():
        offsets = [offset, offset + info.nbytes]
        header[name] = {"dtype": info.dtype, "shape": list(info.shape), "data_offsets": offsets}
        offset += info.nbytes
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with file.open("wb") as stream:
        stream.write(len(encoded).to_bytes(8, "little") + encoded)
        for name, info in tensors.items():
            num_bytes = sum(stream.write(_raw_bytes(chunk)) for chunk in chunks_of(name))
            assert num_bytes == info.nbytes, f"{name}: {num_bytes} of {info.nbytes} bytes"


def _raw_bytes(tensor: Any) -> memoryview:
    """Return a tensor's bytes."""
    import torch

    return memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
