"""What happens around every training of a project's run, in the engine's process, where the libraries are loaded.

Beside a run.json the deep part of the check comes first; afterwards three held-out prompts are answered by what the
training started from and by what it made, or held-out pairs are judged by the reward model that it made. A loose recipe
is looked at by its engine's validators, and trained.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gretchen.errors import GretchenError
from gretchen.recipes.report import Report
from gretchen.runs import folder
from gretchen.tracking.run import tracked


def exit_code_of(recipe: Path, train: Callable[[], Path]) -> int:
    """Train with all that belongs around it, and return the exit code of the engine's process."""
    try:
        trained_around(recipe, train)
    except GretchenError as failure:
        print(failure, file=sys.stderr, flush=True)
        return failure.exit_code
    return 0


def trained_around(recipe: Path, train: Callable[[], Path]) -> None:
    """Check deeply, look whether the base knows the domain, train, and answer the samples or judge the pairs."""
    told = folder.record(recipe.parent)
    of_project = bool(told) and told["stage"] != "base" and "file" not in told
    if "file" in told:
        from gretchen.recipes.deep import own_validators

        Report(str(recipe), [own_validators(recipe)]).raise_if_failed()
    if of_project:
        from gretchen.recipes.checks import check_deep

        report = check_deep(told["project"], recipe)
        report.raise_if_failed()
        if is_first():
            warnings = [*(f"warning: {line}" for line in report.warnings), warning(told)]
            folder.update(recipe.parent, warning="\n".join(filter(None, warnings)) or None)
    kept = folder.trained(recipe.parent)  # there already where a run was stopped between its training and its samples
    if kept.is_dir():
        trained = kept
    else:
        with tracked(recipe.parent):
            trained = train()
    if of_project and is_first():
        if told["stage"] == "reward":
            from gretchen.scoring.rewards import write_pairs

            write_pairs(recipe.parent, told["project"])
        else:
            from gretchen.models.samples import write_samples

            write_samples(recipe.parent, told["project"], trained)


def is_first() -> bool:
    """Return whether this process is the only one of a training, or the first of several."""
    return os.environ.get("RANK", "0") == "0"


def warning(told: dict[str, Any]) -> str | None:
    """Return what a person must know of the model that a run starts from; None where there is nothing to tell."""
    from gretchen.models.domain import stranger

    starts_from_own_base = not told["parent"] and told["base"]["model"] == f"projects/{told['project']}/base"
    return stranger(told["project"]) if starts_from_own_base else None
