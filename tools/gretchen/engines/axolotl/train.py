"""A resolved axolotl recipe, trained in this process by axolotl's own entry.

It does what `axolotl train recipe.yaml` does, but for the launcher (half the start-up on one device). What was trained
is moved from the recipe's `output_dir` into adapter/ or model/ there.
"""

import shutil
from pathlib import Path
from typing import Any

import yaml

from gretchen.hardware import is_main_process
from gretchen.runs.folder import latest_checkpoint

PLUGIN = "gretchen.engines.axolotl.plugin.RunPlugin"
# The run's own, and gone after it: axolotl knows prepared rows by their file's name and would take old ones for new.
PREPARED = ".prepared"
# The frozen copy of the adapter that TRL's GRPO measures its penalty from; peft saves it beside the trained one.
REFERENCE = "ref"
# What axolotl saves beside the weights, by the names that transformers and peft give these files.
ADAPTER = ("adapter_config.json", "adapter_model*.safetensors*")
MODEL = ("model*.safetensors*",)
COMPANIONS = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "chat_template*")
OF_A_MODEL = ("config.json", "generation_config.json")


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from axolotl.cli.train import do_cli

    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    run = Path(values["output_dir"])
    do_cli(str(recipe), **options(values, run, resume))
    return collected(run)


def options(values: dict[str, Any], run: Path, resume: bool) -> dict[str, Any]:
    """Return what is added to the recipe: our plugin, a place for prepared rows, a checkpoint to go on from."""
    prepared = values.get("dataset_prepared_path") or str(run / PREPARED)
    added: dict[str, Any] = {"plugins": [*values.get("plugins", []), PLUGIN], "dataset_prepared_path": prepared}
    newest = latest_checkpoint(run) if resume else None
    return added | ({"resume_from_checkpoint": newest} if newest else {})


def collected(run: Path) -> Path:
    """Move the saved weights and what belongs to them into adapter/ or model/, whole, and return that folder."""
    is_adapter = (run / "adapter_config.json").is_file()
    target = run / ("adapter" if is_adapter else "model")
    if not is_main_process():
        return target
    temporary = run / f".{target.name}"
    temporary.mkdir(exist_ok=True)
    for pattern in (*(ADAPTER if is_adapter else (*MODEL, *OF_A_MODEL)), *COMPANIONS):
        for file in run.glob(pattern):
            file.rename(temporary / file.name)
    # An adapter's base has these, and axolotl's DPO and KTO write it again; recipe.yaml and train.log say the rest.
    for pattern in (*MODEL, *OF_A_MODEL, "README.md", "debug.log"):
        for file in run.glob(pattern):
            file.unlink()
    for place in (PREPARED, REFERENCE):
        shutil.rmtree(run / place, ignore_errors=True)
    temporary.rename(target)
    return target
