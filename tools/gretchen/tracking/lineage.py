"""W&B's lineage graph: what a run was made from, and the weights that it made, with an adapter's files.

    link(wandb_run, input_artifacts(record), {})        a training's data, and its base or parent run
    link(wandb_run, {}, weights_artifact(run_dir))      and the weights that it made

An artifact names data or weights by their hash, in a file of a few bytes. The artifact of a LoRA run also holds the
adapter's weights and configuration; data and whole models stay on the disk. Offline an adapter is logged as online, and
`make sync` uploads it; inputs are not linked (wandb refuses `use_artifact`), but the run's config holds the same names
and hashes.
"""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.runs.folder import trained_weights
from gretchen.runs.record import RunRecord

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
MAX_ADAPTER_BYTES = 200_000_000  # an adapter above it, with trained embeddings say, stays on the disk
TIMEOUT_S = 20.0  # wandb waits without end for a server that falls silent


@dataclass(frozen=True)
class ArtifactSpec:
    """An artifact of W&B: its type, what identifies it, and the files that it holds beside that."""

    type: str
    identity: dict[str, Any]
    files: tuple[Path, ...] = ()


Artifacts = dict[str, ArtifactSpec]  # by the artifact's name


def project_artifacts(project: str, data: str, base: dict[str, str]) -> Artifacts:
    """Return the data (by hash) and the base (model and weights' hash) of a project as W&B's artifacts."""
    artifacts = {f"{project}-data": ArtifactSpec("dataset", {"data": data})} if data else {}
    return artifacts | {f"{project}-base": ArtifactSpec("model", base)}


def input_artifacts(record: RunRecord) -> Artifacts:
    """Return a training's inputs: its data, and its parent run or else its base."""
    artifacts = project_artifacts(record.project, record.data, record.base.model_dump(exclude_none=True))
    if record.parent:
        del artifacts[f"{record.project}-base"]
        artifacts |= weights_artifact(paths.root() / record.parent.run)
    return artifacts


def weights_artifact(run_dir: Path) -> Artifacts:
    """Return the weights that a run made, named by the run's id, with the files of an adapter."""
    return {f"run-{run_dir.name}": ArtifactSpec("model", {"run": run_dir.name}, adapter_files(run_dir))}


def adapter_files(run_dir: Path) -> tuple[Path, ...]:
    """Return the files of a run's adapter: () for a whole model, a large adapter, or one that is not here."""
    files = tuple(trained_weights(run_dir).absolute() / name for name in ADAPTER_FILES)
    is_whole = all(file.is_file() for file in files)
    return files if is_whole and sum(file.stat().st_size for file in files) <= MAX_ADAPTER_BYTES else ()


def link(wandb_run: Any, inputs: Artifacts, outputs: Artifacts) -> None:
    """Link a W&B run with its inputs and outputs, offline with its outputs alone. Prints a line where W&B fails."""
    if wandb_run.offline:
        inputs = {}
    if wandb_run.disabled or not (inputs or outputs):
        return
    errors: list[str] = []
    thread = threading.Thread(target=_link, args=(wandb_run, inputs, outputs, errors), daemon=True)
    thread.start()
    thread.join(TIMEOUT_S)
    if thread.is_alive() or errors:
        print(f"W&B does not link the run with its data and weights ({''.join(errors) or 'no answer'})", flush=True)


def _link(wandb_run: Any, inputs: Artifacts, outputs: Artifacts, errors: list[str]) -> None:
    """Link the run; an error is appended to `errors`."""
    try:
        for name, spec in inputs.items():
            wandb_run.use_artifact(_artifact(name, spec))
        for name, spec in outputs.items():
            wandb_run.log_artifact(_artifact(name, spec))
    except Exception as fault:  # tracking must never stop a training
        errors.append(" ".join(f"{type(fault).__name__}: {fault}".split()))


def _artifact(name: str, spec: ArtifactSpec) -> Any:
    """Return an artifact: the same content is the same version, whichever run logs it.

    The files of a finished run do not change: wandb reads them where they are, and makes no copy in the home folder.
    """
    import wandb

    artifact = wandb.Artifact(name, type=spec.type, metadata=spec.identity)
    with artifact.new_file("is.json", encoding="utf-8") as stream:
        json.dump(spec.identity, stream, sort_keys=True)
    for file in spec.files:
        artifact.add_file(str(file), policy="immutable", skip_cache=True)
    return artifact
