"""How often a reward model gives the right answer of a held-out pair the higher score.

A reward model writes no answers, so it stands in a table of its own; by chance it would be right in half of the pairs.
The margin is the difference of the two scores, on a scale of the model's own. Answers are read up to the token that
ends them, as reward.py trained them and as PPO shows them.
"""

from functools import partial
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.models.generate import Model, load
from gretchen.provenance import is_smoke
from gretchen.runs.record import read_record, update_record
from gretchen.scoring import preferences
from gretchen.scoring.systems import System, system, template_text
from gretchen.scoring.testset import SMOKE_LIMIT

Row = dict[str, Any]


def scores(model: Model, rows: list[Row], side: str) -> list[float]:
    """Return a reward model's score of each pair's "chosen" or "rejected" answer."""
    import torch

    found = []
    for row in rows:  # one by one: padding would have to be known to every architecture's head
        ids, _ = preferences.encode(model, row, row[side])
        with torch.inference_mode():
            found.append(float(model.model(torch.tensor([ids], device=model.model.device)).logits[0, 0]))
    return found


def margins(model: Model, rows: list[Row]) -> list[float]:
    """Return for each pair the chosen answer's score less the rejected one's."""
    both = (scores(model, rows, side) for side in ("chosen", "rejected"))
    return [one - other for one, other in zip(*both, strict=True)]


def told_of(project: str, judge: System, template: str, rows: list[Row]) -> dict[str, Any]:
    """Return what the pairs say of a reward model: accuracy and margin with intervals; asked once, kept on disk."""
    get = partial(load, judge.model if judge.adapter else paths.shown(judge.folder), judge.adapter, template, True)
    found = preferences.margins_of(project, judge.weights, template, rows, get, margins)
    return preferences.told_of(found, None, None)


def tell(project: str, judges: list[System], template: str, rows: list[Row]) -> list[dict[str, Any]]:
    """Return a dict per reward model, as results.json holds it; [] without pairs."""
    return [
        {"name": one.name, "run": one.run.name, "weights": one.weights} | told_of(project, one, template, rows)
        for one in (judges if rows else [])
    ]


def write_pairs(run: Path, project: str) -> None:
    """Measure the reward model that a run has trained on held-out pairs, and keep the figures in its run.json."""

    judge = system(run, alone=True)
    rows = preferences.pairs(project, SMOKE_LIMIT if is_smoke() else 0)
    if rows:
        update_record(run, pairs=told_of(project, judge, template_text(judge.folder) or "", rows))


def print_pairs(run: Path) -> None:
    """Print how the run's reward model judges held-out pairs; nothing where it is none."""
    told = read_record(run).pairs
    if told:
        right = told["accuracy"]
        interval = f"{right['value']:.3f} [{right['low']:.3f}, {right['high']:.3f}]"
        print(f"\nthe right answer of a held-out pair scores higher: {interval} of {told['count']:,} pairs")
