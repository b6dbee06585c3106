"""`gretchen upgrade FILE…`: rewrites recipes of the alignment-handbook, or of an older TRL, in today's keys.

    gretchen upgrade config_full.yaml

Comments, order and blank lines stay, and each change is told in a line. An inline chat template goes into a file beside
the recipe. A file is rewritten whole or not at all, and a second time changes nothing. Axolotl's recipes stay as they
are: axolotl takes its former keys itself.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gretchen import paths
from gretchen.errors import GretchenError, UserError
from gretchen.files import write_text
from gretchen.recipes.rewrite import rewritten
from gretchen.recipes.standalone import Loose, read_loose
from gretchen.recipes.translate import origins


def upgrade(
    files: Annotated[list[Path], typer.Argument(help="loose recipes of TRL's or the handbook's dialect")],
) -> None:
    """Rewrite recipes in today's keys, and tell each change."""
    failed = False
    for file in files:
        try:
            print(upgraded(file))
        except GretchenError as failure:
            failed = True
            print(failure, file=sys.stderr)
    if failed:
        raise typer.Exit(2)


def upgraded(file: Path) -> str:
    """Rewrite one file where there is something to change, and return what is said of it.

    Raises UserError, with the file as it was, for one that has mistakes or is no recipe of this dialect.
    """
    loose = read_loose(file, template=str(template_of(file)))
    if loose.other:
        raise UserError(f"{file} is no recipe, but {loose.other}")
    if loose.mistakes:
        raise UserError("\n".join(loose.mistakes), f"{file} stays as it is: mend that first")
    if not loose.translation:
        return "\n".join([*loose.told, f"{file}: axolotl takes it as it is, nothing to change"])
    if not loose.translation.edits:
        return f"{file}: nothing to change"
    text = changed_text(file, loose)
    if loose.translation.template is not None:
        write_template(template_of(file), loose.translation.template)
    write_text(file, text)
    return "\n".join([*loose.told, f"{file}: rewritten, {len(loose.told)} changes"])


def changed_text(file: Path, loose: Loose) -> str:
    """Return a file's text in today's keys. Raises UserError where its anchors forbid that."""
    old = loose.marked.values
    text = file.read_bytes().decode("utf-8")  # line ends as they are
    try:
        return rewritten(text, old, loose.values, origins(old, loose.translation.edits))
    except UserError as failure:
        raise UserError(f"{paths.shown(file)} stays as it is: {failure.problem}", failure.hint) from None


def template_of(file: Path) -> Path:
    """Return the file that a recipe's inline chat template goes to."""
    return file.with_name(f"{file.stem}.chat_template.jinja")


def write_template(file: Path, text: str) -> None:
    """Write a chat template. Raises UserError where another one lies there."""
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise UserError(f"{file} exists already and is another chat template", "move it away, then upgrade again")
    write_text(file, text)
