"""`make inspect PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"] [HTML=1]`: training rows as the model sees them.

    make inspect PROJECT=genome-chatbot RECIPE=dpo

The rows come from the batches that the recipe's engine makes of the first 200, after the chat template, with its own
tokenization, loss mask, length limit and packing. HTML=1 writes a page instead. No weights are loaded, nothing is
trained; it takes half a minute to load the training stack. What is wrong with the rows, `make check DEEP=1` says.
"""

import warnings
from typing import Annotated, Any

import typer
from rich.console import Console

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.inspecting.look import look, require_shown, trained_first
from gretchen.inspecting.page import page
from gretchen.inspecting.pieces import figures, pieces_of
from gretchen.inspecting.terminal import legend, shown
from gretchen.models.locate import locate, require_reachable
from gretchen.projects.build import build
from gretchen.recipes.layers import words_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import MODEL
from gretchen.runs.store import earlier_runs
from gretchen.silence import silent


def inspect(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …")] = "tiny",
    set_: Annotated[str, typer.Option("--set", help='changed values: "packing=true max_length=256"')] = "",
    rows: Annotated[int, typer.Option(min=1, help="how many sequences to show")] = 3,
    html: Annotated[bool, typer.Option(help="write a page instead")] = False,
) -> None:
    """Show a few training rows as tokens: which are trained, which are masked, where answers end."""
    resolved, notes = ready(project, recipe, profile, set_)
    build(project, profile)
    title = f"{project}, {resolved.name}, {profile}: training rows as the model sees them"
    told, found = seen(resolved, rows)
    if html:
        target = paths.build(project) / "inspect" / f"{resolved.name}.{profile}.html"
        write_text(target, page(title, [*notes, *told], found))
        print(paths.shown(target))
        return
    console = Console(highlight=False, soft_wrap=True)
    for line in (title, *notes, *told, legend(console)):
        console.print(line, markup=False)
    for heading, pieces in found:
        console.print(f"\n{heading}", style="bold", markup=False)
        console.print(shown(pieces, console), end="\n" if pieces[-1].text[-1:] != "\n" else "")


def ready(project: str, recipe: str, profile: str, set_: str) -> tuple[Any, list[str]]:
    """Return the resolved recipe with a model whose tokenizer is at hand, and a line where that is another one.

    A recipe that starts from an earlier stage is looked at with the base's tokenizer until that stage has been merged.
    Raises UserError or WorkError for a recipe that does not resolve and for a model that cannot be had.
    """

    resolved, notes = resolve(Request(project, recipe, profile, words_of(set_)), earlier_runs(project, profile)), []
    require_shown(resolved.stage)
    if resolved.values.get("pretraining_dataset"):
        raise UserError(
            f"{resolved.name} streams its rows: axolotl makes them while it trains", "inspect another recipe"
        )
    key = MODEL[resolved.engine]
    model = str(resolved.values[key])
    if resolved.parent_stage and not (paths.root() / model).is_dir():
        resolved.values[key] = locate(project, profile)
        notes.append(f"{resolved.parent_stage} is not merged yet: the tokenizer and the template are the base's")
    require_reachable(str(resolved.values[key]))
    return resolved, notes


def seen(resolved: Any, count: int) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    """Return what is told of the first rows, and (heading, pieces) of the first sequences that would be trained.

    Raises UserError with the engine's own words where it cannot make the rows.
    """
    asked = (resolved.engine, resolved.stage, resolved.values)
    try:
        with warnings.catch_warnings(action="ignore"), silent():
            found, first = look(*asked), trained_first(*asked, count)
    except (ValueError, TypeError, KeyError, RuntimeError) as wrong:
        problem = f"{resolved.name}: {resolved.engine} cannot make rows of it: {' '.join(str(wrong).split())}"
        raise UserError(problem, "`make check DEEP=1` looks at each row") from None
    sides = 2 if any(one.side == "rejected" for one in first) else 1
    rows = []
    for number, one in enumerate(first):
        heading = f"{number // sides + 1}{f', {one.side}' if one.side else ''}: {figures(one)}"
        rows.append((heading, pieces_of(one, found.tokenizer, found.stops)))
    return told_of(found), rows


def told_of(found: Any) -> list[str]:
    """Return the counts of a look in a line."""
    long, done = len(found.too_long), "left out" if found.leaves_out else "cut"
    limit = "no length limit"
    if found.limit:
        limit = f"{long or 'none'} longer than {found.limit} tokens" + (f": {done}" if long else "")
    return [f"first {len(found.rows)} rows: {found.trained_share:.0%} of tokens trained, {limit}"]
