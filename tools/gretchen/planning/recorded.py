"""What the newest finished run of the same recipe and profile measured: throughput, and its process's peak memory.

    recorded_throughput("genome-chatbot", "sft.zephyr", "tiny").tokens_per_second

A plan shows both beside what it computes. A throughput is recorded or stated by the user; it is never estimated.
"""

from dataclasses import dataclass

from gretchen import paths
from gretchen.runs.store import newest_run


@dataclass(frozen=True)
class Throughput:
    """Tokens per second, and where the figure is from: "stated", or a run."""

    tokens_per_second: float
    source: str


@dataclass(frozen=True)
class MeasuredPeak:
    """The resident memory of a training's process at its peak in GiB, libraries included, and the run."""

    gib: float
    source: str


def recorded_throughput(project: str, recipe: str, profile: str) -> Throughput | None:
    """Return the throughput of the newest finished run of a recipe under a profile; None where there is none.

    Tokens are those that the engine counted; the time includes evaluations.
    """
    run = newest_run(project, recipe, profile)
    if not run or not run.record.tokens or not run.record.train_seconds:
        return None
    return Throughput(run.record.tokens / run.record.train_seconds, paths.shown(run.path))


def recorded_peak(project: str, recipe: str, profile: str) -> MeasuredPeak | None:
    """Return the peak memory of the newest finished run of a recipe under a profile; None where there is none."""
    run = newest_run(project, recipe, profile)
    if not run or not run.record.peak_memory_gib:
        return None
    return MeasuredPeak(run.record.peak_memory_gib, paths.shown(run.path))
