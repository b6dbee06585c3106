"""`make table [FROM=teams.yaml]`: the review of all projects in the terminal, a row for each recorded result.

    make table

Stages, checks of the review's checklist, the main metric of base, SFT and aligned model with its interval, the p-value
of the newest one against the base, and the last run, from results.json, build/ and runs/. FROM as in `make review`.
"""

from typing import Annotated

import typer

from gretchen.reporting.checkouts import checkouts
from gretchen.reporting.entries import entries
from gretchen.reporting.review import review, review_table
from gretchen.scoring.cells import aligned


def table(
    from_: Annotated[str, typer.Option("--from", help="a file of other checkouts: `team: folder or git address`")] = "",
) -> None:
    """Print a row for each project's recorded result."""
    print("\n".join(aligned(review_table(review(entries(checkouts(from_)))))))
