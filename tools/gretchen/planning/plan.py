"""A plan: from a resolved recipe and a model's config.json to what the training will need.

    make_plan(resolved, config, budget).fits

It reads no weights. What cannot be known (rows that are not built, a missing tokenizer) is reported as unknown, with
the reason.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.hardware import CPU_PROFILES, PROFILE_GB, Machine
from gretchen.planning.architecture import Architecture, read_architecture
from gretchen.planning.lengths import count_rows
from gretchen.planning.memory import Peak, peak_memory, unknown_reason
from gretchen.planning.parameters import ParameterCount, count_parameters
from gretchen.planning.read_settings import read_settings
from gretchen.planning.rows import RowCounts, train_files
from gretchen.planning.settings import Settings
from gretchen.planning.steps import Steps, count_steps
from gretchen.recipes.resolve import Resolved

GIB = 2**30
# What a process takes beside its training: libraries, rows and kernels on a CPU (measured, docs/plan.md), CUDA's
# context on a GPU (not measured).
LIBRARIES_GB, CUDA_CONTEXT_GB = 1.1, 0.6
# What glibc holds of freed memory between a training's steps on a CPU, at most, as a share of the live tensors at the
# peak (measured, docs/plan.md).
FREED_SHARE = 0.75


@dataclass(frozen=True)
class Budget:
    """The memory of a device in GiB, and its name for people; `cpu`: it is the machine's own memory."""

    name: str
    memory_gb: float
    cpu: bool

    @property
    def free_gb(self) -> float:
        """Return what is left for the training itself."""
        return self.memory_gb - (LIBRARIES_GB if self.cpu else CUDA_CONTEXT_GB)


