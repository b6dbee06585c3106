"""Each stage of the zephyr engine on the embedded base: five steps of it, and (slow) that it learns what it is for.

The trainings run one after another in this process, so that the heavy imports are paid once.
"""

import importlib
import json
import math
import shutil
from pathlib import Path

import pytest

from gretchen import rewards
from gretchen.files import read_jsonl
from gretchen.projects.build import build
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import resolve
from gretchen.recipes.schema import stages
from gretchen.runs import folder, progress
from gretchen.zephyr import stage as shared

PROJECT = "genome-chatbot"
ROWS = 240
STEPS = 5
SFT, JUDGE = "20260101-000000-aaaa", "20260102-000000-aaaa"
# Numbers of a CPU with or without bf16 arithmetic are compared here: float32 for all.
PLAIN = {"bf16": False, "dtype": "float32", "report_to": "none", "save_strategy": "no"}
SMALL = {"per_device_train_batch_size": 4, "max_steps": STEPS, "eval_strategy": "no", "logging_steps": 1}
ONLINE = {
    "grpo": {"num_generations": 2, "max_completion_length": 16},
    "rloo": {"num_generations": 2, "max_completion_length": 16},
    "ppo": {"response_length": 16},
    "distill": {"max_new_tokens": 16},
}
RECIPES = [name for name, recipe in recipes_of(PROJECT).items() if recipe.engine == "zephyr"]


@pytest.fixture(scope="module")
def root(flagship):
    """Return a root of its own with the flagship, a few rows of each format, and runs that later stages start from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(flagship))
        patch.chdir(flagship)
        card = flagship / "projects" / PROJECT / "project.yaml"
        card.write_text(card.read_text("utf-8").replace("tiny: 5000", f"tiny: {ROWS}"), encoding="utf-8")
        build(PROJECT, "tiny")
        finished("sft", SFT)
        shutil.copytree(flagship / "projects" / PROJECT / "base", run_of("sft", SFT) / "model")
        yield flagship


def run_of(stage, name):
    """Return the folder of a run."""
    return Path("runs", PROJECT, f"{stage}.zephyr", name)


def finished(stage, name):
    """Record a finished run, and return its folder."""
    base = {"model": f"projects/{PROJECT}/base", "weights": "w" * 16}
    told = {"status": "finished", "stage": stage, "recipe": f"{stage}.zephyr", "profile": "tiny", "base": base}
    folder.update(run_of(stage, name), parent=None, data="d" * 16, **told)
    return run_of(stage, name)


def trained(recipe, run, **changes):
    """Train one of the project's recipes in this process, and return the folder of what was trained."""
    resolved = resolve(PROJECT, recipe, "tiny", output=str(run), overrides=PLAIN | changes)
    file = Path(run, "recipe.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(resolved.text(), encoding="utf-8")
    return importlib.import_module(f"gretchen.zephyr.{resolved.stage}").train(file)


def judge(root, **changes):
    """Return the folder of a reward model for PPO, trained for a few steps and merged; made once."""
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    run = run_of("reward", JUDGE)
    if not (run / "model").is_dir():
        adapter = trained("reward", run, **(changes or SMALL) | {"eval_strategy": "no"})
        start = run_of("sft", SFT) / "model"
        whole = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1)
        PeftModel.from_pretrained(whole, adapter).merge_and_unload().save_pretrained(run / "model")
        AutoTokenizer.from_pretrained(start).save_pretrained(run / "model")
        finished("reward", JUDGE)
    return run / "model"


def test_every_stage_has_a_recipe():
    assert {name.split(".")[0].split("-")[0] for name in RECIPES} == set(stages("zephyr"))


