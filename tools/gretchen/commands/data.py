"""`make data PROJECT=… [PROFILE=tiny] [SOURCE=path [ALONE=1]]`: build, check and split a project's data.

    make data PROJECT=genome-chatbot

Runs the project's dataset.py and writes build/<project>/<format>/{train,validation,test,hard}.jsonl with a data card.
Nothing happens while builder, data and settings are unchanged. SOURCE reads a file or folder through the project's
`read()` beside the builder's own rows, with ALONE=1 instead of them; later commands keep it, until `make data` is
called without it. It does not write the corpus of the embedded base: `make base` does.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.names import unknown
from gretchen.projects.build import Outside, build, card_of
from gretchen.projects.card import load_card


def data(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    profile: Annotated[str, typer.Option(help="tiny has fewer rows than the others")] = "tiny",
    source: Annotated[str, typer.Option(help="a file or folder for the project's read()")] = "",
    alone: Annotated[bool, typer.Option(help="the rows of SOURCE alone, without the builder's own")] = False,
) -> None:
    """Build, check and split the data of a project."""

    load_card(project)
    if profile not in PROFILES:
        raise UserError(*unknown("profile", profile, PROFILES))
    if alone and not source:
        raise UserError("ALONE=1 without SOURCE: there would be no rows", "SOURCE=path names a file or a folder")
    outside = Outside(str(Path(source).resolve()), alone) if source else None
    built = build(project, profile, outside)
    print(f"data of {project}: {'built' if built else 'unchanged'}")
    told = card_of(project)
    for name, one in told["formats"].items():
        rows = ", ".join(f"{count:,} {split}" for split, count in one["rows"].items())
        print(f"  {name:12} {rows}; {one['trained_share']:.0%} of {one['tokens']['total']:,} tokens trained")
    for fault in told["faults"][:5]:
        print(f"  left out: {fault}")
    if len(told["faults"]) > 5:
        print(f"  … and {len(told['faults']) - 5} more faulty rows")
    print(f"data card: {paths.shown(paths.build(project) / 'data-card.md')}")
