"""Files that are complete or absent, and hashes of content.

Everything is written under a temporary name beside its target and renamed, so that a reader never sees half a file
and Ctrl-C loses nothing of the file before.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from gretchen.errors import WorkError


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a text file for writing that appears at `path` only when the block ends without an error.

    Raises WorkError when the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o666 & ~_umask())
    try:
        with _full_disk_reported(path):
            with temporary.open("w", encoding="utf-8") as stream:
                yield stream
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Open a folder for filling that appears at `path` only when the block ends without an error.

    Raises WorkError when the disk is full, OSError where `path` exists by then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    temporary.chmod(0o777 & ~_umask())
    try:
        with _full_disk_reported(path):
            yield temporary
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def _full_disk_reported(path: Path) -> Iterator[None]:
    """Raise WorkError instead of OSError where the disk is full."""
    try:
        yield
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(path) from None
        raise


def _umask() -> int:
    """Return the process's umask: mkstemp ignores it, and other people's files should be as readable as usual."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def no_space(path: Path) -> WorkError:
    """Return the error for a full disk while writing `path`."""
    return WorkError(
        f"no space left on the disk while writing {path}",
        "free some space (`make clean` removes build/; old runs lie in runs/), then run the same command again",
    )


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, the whole file or nothing."""
    with whole_file(path) as stream:
        stream.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, the whole file or nothing."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write one JSON object per line, the whole file or nothing; return the number of lines."""
    count = 0
    with whole_file(path) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_jsonl(path: Path) -> list[dict[str, Any]]:  # rows of any format
    """Return the rows of a JSON lines file that this package wrote itself."""
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def parse_line(line: bytes) -> Any:
    """Return the value of a line of JSON. Raises ValueError, which says what is wrong in a few words."""
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as failure:
        raise ValueError(f"not UTF-8 ({failure.reason} at byte {failure.start})") from None
    except json.JSONDecodeError as failure:
        raise ValueError(f"not JSON: {failure.msg}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def unreadable(path: Path, max_bytes: int) -> str | None:
    """Return why an existing file cannot be read as a text: a pipe or a device, or far too large; else None."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_size > max_bytes:
        return f"{status.st_size:,} bytes, expected at most {max_bytes:,}"
    return None


def text_hash(*parts: str) -> str:
    """Return 16 hex digits of the SHA-256 of the parts, in order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def file_hash(path: Path) -> str:
    """Return 16 hex digits of the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def folder_hash(folder: Path, pattern: str = "**/*") -> str:
    """Return one hash over the names and contents of the files below `folder` that match `pattern`."""
    files = sorted(p for p in folder.glob(pattern) if p.is_file() and "__pycache__" not in p.parts)
    return text_hash(*(f"{p.relative_to(folder)}:{file_hash(p)}" for p in files))
