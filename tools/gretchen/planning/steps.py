"""From rows to steps and time: how many optimizer steps an epoch has, how many tokens pass, how long that takes.

    steps(2000, settings).total

A throughput is stated by the user or was recorded by a run of the same recipe and profile; none is ever guessed.
"""

import math
from dataclasses import dataclass

from gretchen import paths
from gretchen.planning.settings import Settings
from gretchen.runs.store import newest_run


@dataclass(frozen=True)
class Steps:
    """Optimizer steps: of an epoch (with its share of a step), and of the whole training; `epochs` that it makes."""

    per_epoch: int
    total: int
    epochs: float


def steps(sequences: int, s: Settings, told: int = 0) -> Steps:
    """Return the steps that so many training sequences make (transformers.Trainer.set_initial_training_values).

    `told`: the rows that axolotl works out its own number from, where the trainer drops some of them later.
    """
    per_epoch = max(1, math.ceil(batches(sequences, s) / s.accumulation))
    if s.max_steps > 0:
        return Steps(per_epoch, s.max_steps, s.max_steps / per_epoch)
    effective = s.rows * s.accumulation * s.devices
    if s.stage == "ppo":  # PPOTrainer counts answers, over all epochs
        episodes = s.episodes or int(s.epochs * sequences)
        return Steps(per_epoch, math.ceil(episodes / effective), episodes / sequences)
    if s.engine == "axolotl" and not s.packing and s.stage != "grpo":
        # calculate_total_num_steps, load_preference_datasets: rows of all epochs together, handed on as max_steps.
        total = math.ceil((told or sequences) * s.epochs / effective)
        return Steps(per_epoch, total, total / per_epoch)
    return Steps(per_epoch, math.ceil(s.epochs * per_epoch), s.epochs)


def batches(sequences: int, s: Settings) -> int:
    """Return the batches of an epoch on one device."""
    if s.stage in ("grpo", "rloo"):
        # RepeatSampler: as many prompts together as are written to at once, each so often; what is left is not taken.
        groups = sequences // max(1, s.drawn // s.answers)
        return groups * s.iterations * (s.drawn // (s.rows * s.devices))
    return math.ceil(math.ceil(sequences / s.devices) / s.rows)


def recorded(project: str, recipe: str, profile: str) -> tuple[float, str] | None:
    """Return (tokens a second, run) of the newest finished run of a recipe under a profile; None where there is none.

    Tokens are those that the engine counted, evaluations' time is in it.
    """
    run = newest_run(project, recipe, profile)
    if not run or not run.record.tokens or not run.record.train_seconds:
        return None
    return run.record.tokens / run.record.train_seconds, paths.shown(run.path)
