"""Resolves constraints.txt from pyproject.toml and the requirements on the projects' cards.

    resolve(upgrade=False)      -> the new text of constraints.txt

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

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.lifecycle.constraints import constraints_file
from gretchen.projects.requirements import all_requirements

HEAD = "# The tested set of versions, written by `make lock` from pyproject.toml and the projects' requirements.\n"
# These come with PyTorch's CUDA build, which pins them itself, each CUDA version other ones.
CUDA = re.compile(r"(nvidia|cuda)-(?!ml-py)")
SCOPE = ["--group", "dev", "--extra", "tokenizer"]
PLATFORMS = ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest"]
PLAIN = ["--no-header", "--no-annotate", "--no-emit-index-url"]


def resolve(upgrade: bool) -> str:
    """Return the new constraints: versions already pinned stay where they still fit, unless `upgrade`.

    Raises WorkError with uv's reason where there is no such set.
    """
    environment = {key: value for key, value in os.environ.items() if key != "UV_FIND_LINKS"}
    with tempfile.TemporaryDirectory() as folder:
        output, projects = Path(folder) / "constraints.txt", Path(folder) / "projects.txt"
        if constraints_file().is_file():
            output.write_bytes(constraints_file().read_bytes())
        projects.write_text("".join(f"{requirement}\n" for requirement in all_requirements()), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "pyproject.toml", str(projects)]
        command += [*SCOPE, *PLATFORMS, *PLAIN, "--output-file", str(output), *["--upgrade"] * upgrade]
        done = subprocess.run(command, cwd=paths.root(), env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            problem = f"uv could not resolve pyproject.toml and the projects' requirements:\n{done.stderr.strip()}"
            raise WorkError(problem, "change `requirements:` on the card that uv names, or connect to the network")
        return without_builds(output.read_text(encoding="utf-8"))


def without_builds(resolved: str) -> str:
    """Return a resolution as constraints: without CUDA's packages and PyTorch's local version (+cpu)."""
    lines = [line for line in resolved.splitlines() if line and not line.startswith("#") and not CUDA.match(line)]
    return HEAD + "".join(re.sub(r"\+[a-z0-9.]+", "", line) + "\n" for line in lines)
