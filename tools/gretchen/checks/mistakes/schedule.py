"""Numbers of steps without sense: too few to learn, a warm-up without end, an evaluation after every step, none at all.

    schedule_mistakes(Subject.of(resolved))      -> problems, each with file and line

Steps follow from the training rows as `make plan` counts them; rows of a packed training are counted as they are, so
that only a stated `max_steps` is judged there. A smoke run is left out.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error, warning
from gretchen.checks.mistakes.subject import Subject, is_number
from gretchen.names import counted
from gretchen.planning.read_settings import read_settings
from gretchen.planning.rows import train_files
from gretchen.planning.settings import GENERATING_STAGES, Settings
from gretchen.planning.steps import Steps, count_steps
from gretchen.recipes.batch import ACCUMULATION, PER_DEVICE

MIN_STEPS, MAX_EPOCHS = 10, 100
MIN_SHARE_OF_ROWS = 0.2
MIN_ROWS = 20
MIN_STEPS_PER_EPOCH = 3
MAX_WARMUP = 0.5
# So many validations, each after so small a share of the rows, take longer than the training.
EVALUATIONS, MIN_ROWS_BETWEEN = 80, 0.02
MAX_CHECKPOINTS = 100
EPOCHS = {"zephyr": "num_train_epochs", "axolotl": "num_epochs"}


@dataclass(frozen=True)
class Schedule:
    """A recipe's training in numbers: rows, steps (`known`: not guessed for packed rows), rows of one step."""

    subject: Subject
    settings: Settings
    rows: int
    steps: Steps
    known: bool

    @property
    def effective(self) -> int:
        """Return the rows of one optimizer step."""
        return self.subject.resolved.effective_batch


def schedule_mistakes(subject: Subject) -> Iterator[Problem]:
    """Yield the mistakes in a recipe's numbers of steps."""
    yield from warmup_share(subject)
    schedule = schedule_of(subject)
    if schedule is None:
        return
    for check in (few_rows, few_steps, one_step_an_epoch, no_batch, warmup, evaluations, checkpoints):
        yield from check(schedule)


def schedule_of(subject: Subject) -> Schedule | None:
    """Return a recipe's schedule; None where its rows are unknown, or a smoke run shortens it."""
    rows = subject.num_rows()
    epochs = subject.values.get(EPOCHS[subject.engine])
    if not rows or subject.is_forced("max_steps") or (epochs is not None and not (is_number(epochs) and epochs > 0)):
        return None
    settings = read_settings(subject.resolved, cpu=True)
    known = not settings.packing or settings.max_steps > 0
    return Schedule(subject, settings, rows, count_steps(rows, settings), known)


def few_rows(schedule: Schedule) -> Iterator[Problem]:
    """Warn of a handful of training rows, once for a file."""
    files = train_files(schedule.subject.resolved)
    if files and schedule.rows < MIN_ROWS:
        rows = "1 training row" if schedule.rows == 1 else f"{schedule.rows} training rows"
        yield warning(f"{paths.shown(files[0])}: only {rows}: they are learned by heart")


def few_steps(schedule: Schedule) -> Iterator[Problem]:
    """Warn of a training that ends before it learns or has seen its rows, or that goes on for ever."""
    subject, steps = schedule.subject, schedule.steps
    stated = schedule.settings.max_steps > 0
    key = "max_steps" if stated else EPOCHS[subject.engine]
    if schedule.known and stated and steps.epochs > MAX_EPOCHS and subject.stage not in GENERATING_STAGES:
        times = f"{schedule.rows:,} rows {steps.epochs:,.0f} times"
        yield warning(f"{subject.at(key)}: '{key}' {steps.total:,} trains on {times}: they are known by heart")
    if not schedule.known or (steps.per_epoch < MIN_STEPS and not stated and steps.epochs >= 1):
        return
    if steps.total < MIN_STEPS:
        yield warning(
            f"{subject.at(key)}: '{key}' ends the training after {counted(steps.total, 'step')}: it hardly begins"
        )
    elif subject.stage not in GENERATING_STAGES and steps.epochs < MIN_SHARE_OF_ROWS:
        yield warning(
            f"{subject.at(key)}: '{key}' ends the training after {steps.epochs:.0%} of the {schedule.rows:,} rows"
        )


def one_step_an_epoch(schedule: Schedule) -> Iterator[Problem]:
    """Warn of a batch that the project states, so large that an epoch has one or two steps."""
    subject, steps = schedule.subject, schedule.steps
    stated = any(map(subject.is_stated, (ACCUMULATION, PER_DEVICE[subject.engine])))
    large = schedule.rows >= MIN_ROWS and schedule.effective > 1 and stated
    if schedule.known and large and steps.per_epoch < MIN_STEPS_PER_EPOCH and subject.stage not in GENERATING_STAGES:
        yield warning(
            f"{subject.at(ACCUMULATION)}: {schedule.effective:,} rows in one step leave "
            f"{counted(steps.per_epoch, 'step')} of {schedule.rows:,} rows in an epoch, {steps.total} in all: "
            "a smaller batch learns more"
        )


