"""A plan as the lines that `make plan` prints."""

from gretchen.planning.plan import GIB, Budget, Plan
from gretchen.planning.request import Planned
from gretchen.terminal import clock


def plan_text(planned: Planned, in_project: bool) -> str:
    """Return the plan as text; `in_project`: a change is made by SET, otherwise in the file."""
    plan = planned.plan
    notes = [f"machine     {note}" for note in planned.notes]
    memory = [*_memory_lines(plan), *_measured_lines(planned)]
    lines = [*_recipe_lines(plan), *notes, *memory, *_token_lines(plan), *_time_lines(planned)]
    return "\n".join([*lines, *_verdict_lines(planned, in_project)])


def size_text(num_bytes: float) -> str:
    """Return bytes as people read them, in GiB or MiB."""
    return f"{num_bytes / GIB:.2f} GiB" if num_bytes >= GIB else f"{num_bytes / 2**20:.1f} MiB"


def _recipe_lines(plan: Plan) -> list[str]:
    """Return the lines on the recipe and its parameters."""
    resolved, settings, parameters = plan.resolved, plan.settings, plan.parameters
    profile = f", profile {resolved.profile}" if resolved.profile else ""
    share = parameters.trained / parameters.total
    return [
        f"{resolved.name} ({settings.engine}, {settings.stage}){profile}: {resolved.batch} rows a step",
        f"parameters  {parameters.total:,}, of which {parameters.trained:,} are trained ({share:.2%})",
    ]


def _memory_lines(plan: Plan) -> list[str]:
    """Return the lines on the peak and its parts, or the reason why it is unknown."""
    if plan.peak is None:
        return [f"memory      unknown: {plan.peak_unknown}"]
    batch = f"{plan.settings.num_sequences} sequences of {plan.sequence_length:,} tokens"
    peak = f"memory      {size_text(plan.peak.total)} at the peak, at the {plan.peak.moment}, with {batch}"
    parts = [f"  {part:12}{size_text(size):>10}" for part, size in plan.peak.parts.items() if size]
    freed = (
        [f"  freed       up to {size_text(plan.freed_bytes)} more, kept for the next step"] if plan.freed_bytes else []
    )
    return [peak, *parts, *freed]


def _measured_lines(planned: Planned) -> list[str]:
    """Return the line on the peak of an earlier run: evaluations and answers need more than a step."""
    peak = planned.measured_peak
    return [f"measured    {peak.gib:.2f} GiB at the peak, libraries included ({peak.source})"] if peak else []


def _token_lines(plan: Plan) -> list[str]:
    """Return the lines on rows, tokens and steps, or the reason why they are unknown."""
    if plan.rows is None or plan.steps is None:
        return [f"tokens      unknown: {plan.rows_unknown}"]
    rows, steps, limit = plan.rows, plan.steps, plan.settings.max_length
    packed = f" packed into {len(rows.lengths):,} sequences," if plan.settings.packing else ""
    handling = f", {rows.cut:,} cut at {limit:,} tokens, {rows.dropped:,} left out" if limit else ""
    at_most = "at most " if plan.settings.generates else ""
    longest = f"longest {max(rows.lengths, default=0):,}"
    return [
        f"tokens      {at_most}{rows.tokens:,} an epoch, from {rows.rows:,} rows,{packed} {longest}{handling}",
        f"steps       {steps.per_epoch:,} an epoch, {steps.total:,} in all ({steps.epochs:g} epochs)",
    ]


def _time_lines(planned: Planned) -> list[str]:
    """Return the line on the time, at a stated or recorded throughput."""
    throughput = planned.throughput
    if planned.plan.rows is None:
        return []
    if throughput is None:
        reason = "no run of this recipe and profile recorded its tokens; THROUGHPUT=… states tokens/s"
        return [f"time        unknown: {reason}"]
    rate = f"{throughput.tokens_per_second:,.0f} tokens/s ({throughput.source})"
    return [f"time        {clock(planned.seconds)} at {rate}"]


def _verdict_lines(planned: Planned, in_project: bool) -> list[str]:
    """Return whether it fits into the profile, and into this machine of the same kind, and what makes it fit."""
    plan, machine = planned.plan, planned.this_machine
    if plan.peak is None:
        return ["fits        unknown, as its memory is"]
    also_machine = machine.cpu == plan.budget.cpu and machine != plan.budget
    lines = [_budget_line(plan, budget) for budget in [plan.budget, *([machine] if also_machine else [])]]
    if plan.fits:
        return lines
    if planned.advice is None:
        return [*lines, "hint: no known change makes it fit: use a smaller model"]
    words = planned.advice
    change = f"SET='{' '.join(words)}'" if in_project else ", ".join(word.replace("=", ": ") for word in words)
    return [*lines, f"hint: it fits {plan.budget.name} with {change}"]


def _budget_line(plan: Plan, budget: Budget) -> str:
    """Return whether a plan fits into a device's memory."""
    beside = "the libraries" if budget.cpu else "CUDA's context"
    size = f"{budget.name}: {budget.memory_gb:.0f} GiB, {budget.free_gb:.1f} beside {beside}"
    if not plan.fits_into(budget):
        return f"too large   {size}"
    if not plan.fits_with_freed(budget):
        return f"tight       {size}; MALLOC_MMAP_THRESHOLD_=262144 keeps no freed memory, and takes longer"
    return f"fits        {size}"
