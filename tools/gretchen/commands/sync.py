"""`make sync [PROJECT=…]`: upload to W&B what was tracked offline.

    make sync PROJECT=genome-chatbot

Takes the trainings and evaluations under runs/ that are not uploaded yet, and those whose upload broke off; prints each
address. A run that is still being trained waits for the next `make sync`. It deletes nothing.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError, WorkError
from gretchen.projects.card import load_card
from gretchen.tracking import login
from gretchen.tracking.upload import pending, projects_with_runs, run_name, upload


def sync(project: Annotated[str, typer.Option(help="one project; without it all of them")] = "") -> None:
    """Upload to W&B what was tracked offline."""
    if project:
        load_card(project)
    files = [pending(slug) for slug in ([project] if project else projects_with_runs())]
    for file in [file for part in files for file in part.busy]:
        print(f"{run_name(file)} is being trained: left for later")
    ready = [file for part in files for file in part.ready]
    if not ready:
        print("nothing to upload: everything tracked is in W&B, or nothing was tracked yet")
        return
    if not login.logged_in():
        raise UserError(f"not logged in to W&B, and {len(ready)} runs wait for it", login.HINT)
    if not login.answers():
        raise WorkError(f"W&B does not answer at {login.address()}", "nothing is lost: `make sync` later uploads it")
    num_failed = sum(not is_uploaded(file) for file in ready)
    if num_failed:
        hint = "nothing is lost: `make sync` tries again; is the key valid, and may it write to the project?"
        raise WorkError(f"{num_failed} of {len(ready)} runs were not uploaded", hint)


def is_uploaded(file: Path) -> bool:
    """Upload a file and print its address, or why it was not uploaded; return whether it was."""
    result = upload(file)
    if result.failure:
        print(f"{run_name(file)}: not uploaded: {result.failure}", file=sys.stderr, flush=True)
    else:
        print(f"{run_name(file)}: {result.address or 'uploaded'}", flush=True)
    return not result.failure