@dataclass(frozen=True)
class Plan:
    """What a training will need.

    `sequence_length` is the longest sequence in tokens, which the peak is computed for. It is None where only prompts
    would give it, and they are missing. `peak` is None where `peak_unknown` gives the reason, `rows` and `steps` where
    `rows_unknown` does.
    """

    resolved: Resolved
    model: Architecture
    settings: Settings
    budget: Budget
    parameters: ParameterCount
    peak: Peak | None
    peak_unknown: str
    sequence_length: int | None
    rows: RowCounts | None
    steps: Steps | None
    rows_unknown: str

    @property
    def fits(self) -> bool:
        """Return whether the peak is known, and fits into the planned device."""
        return self.fits_into(self.budget)

    def fits_into(self, budget: Budget) -> bool:
        """Return whether the peak is known, and fits into a device."""
        return self.peak is not None and self.peak.total / GIB <= budget.free_gb

    @property
    def freed_bytes(self) -> float:
        """Return how much freed memory a training on a CPU holds beside its peak, at most; 0 on a GPU."""
        return FREED_SHARE * self.peak.total if self.peak and self.budget.cpu else 0.0

    def fits_with_freed(self, budget: Budget) -> bool:
        """Return whether the peak fits into a device together with the freed memory that is held."""
        return self.fits_into(budget) and (self.peak.total + self.freed_bytes) / GIB <= budget.free_gb

    def seconds(self, tokens_per_second: float) -> float | None:
        """Return the time of the whole training at a throughput; None where the tokens are unknown."""
        if self.rows is None or self.steps is None:
            return None
        return self.rows.tokens * self.steps.epochs / tokens_per_second

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return the plan for JSON; memory in bytes."""
        rows = None
        if self.rows:
            rows = {key: value for key, value in asdict(self.rows).items() if key != "lengths"}
            rows["sequences"] = len(self.rows.lengths)
        return {
            "recipe": self.resolved.name,
            "stage": self.settings.stage,
            "engine": self.settings.engine,
            "profile": self.resolved.profile,
            "model": {"kind": self.model.model_type, "parameters": self.parameters.total},
            "trained_parameters": self.parameters.trained,
            "memory": self.peak and self.peak.to_json() | {"freed_at_most": round(self.freed_bytes)},
            "memory_unknown": self.peak_unknown,
            "budget": asdict(self.budget) | {"fits": self.fits if self.peak else None},
            "sequence_tokens": self.sequence_length,
            "rows": rows,
            "steps": self.steps and asdict(self.steps),
            "unknown": self.rows_unknown,
        }


def make_plan(
    resolved: Resolved, config: Path, budget: Budget, rows: RowCounts | None = None, auxiliary: Path | None = None
) -> Plan:
    """Return the plan of a resolved recipe for the model of a config.json.

    `rows` are taken as they are where they were counted already. `auxiliary` is the config.json of the second model: a
    teacher, or PPO's reward model, which by default has the policy's architecture. Raises UserError as
    `read_architecture` does, and WorkError where no sequence length is known at all.
    """
    model, settings = read_architecture(config), read_settings(resolved, budget.cpu)
    second = read_architecture(auxiliary) if auxiliary else None
    if settings.stage == "reward":
        model = model.as_reward_model()
    rows_unknown = ""
    if rows is None:
        rows, rows_unknown = _count_rows(resolved, settings, config.parent)
    length = longest_sequence(settings, rows)
    teacher = second if settings.stage == "distill" else None
    peak_unknown = unknown_reason(settings, teacher)
    return Plan(
        resolved=resolved,
        model=model,
        settings=settings,
        budget=budget,
        parameters=_count_parameters(model, settings, second or model),
        peak=None if peak_unknown else peak_memory(model, settings, length, teacher),
        peak_unknown=peak_unknown,
        sequence_length=length,
        rows=rows,
        steps=count_steps(len(rows.lengths), settings, rows.rows_in_steps) if rows else None,
        rows_unknown=rows_unknown,
    )


def longest_sequence(settings: Settings, rows: RowCounts | None) -> int | None:
    """Return the tokens of the longest possible sequence: of the rows, else the recipe's limit.

    Where the model generates, a prompt with the longest completion may be the longest sequence; None where only prompts
    would give it, and they are missing.
    """
    if rows and rows.lengths and not settings.packing:
        return max(*rows.lengths, rows.longest_prompt + settings.max_new_tokens)
    if settings.max_length:
        return int(settings.max_length) + settings.max_new_tokens
    if settings.generates:
        return None
    raise WorkError("neither the rows nor a length limit give the sequence length", "max_length: 1024")


def budget_of(profile: str, machine: Machine) -> Budget:
    """Return the memory of a profile's device, or of this machine where no profile is named."""
    if profile:
        return Budget(f"profile {profile}", PROFILE_GB[profile], cpu=profile in CPU_PROFILES)
    if machine.gpus:
        smallest = min(machine.gpus, key=lambda gpu: gpu.memory_gb)
        return Budget(f"this machine's {smallest.name}", smallest.memory_gb, cpu=False)
    return Budget("this machine", machine.memory_gb, cpu=True)


def _count_parameters(model: Architecture, settings: Settings, second: Architecture) -> ParameterCount:
    """Return the parameters of all models that are trained, and of the copies that are kept."""
    count = count_parameters(model, settings.lora)
    if settings.copies_adapter:
        count = ParameterCount(count.base, count.trained, 2 * count.added)
    if settings.stage == "ppo":  # a copy of the reward model is trained in full as the value model
        value_model = count_parameters(second.as_reward_model(), None).base
        count = ParameterCount(count.base, count.trained + value_model, count.added + value_model)
    return count


def _count_rows(resolved: Resolved, settings: Settings, model_dir: Path) -> tuple[RowCounts | None, str]:
    """Return a recipe's row counts, or None and the reason why they are unknown."""
    files = train_files(resolved)
    if files is None:
        return None, f"its training rows are not on this disk{_build_command(resolved)}"
    if not (model_dir / "tokenizer.json").is_file():
        return None, f"there is no tokenizer.json in {paths.shown(model_dir)}"
    return count_rows(resolved, settings, files, model_dir), ""


def _build_command(resolved: Resolved) -> str:
    """Return the command that builds the data of a project's recipe; "" for a standalone one."""
    return f": make data PROJECT={resolved.project} PROFILE={resolved.profile}" if resolved.project else ""
