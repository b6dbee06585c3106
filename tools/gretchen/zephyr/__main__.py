"""`python -m gretchen.zephyr STAGE recipe.yaml [--resume]`: run one stage's script in this process."""

import argparse
import importlib
import sys
from pathlib import Path

from gretchen.runs.around import exit_code_of


def main() -> int:
    """Parse the command line, train, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gretchen.zephyr", description=__doc__)
    stages = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef train(" in p.read_text("utf-8"))
    parser.add_argument("stage", choices=stages)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--resume", action="store_true", help="go on from the run's newest checkpoint")
    given = parser.parse_args()
    stage = importlib.import_module(f"gretchen.zephyr.{given.stage}")
    return exit_code_of(given.recipe, lambda: stage.train(given.recipe, given.resume))


if __name__ == "__main__":
    sys.exit(main())
