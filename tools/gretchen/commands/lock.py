"""`make lock [UPGRADE=1]`: write constraints.txt, the one tested set of versions, from pyproject.toml.

    make lock            keeps every version that still fits
    make lock UPGRADE=1  takes the newest

One resolution serves all platforms; a package that only some need carries a marker. It holds names and versions, no
addresses, so it works with any package index. PyTorch's build and its CUDA packages are not in it: `make setup`
chooses those for the machine. It needs the network and installs nothing.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import write_text

HEAD = "# The tested set of versions, written by `make lock` from pyproject.toml.\n"
# These come with PyTorch's CUDA build, which pins them itself, each CUDA version other ones.
CUDA = re.compile(r"(nvidia|cuda)-(?!ml-py)")


def lock(upgrade: Annotated[bool, typer.Option(help="take the newest versions, not the present ones")] = False) -> None:
    """Write constraints.txt anew."""
    path = paths.root() / "constraints.txt"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = constraints(resolve(before, upgrade))
    write_text(path, after)
    changed = len(set(after.splitlines()) - set(before.splitlines()))
    print(f"constraints.txt: {len(after.splitlines()) - 1} packages, {changed} lines changed")
    if changed:
        print("next: make setup test")


def resolve(before: str, upgrade: bool) -> str:
    """Return uv's resolution for all platforms; the present constraints are kept where they fit."""
    environment = {key: value for key, value in os.environ.items() if key != "UV_FIND_LINKS"}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "constraints.txt"
        output.write_text(before, encoding="utf-8")
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "pyproject.toml"]
        command += ["--group", "dev", "--extra", "tokenizer"]
        command += ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--output-file", str(output)]
        command += ["--upgrade"] * upgrade
        done = subprocess.run(command, cwd=paths.root(), env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise WorkError(f"uv could not resolve pyproject.toml:\n{done.stderr.strip()}", "")
        return output.read_text(encoding="utf-8")


def constraints(resolved: str) -> str:
    """Return the resolution as constraints: without CUDA's packages and PyTorch's local version."""
    lines = [line for line in resolved.splitlines() if line and not line.startswith("#") and not CUDA.match(line)]
    return HEAD + "".join(re.sub(r"\+[a-z0-9.]+", "", line) + "\n" for line in lines)
