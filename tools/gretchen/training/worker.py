"""`python -m gretchen.training.worker RUN [--resume]`: train a run's recipe in this process, by its engine.

In a run of a project the deep part of the check comes first; afterwards three held-out prompts are answered by what the
training started from and by what it made, or held-out pairs are judged by the reward model that it made. A loose recipe
is looked at by its engine's validators, and trained.
"""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from gretchen.checks.deep import check_deep, check_validators
from gretchen.errors import GretchenError
from gretchen.hardware import is_main_process
from gretchen.runs.folder import trained_weights
from gretchen.runs.record import RunRecord, find_record, read_record, update_record
from gretchen.scoring.domain import domain_mismatch
from gretchen.scoring.reward_models import write_preference_result
from gretchen.scoring.samples import write_samples
from gretchen.tracking.run import tracked


def main() -> int:
    """Parse the command line, train, and return the exit code of the engine's process."""
    parser = argparse.ArgumentParser(prog="python -m gretchen.training.worker", description=__doc__)
    parser.add_argument("run", type=Path, help="the run's folder, with recipe.yaml and run.json")
    parser.add_argument("--resume", action="store_true", help="go on from the run's newest checkpoint")
    given = parser.parse_args()
    sys.argv = sys.argv[:1]  # axolotl's entry reads what is left there
    train = engine_of(read_record(given.run))
    recipe = given.run / "recipe.yaml"
    return exit_code_of(recipe, lambda: train(recipe, given.resume))


def engine_of(record: RunRecord) -> Callable[[Path, bool], Path]:
    """Return the function that trains a run's recipe: its engine's, for its stage."""
    train = importlib.import_module(f"gretchen.engines.{record.engine}.train").train
    return lambda recipe, resume: train(recipe, record.stage, resume)


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
    record = find_record(recipe.parent)
    of_project = record is not None and record.kind == "project"
    if record is not None and record.kind == "standalone":
        check_validators(recipe).raise_if_failed()
    if of_project:
        report = check_deep(record.project, recipe)
        report.raise_if_failed()
        if is_main_process():
            warnings = [*(f"warning: {line}" for line in report.warnings), warning(record)]
            update_record(recipe.parent, warning="\n".join(filter(None, warnings)) or None)
    kept = trained_weights(recipe.parent)  # there already where a run was stopped between its training and its samples
    if kept.is_dir():
        trained = kept
    else:
        with tracked(recipe.parent):
            trained = train()
    if of_project and is_main_process():
        if record.stage == "reward":
            write_preference_result(recipe.parent, record.project)
        else:
            write_samples(recipe.parent, record.project, trained)


def warning(record: RunRecord) -> str | None:
    """Return what a person must know of the model that a run starts from; None where there is nothing to tell."""

    starts_from_own_base = not record.parent and record.base.model == f"projects/{record.project}/base"
    return domain_mismatch(record.project) if starts_from_own_base else None


if __name__ == "__main__":
    sys.exit(main())