def no_batch(schedule: Schedule) -> Iterator[Problem]:
    """Report `dataloader_drop_last` where no batch is full: nothing is trained."""
    subject = schedule.subject
    if subject.values.get("dataloader_drop_last") is True and schedule.rows < schedule.settings.batch_size:
        yield error(
            f"{subject.at('dataloader_drop_last')}: 'dataloader_drop_last' drops the only batch: {schedule.rows} rows, "
            f"{schedule.settings.batch_size} a batch"
        )


def warmup_share(subject: Subject) -> Iterator[Problem]:
    """Report a warm-up that is no share of the steps: negative, or given in per cent."""
    ratio = subject.number("warmup_ratio")
    if ratio and not 0 <= ratio[1] <= 1:
        meant = f": {ratio[1]:g} % is {ratio[1] / 100:g}" if 1 < ratio[1] <= 100 else ""
        yield error(
            f"{subject.at('warmup_ratio')}: 'warmup_ratio' {ratio[1]:g} is no share of the steps, 0 to 1{meant}"
        )
    elif ratio and ratio[1] > MAX_WARMUP:
        yield warning(
            f"{subject.at('warmup_ratio')}: 'warmup_ratio' {ratio[1]:g}: the rate rises for most of the training"
        )
    steps = subject.number("warmup_steps")
    if steps and steps[1] < 0:
        yield error(f"{subject.at('warmup_steps')}: 'warmup_steps' is {steps[1]:g}: it cannot be negative")
    elif steps and MAX_WARMUP < steps[1] < 1:
        yield warning(
            f"{subject.at('warmup_steps')}: 'warmup_steps' {steps[1]:g}: the rate rises for most of the training"
        )


def warmup(schedule: Schedule) -> Iterator[Problem]:
    """Report a warm-up that is longer than the training: the learning rate is never reached."""
    subject, total = schedule.subject, schedule.steps.total
    steps = subject.number("warmup_steps")
    if not steps or steps[1] < 1 or not schedule.known:
        return
    at = f"{subject.at('warmup_steps')}: 'warmup_steps' {steps[1]:g}"
    by_recipe = subject.is_stated("warmup_steps")
    if steps[1] >= total and by_recipe:
        yield error(f"{at}: the training has {counted(total, 'step')}, so the learning rate is never reached")
    elif steps[1] > MAX_WARMUP * total and by_recipe:
        yield warning(f"{at} of {total} steps: the rate rises for most of the training")


def evaluations(schedule: Schedule) -> Iterator[Problem]:
    """Warn of validation that costs more than the training, and of one that never comes."""
    subject, total = schedule.subject, schedule.steps.total
    every = steps_between(schedule, "eval")
    if not schedule.known or every is None:
        return
    key, steps = every
    if steps > total and not subject.is_forced(key):
        yield warning(f"{subject.at(key)}: '{key}': the first validation would come after {steps:,} of {total:,} steps")
    elif total / steps >= EVALUATIONS and steps * schedule.effective < schedule.rows * MIN_ROWS_BETWEEN:
        yield warning(
            f"{subject.at(key)}: '{key}': {int(total / steps):,} validations in {total:,} steps take longer than the "
            "training"
        )


def checkpoints(schedule: Schedule) -> Iterator[Problem]:
    """Warn of hundreds of checkpoints that are all kept."""
    subject, every = schedule.subject, steps_between(schedule, "save")
    if not schedule.known or every is None or is_number(subject.values.get("save_total_limit")):
        return
    key, steps = every
    if schedule.steps.total / steps > MAX_CHECKPOINTS:
        num_checkpoints = int(schedule.steps.total / steps)
        yield warning(f"{subject.at(key)}: '{key}' keeps {num_checkpoints:,} checkpoints: set 'save_total_limit'")


def steps_between(schedule: Schedule, kind: str) -> tuple[str, float] | None:
    """Return (key, steps between two validations or checkpoints) where a recipe counts them in steps, else None."""
    subject = schedule.subject
    per_epoch = subject.number(f"{kind}s_per_epoch")
    if per_epoch and per_epoch[1] > 0:
        return per_epoch[0], max(1, math.ceil(schedule.steps.per_epoch / per_epoch[1]))
    steps = subject.number(f"{kind}_steps")
    strategy = subject.setting(f"{kind}_strategy")
    by_steps = strategy == "steps" or (strategy is None and subject.engine == "axolotl")
    if not by_steps or not steps or steps[1] <= 0:
        return None
    return steps[0], steps[1] if steps[1] >= 1 else max(1, math.ceil(steps[1] * schedule.steps.total))
