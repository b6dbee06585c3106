"""Runs uv and pip, and turns what commonly goes wrong into one sentence: no network, a full disk.

    run([".venv/bin/python", "-m", "pip", "install", "uv"])

Set-up calls it on the bare `python3`, before anything is installed: it imports the standard library alone.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from gretchen.errors import WorkError

# What pip and uv write when no package index answers.
UNREACHABLE = re.compile(
    r"dns error|failed to lookup|name resolution|connection (refused|reset)|connect error|network is unreachable"
    r"|failed to establish|timed out|error sending request|failed to fetch|from versions: none",
    re.IGNORECASE,
)


def run(command: list[str], quiet: bool = False) -> str:
    """Run an installer, show its progress unless `quiet`, and return all that it printed.

    Raises WorkError in one sentence for no network and for a full disk; for the rest with the installer's last lines.
    """
    lines = []
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": environment()}
    with subprocess.Popen(command, **streams) as process:
        for line in process.stdout:
            lines.append(line)
            if not quiet and re.match(r"\s*(Resolved|Downloading|Prepared|Installed|Built|Building)", line):
                print(f"  {line.strip()}", flush=True)
    output = "".join(lines)
    if process.returncode == 0:
        return output
    refuse_full_disk(output)
    if UNREACHABLE.search(output):
        raise WorkError(
            f"set-up cannot reach a package index ({' '.join(command[1:3])} failed)",
            "connect to the network, or name a folder of wheels in PIP_FIND_LINKS, then run the same command again",
        )
    raise WorkError("set-up failed:\n" + "".join(lines[-15:]).rstrip(), "run the same command again to continue")


def refuse_full_disk(output: str) -> None:
    """Raise WorkError where an installer stopped because the disk is full."""
    if re.search(r"no space left|disk quota", output, re.IGNORECASE):
        raise WorkError("no space left on the disk for .venv", "free about 6 GB, then run the same command again")


def environment() -> dict[str, str]:
    """Return the environment that uv runs in: it reads the wheel folders of PIP_FIND_LINKS under a name of its own."""
    return {**os.environ, "UV_FIND_LINKS": ",".join(find_links())}


def find_links() -> list[str]:
    """Return the locations in PIP_FIND_LINKS (separated by blanks, as for pip): folders absolute, addresses as is."""
    locations = os.environ.get("PIP_FIND_LINKS", "").split()
    return [location if "://" in location else str(Path(location).absolute()) for location in locations]


def wheels() -> list[str]:
    """Return the names of the wheel files in those locations of PIP_FIND_LINKS that are folders."""
    folders = [Path(location[7:] if location.startswith("file://") else location) for location in find_links()]
    return sorted(path.name for folder in folders if folder.is_dir() for path in folder.glob("*.whl"))