@pytest.mark.parametrize("recipe", RECIPES)
def test_five_steps_of_each_recipe(root, tmp_path, recipe):
    from safetensors.torch import load_file

    kind = recipe.split(".")[0]
    if kind == "ppo":
        judge(root)
    place = trained(recipe, tmp_path, **SMALL | ONLINE.get(kind, {}))
    rows = progress.read(tmp_path)
    steps = [row for row in rows if progress.first_of(progress.LOSSES, row)]
    assert [row["step"] for row in steps] == list(range(1, STEPS + 1))
    assert all(math.isfinite(row[progress.first_of(progress.LOSSES, row)]) for row in steps)
    assert f"step {STEPS}/{STEPS}" in progress.line(rows)
    assert place.name == ("model" if recipe.startswith("sft-full") else "adapter")
    weights = load_file(next(place.glob("*.safetensors")))
    moved = any(tensor.abs().sum() > 0 for name, tensor in weights.items() if "lora_B" in name)
    # The base is never right in 16 tokens: without a reward there is nothing to learn.
    assert moved == (kind not in ("grpo", "rloo", "sft-full"))
    assert kind not in ("grpo", "rloo") or {row["reward"] for row in steps} == {0.0}
    assert (place / "tokenizer.json").is_file()
    assert not list(place.glob("*.bin"))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"loss": 0.5, "reward": 0.25, "rewards/f/mean": 0.25}, "loss 0.500 · reward 0.250"),
        ({"loss/policy_avg": 0.5, "objective/scores": -1.5}, "loss 0.500 · reward -1.500"),
        ({"loss": 0.5, "rewards/accuracies": 0.75, "rewards/margins": 1.0}, "loss 0.500 · pairs right 0.750"),
        ({"loss": 0.5, "rewards/margins": 1.0}, "loss 0.500 · margin 1.000"),
        ({"loss": 0.5}, "loss 0.500"),
    ],
)
def test_progress_tells_what_the_stage_is_about(row, told):
    row = {"step": 1, "steps": 2, "seconds": 1.0} | row
    assert progress.line([row]) == f"step 1/2 · {told}"
    evaluated = {f"eval_{key}": value for key, value in row.items()}
    if "loss" in row:
        assert progress.line([row, evaluated]).endswith("validation " + told.replace(" · ", ", "))


def test_what_is_scored_is_what_is_rewarded(root):
    rows = read_jsonl(Path("build", PROJECT, "prompts", "validation.jsonl"))
    right = [[{"role": "assistant", "content": json.loads(row["meta"])["reference"]}] for row in rows]
    columns = {key: [row[key] for row in rows] for key in ("id", "form", "group", "meta")}
    asked = [row["prompt"] for row in rows]
    module, _, name = rewards.name_of(PROJECT).rpartition(".")
    reward = getattr(importlib.import_module(module), name)
    assert reward.__name__ == "genome_chatbot"  # TRL logs it by this name
    assert set(reward(prompts=asked, completions=right, **columns)) == {1.0}
    assert set(reward(prompts=asked, completions=["no"] * len(rows), **columns)) == {0.0}


def test_a_reward_of_no_project_is_told():
    from types import SimpleNamespace

    from gretchen.errors import UserError

    script = SimpleNamespace(reward_model_name_or_path=None, reward_funcs=["gretchen.rewards.genom_chatbot"])
    with pytest.raises(UserError, match=r"'gretchen.rewards.genom_chatbot' cannot be imported"):
        shared.reward_functions(script)
    script.reward_funcs = ["think_format_reward"]
    assert [one.__name__ for one in shared.reward_functions(script)] == ["think_format_reward"]


def test_ppo_says_that_it_cannot_go_on(tmp_path):
    from gretchen.errors import WorkError
    from gretchen.zephyr import ppo

    with pytest.raises(WorkError, match="cannot go on from a checkpoint"):
        ppo.train(tmp_path / "recipe.yaml", resume=True)


