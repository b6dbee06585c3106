"""What the newest finished run of the same recipe and profile measured: throughput, and its process's peak memory.

    recorded("genome-chatbot", "sft.zephyr", "tiny").throughput

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


@dataclass(frozen=True)
class Recorded:
    """What a run recorded; None where it did not, or where there is no run.

    The throughput is of the tokens that the engine counted, over a time that includes evaluations.
    """

    throughput: Throughput | None = None
    peak: MeasuredPeak | None = None


def recorded(project: str, recipe: str, profile: str) -> Recorded:
    """Return what the newest finished run of a recipe under a profile recorded."""
    run = newest_run(project, recipe, profile)
    if not run:
        return Recorded()
    source, record = paths.shown(run.path), run.record
    has_time = record.tokens and record.train_seconds
    return Recorded(
        Throughput(record.tokens / record.train_seconds, source) if has_time else None,
        MeasuredPeak(record.peak_memory_gib, source) if record.peak_memory_gib else None,
    )
