"""`make train PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"] [RESUME=1] [RUN=id]`: from data to a trained adapter.

    make train PROJECT=genome-chatbot
    gretchen train config_full.yaml          a loose recipe of either dialect, outside any project (runs/loose.py)

Builds the data where it is stale, resolves the recipe, merges the run that it starts from (`${base.<stage>}`, RUN=
names another one than the newest), checks, trains by the recipe's engine, and ends with three held-out prompts answered
before and after. RESUME=1 goes on with the newest unfinished run of the recipe, or with the one that RUN= names.
It evaluates nothing.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gretchen import paths
from gretchen.errors import UserError, WorkError
from gretchen.from_make import missing
from gretchen.recipes.schema import MODEL
from gretchen.runs import folder, progress
from gretchen.runs.hardware import Machine, machine, require_profile
from gretchen.runs.launch import launch
from gretchen.runs.record import circumstances, command, is_smoke, now

SMOKE = {"max_steps": 4, "eval_strategy": "no"}


def train(
    file: Annotated[Path | None, typer.Argument(help="a loose recipe, outside any project")] = None,
    project: Annotated[str, typer.Option(help="the project's folder in projects/")] = "",
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, dpo, sft.axolotl …")] = "sft",
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …, or auto")] = "tiny",
    set_: Annotated[str, typer.Option("--set", help='changed values: "learning_rate=1e-3 seed=7"')] = "",
    resume: Annotated[bool, typer.Option(help="go on with the newest unfinished run")] = False,
    run: Annotated[str, typer.Option(help="with RESUME=1 the run to go on with, else the one to start from")] = "",
) -> None:
    """Train a recipe of a project, with data and checks before and three answers after, or a loose recipe."""
    if file is not None:
        from gretchen.runs.loose import train_file

        if project:
            raise UserError("a loose recipe belongs to no project", f"leave out --project={project}, or the file")
        train_file(file, set_, resume, run)
        return
    if not project:
        raise missing("train", "PROJECT")
    from gretchen.models.samples import print_samples
    from gretchen.projects.build import build, data_hash
    from gretchen.projects.card import load_card
    from gretchen.recipes.checks import check_resolved
    from gretchen.recipes.find import find
    from gretchen.runs.resume import refuse_changes, unfinished
    from gretchen.scoring.rewards import print_pairs
    from gretchen.tracking.secrets import refuse_secrets

    load_card(project)
    here = machine()
    profile, name = chosen_profile(profile, here), find(project, recipe).name
    old = unfinished(project, name, profile, run) if resume else None
    set_ = set_ or (folder.record(old)["set"] if old else "")
    resolved, _ = resolved_for(project, name, profile, set_, here)
    refuse_secrets(resolved.values, "the recipe")
    refuse_secrets({"SET": set_, "command": command()}, "the command")
    parent = parent_of(project, resolved, "" if resume else run, old)
    start = ready_start(resolved, parent)
    uses = {stage: ready(run) for stage, run in uses_of(project, resolved, old).items()}
    if build(project, profile):
        print(f"built the data: {paths.shown(paths.build(project) / 'data-card.md')}", flush=True)

    place = old or folder.new_run(project, name)
    into = {"output": paths.shown(place), "parent": paths.shown(parent) if parent else None}
    into["uses"] = {stage: told["run"] for stage, told in uses.items()}
    resolved, notes = resolved_for(project, name, profile, set_, here, **into)
    report = check_resolved(project, resolved)
    report.raise_if_failed()
    notes += [f"warning: {line}" for line in report.warnings]
    with folder.writer(paths.runs(project) / name, f"{project}'s {name}"):
        if old:
            refuse_changes(old, resolved.values, data_hash(project), start["weights"])
            folder.update(old, status="running", resumed=[*folder.record(old).get("resumed", []), now()])
        else:
            begin(place, project, resolved, start, parent, uses, set_)
        announce(resolved, place, start["model"], notes, old is not None)
        finish(place, len(here.gpus), resume)
    print_samples(place)
    print_pairs(place)
    print(next_step(place, here))


def parent_of(project: str, resolved: Any, name: str, old: Path | None) -> Path | None:
    """Return the finished run whose merged model a recipe starts from; None for one that starts from the base.

    It is the one that `old`, a run to go on with, started from; the one called `name`; or the newest of that stage.
    Raises UserError where there is none, and for a name where the recipe starts from the base.
    """
    stage = resolved.parent_stage
    if not stage:
        if name:
            raise UserError(f"RUN={name}: {resolved.name} starts from the base, not from a run", "leave RUN out")
        return None
    if old:
        return paths.root() / folder.record(old)["parent"]["run"]
    return folder.finished(project, name) if name else newest(project, resolved, stage, "starts from")


def newest(project: str, resolved: Any, stage: str, doing: str) -> Path:
    """Return the newest finished run of an earlier stage. Raises UserError where there is none."""
    earlier = f"{stage}.{resolved.engine}"
    found = folder.newest(project, earlier, resolved.profile)
    if not found:
        command = f"make train PROJECT={project} RECIPE={earlier} PROFILE={resolved.profile}"
        raise UserError(f"{resolved.name} {doing} {earlier}, which has no finished run", command)
    return found


def uses_of(project: str, resolved: Any, old: Path | None) -> dict[str, Path]:
    """Return {stage: finished run} of the models that a recipe uses beside its start: a reward model, a teacher."""
    if old:
        return {stage: paths.root() / told["run"] for stage, told in folder.record(old).get("uses", {}).items()}
    return {stage: newest(project, resolved, stage, "uses") for stage in resolved.uses}


def ready(run: Path) -> dict[str, str]:
    """Return {"run": folder, "weights": hash} of an earlier run's model, merged where it must be."""
    from gretchen.merging import merge_run
    from gretchen.models.locate import weights_hash

    return {"run": paths.shown(run), "weights": weights_hash(merge_run(run))}


