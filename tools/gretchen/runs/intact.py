"""Is what a run trained still there, as its record has it?

require_intact(run_dir, record)     -> the hash of its weights
"""

from pathlib import Path

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.models.locate import weights_hash
from gretchen.runs.folder import trained_weights
from gretchen.runs.record import RunRecord

HINT = "train the recipe again, or remove the run's folder"


def require_intact(run_dir: Path, record: RunRecord) -> str:
    """Return the hash of a finished run's weights.

    Raises WorkError where the run was removed, or its weights are not those that the training wrote.
    """
    folder = trained_weights(run_dir)
    if not folder.is_dir():
        raise WorkError(f"{paths.shown(run_dir)} has neither adapter/ nor model/ any more", HINT)
    current = weights_hash(folder)
    if record.weights and current != record.weights:
        problem = f"the weights in {paths.shown(folder)} were changed or cut since the training: not those of run.json"
        raise WorkError(problem, HINT)
    return current
