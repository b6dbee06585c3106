"""`make fork FROM=… PROJECT=…`: a new project from an existing one, complete and working.

    make fork FROM=genome-chatbot PROJECT=<new-project>

Copies the origin's folder, with its base, under the new name (lifecycle/forking.py), with tests that hold for any
builder in place of the origin's own. `TODO(team)` marks what is still the origin's; `make check` counts the marks. The
origin stays as it is; what a fork and its origin changed since is not compared.
"""

from typing import Annotated

import typer

from gretchen import paths
from gretchen.lifecycle.forking import fork_project


def fork(
    from_: Annotated[str, typer.Option("--from", help="the project to start from")],
    project: Annotated[str, typer.Option(help="the new project's name: small letters, digits, hyphens")],
) -> None:
    """Start a new project as a complete copy of another, under its own name."""
    made = fork_project(from_, project)
    at = f", commit {made.commit}" if made.commit else ""
    print(f"forked {from_} into {paths.shown(made.folder)}: {made.num_files} files{at}")
    print(f"next: make check PROJECT={project} (it counts the TODO(team) lines: what is still {from_}'s)")
    print(f"      make train PROJECT={project}")
    print(f"      make test PROJECT={project} (tests that hold for any builder)")
    print(f"then: your own rows in {paths.shown(made.folder / 'dataset.py')}, your own metric in evaluation.py; for a")
    print(f"      domain other than that of {from_}: make base PROJECT={project}, or PROFILE=laptop")
    if made.helpers:
        print(f"may be deleted once nothing imports them: {', '.join(made.helpers)}")
    print("docs/first-project.md goes through it step by step")