def ready_start(resolved: Any, parent: Path | None) -> dict[str, str]:
    """Return {"model": folder or hub id, "weights": hash} of what the training starts from, merged where it must be.

    Raises UserError or WorkError where the model cannot be had.
    """
    if parent:
        from gretchen.merging import merge_run

        return model_and_weights(paths.shown(merge_run(parent)))
    return model_and_weights(str(resolved.values[MODEL[resolved.engine]]))


def model_and_weights(model: str) -> dict[str, str]:
    """Return {"model": folder or hub id, "weights": hash}. Raises UserError or WorkError where it cannot be had."""
    from gretchen.models.locate import require_reachable, weights_hash

    require_reachable(model)
    return {"model": model, "weights": weights_hash(model)}


def begin(
    run: Path,
    project: str,
    resolved: Any,
    start: dict[str, str],
    parent: Path | None,
    uses: dict[str, dict[str, str]],
    set_: str,
) -> None:
    """Write a new run's recipe.yaml and run.json."""
    from gretchen.projects.build import data_hash

    base = folder.record(parent)["base"] if parent else start
    folder.create(
        run,
        resolved.text(),
        status="running",
        project=project,
        recipe=resolved.name,
        stage=resolved.stage,
        engine=resolved.engine,
        profile=resolved.profile,
        base=base,
        parent={"run": paths.shown(parent), "weights": start["weights"]} if parent else None,
        uses=uses,
        data=data_hash(project),
        seed=resolved.values.get("seed", 42),
        set=set_,
        **circumstances(),
    )


def chosen_profile(profile: str, here: Machine) -> str:
    """Return the profile by name, `auto` resolved by hardware. Raises UserError where this machine can't do it."""
    from gretchen.runs.hardware import best_profile

    if profile == "auto":
        return best_profile(here)[0]
    require_profile(profile, here)
    return profile


def resolved_for(
    project: str,
    recipe: str,
    profile: str,
    set_: str,
    here: Machine,
    output: str | None = None,
    parent: str | None = None,
    uses: dict[str, str] | None = None,
) -> tuple[Any, list[str]]:
    """Return the resolved recipe as this machine can run it, and a line for each value that had to give way."""
    from gretchen.recipes.layers import words_of
    from gretchen.recipes.resolve import resolve

    asked = {"output": output, "parent": parent, "uses": uses, "devices": max(1, len(here.gpus))}
    resolved = resolve(project, recipe, profile, words_of(set_), **asked)
    changes, notes = allowances(resolved.values, here)
    if is_smoke():
        changes |= SMOKE
    if changes:
        resolved = resolve(project, recipe, profile, words_of(set_), **asked, overrides=changes)
    return resolved, notes


