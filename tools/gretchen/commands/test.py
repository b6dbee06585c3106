"""`make test [PROJECT=…]`: the tests, in minutes; with PROJECT those of one project and the contract that it keeps.

    make test PROJECT=genome-chatbot

A project's own tests are in its folder `tests/`. The contract (tests/test_contract.py) holds for every project: same
rows twice, nothing shared between the splits, the reference scores best, the whole chain runs as a smoke test. The slow
tests of the tools run with `make test-all`.
"""

import os
import subprocess
import sys
from typing import Annotated

import typer

from gretchen import paths
from gretchen.projects.card import card_file

FAST = ("-m", "not slow")
CONTRACT = "tests/test_contract.py"


def test(project: Annotated[str, typer.Option(help="one project; without it everything")] = "") -> None:
    """Run the tests of everything, or of one project."""
    if project:
        tests = card_file(project).parent / "tests"
        words = [CONTRACT, *([paths.shown(tests)] if tests.is_dir() else [])]
    else:
        words = ["-n", "2", "--dist", "loadfile", "--durations=25"]  # the whole suite is to stay under 25 minutes
    command = [sys.executable, "-m", "pytest", *FAST, *words]
    code = subprocess.run(command, cwd=paths.root(), env=environment(project), check=False).returncode
    if code:
        raise typer.Exit(code)


def environment(project: str) -> dict[str, str]:
    """Return the environment of the tests: without what make passed on, and with the project of the contract."""
    # Containers often forbid Python's byte code caches: each of the hundreds of processes that the tests start would
    # compile torch and transformers again, ten seconds each.
    left_out = ("GRETCHEN_MAKE", "GRETCHEN_GOALS", "GRETCHEN_COMMAND", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    if project:
        return kept | {"GRETCHEN_CONTRACT": project}
    # Each of the two workers has a core: on threads that wait for a busy core torch spends twice the time.
    return {"OMP_NUM_THREADS": "1"} | kept
