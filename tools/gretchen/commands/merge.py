"""`make merge PROJECT=… [RECIPE=sft] [PROFILE=tiny] [RUN=id]`: merge a run's adapter into the weights it started from.

    make merge PROJECT=genome-chatbot
    gretchen merge --base DIR --adapter DIR --output DIR

Adds `model/`, in hub format, to the newest finished run of the recipe, once; or merges folders outside any project. The
merge streams: its memory does not grow with the model. It is proved tensor by tensor and by answers to held-out
prompts, and fails where the merged model differs from what was trained. It trains and evaluates nothing.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.merging import merge_folders, merge_run
from gretchen.projects.card import card_file
from gretchen.projects.profiles import PROFILE_HELP, profile_of, profile_option
from gretchen.recipes.find import find
from gretchen.runs.store import finished_run, require_newest


def merge(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help=PROFILE_HELP)] = "",
    run: Annotated[str, typer.Option(help="a run's id; without it the newest finished run of the recipe")] = "",
    dequantized: Annotated[bool, typer.Option(help="QLoRA: merge into the dequantized weights")] = False,
    base: Annotated[str, typer.Option(help="without a project: the model, a folder or a hub id")] = "",
    adapter: Annotated[str, typer.Option(help="without a project: the adapter's folder")] = "",
    output: Annotated[str, typer.Option(help="without a project: the folder to write")] = "",
) -> None:
    """Merge an adapter into the weights it was trained on, and prove the result."""
    folders = {"BASE": base, "ADAPTER": adapter, "OUTPUT": output}
    if not project:
        require_folders(folders, dequantized)
        return merge_folders(folder_or_id(base), Path(adapter).absolute(), Path(output).absolute())
    if given := [name for name, value in folders.items() if value]:
        raise UserError(f"PROJECT and {given[0]} exclude each other", "merge a run of a project, or standalone folders")
    profile = profile_of(project, profile)
    merge_run(chosen_run(project, recipe, profile, run), dequantized)
    words = [profile_option(project, profile), f" RUNS={run}" if run else ""]
    print(f"next: make eval PROJECT={project}" + "".join(words))


def require_folders(folders: dict[str, str], dequantized: bool) -> None:
    """Raise UserError where folders to merge are not all named, or where an option needs a run."""
    absent = [name for name, value in folders.items() if not value]
    if len(absent) == len(folders):
        raise UserError("merge needs PROJECT", f"make merge PROJECT=…, or all of {', '.join(folders)}")
    if absent:
        raise UserError(f"merge needs {absent[0]} too", f"without PROJECT name all of {', '.join(folders)}")
    if dequantized:
        raise UserError("DEQUANTIZED=1 needs a run of a project", "its recipe says how the base was quantized")


def folder_or_id(base: str) -> str:
    """Return a folder as an absolute path, and a hub id unchanged."""
    return str(Path(base).absolute()) if Path(base).is_dir() else base


def chosen_run(project: str, recipe: str, profile: str, run: str) -> Path:
    """Return the run to merge. Raises UserError where there is none, with the command that trains it."""
    card_file(project)
    if run:
        return finished_run(project, run).path
    name = find(project, recipe).name
    return require_newest(project, name, profile).path
