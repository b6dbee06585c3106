"""`make review [FROM=teams.yaml] [SERVE=1 [PORT=…]]`: all projects on one page, and a page for each with a checklist.

    make review
    make review FROM=teams.yaml

It writes build/review/index.html from results.json, build/ and runs/: stages, checks, data, the main metric of base,
SFT and aligned model with its interval, last run, report, W&B. FROM names other checkouts, one a line, `team: folder`
or `team: git address`; an address is fetched with --depth 1, and only the projects' cards, results and REVIEW.md are
read. Nothing of a checkout is run. What nothing stored can answer says "not run". The reviewer writes
projects/<project>/REVIEW.md; a line `- [x] samples read: …` in it answers a point of the checklist. SERVE=1 serves the
pages on 127.0.0.1, at an address that holds a token, until Ctrl-C: notes are edited there. Notes on other checkouts are
kept in this clone, in reviews/<team>/<project>.md.
"""

import contextlib
import gc
from collections.abc import Iterator
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.names import counted
from gretchen.reporting.checkouts import checkouts
from gretchen.reporting.entries import entries
from gretchen.reporting.review import Reviewed, write_review
from gretchen.reporting.review import review as reviewed
from gretchen.reporting.review_server import review_app
from gretchen.serving.local_server import address_of, listening, new_token, serve


def review(
    from_: Annotated[str, typer.Option("--from", help="a file of other checkouts: `team: folder or git address`")] = "",
    serve: Annotated[bool, typer.Option(help="serve the pages, to edit the notes in them")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="with SERVE=1; 0: any free one")] = 0,
) -> None:
    """Write the review of all projects: a table, and a page for each; or serve them."""
    if port and not serve:
        raise UserError("PORT belongs to SERVE=1", "make review SERVE=1 PORT=…")
    sources = checkouts(from_)
    with uncollected():
        items = reviewed(entries(sources))
        if not serve:
            index = write_review(items)
            print(f"wrote {paths.shown(index)}, {counted(len(items), 'project')}: open it in a browser")
    for source in sources:
        if source.problem:
            print(f"{source.name}: {source.problem}")
    if serve:
        serve_review(items, port)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Switch garbage collection off: of a course's results nothing is garbage, and looking takes its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def serve_review(items: list[Reviewed], port: int) -> None:
    """Serve the review until Ctrl-C."""
    bound, token = listening(port), new_token()
    serve(review_app(items, token), bound, f"review  {address_of(bound)}/{token}/")
