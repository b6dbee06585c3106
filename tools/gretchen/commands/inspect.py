"""`make inspect PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"] [HTML=1]`: training rows as the model sees them.

    make inspect PROJECT=genome-chatbot RECIPE=dpo

The rows come from the batches that the recipe's engine makes of the first 200, after the chat template, with its own
tokenization, loss mask, length limit and packing. HTML=1 writes a page instead. No weights are loaded, nothing is
trained; loading the training stack takes half a minute. `make check DEEP=1` reports what is wrong with the rows.
"""

from typing import Annotated

import typer
from rich.console import Console

from gretchen import paths
from gretchen.files import write_text
from gretchen.inspecting.page import page
from gretchen.inspecting.preview import Preview, preview
from gretchen.inspecting.terminal import legend, render
from gretchen.projects.profiles import PROFILE_HELP, profile_of
from gretchen.recipes.layers import words_of
from gretchen.recipes.resolve import Request


def inspect(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    set_: Annotated[str, typer.Option("--set", help='changed values: "packing=true max_length=256"')] = "",
    rows: Annotated[int, typer.Option(min=1, help="how many sequences to show")] = 3,
    html: Annotated[bool, typer.Option(help="write a page instead")] = False,
) -> None:
    """Show a few training rows as tokens: which are trained, which are masked, where answers end."""
    shown = preview(Request(project, recipe, profile_of(project, profile), words_of(set_)), rows)
    if html:
        target = paths.build(project) / "inspect" / f"{shown.name}.html"
        write_text(target, page(shown))
        print(paths.shown(target))
    else:
        print_preview(shown)


def print_preview(shown: Preview) -> None:
    """Print a preview on the terminal, in colour where it has colours."""
    console = Console(highlight=False, soft_wrap=True)
    for line in (shown.title, *shown.notes, legend(console)):
        console.print(line, markup=False)
    for row in shown.rows:
        console.print(f"\n{row.heading}", style="bold", markup=False)
        console.print(render(row.spans, console), end="\n" if row.spans[-1].text[-1:] != "\n" else "")
