"""`python -m gretchen.zephyr STAGE recipe.yaml [--resume]`: run one stage's script in this process.

Beside a run.json (a run of a project) it first does the deep part of the check, and afterwards answers three held-out
prompts with the base and with what was trained: both need the libraries that are already loaded here.
"""

import argparse
import importlib
import sys
from pathlib import Path

from gretchen.errors import GretchenError


def main() -> int:
    """Parse the command line, train, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gretchen.zephyr", description=__doc__)
    stages = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef train(" in p.read_text("utf-8"))
    parser.add_argument("stage", choices=stages)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from the run's newest checkpoint")
    given = parser.parse_args()
    try:
        run(given.stage, given.recipe, given.resume)
    except GretchenError as failure:
        print(failure, file=sys.stderr, flush=True)
        return failure.exit_code
    return 0


def run(stage: str, recipe: Path, resume: bool) -> None:
    """Check deeply, train, and answer the samples."""
    from gretchen.runs import folder

    told = folder.record(recipe.parent)
    of_project = bool(told) and told["stage"] != "base"
    if of_project:
        from gretchen.recipes.checks import check_deep

        check_deep(told["project"], recipe).raise_if_failed()
    trained = importlib.import_module(f"gretchen.zephyr.{stage}").train(recipe, resume)
    if of_project:
        from gretchen.models.samples import write_samples

        write_samples(recipe.parent, told["project"], told["base"]["model"], trained)


if __name__ == "__main__":
    sys.exit(main())
