"""`make plan` and `gretchen plan FILE`: resolve a recipe, plan it, and find what to change where it does not fit.

planned = plan_request(PlanRequest(project="genome-chatbot", profile="gpu-24gb"))
planned.plan.fits, planned.advice
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gretchen.hardware import CPU_PROFILES, Machine, machine
from gretchen.planning.advice import advice
from gretchen.planning.config import auxiliary_config, find_config, trained_model
from gretchen.planning.plan import Budget, Plan, budget_of, make_plan
from gretchen.planning.read_settings import read_settings
from gretchen.planning.recorded import MeasuredPeak, Recorded, Throughput, recorded
from gretchen.recipes.machine import resolve_for
from gretchen.recipes.resolve import Request, Resolved, resolve, resolve_file, set_on
from gretchen.runs.store import earlier_runs


@dataclass(frozen=True)
class PlanRequest:
    """What to plan: a project's recipe under a profile, or a standalone recipe (`file`), with SET's words.

    `model` is a config.json, or its folder, instead of the recipe's model; `tokens_per_second` is 0 where it is not
    stated.
    """

    file: Path | None = None
    project: str = ""
    recipe: str = "sft"
    profile: str = ""
    set_words: Sequence[str] = field(default_factory=tuple)
    model: str = ""
    tokens_per_second: float = 0


@dataclass(frozen=True)
class Planned:
    """A plan, this machine's own memory, and SET words with which the recipe fits (None: it fits, or none is known).

    `measured_peak` is an earlier run's, on a processor's profile. `notes` say which of the recipe's values this machine
    overrides.
    """

    plan: Plan
    this_machine: Budget
    advice: list[str] | None
    throughput: Throughput | None
    measured_peak: MeasuredPeak | None
    notes: list[str]

    @property
    def seconds(self) -> float | None:
        """Return the time of the whole training; None where throughput or tokens are unknown."""
        return self.plan.seconds(self.throughput.tokens_per_second) if self.throughput else None

    def to_json(self) -> dict[str, Any]:  # JSON
        """Return everything for JSON; memory in bytes."""
        fits = self.plan.fits_into(self.this_machine) if self.plan.peak else None
        return self.plan.to_json() | {
            "this_machine": asdict(self.this_machine) | {"fits": fits},
            "advice": self.advice,
            "tokens_per_second": self.throughput and self.throughput.tokens_per_second,
            "seconds": self.seconds,
            "measured_peak_gib": self.measured_peak and self.measured_peak.gib,
        }


def plan_request(request: PlanRequest) -> Planned:
    """Return the plan that a request asks for.

    Raises UserError for a recipe that does not resolve and a model that cannot be planned, WorkError where its
    config.json cannot be had.
    """
    this_machine = machine()
    resolved, notes = _resolve(request, this_machine)
    budget = budget_of(request.profile, this_machine)
    config = find_config(request.model or trained_model(resolved, request.project), is_path=bool(request.model))
    auxiliary = auxiliary_config(resolved, request.project)
    plan = make_plan(resolved, config, budget, auxiliary=auxiliary)

    def replan(words: list[str]) -> Plan:
        changed, _ = _resolve(request, this_machine, words)
        same_cut = read_settings(changed, budget.cpu).max_length == plan.settings.max_length
        return make_plan(changed, config, budget, plan.rows if same_cut else None, auxiliary)

    changes = None if plan.fits or plan.peak is None else advice(plan, replan)
    run = recorded(request.project, resolved.name, request.profile) if request.project else Recorded()
    stated = Throughput(request.tokens_per_second, "stated") if request.tokens_per_second else None
    # On a GPU the plan is of its memory, and a run recorded that of its process.
    peak = run.peak if request.profile in CPU_PROFILES else None
    return Planned(plan, budget_of("", this_machine), changes, stated or run.throughput, peak, notes)


def _resolve(request: PlanRequest, this_machine: Machine, words: Sequence[str] = ()) -> tuple[Resolved, list[str]]:
    """Return the request's recipe, resolved with its SET words and further ones, and a note for each override.

    A processor's profile is planned as this machine would train it: in float32 where it has no bf16 arithmetic. A GPU's
    profile is planned as on its GPU, wherever that is asked.
    """
    all_words = [*request.set_words, *words]
    if request.file:
        return set_on(resolve_file(request.file), all_words), []
    recipe = Request(request.project, request.recipe, request.profile, all_words)
    runs = earlier_runs(request.project, request.profile)
    if request.profile in CPU_PROFILES:
        return resolve_for(recipe, this_machine, runs)
    return resolve(recipe, runs), []
