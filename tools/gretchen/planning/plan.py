"""All of a plan in one place: a resolved recipe and a model's config.json in, what the training will need out.

    make_plan(resolved, model, budget).fits

It reads no weights. What cannot be known (rows that are not built, a tokenizer that is not there, a throughput that
nobody stated or measured) is said to be unknown, with the reason.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.hardware import PROFILE_GB, Machine
from gretchen.planning.architecture import Architecture, read_architecture
from gretchen.planning.lengths import count_rows
from gretchen.planning.memory import Peak, peak, unknown
from gretchen.planning.parameters import Count, count
from gretchen.planning.rows import Counted, train_files
from gretchen.planning.settings import Settings, read_settings
from gretchen.planning.steps import Steps, steps
from gretchen.recipes.resolve import Resolved

GIB = 2**30
# What a process takes beside its training: libraries, rows and kernels on a processor (measured, docs/plan.md), CUDA's
# context on a GPU (not measured).
LIBRARIES_GB, CONTEXT_GB = 1.1, 0.6


@dataclass(frozen=True)
class Budget:
    """The memory of a device in GiB: `cpu`: the machine's, of which the libraries take a part; `name` as people say."""

    name: str
    memory_gb: float
    cpu: bool

    @property
    def free_gb(self) -> float:
        """Return what is left for a training's own part."""
        return self.memory_gb - (LIBRARIES_GB if self.cpu else CONTEXT_GB)


@dataclass(frozen=True)
class Plan:
    """What a training will need. `length` is the longest sequence that memory is worked out for, in tokens.

    It is None where prompts alone would say it, and are not there. `rows` and `steps` are None where `unknown` says
    why, `peak` where `no_peak` does.
    """

    resolved: Resolved
    shape: Architecture
    settings: Settings
    budget: Budget
    parameters: Count
    peak: Peak | None
    no_peak: str
    length: int | None
    rows: Counted | None
    steps: Steps | None
    unknown: str

    @property
    def fits(self) -> bool:
        """Return whether the peak is known to be within what the planned device has left."""
        return self.within(self.budget)

    def within(self, budget: Budget) -> bool:
        """Return whether the peak is known to be within what a device has left."""
        return self.peak is not None and self.peak.total / GIB <= budget.free_gb

    def plain(self) -> dict[str, Any]:
        """Return the plan as plain values, for JSON; memory in bytes."""
        rows = self.rows and {key: value for key, value in asdict(self.rows).items() if key != "lengths"}
        return {
            "recipe": self.resolved.name,
            "stage": self.settings.stage,
            "engine": self.settings.engine,
            "profile": self.resolved.profile,
            "model": {"kind": self.shape.kind, "parameters": self.parameters.all},
            "trained_parameters": self.parameters.trained,
            "memory": self.peak and self.peak.plain(),
            "memory_unknown": self.no_peak,
            "budget": asdict(self.budget) | {"fits": self.fits if self.peak else None},
            "sequence_tokens": self.length,
            "rows": rows and rows | {"sequences": len(self.rows.lengths)},
            "steps": self.steps and asdict(self.steps),
            "unknown": self.unknown,
        }


def make_plan(
    resolved: Resolved, config: Path, budget: Budget, rows: Counted | None = None, other: Path | None = None
) -> Plan:
    """Return the plan of a resolved recipe for the model whose config.json is `config`.

    `rows`, where they were counted already, are taken as they are. `other` is the config.json of the model that is used
    beside it: a teacher, or PPO's reward model, which has the policy's shape where none is given. Raises UserError as
    `read_architecture` does, and WorkError where no length is known at all.
    """
    shape, settings = read_architecture(config), read_settings(resolved, budget.cpu)
    beside = read_architecture(other) if other else None
    if settings.stage == "reward":
        shape = shape.scoring()
    unknown_rows = ""
    if rows is None:
        rows, unknown_rows = counted(resolved, settings, config.parent)
    length = longest(settings, rows)
    teacher = beside if settings.stage == "distill" else None
    no_peak = unknown(settings, teacher)
    parameters = count(shape, settings.adapter)
    if settings.kept:
        parameters = Count(parameters.base, parameters.trained, 2 * parameters.added)
    return Plan(
        resolved=resolved,
        shape=shape,
        settings=settings,
        budget=budget,
        parameters=valued(parameters, beside or shape) if settings.stage == "ppo" else parameters,
        peak=None if no_peak else peak(shape, settings, length, teacher),
        no_peak=no_peak,
        length=length,
        rows=rows,
        steps=steps(len(rows.lengths), settings, rows.told) if rows else None,
        unknown=unknown_rows,
    )


def valued(policy: Count, judge: Architecture) -> Count:
    """Return PPO's parameters: beside the policy, a copy of the reward model is trained whole as its value model."""
    value = count(judge.scoring(), None).base
    return Count(policy.base, policy.trained + value, policy.added + value)


def counted(resolved: Resolved, settings: Settings, folder: Path) -> tuple[Counted | None, str]:
    """Return a recipe's rows counted, or None and the reason why they cannot be."""
    files = train_files(resolved)
    if files is None:
        return None, f"its training rows are not on this disk{built(resolved)}"
    if not (folder / "tokenizer.json").is_file():
        return None, f"there is no tokenizer.json in {paths.shown(folder)}"
    return count_rows(resolved, settings, files, folder), ""


def built(resolved: Resolved) -> str:
    """Return how the data of a project's recipe is built; "" for a loose one."""
    project = next((key for key in (str(resolved.values.get("output_dir", "")).split("/")[1:2]) if key), "")
    return f": make data PROJECT={project} PROFILE={resolved.profile}" if resolved.profile and project else ""


def longest(settings: Settings, rows: Counted | None) -> int | None:
    """Return the tokens of the longest sequence that can come: of the rows, else the recipe's limit.

    Where the model writes answers of its own, a prompt with the longest one may be the longest sequence; None where
    prompts alone would say it, and are not there.
    """
    if rows and rows.lengths and not settings.packing:
        return max(*rows.lengths, rows.prompt + settings.written)
    if settings.length:
        return int(settings.length) + settings.written
    if settings.written_by_policy:
        return None
    raise WorkError("neither the rows nor a length limit say how long a sequence is", "max_length: 1024")


def budget_of(profile: str, here: Machine) -> Budget:
    """Return the memory that a plan is held against: the profile's, or this machine's where no profile is named."""
    if profile:
        return Budget(f"profile {profile}", PROFILE_GB[profile], cpu=profile in ("tiny", "laptop"))
    if here.gpus:
        smallest = min(here.gpus, key=lambda gpu: gpu.memory_gb)
        return Budget(f"this machine's {smallest.name}", smallest.memory_gb, cpu=False)
    return Budget("this machine", here.memory_gb, cpu=True)
