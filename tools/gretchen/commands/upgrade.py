"""`gretchen upgrade FILE…`: rewrites recipes of the alignment-handbook, or of an older TRL, in current keys.

    gretchen upgrade config_full.yaml

Comments, order and blank lines stay, and each change is printed in a line. An inline chat template is moved to a file
beside the recipe. A file is rewritten as a whole or not at all, and upgrading it again changes nothing. Axolotl's
recipes stay as they are, because axolotl translates its deprecated keys itself.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gretchen.checks.standalone import adapter_notes
from gretchen.errors import GretchenError
from gretchen.recipes.standalone import read_standalone
from gretchen.recipes.upgrade import upgrade_file
from gretchen.safe_text import visible


def upgrade(
    files: Annotated[list[Path], typer.Argument(help="standalone recipes of TRL's or the handbook's dialect")],
) -> None:
    """Rewrite recipes in current keys, and print each change."""
    failed = False
    for file in files:
        try:
            lines = upgrade_file(file)
            print(visible("\n".join([*lines, *adapter_notes(read_standalone(file))])))
        except GretchenError as failure:
            failed = True
            print(visible(str(failure)), file=sys.stderr)
    if failed:
        raise typer.Exit(2)
