"""`make convert PROJECT=… RECIPE=sft.axolotl`, `gretchen convert FILE`: writes a recipe's twin for the other engine.

    make convert PROJECT=genome-chatbot RECIPE=sft.axolotl
    gretchen convert qlora.yml --output qlora.zephyr.yaml

The twin of a project's recipe is written beside it, sft.axolotl.yaml beside sft.zephyr.yaml; OUTPUT=… names another
file, and an existing file is never overwritten. Keys without an equivalent are listed with the reason; docs/twins.md
says what twins have in common. It converts recipes of SFT, DPO, KTO and ORPO, and trains nothing.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen.converting.write import write_project_twin, write_standalone_twin
from gretchen.errors import UserError
from gretchen.safe_text import visible


def convert(
    file: Annotated[Path | None, typer.Argument(help="a standalone recipe, outside any project")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft.axolotl, sft.zephyr …")] = "sft",
    output: Annotated[str, typer.Option(help="the twin's file; else it is written beside the recipe")] = "",
) -> None:
    """Write a recipe's twin for the other engine, and list the keys that have no equivalent."""
    if file is None and not project:
        raise UserError("convert needs a project or a file", "make convert PROJECT=… RECIPE=sft.axolotl")
    target = Path(output) if output else None
    written = write_standalone_twin(file, target) if file else write_project_twin(project, recipe, target)
    print(visible("\n".join(written.lines())))
