"""W&B's lineage graph: what an online run was made from, and that it made weights.

    link(begun, inputs_of(record), {})                   a training with its data, and its base or its parent run
    link(begun, {}, trained("20261125-105514-7a3b"))     and with what came out

An artifact here is a file of a few bytes that names a thing and its hash; data and weights stay on the disk. Offline
there are no links (wandb refuses `use_artifact`): the run's config holds the same names and hashes in any case.
"""

import json
import threading
from pathlib import Path
from typing import Any

from gretchen.runs.record import RunRecord

Things = dict[str, tuple[str, dict[str, Any]]]  # {artifact name: (artifact type, what identifies it)}
PATIENCE_S = 20.0  # wandb waits without end for a server that falls silent


def made_from(project: str, data: str, base: dict[str, str]) -> Things:
    """Return the data (by hash) and the base (model and weights' hash) of a project as W&B's artifacts."""
    things: Things = {f"{project}-data": ("dataset", {"data": data})} if data else {}
    return things | {f"{project}-base": ("model", base)}


def inputs_of(record: RunRecord) -> Things:
    """Return what a training was made from: its data, and its parent run or else its base."""
    things = made_from(record.project, record.data, record.base.model_dump())
    if record.parent:
        del things[f"{record.project}-base"]
        things |= trained(Path(record.parent.run).name)
    return things


def trained(run: str) -> Things:
    """Return the weights that a run made, named by the run's id."""
    return {f"run-{run}": ("model", {"run": run})}


def link(begun: Any, inputs: Things, outputs: Things) -> None:
    """Link an online W&B run with its inputs and outputs; nothing offline. Where W&B fails it is told in a line."""
    if begun.offline or begun.disabled:
        return
    said: list[str] = []
    work = threading.Thread(target=_link, args=(begun, inputs, outputs, said), daemon=True)
    work.start()
    work.join(PATIENCE_S)
    if work.is_alive() or said:
        print(f"W&B does not link the run with its inputs ({''.join(said) or 'no answer'})", flush=True)


def _link(begun: Any, inputs: Things, outputs: Things, said: list[str]) -> None:
    """Do it; put what went wrong into `said`."""
    try:
        for name, (kind, content) in inputs.items():
            begun.use_artifact(_artifact(name, kind, content))
        for name, (kind, content) in outputs.items():
            begun.log_artifact(_artifact(name, kind, content))
    except Exception as fault:  # whatever it is: the work matters more
        said.append(" ".join(f"{type(fault).__name__}: {fault}".split()))


def _artifact(name: str, kind: str, content: dict[str, Any]) -> Any:
    """Return an artifact of one small file: the same content is the same version, whichever run tells it."""
    import wandb

    artifact = wandb.Artifact(name, type=kind, metadata=content)
    with artifact.new_file("is.json", encoding="utf-8") as stream:
        json.dump(content, stream, sort_keys=True)
    return artifact
