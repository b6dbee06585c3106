"""A W&B run that can neither end nor hold up the work: offline where the server refuses, bounded at the end.

    with tracked(run_dir): …     around a training, in the engine's process
    curve_callbacks(run_dir)     transformers' W&B callback, which logs to the open run
    open_run(config=…, …)        the run of anything else that is tracked

A wrong key, a project without write access, a server that stops answering: each prints a line, and what is tracked
stays on disk for `make sync`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.hardware import is_main_process
from gretchen.runs.folder import run_recipe
from gretchen.runs.record import RunRecord, find_record, read_record, update_record
from gretchen.tracking import lineage
from gretchen.tracking.environment import is_tracked, reports_to_wandb

RUN_KEYS = (
    "project",
    "recipe",
    "stage",
    "engine",
    "profile",
    "seed",
    "smoke",
    "set",
    "hardware",
    "versions",
    "started",
)


@contextlib.contextmanager
def tracked(run_dir: Path) -> Iterator[None]:
    """Keep the W&B run of a training open while the block runs, unless its recipe reports elsewhere.

    Only the first of several processes tracks. A training that fails is marked as failed by wandb itself.
    """
    if not is_main_process() or not find_record(run_dir) or not is_tracked(run_recipe(run_dir)):
        yield
        return
    wandb_run = open_run(config=run_config(run_dir))
    if address := address_of(wandb_run):
        update_record(run_dir, wandb=address)
    lineage.link(wandb_run, lineage.input_artifacts(read_record(run_dir)), {})
    yield
    lineage.link(wandb_run, {}, lineage.weights_artifact(run_dir))
    finish(wandb_run)


def curve_callbacks(run_dir: Path) -> list[Any]:
    """Return the callback that logs the curves; [] where the run is not tracked, or its recipe adds the callback."""
    values = run_recipe(run_dir) if find_record(run_dir) else None
    if values is None or reports_to_wandb(values) or not is_tracked(values):
        return []
    from transformers.integrations import WandbCallback

    return [WandbCallback()]


def open_run(**options: Any) -> Any:
    """Return the run that `wandb.init(**options)` opens, offline where it cannot be opened otherwise."""
    import wandb

    try:
        return wandb.init(**options)
    except Exception as fault:  # tracking must never stop a training
        reason = " ".join(f"{type(fault).__name__}: {fault}".split())
        print(f"W&B does not open the run ({reason}): tracking offline, `make sync` uploads it later", flush=True)
        wandb.teardown()  # else the half-opened run keeps its id
        return wandb.init(**options | {"mode": "offline"})


def address_of(wandb_run: Any) -> str | None:
    """Return the address of an open W&B run; None offline, where wandb would print a warning."""
    return None if wandb_run.offline or wandb_run.disabled else wandb_run.url


def finish(wandb_run: Any) -> None:
    """End a W&B run; an online one is marked as uploaded, as wandb's own sync does."""
    folder, name, online = Path(wandb_run.dir).parent, f"run-{wandb_run.id}.wandb", address_of(wandb_run)
    try:
        wandb_run.finish()
    except TimeoutError:
        print("W&B does not answer any more: `make sync` uploads the rest", flush=True)
    else:
        if online:
            (folder / f"{name}.synced").touch()


def run_config(run_dir: Path) -> dict[str, Any]:  # W&B's config is free-form
    """Return a training's W&B config: the resolved recipe, its inputs by name and hash, keys of run.json."""
    record = read_record(run_dir)
    return {
        "recipe": run_recipe(run_dir),
        "inputs": run_inputs(record),
        "run": {"id": run_dir.name} | {key: getattr(record, key) for key in RUN_KEYS},
    }


def run_inputs(record: RunRecord) -> dict[str, Any]:  # a part of W&B's free-form config
    """Return a run's inputs from its record: base, parent run, data, code.

    Offline there are no W&B links (lineage.py); the hashes identify the same runs. The parent's W&B address is added
    where it has one.
    """
    parent = None
    if record.parent:
        parent = record.parent.model_dump() | {"wandb": read_record(paths.root() / record.parent.run).wandb}
    return {"base": record.base.model_dump(), "parent": parent, "data": record.data, "git": record.git}
