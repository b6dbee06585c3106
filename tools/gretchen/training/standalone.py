"""`gretchen train FILE`: a standalone recipe of either dialect, trained outside any project.

    train_standalone(Path("config_full.yaml"))         -> the finished run's folder

Its run lies in runs/standalone/<file>.<engine>/<run>/, with recipe.yaml in today's keys. What an older recipe
states and TRL has no key for lies in the same folder: data/ (the handbook's mixture), chat_template.jinja, tokenizer/.
Paths in the file are relative to the current directory. Nothing is pushed to a hub, and there is no profile.
"""

import re
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gretchen import paths
from gretchen.engines.zephyr.mixing import write_mixture
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.hardware import Machine, machine
from gretchen.models.hub_names import use_hub_if_named
from gretchen.models.locate import loadable
from gretchen.provenance import provenance
from gretchen.recipes.references import code_faults
from gretchen.recipes.resolve import dump, require_none
from gretchen.recipes.schema import MODEL
from gretchen.recipes.standalone import StandaloneRecipe, read_valid
from gretchen.runs.folder import new_run_dir, trained_weights
from gretchen.runs.record import Run, RunRecord, read_record
from gretchen.runs.store import list_runs
from gretchen.training.adapt import Adapted, adapt
from gretchen.training.adapter_start import from_adapters
from gretchen.training.launch import launch
from gretchen.training.run import Training, run_training
from gretchen.training.start import model_source
from gretchen.training.tokenizer import write_tokenizer

STANDALONE = "standalone"  # the folder of their runs, in place of a project's name


def train_standalone(file: Path, set_: str = "", resume: bool = False, run_id: str = "") -> Path:
    """Train a standalone recipe and return the finished run's folder.

    `resume` continues its newest unfinished run, or the one called `run_id`. Raises UserError for a recipe that is
    refused, and where there is no run to resume.
    """
    this_machine = machine()
    name = recipe_name(file)
    unfinished = find_unfinished(file, name, run_id) if resume else None
    run_dir = unfinished.path if unfinished else new_run_dir(STANDALONE, name)
    set_ = set_ or (unfinished.record.set if unfinished else "")
    training = standalone_training(file, run_dir, set_, this_machine)
    return run_training(training, launch, len(this_machine.gpus), resume)


def recipe_name(file: Path) -> str:
    """Return the name under which a file's runs lie: config_full.zephyr. Raises UserError for a refused recipe."""
    recipe = read_valid(file)
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', file.stem)}.{recipe.engine}"


def find_unfinished(file: Path, name: str, run_id: str = "") -> Run:
    """Return the run called `run_id`, else the newest unfinished one, of this file. Raises UserError for none."""
    for run in reversed(list_runs(STANDALONE, name)):
        matches = run.record.file == str(file.absolute()) and run_id in ("", run.name)
        if matches and run.record.status != "finished":
            return run
    subject = f"run {run_id}" if run_id else "unfinished run"
    raise UserError(f"{file} has no {subject} to resume", f"`gretchen train {file}` starts one")


def standalone_training(file: Path, run_dir: Path, set_: str, this_machine: Machine) -> Training:
    """Return the training of a recipe's file in a run's folder, on a machine. Raises UserError for a refused recipe."""
    recipe, adapted = read_adapted(file, run_dir, set_, this_machine)
    values, adapter_notes = from_adapters(adapted.values, recipe.engine, recipe.stage, base_revision(recipe))
    adapted = Adapted(values, (*adapted.notes, *adapter_notes))
    mixed = recipe.translation.mixture if recipe.translation else None
    use_hub_if_named(adapted.values, [part.path for part in (*mixed.train, *mixed.test)] if mixed else [])
    base = model_source(str(adapted.values[MODEL[recipe.engine]]))
    values |= {MODEL[recipe.engine]: loadable(base.model)}
    record = RunRecord(
        status="running",
        kind="standalone",
        project=STANDALONE,
        recipe=run_dir.parent.name,
        file=str(file.absolute()),
        stage=recipe.stage,
        engine=recipe.engine,
        profile=STANDALONE,
        base=base,
        seed=adapted.values.get("seed", 42),
        set=set_,
        **asdict(provenance()),
    )
    return Training(
        run_dir,
        dump(values),
        record,
        title=f"{file} ({recipe.engine}, {recipe.stage}) from {base.model}",
        notes=(*recipe.notes, *adapted.notes),
        resume_command=f"gretchen train {file} --resume",
        prepare=partial(prepare, recipe, adapted),
    )


def base_revision(recipe: StandaloneRecipe) -> str | None:
    """Return the revision of the base of the adapter that a recipe starts from, where it names one."""
    return recipe.translation.base_revision if recipe.translation else None


def read_adapted(file: Path, run_dir: Path, set_: str, this_machine: Machine) -> tuple[StandaloneRecipe, Adapted]:
    """Return a recipe with its values for a run's folder and a machine. Raises UserError for a refused recipe."""
    shown = paths.shown(run_dir)
    recipe = read_valid(file, f"{shown}/chat_template.jinja", f"{shown}/data")
    require_none(code_faults(recipe.values, recipe.location))
    return recipe, adapt(recipe, set_, run_dir, this_machine)


def prepare(recipe: StandaloneRecipe, adapted: Adapted, run_dir: Path) -> None:
    """Mix the rows, and write chat template and tokenizer into the run's folder, where the recipe asks for them."""
    translation = recipe.translation
    if translation is None:
        return
    if translation.template is not None:
        write_text(run_dir / "chat_template.jinja", translation.template)
    if translation.mixture:
        text_field = str(adapted.values.get("dataset_text_field", "text"))
        counts = write_mixture(translation.mixture, recipe.stage, run_dir / "data", text_field)
        print(f"mixed: {', '.join(f'{rows} {split}' for split, rows in counts.items())} rows", flush=True)
    for note in write_tokenizer(recipe, adapted.values, run_dir):
        print(note, flush=True)


def next_step(run_dir: Path) -> str:
    """Return the last lines: where the weights lie, and how an adapter is merged."""
    weights = trained_weights(run_dir)
    lines = ["", f"trained: {paths.shown(weights)}"]
    if weights.name == "adapter":
        base = read_record(run_dir).base.model
        lines.append(f"next: gretchen merge --base {base} --adapter {paths.shown(weights)} --output DIR")
    return "\n".join(lines)
