"""`make plan PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET=…]`, `gretchen plan FILE --model CONFIG.json`: before training.

    make plan PROJECT=genome-chatbot PROFILE=gpu-24gb MODEL=shared_recipes/tiny/architecture/config.json
    gretchen plan qlora.yml --model config.json             a loose recipe of either dialect, held against this machine

Says how many parameters there are and are trained, the peak memory by part, the tokens and steps, and the time at a
throughput that THROUGHPUT= states or a run of the same recipe and profile recorded; whether it fits, and what makes it
fit. It needs a config.json and no weights, imports no torch, and trains nothing. How close it is: docs/plan.md.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gretchen.errors import UserError
from gretchen.hardware import machine
from gretchen.planning.advice import advice
from gretchen.planning.config import config_of, model_of, other_config
from gretchen.planning.plan import GIB, Budget, Plan, budget_of, make_plan
from gretchen.planning.settings import read_settings
from gretchen.planning.steps import recorded
from gretchen.recipes.layers import words_of
from gretchen.recipes.resolve import Request, Resolved, resolve, resolve_file, set_on
from gretchen.runs.store import earlier_runs
from gretchen.terminal import clock

FileOption = Annotated[Path | None, typer.Argument(help="a loose recipe, outside any project")]


def plan(
    file: FileOption = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …")] = "",
    set_: Annotated[str, typer.Option("--set", help='changed values: "max_length=1024 lora_r=8"')] = "",
    model: Annotated[str, typer.Option(help="a config.json, or its folder, instead of the recipe's model")] = "",
    throughput: Annotated[float, typer.Option(help="tokens a second, for the time", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="the plan as JSON; memory in bytes")] = False,
) -> None:
    """Say what a training will need: parameters, memory by part, tokens, steps, time, and whether it fits."""
    if bool(file) == bool(project):
        raise UserError("plan takes a project or a file", "make plan PROJECT=… or gretchen plan RECIPE.yaml")
    profile = profile or ("tiny" if project else "")
    words = words_of(set_)

    def resolved(more: list[str]) -> Resolved:
        said = [*words, *more]
        return (
            resolve(Request(project, recipe, profile, said), earlier_runs(project, profile))
            if project
            else set_on(resolve_file(file), said)
        )

    first = resolved([])
    here = machine()
    budget, own = budget_of(profile, here), budget_of("", here)
    config = config_of(model or model_of(first, project), named=bool(model))
    other = other_config(first, project)
    made = make_plan(first, config, budget, other=other)

    def again(more: list[str]) -> Plan:
        changed = resolved(more)
        cut_alike = read_settings(changed, budget.cpu).length == made.settings.length
        return make_plan(changed, config, budget, made.rows if cut_alike else None, other)

    mend = None if made.fits or made.peak is None else advice(made, again)
    speed = (throughput, "stated") if throughput else recorded(project, first.name, profile) if project else None
    if as_json:
        seconds = seconds_of(made, speed[0]) if speed else None
        told = {
            "this_machine": asdict(own) | {"fits": made.within(own) if made.peak else None},
            "advice": mend,
            "tokens_per_second": speed and speed[0],
            "seconds": seconds,
        }
        print(json.dumps(made.plain() | told, indent=2, ensure_ascii=False))
    else:
        print("\n".join([*lines(made), *time_lines(made, speed), *verdict(made, own, mend, bool(project))]))


def lines(made: Plan) -> list[str]:
    """Return the lines on parameters, memory, tokens and steps."""
    resolved, settings, parameters = made.resolved, made.settings, made.parameters
    under = f", profile {resolved.profile}" if resolved.profile else ""
    share = parameters.trained / parameters.all
    found = [
        f"{resolved.name} ({settings.engine}, {settings.stage}){under}: {resolved.batch} rows a step",
        f"parameters  {parameters.all:,}, of which {parameters.trained:,} are trained ({share:.2%})",
    ]
    return found + memory_lines(made) + token_lines(made)


def memory_lines(made: Plan) -> list[str]:
    """Return the lines on the memory's peak and its parts, or the reason why it is not known."""
    if made.peak is None:
        return [f"memory      not known: {made.no_peak}"]
    most = f"{made.settings.sequences} sequences of {made.length:,} tokens"
    found = [f"memory      {size(made.peak.total)} at its peak, at the {made.peak.moment}, with {most}"]
    return found + [f"  {part:12}{size(amount):>10}" for part, amount in made.peak.parts.items() if amount]


def token_lines(made: Plan) -> list[str]:
    """Return the lines on rows, tokens and steps, or the reason why they are not known."""
    if made.rows is None or made.steps is None:
        return [f"tokens      not known: {made.unknown}"]
    rows, steps = made.rows, made.steps
    packed = f" packed into {len(rows.lengths):,} sequences," if made.settings.packing else ""
    limit = made.settings.length
    over = f", {rows.cut:,} cut at {limit:,} tokens, {rows.dropped:,} left out" if limit else ""
    most = "at most " if made.settings.written_by_policy else ""
    longest = max(rows.lengths, default=0)
    return [
        f"tokens      {most}{rows.tokens:,} an epoch, from {rows.rows:,} rows,{packed} longest {longest:,}{over}",
        f"steps       {steps.per_epoch:,} an epoch, {steps.total:,} in all ({steps.epochs:g} epochs)",
    ]


def time_lines(made: Plan, speed: tuple[float, str] | None) -> list[str]:
    """Return the line on the time, at a throughput that somebody stated or a run recorded."""
    if made.rows is None:
        return []
    if speed is None:
        return [
            "time        not known: no run of this recipe and profile told its tokens; THROUGHPUT=… states tokens/s"
        ]
    return [f"time        {clock(seconds_of(made, speed[0]))} at {speed[0]:,.0f} tokens/s ({speed[1]})"]


def seconds_of(made: Plan, tokens_per_second: float) -> float | None:
    """Return the seconds of the whole training at a throughput; None where the tokens are not known."""
    if made.rows is None or made.steps is None:
        return None
    return made.rows.tokens * made.steps.epochs / tokens_per_second


def verdict(made: Plan, own: Budget, mend: list[str] | None, in_project: bool) -> list[str]:
    """Return whether it fits the profile, this machine where that is of the same kind, and what makes it fit."""
    if made.peak is None:
        return ["fits        not known, as its memory is not"]
    asked = [made.budget, *([own] if own.cpu == made.budget.cpu and own != made.budget else [])]
    found = [
        f"{'fits' if made.within(one) else 'too large':12}"
        f"{one.name}: {one.memory_gb:.0f} GiB, {one.free_gb:.1f} beside {beside(one.cpu)}"
        for one in asked
    ]
    if made.fits:
        return found
    if mend is None:
        return [*found, "hint: nothing that is known here makes it fit: take a smaller model"]
    change = f"SET='{' '.join(mend)}'" if in_project else ", ".join(word.replace("=", ": ") for word in mend)
    return [*found, f"hint: it fits {made.budget.name} with {change}"]


def beside(cpu: bool) -> str:
    """Return what a training shares its device's memory with."""
    return "the libraries" if cpu else "CUDA's context"


def size(amount: float) -> str:
    """Return bytes as people read them, in GiB or MiB."""
    return f"{amount / GIB:.2f} GiB" if amount >= GIB else f"{amount / 2**20:.1f} MiB"
