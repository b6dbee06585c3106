"""W&B's lineage graph: what an online run was made from, and that it made weights.

    link(wandb_run, input_artifacts(record), {})                        a training's data, and its base or parent run
    link(wandb_run, {}, weights_artifact("20261125-105514-7a3b"))       and the weights that it made

These artifacts are files of a few bytes that name data or weights and their hash; data and weights stay on the disk.
Offline there are no links (wandb refuses `use_artifact`), but the run's config holds the same names and hashes.
"""

import json
import threading
from pathlib import Path
from typing import Any

from gretchen.runs.record import RunRecord

Artifacts = dict[str, tuple[str, dict[str, Any]]]  # {artifact name: (artifact type, what identifies it)}
TIMEOUT_S = 20.0  # wandb waits without end for a server that falls silent


def project_artifacts(project: str, data: str, base: dict[str, str]) -> Artifacts:
    """Return the data (by hash) and the base (model and weights' hash) of a project as W&B's artifacts."""
    artifacts: Artifacts = {f"{project}-data": ("dataset", {"data": data})} if data else {}
    return artifacts | {f"{project}-base": ("model", base)}


def input_artifacts(record: RunRecord) -> Artifacts:
    """Return a training's inputs: its data, and its parent run or else its base."""
    artifacts = project_artifacts(record.project, record.data, record.base.model_dump(exclude_none=True))
    if record.parent:
        del artifacts[f"{record.project}-base"]
        artifacts |= weights_artifact(Path(record.parent.run).name)
    return artifacts


def weights_artifact(run: str) -> Artifacts:
    """Return the weights that a run made, named by the run's id."""
    return {f"run-{run}": ("model", {"run": run})}


def link(wandb_run: Any, inputs: Artifacts, outputs: Artifacts) -> None:
    """Link an online W&B run with its inputs and outputs; offline do nothing. Prints a line where W&B fails."""
    if wandb_run.offline or wandb_run.disabled:
        return
    errors: list[str] = []
    thread = threading.Thread(target=_link, args=(wandb_run, inputs, outputs, errors), daemon=True)
    thread.start()
    thread.join(TIMEOUT_S)
    if thread.is_alive() or errors:
        print(f"W&B does not link the run with its inputs ({''.join(errors) or 'no answer'})", flush=True)


def _link(wandb_run: Any, inputs: Artifacts, outputs: Artifacts, errors: list[str]) -> None:
    """Link the run; an error is appended to `errors`."""
    try:
        for name, (kind, content) in inputs.items():
            wandb_run.use_artifact(_artifact(name, kind, content))
        for name, (kind, content) in outputs.items():
            wandb_run.log_artifact(_artifact(name, kind, content))
    except Exception as fault:  # tracking must never stop a training
        errors.append(" ".join(f"{type(fault).__name__}: {fault}".split()))


def _artifact(name: str, kind: str, content: dict[str, Any]) -> Any:
    """Return an artifact of one small file: the same content is the same version, whichever run logs it."""
    import wandb

    artifact = wandb.Artifact(name, type=kind, metadata=content)
    with artifact.new_file("is.json", encoding="utf-8") as stream:
        json.dump(content, stream, sort_keys=True)
    return artifact