def test_kto_stopped_after_three_steps_goes_on_to_the_same_end(root, tmp_path):
    import torch
    from safetensors.torch import load_file

    from gretchen.zephyr import kto

    more = SMALL | {"save_strategy": "steps", "save_steps": 3}
    whole = load_file(trained("kto", tmp_path, **more) / "adapter_model.safetensors")
    shutil.rmtree(tmp_path / "adapter")
    shutil.rmtree(tmp_path / f"checkpoint-{STEPS}", ignore_errors=True)
    assert folder.checkpoint(tmp_path) == str(tmp_path / "checkpoint-3")
    again = load_file(kto.train(tmp_path / "recipe.yaml", resume=True) / "adapter_model.safetensors")
    assert [row["step"] for row in progress.read(tmp_path) if "loss" in row] == list(range(1, STEPS + 1))
    for name, tensor in whole.items():
        torch.testing.assert_close(again[name], tensor, rtol=1e-4, atol=1e-6)


# What each stage is for, as its trainer measures it on held-out rows before and after: name, and whether up is better.
# Started from a short SFT, which is right sometimes, where the recipe says ${base.sft}.
LEARNS = {
    "pretrain": ("eval_loss", False, {"model_name_or_path": "SFT"}),  # what SFT has cost in documents comes back
    "sft": ("eval_loss", False, {}),
    "dpo": ("eval_rewards/margins", True, {}),
    "kto": ("eval_rewards/margins", True, {}),
    "orpo": ("eval_loss", False, {}),
    "simpo": ("eval_loss", False, {}),
    "reward": ("eval_accuracy", True, {"max_steps": 250, "per_device_train_batch_size": 16}),
    "grpo": ("eval_reward", True, {"max_completion_length": 64, "per_device_train_batch_size": 32}),
    "rloo": ("eval_reward", True, {"max_completion_length": 64, "per_device_train_batch_size": 32}),
    "distill": ("eval_loss", False, {"max_new_tokens": 64}),
}


@pytest.fixture(scope="module")
def school(root):
    """Return the root with some more rows, and in the place of the base that stood for it a real short SFT."""
    card = root / "projects" / PROJECT / "project.yaml"
    card.write_text(card.read_text("utf-8").replace(f"tiny: {ROWS}", "tiny: 1200"), encoding="utf-8")
    build(PROJECT, "tiny")
    from gretchen.merging.merge import merge

    adapter = trained("sft", run_of("sft", SFT), max_steps=80, eval_strategy="no")
    shutil.rmtree(run_of("sft", SFT) / "model")
    (run_of("sft", SFT) / "model").mkdir()
    merge(root / "projects" / PROJECT / "base", root / adapter, root / run_of("sft", SFT) / "model")
    shutil.rmtree(run_of("reward", JUDGE), ignore_errors=True)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("kind", LEARNS)
def test_each_stage_learns_what_it_is_for(school, tmp_path, kind):
    name, up, changes = LEARNS[kind]
    start = {"model_name_or_path": str(run_of("sft", SFT) / "model")} if "model_name_or_path" in changes else {}
    steps = {"max_steps": 40, "logging_steps": 10, "per_device_train_batch_size": 8} | changes | start
    more = {"eval_on_start": True, "eval_strategy": "steps", "eval_steps": steps["max_steps"]}
    trained(kind, tmp_path, **steps, **more)
    before, after = (row[name] for row in progress.read(tmp_path) if name in row)
    print(f"{kind}: {name} {before:.4f} -> {after:.4f}")
    assert (after > before) == up
    if kind == "reward":  # by chance half of the pairs
        assert after > 0.6


@pytest.mark.slow
def test_ppo_learns_what_the_reward_model_likes(school, tmp_path):
    judge(school, max_steps=250, per_device_train_batch_size=16)
    trained("ppo", tmp_path, per_device_train_batch_size=32, max_steps=40, response_length=64)
    scores = [row["objective/scores"] for row in progress.read(tmp_path) if "objective/scores" in row]
    print("ppo: ", [round(score, 2) for score in scores])
    assert sum(scores[-5:]) > sum(scores[:5])
