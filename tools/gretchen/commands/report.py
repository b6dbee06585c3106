"""`make report PROJECT=… [PROFILE=tiny]`: one page with all that a project's result stands on.

    make report PROJECT=genome-chatbot

It writes runs/<project>/report.html, one file that opens from the disk and asks no host for anything: card and data,
the recipe and what it changes, curves, the result with intervals, results by form, every test answer of base, SFT and
aligned model side by side (fixed, broken, still wrong, still right; searchable), what was forgotten, cost, limits, and
the commands that repeat it. It shows the newest result of each profile, or of PROFILE alone: recorded in results.json,
or of the last `make eval` or `make pipeline`. The same files give the same page, byte for byte. With a W&B login the
card, the tables, limits and live curves become a W&B Report, whose address is kept with the result. It trains and
evaluates nothing.
"""

from typing import Annotated

import typer

from gretchen import paths
from gretchen.files import write_text
from gretchen.projects.profiles import PROFILE_HELP
from gretchen.reporting.files import report_file
from gretchen.reporting.report import Report, make_report, page, with_address
from gretchen.reporting.wandb_report import publish, reason
from gretchen.safe_text import visible
from gretchen.tracking.secrets import redacted


def report(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    profile: Annotated[str, typer.Option(help=f"{PROFILE_HELP}; here without it all with a result")] = "",
) -> None:
    """Write a project's report: one self-contained page."""
    made = published(make_report(project, profile))
    file = report_file(project)
    write_text(file, page(made))
    print(f"wrote {paths.shown(file)} ({file.stat().st_size / 1e6:.1f} MB): open it in a browser")
    for part in made.parts:
        if part.answers.problem:
            print(f"{part.evaluation.profile}: without answers: {part.answers.problem}")
        if not part.recorded:
            print(f"{part.evaluation.profile}: not recorded yet: {part.commands[1]}")


def published(made: Report) -> Report:
    """Publish a report to W&B where this machine is logged in, and return it with its address; else say why not."""
    if why := reason():
        print(f"W&B: not published: {why}")
        return made
    try:
        address = publish(made)
    except Exception as fault:  # whatever it is: the page has to be written
        print(f"W&B: not published ({type(fault).__name__}: {redacted(visible(str(fault)))})", flush=True)
        return made
    print(f"W&B: {visible(address)}")
    return with_address(made, address)