def allowances(values: dict[str, Any], here: Machine) -> tuple[dict[str, Any], list[str]]:
    """Return the values that this machine needs otherwise, each with a line that says why."""
    import importlib.util

    changes, notes = {}, []
    if values.get("bf16") and not here.gpus and not here.bf16 and not here.apple_silicon:
        changes |= {"bf16": False, "dtype": "float32"}
        notes.append("this processor has no bf16 arithmetic: training in float32")
    asked = str(values.get("attn_implementation") or "")
    if asked.startswith("flash_attention") and importlib.util.find_spec("flash_attn") is None:
        changes["attn_implementation"] = "sdpa"
        notes.append("flash-attn is not installed: attention falls back to SDPA (`make doctor` says how to get it)")
        packed = [key for key in ("packing", "sample_packing") if values.get(key)]
        if packed and values.get("packing_strategy") != "wrapped":  # wrapped documents see each other anyway
            changes[packed[0]] = False
            notes.append("rows are not packed: without flash-attn those in one would see each other")
    return changes, notes


def announce(resolved: Any, run: Path, model: str, notes: list[str], resumed: bool) -> None:
    """Print what is about to be trained, from what, into where."""
    doing = "going on with" if resumed else "training"
    print(f"{doing} {resolved.name} ({resolved.profile}) from {model}, effective batch {resolved.effective_batch}")
    for note in notes:
        print(note)
    print(f"run: {paths.shown(run)} (recipe.yaml, train.log)", flush=True)


def finish(run: Path, devices: int, resume: bool) -> None:
    """Run the engine and keep in run.json how it ended."""
    from gretchen.models.locate import weights_hash

    try:
        launch(run, devices, resume)
    except KeyboardInterrupt:
        folder.update(run, status="stopped", finished=now())
        print(f"\n`{again(folder.record(run))}` goes on from the newest checkpoint", file=sys.stderr)
        raise
    except BaseException:
        folder.update(run, status="failed", finished=now())
        raise
    trained = folder.trained(run)
    if not trained.is_dir():
        raise WorkError("the engine ended and left no weights", f"the whole story: {paths.shown(run / 'train.log')}")
    folder.update(run, status="finished", finished=now(), weights=weights_hash(trained), **measured(run))
    told = folder.record(run)
    if not told["smoke"] and not told["set"]:
        folder.point_latest(run)


def again(told: dict[str, Any]) -> str:
    """Return the command that goes on with a run, from its run.json."""
    if "file" in told:
        return f"gretchen train {told['file']} --resume"
    return f"make train PROJECT={told['project']} RECIPE={told['recipe']} PROFILE={told['profile']} RESUME=1"


def measured(run: Path) -> dict[str, Any]:
    """Return what the trainer measured of itself: tokens seen, seconds of training, peak memory in GiB."""
    rows = progress.read(run)
    names = {"num_tokens": "tokens", "tokens/trainable": "trained_tokens", "train_runtime": "train_seconds"}
    names |= {name: name for name in ("peak_memory_gib", "peak_gpu_memory_gib")}
    return {told: row[name] for row in rows for name, told in names.items() if name in row}


def next_step(run: Path, here: Machine) -> str:
    """Return the last lines: the next command, and what this machine could do beyond the profile."""
    from gretchen.projects.card import load_card
    from gretchen.runs.hardware import best_profile

    told = folder.record(run)
    project, profile = told["project"], told["profile"]
    words = ["" if profile == "tiny" else f" PROFILE={profile}", f" RUNS={run.name}" if told["set"] else ""]
    lines = ["", f"next: make eval PROJECT={project}" + "".join(words)]
    if any(run.glob("wandb/offline-run-*")):
        lines.append(f"tracked offline: make sync PROJECT={project} uploads it to W&B")
    best, why = best_profile(here)
    if profile == "tiny" and best != "tiny":
        lines.append(f"this machine has {why}: PROFILE={best} trains {load_card(project).models[best]}")
    return "\n".join(lines)
