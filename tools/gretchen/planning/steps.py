"""From rows to optimizer steps, of an epoch and of a whole training: count_steps(2000, settings).total."""

import math
from dataclasses import dataclass

from gretchen.planning.settings import Settings


@dataclass(frozen=True)
class Steps:
    """Optimizer steps of an epoch and of the whole training, and its number of epochs."""

    per_epoch: int
    total: int
    epochs: float


def count_steps(sequences: int, settings: Settings, rows_in_steps: int = 0) -> Steps:
    """Return the steps of a number of training sequences (transformers.Trainer.set_initial_training_values).

    `rows_in_steps`: the rows that axolotl computes its own number from, where the trainer drops some of them later.
    """
    per_epoch = max(1, math.ceil(num_batches(sequences, settings) / settings.accumulation))
    if settings.max_steps > 0:
        return Steps(per_epoch, settings.max_steps, settings.max_steps / per_epoch)
    effective = settings.batch_size * settings.accumulation * settings.devices
    if settings.stage == "ppo":  # PPOTrainer counts completions, over all epochs
        episodes = settings.total_episodes or int(settings.epochs * sequences)
        return Steps(per_epoch, math.ceil(episodes / effective), episodes / sequences)
    if settings.engine == "axolotl" and not settings.packing and settings.stage != "grpo":
        # calculate_total_num_steps, load_preference_datasets: rows of all epochs together, passed on as max_steps.
        total = math.ceil((rows_in_steps or sequences) * settings.epochs / effective)
        return Steps(per_epoch, total, total / per_epoch)
    return Steps(per_epoch, math.ceil(settings.epochs * per_epoch), settings.epochs)


def num_batches(sequences: int, settings: Settings) -> int:
    """Return the batches of an epoch on one device."""
    if settings.stage in ("grpo", "rloo"):
        # RepeatSampler: groups of as many prompts as are generated for at once; an incomplete group is skipped.
        generated = settings.generation_batch_size
        groups = sequences // max(1, generated // settings.num_generations)
        return groups * settings.num_iterations * (generated // (settings.batch_size * settings.devices))
    return math.ceil(math.ceil(sequences / settings.devices) / settings.batch_size)
