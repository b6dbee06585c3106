"""What happens around every training of a project's run, in the engine's process, where the libraries are loaded.

Beside a run.json the deep part of the check comes first; afterwards three held-out prompts are answered by what the
training started from and by what it made. A recipe outside any project is trained and no more.
"""

import os
from collections.abc import Callable
from pathlib import Path

from gretchen.runs import folder
from gretchen.tracking.run import tracked


def trained_around(recipe: Path, train: Callable[[], Path]) -> None:
    """Check deeply, train, and answer the samples."""
    told = folder.record(recipe.parent)
    of_project = bool(told) and told["stage"] != "base"
    if of_project:
        from gretchen.recipes.checks import check_deep

        check_deep(told["project"], recipe).raise_if_failed()
    kept = folder.trained(recipe.parent)  # there already where a run was stopped between its training and its samples
    if kept.is_dir():
        trained = kept
    else:
        with tracked(recipe.parent):
            trained = train()
    if of_project and os.environ.get("RANK", "0") == "0":
        from gretchen.models.samples import write_samples

        write_samples(recipe.parent, told["project"], trained)
