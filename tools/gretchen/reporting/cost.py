"""What the trainings of an evaluation cost: time, tokens a second, peak memory, and an estimate of the energy.

    costs(evaluation, runs)      -> one Cost for each run

The energy is not measured: it is the time multiplied by the power that the hardware may draw, after Green Algorithms
(Lannelongue, Grealey and Inouye 2021, doi:10.1002/advs.202100707): 12 W for each CPU core, 0.3725 W for each GB of
memory, the power limit of each GPU. It is an upper estimate: other programs on the machine are counted as this one's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gretchen.reporting.curves import run_ids
from gretchen.runs.metrics import readable_metrics
from gretchen.runs.record import Run
from gretchen.scoring.evaluation import Evaluation

METHOD = (
    "Energy is estimated, not measured: time × (12 W for each CPU core + 0.3725 W for each GB of memory + the power "
    "limit of each GPU), all at full load (Green Algorithms, doi:10.1002/advs.202100707)."
)
CORE_WATTS, MEMORY_WATTS = 12.0, 0.3725
# Power limits in W by the maker's data sheets; the first name that a GPU's name holds counts.
GPU_WATTS = {
    "H200": 700, "H100 PCIe": 350, "H100": 700, "A100": 400, "L40S": 350, "A10G": 150, "A10": 150, "L4": 72, "T4": 70,
    "V100": 300, "RTX 4090": 450, "RTX 3090": 350, "A6000": 300,
}  # fmt: skip
HARDWARE = re.compile(r"(\d+) cores, (\d+) GB, (.*)")


@dataclass(frozen=True)
class Cost:
    """One training: seconds, tokens a second, peak memory in GiB, energy in Wh; None where it is not known.

    `trained_tokens`, those with a loss, are what axolotl counts instead of `tokens`.
    """

    model: str
    run: str
    seed: int
    hardware: str
    seconds: float | None
    tokens: float | None
    trained_tokens: float | None
    memory_gib: float | None
    gpu_memory_gib: float | None
    watt_hours: float | None

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens of all training steps, divided by the time of the training with its evaluations."""
        return self.tokens / self.seconds if self.tokens and self.seconds else None


def costs(evaluation: Evaluation, runs: Mapping[str, Run]) -> list[Cost]:
    """Return the cost of each training of an evaluation that is on this machine, by `runs` (id: run)."""
    return [cost(model.name, runs[id_]) for model in evaluation.models for id_ in run_ids(model) if id_ in runs]


def cost(model: str, run: Run) -> Cost:
    """Return the cost of one training."""
    record = run.record
    seconds = seconds_of(run)
    watts = power(record.hardware)
    return Cost(
        model=model,
        run=run.name,
        seed=record.seed,
        hardware=record.hardware,
        seconds=seconds,
        tokens=record.tokens,
        trained_tokens=None if record.tokens else record.trained_tokens,
        memory_gib=record.peak_memory_gib,
        gpu_memory_gib=record.peak_gpu_memory_gib,
        watt_hours=watts * seconds / 3600 if watts and seconds else None,
    )


def seconds_of(run: Run) -> float | None:
    """Return the seconds of a training: those that its metrics count over resumptions, else the trainer's own."""
    logged = [row["seconds"] for row in readable_metrics(run.path) if isinstance(row.get("seconds"), int | float)]
    return max(logged, default=run.record.train_seconds)


def power(hardware: str) -> float | None:
    """Return the power in W of a machine as run.json describes it; None for one with an unknown GPU."""
    match = HARDWARE.fullmatch(hardware)
    if not match:
        return None
    watts = int(match[1]) * CORE_WATTS + int(match[2]) * MEMORY_WATTS
    for gpu in [] if match[3] == "no GPU" else match[3].split(", "):
        limit = next((limit for name, limit in GPU_WATTS.items() if name in gpu), None)
        if limit is None:
            return None
        watts += limit
    return watts
