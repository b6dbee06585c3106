"""`python -m gretchen.training.worker RUN [--resume]`: train a run's recipe in this process, by its engine.

In a project's run the deep checks come first; afterwards three held-out prompts are answered by the model it started
from and by the trained one, or a reward model scores held-out pairs. A standalone recipe is validated by its engine and
trained. A failure is written to failure.json.
"""

import argparse
import gc
import importlib
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gretchen.checks.deep import check_deep, check_validators
from gretchen.errors import GretchenError
from gretchen.hardware import is_main_process
from gretchen.models.finite import require_finite
from gretchen.runs.folder import run_recipe, trained_weights
from gretchen.runs.record import RunRecord, find_record, update_record
from gretchen.scoring.domain import domain_mismatch
from gretchen.scoring.reward_models import write_preference_result
from gretchen.scoring.samples import write_samples
from gretchen.services import stay_offline, without_hub_kernels
from gretchen.tracking.run import tracked
from gretchen.training.failure import write_failure
from gretchen.training.process import end_children_with_this_process

Train = Callable[[], Path]  # returns the folder of what was trained


def main() -> int:
    """Parse the command line, train, and return the exit code of the training process."""
    parser = argparse.ArgumentParser(prog="python -m gretchen.training.worker", description=__doc__)
    parser.add_argument("run", type=Path, help="the run's folder, with recipe.yaml and run.json")
    parser.add_argument("--resume", action="store_true", help="continue from the run's newest checkpoint")
    options = parser.parse_args()
    stay_offline()
    end_children_with_this_process()
    if not names_hub_kernels(options.run):
        without_hub_kernels()
    sys.argv = sys.argv[:1]  # axolotl's entry reads what is left there
    return exit_code_of(options.run, partial(train_by_engine, options.run, options.resume))


def names_hub_kernels(run_dir: Path) -> bool:
    """Return whether a run's recipe asks for kernels from the hub: `use_kernels`, or an attention of owner/name."""
    values = run_recipe(run_dir)
    return bool(values.get("use_kernels") or "/" in str(values.get("attn_implementation")))


def train_by_engine(run_dir: Path, resume: bool) -> Path:
    """Train a run's recipe by its engine, for its stage, and return the folder of what was trained."""
    record = find_record(run_dir)
    assert record is not None, f"{run_dir} holds no run.json"
    engine = importlib.import_module(f"gretchen.engines.{record.engine}.train")
    return engine.train(run_dir / "recipe.yaml", record.stage, resume)


def exit_code_of(run_dir: Path, train: Train) -> int:
    """Run a training and return the exit code of its process; a failure is printed and written to failure.json."""
    try:
        run_worker(run_dir, train)
    except Exception as error:
        record = find_record(run_dir)
        failure = write_failure(run_dir, error, record.engine if record else "")
        print(error if isinstance(error, GretchenError) else traceback.format_exc(), file=sys.stderr, flush=True)
        return failure.exit_code
    return 0


def run_worker(run_dir: Path, train: Train) -> None:
    """Check deeply, train, and show in a project's run what was learned: samples, or a reward model's pairs."""
    record = find_record(run_dir)
    if record is not None and record.kind == "standalone":
        check_validators(run_dir / "recipe.yaml").raise_if_failed()
    if record is None or record.kind != "project":
        train_if_needed(run_dir, train)
        return
    check_project_run(run_dir, record)
    trained = train_if_needed(run_dir, train)
    if is_main_process():
        if record.stage == "reward":
            write_preference_result(run_dir, record.project)
        else:
            write_samples(run_dir, record.project, trained)


def train_if_needed(run_dir: Path, train: Train) -> Path:
    """Return the folder of what was trained; it exists where a run was stopped between its training and its samples.

    Raises WorkError for weights that are not finite.
    """
    trained = trained_weights(run_dir)
    if not trained.is_dir():
        with tracked(run_dir):
            trained = train()
        gc.collect()  # the trainer, whose references form cycles, keeps its model otherwise
    if is_main_process():
        require_finite(trained)
    return trained


def check_project_run(run_dir: Path, record: RunRecord) -> None:
    """Run the deep checks and record their warnings for the progress line. Raises UserError where one fails."""
    report = check_deep(record.project, run_dir / "recipe.yaml")
    report.raise_if_failed()
    if is_main_process():
        warnings = [*(f"warning: {line}" for line in report.warnings), domain_warning(record)]
        update_record(run_dir, warning="\n".join(filter(None, warnings)) or None)


def domain_warning(record: RunRecord) -> str | None:
    """Return the warning that a project's embedded base was pretrained for another domain; None where it was not."""
    starts_from_own_base = not record.parent and record.base.model == f"projects/{record.project}/base"
    return domain_mismatch(record.project) if starts_from_own_base else None


if __name__ == "__main__":
    sys.exit(main())
