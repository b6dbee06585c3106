"""The numbers of a small model's weights: none but finite ones, trained ones, and of a usual size.

    value_mistakes(Path("projects/x/base"))      -> problems
    header_of(file, changed, size)               -> {tensor: its entry} of a safetensors file

Bytes are looked at, no library of arrays is loaded.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.models.damage import weights_problem

SMALL_BYTES = 50_000_000  # so many are read whole
LENGTH_BYTES = 8
# dtype -> (bytes of a number, its high bytes where it is infinite or NaN)
HIGH_BYTES = {"BF16": (2, b"\x7f\xff"), "F32": (4, b"\x7f\xff"), "F16": (2, b"\x7c\x7d\x7e\x7f\xfc\xfd\xfe\xff")}
# High bytes of a BF16 or F32 number of at least 0.5, and of at least 2, of either sign.
HALF, TWO = (bytes([*range(first, 0x80), *range(first | 0x80, 0x100)]) for first in (0x3F, 0x40))
ONE = {"BF16": b"\x80\x3f", "F32": b"\0\0\x80\x3f"}
MAX_SHARE = 0.1  # of a layer's weights, that are 2 or more
MIN_TENSORS = 4
Header = Mapping[str, Any]


@lru_cache(maxsize=64)
def header_of(file: Path, changed: int, size: int) -> Header:
    """Return the header of a safetensors file of this time and size; {} for a damaged one."""
    if weights_problem(file):  # reported by the check of the model's files
        return {}
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        header = json.loads(stream.read(length))
    return MappingProxyType({name: entry for name, entry in header.items() if name != "__metadata__"})


def value_mistakes(folder: Path) -> Iterator[Problem]:
    """Report weights of a small model that are no numbers, or all zero; warn of untrained and of huge ones."""
    norms, others_small = [], True
    for file in sorted(folder.glob("*.safetensors")):
        for name, content, dtype in tensors_in(file):
            if problem := not_numbers(content, dtype):
                yield error(f"{paths.shown(file)}: {name} {problem}")
                return
            if dtype not in ONE:
                return
            if "norm" in name:
                norms.append(content == ONE[dtype] * (len(content) // len(ONE[dtype])))
                continue
            high = content[len(ONE[dtype]) - 1 :: len(ONE[dtype])]
            others_small = others_small and len(high.translate(None, HALF)) == len(high)
            if len(high) - len(high.translate(None, TWO)) > MAX_SHARE * len(high):
                yield warning(
                    f"{paths.shown(file)}: {name} has many weights of 2 and more: they were scaled, or a training "
                    "diverged: no training settles there"
                )
                return
    if len(norms) >= MIN_TENSORS and all(norms) and others_small:
        yield warning(
            f"{paths.shown(folder)}: every norm is 1 and every weight is small, as before a training: were these "
            "weights ever trained?"
        )


def tensors_in(file: Path) -> Iterator[tuple[str, bytes, str]]:
    """Yield (name, bytes, dtype) of the tensors of a small safetensors file."""
    status = file.stat()
    if not 0 < status.st_size <= SMALL_BYTES:
        return
    content = file.read_bytes()
    start = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "little")
    for name, entry in header_of(file, status.st_mtime_ns, status.st_size).items():
        begin, end = entry["data_offsets"]
        yield name, content[start + begin : start + end], entry["dtype"]


def not_numbers(content: bytes, dtype: str) -> str:
    """Return what is wrong with a tensor's bytes: "has NaN …", "is all zero", or ""."""
    width, high_bytes = HIGH_BYTES.get(dtype, (0, b""))
    if not width or not content:
        return ""
    if not content.strip(b"\0"):
        return "is all zero: nothing was trained, or saved"
    high, second = content[width - 1 :: width], content[width - 2 :: width]
    special = any(bytes([byte]) in high for byte in high_bytes)
    if special and dtype != "F16":  # the exponent's last bit stands in the next byte
        special = any(h & 0x7F == 0x7F and s & 0x80 for h, s in zip(high, second, strict=True))
    return "has NaN or infinite values" if special else ""
