"""`make lock [UPGRADE=1]`: write constraints.txt anew, from pyproject.toml and the requirements on the cards.

    make lock            keeps every version that still fits
    make lock UPGRADE=1  takes the newest

It needs the network and installs nothing: `make setup` does.
"""

from typing import Annotated

import typer

from gretchen.files import write_text
from gretchen.lifecycle.constraints import constraints_file
from gretchen.lifecycle.locking import resolve


def lock(upgrade: Annotated[bool, typer.Option(help="take the newest versions, not the present ones")] = False) -> None:
    """Write constraints.txt anew."""
    file = constraints_file()
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    after = resolve(upgrade)
    write_text(file, after)
    changed = len(set(after.splitlines()) - set(before.splitlines()))
    print(f"constraints.txt: {len(after.splitlines()) - 1} packages, {changed} lines changed")
    if changed:
        print("next: make setup test")
