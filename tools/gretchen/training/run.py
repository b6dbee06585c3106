"""One training from its recipe.yaml to a finished run: the same steps for a project, a standalone recipe and a base.

    run_training(training, launch, num_gpus=1, resume=False)         -> the finished run's folder

Its callers (job.py, standalone.py, base_model.py) resolve the recipe, check it, and say what the record holds.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import write_json
from gretchen.models.files import read_json
from gretchen.models.locate import weights_hash
from gretchen.models.pretrained import local_folder
from gretchen.provenance import now, smoke_note
from gretchen.runs.folder import checkpoint_step, create_run, latest_checkpoint, point_latest, trained_weights
from gretchen.runs.locks import writer_lock
from gretchen.runs.metrics import read_metrics
from gretchen.runs.model_card import write_model_card
from gretchen.runs.record import Resumption, RunRecord, read_record, update_record
from gretchen.safe_text import visible
from gretchen.training.resume import refuse_changes

# Trains a run's recipe.yaml to its end: on how many GPUs, whether from the newest checkpoint.
Engine = Callable[[Path, int, bool], None]
# What the trainer logs about a whole training, and the field of run.json that keeps it.
MEASUREMENTS = {
    "num_tokens": "tokens",
    "tokens/trainable": "trained_tokens",
    "train_runtime": "train_seconds",
    "peak_memory_gib": "peak_memory_gib",
    "peak_gpu_memory_gib": "peak_gpu_memory_gib",
}


class GateMissed(WorkError):
    """The trained weights are below the accuracy that is required of them; the run's status becomes "missed"."""


def do_nothing(run_dir: Path) -> None:
    """Do nothing: most trainings need no files beside the recipe, and no step after the engine."""


@dataclass(frozen=True)
class Training:
    """A training that is about to start: its folder, the text of recipe.yaml, its record, and what to print.

    `prepare` writes what the recipe reads from the run's folder; `complete` is the last step before the run counts as
    finished, and raises GateMissed where the weights are not good enough. `resume_command` is printed after Ctrl-C.
    """

    run_dir: Path
    recipe_text: str
    record: RunRecord
    title: str
    notes: tuple[str, ...] = ()
    resume_command: str = ""
    prepare: Callable[[Path], None] = do_nothing
    complete: Callable[[Path], None] = do_nothing


def run_training(training: Training, engine: Engine, num_gpus: int, resume: bool) -> Path:
    """Train in a new run folder, or continue the run in an existing one, and return the finished run's folder.

    Raises UserError where recipe, data or weights differ from those of the run to resume, WorkError where another
    process trains that recipe. How the training ended is recorded in run.json.
    """
    run_dir, record = training.run_dir, training.record
    with writer_lock(run_dir.parent, f"{record.recipe} of {record.project}"):
        if resume:
            refuse_changes(run_dir, training.recipe_text, record.data, record.start.weights)
            resumption = Resumption(at=now(), step=checkpoint_step(latest_checkpoint(run_dir)))
            update_record(run_dir, status="running", resumed=(*read_record(run_dir).resumed, resumption))
        else:
            create_run(run_dir, training.recipe_text, record)
        announce(training, resume)
        with recorded_end(training):
            if not latest_checkpoint(run_dir):
                training.prepare(run_dir)
            engine(run_dir, num_gpus, resume)
            require_weights(run_dir)
            name_base(trained_weights(run_dir), record.start.model)
            training.complete(run_dir)
        finish(run_dir)
    return run_dir


def announce(training: Training, resume: bool) -> None:
    """Print what is about to be trained, from what, into which folder."""
    print(visible(f"{'resuming' if resume else 'training'} {training.title}"))
    for note in (*filter(None, [smoke_note()]), *training.notes):
        print(visible(note))
    print(f"run: {paths.shown(training.run_dir)} (recipe.yaml, train.log)", flush=True)


@contextlib.contextmanager
def recorded_end(training: Training) -> Iterator[None]:
    """Record in run.json how the block ended when it did not end well, and let the exception pass."""
    try:
        yield
    except KeyboardInterrupt:
        record_status(training.run_dir, "stopped")
        if training.resume_command:
            print(f"\n{resume_note(training)}", file=sys.stderr)
        raise
    except GateMissed:
        record_status(training.run_dir, "missed")
        raise
    except BaseException:
        record_status(training.run_dir, "failed")
        raise


def resume_note(training: Training) -> str:
    """Return how a stopped training is continued, and from where."""
    step = checkpoint_step(latest_checkpoint(training.run_dir))
    if step:
        return f"`{training.resume_command}` continues from the checkpoint of step {step:,}"
    return f"no checkpoint was written yet: `{training.resume_command}` begins at step 0"


def record_status(run_dir: Path, status: str) -> None:
    """Record how a training ended; on a full disk the record stays as it is, and the first error is the one to see."""
    with contextlib.suppress(WorkError):
        update_record(run_dir, status=status, finished=now())


def require_weights(run_dir: Path) -> None:
    """Raise WorkError where the engine left neither adapter/ nor model/."""
    if not trained_weights(run_dir).is_dir():
        hint = f"the whole output: {paths.shown(run_dir / 'train.log')}"
        raise WorkError("the engine ended without saving weights", hint)


def name_base(adapter: Path, model: str) -> None:
    """Let adapter_config.json name the base by its hub id, where training read it from this machine's cache."""
    file = adapter / "adapter_config.json"
    if file.is_file() and local_folder(model):
        write_json(file, read_json(file) | {"base_model_name_or_path": model})


def finish(run_dir: Path) -> None:
    """Record a finished training with the hash of its weights and its measurements, and let `latest` point to it."""
    weights = weights_hash(trained_weights(run_dir))
    record = update_record(run_dir, status="finished", finished=now(), weights=weights, **measured(run_dir))
    write_model_card(run_dir, trained_weights(run_dir))
    if record.is_default_run and not record.smoke:
        point_latest(run_dir)


def measured(run_dir: Path) -> dict[str, float]:
    """Return {field of run.json: value} of what the trainer measured: tokens, seconds, peak memory in GiB."""
    rows = read_metrics(run_dir)
    return {field: row[name] for row in rows for name, field in MEASUREMENTS.items() if name in row}
