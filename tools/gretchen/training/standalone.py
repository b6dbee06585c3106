"""`gretchen train FILE`: a loose recipe of either dialect, trained outside any project.

Its run lies in runs/loose/<file>.<engine>/<run>/, with recipe.yaml in today's keys, and beside it what an old recipe
said and TRL has no key for: data/ (the handbook's mixture, mixed), chat_template.jinja, tokenizer/. Names of files are
read from where the command is typed. Nothing is pushed to a hub, and there is no profile: only what this machine cannot
do is changed, and told.
"""

import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.engines.zephyr.mixing import write_mixture
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.hardware import Machine, machine
from gretchen.provenance import is_smoke, now, provenance
from gretchen.recipes.coercion import coerce
from gretchen.recipes.layers import Values, merge_all, words_of
from gretchen.recipes.machine import SMOKE, hardware_overrides
from gretchen.recipes.references import code_faults
from gretchen.recipes.resolve import dump, known_set, require_none
from gretchen.recipes.schema import MODEL, load_schema
from gretchen.recipes.standalone import StandaloneRecipe, read_standalone
from gretchen.runs.folder import create_run, new_run_dir, trained_weights
from gretchen.runs.locks import writer_lock
from gretchen.runs.record import ModelSource, RunRecord, read_record, update_record
from gretchen.runs.store import list_runs
from gretchen.training.job import finish
from gretchen.training.launch import launch
from gretchen.training.resume import refuse_changes
from gretchen.training.start import model_and_weights

LOOSE = "loose"
# Where a recipe names files and folders: at its top, and in each entry of its lists of data sets.
PLACES = (
    *MODEL.values(), "dataset_name", "chat_template_path", "tokenizer_config", "base_model_config", "lora_model_dir",
    "deepspeed", "reward_model_path", "pretraining_dataset",
)  # fmt: skip
DATASETS = ("datasets", "test_datasets", "pretraining_dataset")
IN_DATASETS = ("path", "data_files", "data_dir")
PUSHES = ("push_to_hub", "hub_model_id", "push_dataset_to_hub")


@dataclass(frozen=True)
class Start:
    """A loose recipe as it is about to be trained: its run, its final values, a line for each that had to change."""

    loose: StandaloneRecipe
    run: Path
    values: Values
    notes: list[str]


def train_file(file: Path, set_: str, resume: bool, name: str) -> None:
    """Train a loose recipe. Raises UserError for one that is refused, or that a run cannot go on with."""
    here = machine()
    recipe = recipe_name(file)
    old = unfinished(file, recipe, name) if resume else None
    begun = prepared(file, old or new_run_dir(LOOSE, recipe), set_ or (read_record(old).set if old else ""), here)
    model = str(begun.values[MODEL[begun.loose.engine]])
    start = model_and_weights(model)
    with writer_lock(paths.runs(LOOSE) / recipe, f"the run of {file.name}"):
        if old:
            refuse_changes(old, begun.values, "", start.weights)
            update_record(old, status="running", resumed=(*read_record(old).resumed, now()))
        else:
            begin(begun, file, start, set_)
        told(begun, file, model, resume)
        try:
            finish(begun.run, launch, len(here.gpus), resume)
        except KeyboardInterrupt:
            print(f"\n`gretchen train {file} --resume` goes on from the newest checkpoint", file=sys.stderr)
            raise
    print(next_step(begun.run, model))


def recipe_name(file: Path) -> str:
    """Return the name under which a file's runs lie: config_full.zephyr."""
    loose = read_standalone(file)
    if loose.other_kind:
        raise UserError(f"{file} is no recipe, but {loose.other_kind}")
    require_none(loose.mistakes)
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', file.stem)}.{loose.engine}"


def prepared(file: Path, run: Path, set_: str, here: Machine) -> Start:
    """Return a loose recipe with its run's folder, this machine's changes and SET in it."""
    shown = paths.shown(run)
    loose = read_standalone(file, f"{shown}/chat_template.jinja", f"{shown}/data")
    require_none(loose.mistakes)
    require_none(code_faults(loose.values, loose.location))
    schema = load_schema(loose.engine, loose.stage)
    typed = merge_all(known_set(words_of(set_), schema))
    values = located(loose.values) | typed
    pushes = [key for key in PUSHES if values.get(key)]
    values = {key: value for key, value in values.items() if key not in (*PUSHES, "dataset_prepared_path")}
    notes = [f"{', '.join(pushes)}: nothing is pushed, the weights stay in the run's folder"] if pushes else []
    changes, why = hardware_overrides(values, here)
    own, own_why = processor_only(values, loose.engine) if not here.gpus and not here.apple_silicon else ({}, [])
    changes |= own | {"output_dir": shown} | (SMOKE if is_smoke() else {})
    known = schema["properties"]
    values = {k: coerce(v, known.get(k, {})) for k, v in (values | changes).items() if v is not None}
    return Start(loose, run, values, [*loose.notes, *notes, *why, *own_why])


