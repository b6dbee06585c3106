"""`make review [FROM=teams.yaml]`: all projects on one page, and a page for each with the review's checklist.

    make review
    make review FROM=teams.yaml

It writes build/review/index.html from results.json, build/ and runs/: stages, checks, data, the main metric of base,
SFT and aligned model with its interval, last run, report, W&B. FROM names other checkouts, one a line, `team: folder`
or `team: git address`; an address is fetched with --depth 1, and only the projects' cards, results and REVIEW.md are
read. Nothing of a checkout is run. What nothing stored can answer says "not run". The reviewer writes
projects/<project>/REVIEW.md; a line `- [x] samples read: …` in it answers a point of the checklist.
"""

from typing import Annotated

import typer

from gretchen import paths
from gretchen.names import counted
from gretchen.reporting.checkouts import checkouts
from gretchen.reporting.entries import entries
from gretchen.reporting.review import review as reviewed
from gretchen.reporting.review import write_review


def review(
    from_: Annotated[str, typer.Option("--from", help="a file of other checkouts: `team: folder or git address`")] = "",
) -> None:
    """Write the review of all projects: a table, and a page for each."""
    sources = checkouts(from_)
    items = reviewed(entries(sources))
    index = write_review(items)
    print(f"wrote {paths.shown(index)}, {counted(len(items), 'project')}: open it in a browser")
    for source in sources:
        if source.problem:
            print(f"{source.name}: {source.problem}")
