"""Writes a recipe's twin to a file: sft.axolotl.yaml beside sft.zephyr.yaml. Existing files are never overwritten.

write_project_twin("genome-chatbot", "sft.axolotl").lines()
write_standalone_twin(Path("qlora.yml")).path               -> qlora.zephyr.yml
"""

from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.converting.recipe import TwinRecipe, twin_of_project_recipe, twin_of_standalone
from gretchen.converting.twin import OTHER
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.recipes.find import find
from gretchen.recipes.standalone import read_standalone


@dataclass(frozen=True)
class WrittenTwin:
    """A twin's file, the recipe's file, and the twin."""

    path: Path
    source: Path
    twin: TwinRecipe

    def lines(self) -> list[str]:
        """Return what to print: the files, and what the conversion changed."""
        lines = [f"{paths.shown(self.path)}: the twin of {paths.shown(self.source)}"]
        for title, items in (
            ("written out, because the engines' defaults differ:", self.twin.defaults),
            ("without an equivalent:", self.twin.dropped),
            ("other differences:", self.twin.notes),
        ):
            if items:
                lines += [title, *(f"  {item}" for item in items)]
        return lines


def write_project_twin(project: str, recipe: str, output: Path | None = None) -> WrittenTwin:
    """Write the twin of a project's recipe, beside it or into `output`.

    Raises UserError for an unknown recipe, one with mistakes or without a twin, and where the file exists.
    """
    file = find(project, recipe)
    path = output or file.path.with_name(f"{file.name.removesuffix(file.engine)}{OTHER[file.engine]}.yaml")
    _require_absent(path)
    return _write(WrittenTwin(path, file.path, twin_of_project_recipe(project, file)))


def write_standalone_twin(file: Path, output: Path | None = None) -> WrittenTwin:
    """Write the twin of a standalone recipe, beside it or into `output`; raises UserError as write_project_twin."""
    recipe = read_standalone(file)
    stem = file.stem.removesuffix(f".{recipe.engine}")
    path = output or file.with_name(f"{stem}.{OTHER.get(recipe.engine, recipe.engine)}{file.suffix}")
    _require_absent(path)
    return _write(WrittenTwin(path, file, twin_of_standalone(recipe)))


def _require_absent(path: Path) -> None:
    """Raise UserError where a file exists."""
    if path.exists():
        raise UserError(f"{paths.shown(path)} exists already", "--output (OUTPUT=… of make) names another file")


def _write(written: WrittenTwin) -> WrittenTwin:
    """Write a twin's text, and return the twin."""
    write_text(written.path, written.twin.text)
    return written
