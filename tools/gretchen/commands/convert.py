"""`make convert PROJECT=… RECIPE=sft.axolotl`, `gretchen convert FILE`: a recipe in the other engine's words.

    make convert PROJECT=genome-chatbot RECIPE=sft.axolotl
    gretchen convert qlora.yml --output qlora.zephyr.yaml

The twin of a project's recipe stands beside it, sft.axolotl.yaml beside sft.zephyr.yaml; OUTPUT=… names another file.
What is there already stays. Keys without a twin are named, with the reason; docs/twins.md says what twins have in
common. It converts recipes of SFT, DPO, KTO and ORPO, and trains nothing.
"""

from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.converting.recipe import TwinRecipe, of_project, of_standalone
from gretchen.converting.twin import OTHER
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.recipes.find import find
from gretchen.recipes.standalone import read_standalone


def convert(
    file: Annotated[Path | None, typer.Argument(help="a loose recipe, outside any project")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft.axolotl, sft.zephyr …")] = "sft",
    output: Annotated[str, typer.Option(help="the twin's file; else it stands beside the recipe")] = "",
) -> None:
    """Write a recipe's twin for the other engine, and name what has none."""
    if file is None and not project:
        raise UserError("convert needs a project or a file", "make convert PROJECT=… RECIPE=sft.axolotl")
    source, target = beside_standalone(file) if file else beside(project, recipe)
    place = Path(output) if output else target
    require_free(place)
    twin = of_standalone(read_standalone(file)) if file else of_project(project, find(project, recipe))
    write_text(place, twin.text)
    print(told(place, source, twin))


def beside(project: str, recipe: str) -> tuple[Path, Path]:
    """Return a project's recipe and where its twin belongs. Raises UserError for an unknown one."""
    found = find(project, recipe)
    name = f"{found.name.removesuffix(found.engine)}{OTHER[found.engine]}.yaml"
    return found.path, found.path.with_name(name)


def beside_standalone(file: Path) -> tuple[Path, Path]:
    """Return a loose recipe and where its twin belongs: qlora.yml, qlora.zephyr.yml. Raises UserError for no file."""
    engine = read_standalone(file).engine
    stem = file.stem.removesuffix(f".{engine}")
    return file, file.with_name(f"{stem}.{OTHER.get(engine, engine)}{file.suffix}")


def require_free(place: Path) -> None:
    """Raise UserError where a file stands already."""
    if place.exists():
        raise UserError(
            f"{paths.shown(place)} exists already, and stays as it is", "--output (OUTPUT=… of make) names another file"
        )


def told(place: Path, source: Path, twin: TwinRecipe) -> str:
    """Return what is said of a twin."""
    lines = [f"{paths.shown(place)}: the twin of {paths.shown(source)}"]
    for title, found in (
        ("written out, as the engines' defaults differ:", twin.written),
        ("without a twin:", twin.named),
        ("different all the same:", twin.notes),
    ):
        if found:
            lines += [title, *(f"  {line}" for line in found)]
    return "\n".join(lines)
