"""Rewrites a standalone recipe of TRL's dialect in current keys: its comments, order and blank lines stay.

    upgrade_file(Path("config_full.yaml"))     -> one line for each change, and one for the file

A file is rewritten as a whole or not at all, and upgrading it again changes nothing. An inline chat template is moved
to a file beside the recipe. Axolotl's recipes stay as they are, because axolotl translates its deprecated keys itself.
"""

from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.recipes.edits import origins
from gretchen.recipes.rewrite import rewrite
from gretchen.recipes.standalone import StandaloneRecipe, read_standalone


def upgrade_file(file: Path) -> list[str]:
    """Rewrite a file where there is something to change, and return the messages on it.

    Raises UserError, with the file unchanged, where it has mistakes, is no recipe, or cannot be rewritten.
    """
    recipe = read_standalone(file, template_path=str(_template_path(file)))
    if recipe.other_kind:
        raise UserError(f"{file} is no recipe, but {recipe.other_kind}")
    if recipe.mistakes:
        raise UserError("\n".join(recipe.mistakes), f"{file} is unchanged: fix these first")
    if not recipe.translation:
        return [*recipe.notes, f"{file}: a recipe of axolotl, nothing to change"]
    if not recipe.translation.edits:
        return [f"{file}: nothing to change"]
    text = _upgraded_text(file, recipe)
    if recipe.translation.template is not None:
        _write_template(_template_path(file), recipe.translation.template)
    write_text(file, text)
    return [*recipe.notes, f"{file}: rewritten, {len(recipe.notes)} changes"]


def _upgraded_text(file: Path, recipe: StandaloneRecipe) -> str:
    """Return a file's text in current keys. Raises UserError where its anchors do not allow that."""
    old = recipe.marked.values
    text = file.read_bytes().decode("utf-8")  # keeps line ends
    try:
        return rewrite(text, old, recipe.values, origins(old, recipe.translation.edits))
    except UserError as failure:
        raise UserError(f"{paths.shown(file)} is unchanged: {failure.problem}", failure.hint) from None


def _template_path(file: Path) -> Path:
    """Return the file that a recipe's inline chat template is written to."""
    return file.with_name(f"{file.stem}.chat_template.jinja")


def _write_template(file: Path, text: str) -> None:
    """Write a chat template. Raises UserError where the file exists with another content."""
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise UserError(f"{file} exists already with another chat template", "move it away, then upgrade again")
    write_text(file, text)
