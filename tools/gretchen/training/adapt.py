"""A standalone recipe's values as this machine can train them: paths seen from the root, what needs a GPU left out.

    adapt(recipe, schema, set_, run_dir, machine)        -> values, and a note for each that changed

Nothing is pushed to a hub. There is no profile: a value changes only where this machine cannot do what it asks for.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.hardware import Machine
from gretchen.provenance import is_smoke
from gretchen.recipes.coercion import coerce
from gretchen.recipes.layers import Values, merge_all, words_of
from gretchen.recipes.machine import SMOKE, hardware_overrides
from gretchen.recipes.resolve import known_set
from gretchen.recipes.schema import MODEL, load_schema
from gretchen.recipes.standalone import StandaloneRecipe

# Where a recipe names files and folders: at its top level, and in each entry of its lists of data sets.
PATH_KEYS = (
    *MODEL.values(), "dataset_name", "chat_template_path", "tokenizer_config", "base_model_config", "lora_model_dir",
    "deepspeed", "reward_model_path", "pretraining_dataset",
)  # fmt: skip
DATASET_KEYS = ("datasets", "test_datasets", "pretraining_dataset")
DATASET_PATH_KEYS = ("path", "data_files", "data_dir")
PUSH_KEYS = ("push_to_hub", "hub_model_id", "push_dataset_to_hub")


@dataclass(frozen=True)
class Adapted:
    """Final values of a standalone recipe, and a note for each that differs from the file."""

    values: Values
    notes: tuple[str, ...]


def adapt(recipe: StandaloneRecipe, set_: str, run_dir: Path, machine: Machine) -> Adapted:
    """Return a recipe's values with SET's, for this machine and a run's folder. Raises UserError for an unknown SET."""
    schema = load_schema(recipe.engine, recipe.stage)
    values = with_root_paths(recipe.values) | merge_all(known_set(words_of(set_), schema))
    pushes = [key for key in PUSH_KEYS if values.get(key)]
    notes = [f"{', '.join(pushes)}: nothing is pushed, the weights stay in the run's folder"] if pushes else []
    values = {key: value for key, value in values.items() if key not in (*PUSH_KEYS, "dataset_prepared_path")}
    hardware = hardware_overrides(values, machine)
    overrides, reasons = dict(hardware.values), hardware.notes
    if not machine.gpus and not machine.apple_silicon:
        cpu, cpu_notes = cpu_overrides(values, recipe.engine)
        overrides, reasons = overrides | cpu, [*reasons, *cpu_notes]
    overrides |= {"output_dir": paths.shown(run_dir)} | (SMOKE if is_smoke() else {})
    properties = schema["properties"]
    final = {
        key: coerce(value, properties.get(key, {})) for key, value in (values | overrides).items() if value is not None
    }
    return Adapted(final, (*notes, *reasons))


def with_root_paths(values: Values) -> Values:
    """Return values whose files and folders are named from the repository's root, where the engine runs."""
    located = values | {key: from_root(values[key]) for key in PATH_KEYS if key in values}
    for key in DATASET_KEYS:
        if isinstance(values.get(key), list):
            located[key] = [with_root_dataset_paths(entry) for entry in values[key]]
    return located


def with_root_dataset_paths(entry: Any) -> Any:
    """Return one entry of a list of data sets with its files named from the root."""
    if not isinstance(entry, dict):
        return entry
    return {key: from_root(value) if key in DATASET_PATH_KEYS else value for key, value in entry.items()}


def from_root(value: Any) -> Any:
    """Return an existing file or folder as named from the root; anything else, a hub id too, as it is."""
    if isinstance(value, list):
        return [from_root(item) for item in value]
    exists = isinstance(value, str) and len(value) < os.pathconf("/", "PC_NAME_MAX") and Path(value).exists()
    return paths.shown(Path(value).absolute()) if exists else value


def cpu_overrides(values: Values, engine: str) -> tuple[Values, list[str]]:
    """Return the values that a recipe for a GPU needs on a CPU, and a note on those that were switched off."""
    off: Values = {"tf32": False if engine == "axolotl" else None, "fp16": False}
    if engine == "zephyr":
        off |= {"use_liger_kernel": False}
        forced: Values = {"use_cpu": True}
    else:
        off |= {"bf16": False, "flash_attention": None, "xformers_attention": None, "sample_packing": False}
        off |= {f"lora_{part}_kernel": False for part in ("mlp", "qkv", "o")}
        forced = {"lora_mlp_kernel": False, "lora_qkv_kernel": False, "lora_o_kernel": False}
    changes = {key: value for key, value in off.items() if values.get(key)}
    notes = [f"no GPU on this machine: {', '.join(changes)} off"] if changes else []
    if engine == "axolotl" and {"flash_attention", "xformers_attention"} & changes.keys():
        forced["attn_implementation"] = "sdpa"
    return forced | changes, notes
