"""A resolved axolotl recipe, trained in this process by axolotl's own entry.

It does what `axolotl train recipe.yaml` does, without the launcher (half the start-up time on one device). The trained
weights are moved from the recipe's `output_dir` into adapter/ or model/ below it.
"""

import shutil
from pathlib import Path
from typing import Any

import yaml

from gretchen.hardware import is_main_process
from gretchen.runs.folder import latest_checkpoint

PLUGIN = "gretchen.engines.axolotl.plugin.RunPlugin"
# Prepared rows belong to one attempt of one run, whatever the recipe's `dataset_prepared_path`: axolotl finds them by
# the data file's name, and would reuse them for other rows in a file of the same name. A killed preparation leaves a
# folder that axolotl cannot read.
PREPARED = ".prepared"
# The frozen copy of the adapter that TRL's GRPO measures its penalty from; peft saves it beside the trained one.
REFERENCE = "ref"
# What axolotl saves beside the weights, by the names that transformers and peft give these files.
ADAPTER = ("adapter_config.json", "adapter_model*.safetensors*")
MODEL = ("model*.safetensors*",)
TOKENIZER = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "chat_template*")
MODEL_CONFIG = ("config.json", "generation_config.json")


def train(recipe: Path, stage: str = "", resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model.

    An axolotl recipe says itself which stage it is: `stage` is for the signature that both engines have. `resume` goes
    on from the newest checkpoint in the run's folder.
    """
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    run = Path(values["output_dir"])
    if is_main_process():  # before the import, which takes longer: the other processes look for the rows after theirs
        shutil.rmtree(run / PREPARED, ignore_errors=True)
    from axolotl.cli.train import do_cli

    do_cli(str(recipe), **options(values, run, resume))
    return collect(run)


def options(values: dict[str, Any], run: Path, resume: bool) -> dict[str, Any]:  # axolotl's own keys
    """Return what is added to the recipe: our plugin, a folder for prepared rows, a checkpoint to resume from."""
    prepared = {"dataset_prepared_path": str(run / PREPARED)}
    added: dict[str, Any] = {"plugins": [*values.get("plugins", []), PLUGIN]} | prepared
    newest = latest_checkpoint(run) if resume else None
    return added | ({"resume_from_checkpoint": newest} if newest else {})


def collect(run: Path) -> Path:
    """Move the saved weights and what belongs to them into adapter/ or model/, in one step, and return that folder."""
    is_adapter = (run / "adapter_config.json").is_file()
    target = run / ("adapter" if is_adapter else "model")
    if not is_main_process():
        return target
    temporary = run / f".{target.name}"
    temporary.mkdir(exist_ok=True)
    for pattern in (*(ADAPTER if is_adapter else (*MODEL, *MODEL_CONFIG)), *TOKENIZER):
        for file in run.glob(pattern):
            file.rename(temporary / file.name)
    # axolotl's DPO and KTO save the adapter's base again; recipe.yaml and train.log hold what the other files say.
    for pattern in (*MODEL, *MODEL_CONFIG, "README.md", "debug.log"):
        for file in run.glob(pattern):
            file.unlink()
    for name in (PREPARED, REFERENCE):
        shutil.rmtree(run / name, ignore_errors=True)
    temporary.rename(target)
    return target
