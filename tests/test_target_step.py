"""A step of every project's own recipes under the GPUs' profiles, on the targets' architecture with random weights.

The cards' target models are Qwen3 and Qwen2.5, here scaled down to the embedded bases' shape. What a processor cannot
do (flash attention, fused kernels, axolotl's bf16) is switched off; everything else is the recipe's.
"""

import importlib
import math
import shutil
import sys

import pytest
import yaml
from random_models import write_family

from gretchen import paths
from gretchen.projects.build import build
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.find import own_recipes
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import MODEL
from gretchen.runs.metrics import read_metrics

# The profile that each engine's recipes are resolved under.
PROFILES = {"zephyr": "gpu-24gb", "axolotl": "gpu-80gb"}
ON_CPU = {
    "zephyr": {
        "use_cpu": True, "attn_implementation": "sdpa", "use_liger_kernel": False, "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 1, "max_length": 512, "eval_strategy": "no", "logging_steps": 1,
    },
    "axolotl": {
        "bf16": False, "tf32": False, "attn_implementation": "sdpa", "plugins": [], "sample_packing": False,
        "micro_batch_size": 2, "gradient_accumulation_steps": 1, "sequence_len": 512, "val_set_size": 0,
        "logging_steps": 1, "lora_mlp_kernel": False, "lora_qkv_kernel": False, "lora_o_kernel": False,
    },
}  # fmt: skip
FAMILIES = {"Qwen/Qwen3-": "qwen3", "Qwen/Qwen2.5-": "qwen2"}  # what a target's name begins with: its architecture
STAGES = ("sft", "dpo", "kto", "orpo")
# Axolotl patches transformers' classes for the rest of the process, so its recipes come last.
RECIPES = sorted(
    (
        (slug, name)
        for slug in project_slugs()
        for name in sorted(own_recipes(slug))
        if name.split(".")[0].split("-")[0] in STAGES
    ),
    key=lambda pair: pair[1].endswith(".axolotl"),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a root of its own with every project, and a random model of each of the targets' architectures."""
    root = tmp_path_factory.mktemp("root")
    for folder in ("projects", "shared_recipes"):
        shutil.copytree(paths.root() / folder, root / folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(root))
        patch.setenv("GRETCHEN_SMOKE", "1")
        patch.chdir(root)
        patch.setattr(sys, "argv", sys.argv[:1])  # axolotl reads sys.argv
        for model_type in FAMILIES.values():
            write_family(root / model_type, model_type)
        yield root


def family(target):
    """Return the architecture of a target model."""
    return next(model_type for beginning, model_type in FAMILIES.items() if target.startswith(beginning))


def test_the_targets_are_of_known_architectures():
    targets = {load_card(slug).models[profile] for slug in project_slugs() for profile in PROFILES.values()}
    assert {family(target) for target in targets} == set(FAMILIES.values())
    assert len(RECIPES) >= 2 * len(project_slugs())


@pytest.mark.slow
@pytest.mark.parametrize(("slug", "name"), RECIPES, ids=str)
def test_a_step_of_a_recipe_for_gpus(root, slug, name):
    engine = name.rpartition(".")[2]
    build(slug, PROFILES[engine])
    run = root / "runs" / slug / name
    run.mkdir(parents=True)
    target = family(load_card(slug).models[PROFILES[engine]])
    resolved = resolve(Request(slug, name, PROFILES[engine], (), output=f"runs/{slug}/{name}"))
    kept = {key: value for key, value in resolved.values.items() if not key.startswith("liger_")}
    values = kept | ON_CPU[engine] | {MODEL[engine]: str(root / target), "max_steps": 1}
    (run / "recipe.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    importlib.import_module(f"gretchen.engines.{engine}.train").train(run / "recipe.yaml", resolved.stage)
    losses = [row["loss"] for row in read_metrics(run) if "loss" in row]
    assert losses and all(map(math.isfinite, losses))
