"""`make train PROJECT=… [RECIPE=sft] [PROFILE=tiny] [SET="k=v …"]`: from data to a trained adapter in a run folder.

    make train PROJECT=genome-chatbot

Builds the data where it is stale, resolves the recipe, checks it, trains it by the recipe's engine, and ends with
three held-out prompts answered by the base and by what was just trained. It does not merge and does not evaluate.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from gretchen import paths
from gretchen.errors import WorkError
from gretchen.files import write_text
from gretchen.runs import folder, progress
from gretchen.runs.hardware import Machine, machine, require_profile
from gretchen.runs.launch import launch
from gretchen.runs.record import circumstances, is_smoke, now

SMOKE = {"max_steps": 4, "eval_strategy": "no", "warmup_steps": 0}


def train(
    project: Annotated[str, typer.Option(help="the project's folder in projects/")],
    recipe: Annotated[str, typer.Option(help="a recipe of the project: sft, sft.zephyr …")] = "sft",
    profile: Annotated[str, typer.Option(help="the hardware: tiny, laptop, gpu-16gb …, or auto")] = "tiny",
    set_: Annotated[str, typer.Option("--set", help='changed values: "learning_rate=1e-3 seed=7"')] = "",
) -> None:
    """Train a recipe of a project, with data and checks before and three answers after."""
    from gretchen.models.locate import require_reachable, weights_hash
    from gretchen.models.samples import print_samples
    from gretchen.projects.build import build, data_hash
    from gretchen.projects.card import load_card
    from gretchen.recipes.checks import check_resolved

    load_card(project)
    here = machine()
    profile = chosen_profile(profile, here)
    resolved, notes = resolved_for(project, recipe, profile, set_, here)
    model = model_of(resolved)
    require_reachable(model)
    if build(project, profile):
        print(f"built the data: {paths.shown(paths.build(project) / 'data-card.md')}", flush=True)
    check_resolved(project, resolved).raise_if_failed()

    run = folder.new_run(project, resolved.name)
    resolved, notes = resolved_for(project, recipe, profile, set_, here, output=paths.shown(run))
    with folder.writer(paths.runs(project) / resolved.name, f"{project}'s {resolved.name}"):
        write_text(run / "recipe.yaml", resolved.text())
        folder.update(
            run,
            status="running",
            project=project,
            recipe=resolved.name,
            stage=resolved.stage,
            engine=resolved.engine,
            profile=profile,
            base={"model": model, "weights": weights_hash(model)},
            data=data_hash(project),
            seed=resolved.values.get("seed", 42),
            set=set_,
            **circumstances(),
        )
        announce(resolved, run, model, notes)
        finish(run, resolved.stage, len(here.gpus))
    print_samples(run)
    print(next_step(run, here))


def chosen_profile(profile: str, here: Machine) -> str:
    """Return the profile by name, `auto` resolved by hardware. Raises UserError where this machine can't do it."""
    from gretchen.runs.hardware import best_profile

    if profile == "auto":
        return best_profile(here)[0]
    require_profile(profile, here)
    return profile


def resolved_for(
    project: str, recipe: str, profile: str, set_: str, here: Machine, output: str | None = None
) -> tuple[Any, list[str]]:
    """Return the resolved recipe as this machine can run it, and a line for each value that had to give way."""
    from gretchen.recipes.layers import words_of
    from gretchen.recipes.resolve import resolve

    devices = max(1, len(here.gpus))
    words = words_of(set_)
    resolved = resolve(project, recipe, profile, words, output=output, devices=devices)
    changes, notes = allowances(resolved.values, here)
    if is_smoke():
        changes |= SMOKE
    if changes:
        resolved = resolve(project, recipe, profile, words, output=output, devices=devices, overrides=changes)
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
    return changes, notes


def model_of(resolved: Any) -> str:
    """Return the model that a recipe starts from: a folder relative to the root, or a hub id."""
    return str(resolved.values["base_model" if resolved.engine == "axolotl" else "model_name_or_path"])


def announce(resolved: Any, run: Path, model: str, notes: list[str]) -> None:
    """Print what is about to be trained, from what, into where."""
    print(f"training {resolved.name} ({resolved.profile}) from {model}, effective batch {resolved.effective_batch}")
    for note in notes:
        print(note)
    print(f"run: {paths.shown(run)} (recipe.yaml, train.log)", flush=True)


def finish(run: Path, stage: str, devices: int) -> None:
    """Run the engine and keep in run.json how it ended."""
    from gretchen.models.locate import weights_hash

    try:
        launch(stage, run, devices)
    except KeyboardInterrupt:
        folder.update(run, status="stopped", finished=now())
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


def measured(run: Path) -> dict[str, Any]:
    """Return what the trainer measured of itself: tokens seen, seconds of training, peak memory in GiB."""
    rows = progress.read(run)
    names = {"num_tokens": "tokens", "train_runtime": "train_seconds", "peak_memory_gib": "peak_memory_gib"}
    names["peak_gpu_memory_gib"] = "peak_gpu_memory_gib"
    return {told: row[name] for row in rows for name, told in names.items() if name in row}


def next_step(run: Path, here: Machine) -> str:
    """Return the last lines: the next command, and what this machine could do beyond the profile."""
    from gretchen.projects.card import load_card
    from gretchen.runs.hardware import best_profile

    told = folder.record(run)
    project, profile = told["project"], told["profile"]
    words = ["" if profile == "tiny" else f" PROFILE={profile}", f" RUNS={run.name}" if told["set"] else ""]
    lines = ["", f"next: make eval PROJECT={project}" + "".join(words)]
    best, why = best_profile(here)
    if profile == "tiny" and best != "tiny":
        lines.append(f"this machine has {why}: PROFILE={best} trains {load_card(project).models[best]}")
    return "\n".join(lines)
