"""NaN is a failure: a loss, a validation loss or a weight that is not finite ends the training in a sentence.

The trainings run in this process, on both engines.
"""

import importlib
import shutil
from pathlib import Path

import pytest
from run_records import write_run

from gretchen.errors import WorkError
from gretchen.files import write_text
from gretchen.models.finite import require_finite
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import MODEL
from gretchen.recipes.stages import ENGINES
from gretchen.training.worker import exit_code_of

PROJECT = "genome-chatbot"
ROWS = 240
SETTINGS = {
    "zephyr": {"per_device_train_batch_size": 4, "bf16": False, "dtype": "float32", "report_to": "none"},
    "axolotl": {"micro_batch_size": 4, "use_wandb": False},
}
VALIDATION_OFF = {"zephyr": {"eval_strategy": "no"}, "axolotl": {"test_datasets": None}}
STEPS = {"max_steps": 4, "logging_steps": 1, "save_strategy": "no", "warmup_steps": 0}


def train(run_dir: Path, recipe: str, **changes) -> Path:
    """Train a recipe in this process, and return the folder of the weights."""
    engine = recipe.split(".")[1]
    overrides = SETTINGS[engine] | STEPS | changes
    resolved = resolve(Request(PROJECT, recipe, "tiny", output=str(run_dir), overrides=overrides), lambda name: None)
    write_text(run_dir / "recipe.yaml", resolved.text())
    return importlib.import_module(f"gretchen.engines.{engine}.train").train(run_dir / "recipe.yaml", resolved.stage)


def spoiled(folder: Path, target: Path, value: float) -> Path:
    """Copy a model with one weight replaced, and return the copy."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, target)
    tensors = load_file(target / "model.safetensors")
    tensors["model.layers.1.mlp.up_proj.weight"][3, 5] = value
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverged_loss_ends_the_training(few_rows, tmp_path, engine):
    with pytest.raises(WorkError) as raised:
        train(tmp_path, f"sft.{engine}", learning_rate=3e30, max_grad_norm=1e30, **VALIDATION_OFF[engine])
    assert raised.value.problem.startswith("the loss is nan at step "), raised.value.problem
    assert raised.value.problem.endswith(" of 4: the training diverged")
    assert "learning_rate is 3e+30" in raised.value.hint
    assert not (tmp_path / "adapter").exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_base_with_nan_weights_ends_before_the_first_step(few_rows, tmp_path, engine):
    base = spoiled(few_rows / "projects" / PROJECT / "base", tmp_path / "base", float("nan"))
    with pytest.raises(WorkError) as raised:
        train(tmp_path / "run", f"sft.{engine}", **{MODEL[engine]: str(base)}, **VALIDATION_OFF[engine])
    assert raised.value.problem.startswith("the weights that the training starts from are not finite: ")
    assert "model.layers.1.mlp.up_proj" in raised.value.problem
    assert not (tmp_path / "run" / "metrics.jsonl").read_text("utf-8")


def test_a_validation_loss_counts_too(few_rows, tmp_path):
    """A diverged model whose training loss is logged after its validation loss."""
    settings = {"learning_rate": 3e30, "max_grad_norm": 1e30, "eval_strategy": "steps", "eval_steps": 2}
    with pytest.raises(WorkError, match="the validation loss is nan at step 2 of 4"):
        train(tmp_path, "sft.zephyr", **settings | {"logging_steps": 4})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_fail_the_run(few_rows, tmp_path, value):
    base = few_rows / "projects" / PROJECT / "base"
    require_finite(base)
    run_dir = write_run(tmp_path / "runs/p/sft.zephyr/20260101-000000-aaaa", status="running", kind="base")
    write_text(run_dir / "recipe.yaml", "report_to: none\n")
    assert exit_code_of(run_dir, lambda: spoiled(base, run_dir / "model", value)) == 1
    failure = (run_dir / "failure.json").read_text(encoding="utf-8")
    assert "are not finite: model.layers.1.mlp.up_proj.weight holds NaN or infinity" in failure
