"""A W&B run that can neither end nor hold up the work: offline where the server refuses, bounded at the end.

    with tracked(run): …    around a training, in the engine's process
    curves(run)             transformers' W&B callback, which goes on with the open run
    opened(config=…, …)     the run of anything else that is tracked

A wrong key, a project one may not write to, a server that stops answering: each is told in a line, and what is tracked
stays on disk for `make sync`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.hardware import is_main_process
from gretchen.runs.record import RunRecord, find_record, read_record, update_record
from gretchen.tracking import lineage
from gretchen.tracking.environment import asks, recipe, reports

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
def tracked(run: Path) -> Iterator[None]:
    """Keep the W&B run of a training open while the block runs, unless its recipe says otherwise.

    Only the first of several processes tracks. A training that fails is marked as failed by wandb itself.
    """
    if not is_main_process() or not find_record(run) or not reports(recipe(run)):
        yield
        return
    begun = opened(config=config(run))
    if address := address_of(begun):
        update_record(run, wandb=address)
    lineage.link(begun, lineage.inputs_of(read_record(run)), {})
    yield
    lineage.link(begun, {}, lineage.trained(run.name))
    finish(begun)


def curves(run: Path) -> list[Any]:
    """Return the callback that logs the curves; [] where the run is not tracked, or its recipe names it itself."""
    values = recipe(run) if find_record(run) else None
    if values is None or asks(values) or not reports(values):
        return []
    from transformers.integrations import WandbCallback

    return [WandbCallback()]


def opened(**asked: Any) -> Any:
    """Return the run that `wandb.init(**asked)` opens, offline where it cannot be opened otherwise."""
    import wandb

    try:
        return wandb.init(**asked)
    except Exception as fault:  # whatever it is: the work matters more
        told = " ".join(f"{type(fault).__name__}: {fault}".split())
        print(f"W&B does not open the run ({told}): tracking offline, `make sync` uploads it later", flush=True)
        wandb.teardown()  # else the half-opened run keeps its id
        return wandb.init(**asked | {"mode": "offline"})


def address_of(begun: Any) -> str | None:
    """Return the address of an open W&B run; None offline (wandb would print a warning when asked)."""
    return None if begun.offline or begun.disabled else begun.url


def finish(begun: Any) -> None:
    """End a W&B run; one that was uploaded on the way is marked as wandb's own sync does, so that it is not again."""
    place, name, online = Path(begun.dir).parent, f"run-{begun.id}.wandb", address_of(begun)
    try:
        begun.finish()
    except TimeoutError:
        print("W&B does not answer any more: `make sync` uploads the rest", flush=True)
    else:
        if online:
            (place / f"{name}.synced").touch()


def config(run: Path) -> dict[str, Any]:
    """Return what W&B is told of a training: the resolved recipe, its inputs by name and hash, its circumstances."""
    record = read_record(run)
    return {
        "recipe": recipe(run),
        "inputs": inputs(record),
        "run": {"id": run.name} | {key: getattr(record, key) for key in RUN_KEYS},
    }


def inputs(record: RunRecord) -> dict[str, Any]:
    """Return what run.json says that a run was made from: base, parent run, data, code.

    W&B's own links (lineage.py) do not exist offline. A hash finds the same runs; the parent's W&B address stands
    beside it where it has one.
    """
    parent = None
    if record.parent:
        parent = record.parent.model_dump() | {"wandb": read_record(paths.root() / record.parent.run).wandb}
    return {"base": record.base.model_dump(), "parent": parent, "data": record.data, "git": record.git}
