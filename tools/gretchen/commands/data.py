"""`make data PROJECT=… [PROFILE=tiny] [SOURCE=path [ALONE=1]] [HTML=1]`: build, check and split a project's data.

    make data PROJECT=genome-chatbot

Runs the project's dataset.py and writes build/<project>/<format>/{train,validation,test,hard}.jsonl with a data card.
Nothing is built while builder, data and settings are unchanged. SOURCE adds the rows of a file or folder that the
project's `read()` reads, or of a table whose columns have usual names, such as question and answer: CSV, TSV, JSON,
JSON lines, Parquet, Excel. With ALONE=1 they replace the builder's own. Later commands use the same source until
`make data` is called without it. HTML=1 writes a page over all rows: loss masks, lengths, near-duplicates, what was
left out and why. The corpus of the embedded base is built by `make base`.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.projects.build import build, built_source
from gretchen.projects.datacard import DataCard, ExternalSource, load_data_card
from gretchen.projects.datacard_page import left_out_lines
from gretchen.projects.profiles import PROFILE_HELP, profile_of
from gretchen.provenance import is_smoke, smoke_note
from gretchen.reporting.data_page import write_data_page
from gretchen.safe_text import visible

MAX_FAULTS = 5


def data(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    source: Annotated[str, typer.Option(help="your rows: a table, or what the project's read() reads")] = "",
    alone: Annotated[bool, typer.Option(help="the rows of SOURCE alone, without the builder's own")] = False,
    html: Annotated[bool, typer.Option(help="write a page over all rows, too")] = False,
) -> None:
    """Build, check and split the data of a project."""
    profile = profile_of(project, profile)
    if alone and not source:
        raise UserError("ALONE=1 without SOURCE: there would be no rows", "SOURCE=path names a file or a folder")
    external = ExternalSource(path=str(Path(source).resolve()), alone=alone) if source else None
    before = built_source(project)
    built = build(project, profile, external)
    if is_smoke():
        print(smoke_note())
    print(f"data of {project}: {'built' if built else 'unchanged'}")
    if before and not source:
        print(f"without the rows of {before.path}, which were built in before: SOURCE={before.path} keeps them")
    print_summary(load_data_card(project))
    print(f"data card: {paths.shown(paths.build(project) / 'data-card.md')}")
    if html:
        page = write_data_page(project)
        print(f"wrote {paths.shown(page)} ({page.stat().st_size / 1e6:.1f} MB): open it in a browser")


def print_summary(data_card: DataCard) -> None:
    """Print the rows and tokens of each format, what was left out and why, and the first faulty rows of a source."""
    for name, summary in data_card.formats.items():
        rows = ", ".join(f"{count:,} {split}" for split, count in summary.rows.items())
        print(f"  {name:12} {rows}; {summary.trained_share:.0%} of {summary.tokens.total:,} tokens trained")
    for line in left_out_lines(data_card):
        print(visible(f"  {line}"))
    if data_card.faults:
        print(f"  faulty rows of the source, left out: {len(data_card.faults):,}")
    for fault in data_card.faults[:MAX_FAULTS]:
        print(visible(f"    {fault}"))
    if len(data_card.faults) > MAX_FAULTS:
        print(f"    … and {len(data_card.faults) - MAX_FAULTS:,} more: see the data card")