def located(values: Values) -> Values:
    """Return values whose files and folders are named from the repository's root, where the engine runs."""
    found = dict(values)
    for key in PLACES:
        if key in values:
            found[key] = place_of(values[key])
    for key in DATASETS:
        if isinstance(values.get(key), list):
            found[key] = [
                {k: place_of(v) if k in IN_DATASETS else v for k, v in one.items()} if isinstance(one, dict) else one
                for one in values[key]
            ]
    return found


def place_of(value: Any) -> Any:
    """Return a file or folder that is there as the root sees it; anything else, a hub id too, as it is."""
    if isinstance(value, list):
        return [place_of(one) for one in value]
    there = isinstance(value, str) and len(value) < os.pathconf("/", "PC_NAME_MAX") and Path(value).exists()
    return paths.shown(Path(value).absolute()) if there else value


def processor_only(values: Values, engine: str) -> tuple[Values, list[str]]:
    """Return what a recipe for a GPU needs otherwise on a processor alone, each with a line that says why."""
    wanted: Values = {"tf32": False if engine == "axolotl" else None, "fp16": False}
    if engine == "zephyr":
        wanted |= {"use_liger_kernel": False}
        forced: Values = {"use_cpu": True}
    else:
        wanted |= {"bf16": False, "flash_attention": None, "xformers_attention": None, "sample_packing": False}
        wanted |= {f"lora_{part}_kernel": False for part in ("mlp", "qkv", "o")}
        forced = {"lora_mlp_kernel": False, "lora_qkv_kernel": False, "lora_o_kernel": False}
    changes = {key: value for key, value in wanted.items() if values.get(key)}
    notes = [f"no GPU here: {', '.join(changes)} off"] if changes else []
    if engine == "axolotl" and {"flash_attention", "xformers_attention"} & changes.keys():
        forced["attn_implementation"] = "sdpa"
    return forced | changes, notes


def begin(begun: Start, file: Path, start: ModelSource, set_: str) -> None:
    """Write a new run's folder, and what the recipe needs beside it."""
    record = RunRecord(
        status="running",
        kind="standalone",
        project=LOOSE,
        recipe=begun.run.parent.name,
        file=str(file.absolute()),
        stage=begun.loose.stage,
        engine=begun.loose.engine,
        profile=LOOSE,
        base=start,
        seed=begun.values.get("seed", 42),
        set=set_,
        **asdict(provenance()),
    )
    create_run(begun.run, dump(begun.values), record)
    try:
        prepare(begun)
    except BaseException:
        update_record(begun.run, status="failed", finished=now())
        raise


def prepare(begun: Start) -> None:
    """Mix the rows, and put chat template and tokenizer into the run's folder, where the recipe asks for such."""
    wanted, stage = begun.loose.translation, begun.loose.stage
    if wanted is None:
        return
    if wanted.template is not None:
        write_text(begun.run / "chat_template.jinja", wanted.template)
    own_template = wanted.template if "chat_template_path" not in begun.values else None
    if wanted.tokenizer or own_template:
        write_tokenizer(wanted.tokenizer or str(begun.values[MODEL["zephyr"]]), own_template, begun.run / "tokenizer")
    if wanted.mixture:
        text = str(begun.values.get("dataset_text_field", "text"))
        counts = write_mixture(wanted.mixture, stage, begun.run / "data", text)
        print(f"mixed: {', '.join(f'{rows} {split}' for split, rows in counts.items())} rows", flush=True)


def write_tokenizer(name: str, template: str | None, place: Path) -> None:
    """Save a tokenizer, with another chat template where one is given. Raises UserError where it does not load."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(paths.root() / name) if (paths.root() / name).is_dir() else name)
    except (OSError, ValueError) as wrong:
        raise UserError(f"tokenizer '{name}' does not load: {str(wrong).splitlines()[0]}") from None
    if template is not None:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(place)


def unfinished(file: Path, recipe: str, name: str) -> Path:
    """Return the run called `name`, else the newest unfinished one, of this very file. Raises UserError for none."""
    for run in reversed(list_runs(LOOSE, recipe)):
        same = run.record.file == str(file.absolute()) and name in ("", run.name)
        if same and run.record.status != "finished":
            return run.path
    what = f"run {name}" if name else "unfinished run"
    raise UserError(f"{file} has no {what} to go on with", f"`gretchen train {file}` starts one")


def told(begun: Start, file: Path, model: str, resumed: bool) -> None:
    """Print what is about to be trained, and all that is not as the file says it."""
    print(
        f"{'going on with' if resumed else 'training'} {file} ({begun.loose.engine}, {begun.loose.stage}) from {model}"
    )
    print("\n".join([*begun.notes, f"run: {paths.shown(begun.run)} (recipe.yaml, train.log)"]), flush=True)


def next_step(run: Path, model: str) -> str:
    """Return the last lines: where the weights lie, and how an adapter is merged."""
    trained = trained_weights(run)
    lines = ["", f"trained: {paths.shown(trained)}"]
    if trained.name == "adapter":
        lines.append(f"next: gretchen merge --base {model} --adapter {paths.shown(trained)} --output DIR")
    return "\n".join(lines)
