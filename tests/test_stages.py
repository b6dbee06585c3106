"""Each stage of both engines on the embedded base: five steps of it, and (slow) that it learns what it is for.

The trainings run one after another in this process, so that the heavy imports are paid once.
"""

import importlib
import json
import math
import shutil
from pathlib import Path

import pytest
from run_records import write_run

from gretchen import rewards
from gretchen.engines.zephyr import ppo
from gretchen.engines.zephyr.rewards import reward_kwargs
from gretchen.engines.zephyr.train import train as train_zephyr
from gretchen.files import read_jsonl, write_jsonl
from gretchen.projects.build import build
from gretchen.recipes.find import find, recipes_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.stages import ENGINES, stage_names
from gretchen.runs.folder import latest_checkpoint
from gretchen.runs.metrics import read_metrics
from gretchen.runs.store import earlier_runs
from gretchen.training import progress

PROJECT = "genome-chatbot"
ROWS = 240
STEPS = 5
SFT, REWARD = "20260101-000000-aaaa", "20260102-000000-aaaa"
# CPUs with and without bf16 arithmetic must agree: float32 for all.
PLAIN = {
    "zephyr": {"bf16": False, "dtype": "float32", "report_to": "none", "save_strategy": "no"},
    "axolotl": {"use_wandb": False, "save_strategy": "no"},
}
SMALL = {
    "zephyr": {"per_device_train_batch_size": 4, "max_steps": STEPS, "eval_strategy": "no", "logging_steps": 1},
    # axolotl evaluates before the first step wherever there are rows to do it with.
    "axolotl": {"micro_batch_size": 4, "max_steps": STEPS, "test_datasets": None, "logging_steps": 1},
}
ONLINE = {
    "grpo.zephyr": {"num_generations": 2, "max_completion_length": 16},
    "rloo.zephyr": {"num_generations": 2, "max_completion_length": 16},
    "ppo.zephyr": {"response_length": 16},
    "distill.zephyr": {"max_new_tokens": 16},
    "grpo.axolotl": {"trl": {"num_generations": 2, "max_completion_length": 16}},
}
RECIPES = sorted(recipes_of(PROJECT), key=lambda name: name.split(".")[1])


@pytest.fixture(scope="module")
def root(few_rows):
    """Return a root of its own with the flagship, a few rows of each format, and runs that later stages start from."""
    for engine in ENGINES:
        finished("sft", SFT, engine)
        shutil.copytree(few_rows / "projects" / PROJECT / "base", run_of("sft", SFT, engine) / "model")
    return few_rows


def run_of(stage, name, engine="zephyr"):
    """Return the folder of a run."""
    return Path("runs", PROJECT, f"{stage}.{engine}", name)


def finished(stage, name, engine="zephyr"):
    """Record a finished run, and return its folder."""
    base = {"model": f"projects/{PROJECT}/base", "weights": "w" * 16}
    return write_run(run_of(stage, name, engine), base=base)


def trained(recipe, run, **changes):
    """Train one of the project's recipes in this process, and return the folder of what was trained."""
    engine = find(PROJECT, recipe).engine
    request = Request(PROJECT, recipe, "tiny", output=str(run), overrides=PLAIN[engine] | changes)
    resolved = resolve(request, earlier_runs(PROJECT, "tiny"))
    file = Path(run, "recipe.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(resolved.text(), encoding="utf-8")
    return importlib.import_module(f"gretchen.engines.{engine}.train").train(file, resolved.stage)


def reward_model(root, **changes):
    """Return the folder of a reward model for PPO, trained for a few steps and merged; made once."""
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    run = run_of("reward", REWARD)
    if not (run / "model").is_dir():
        adapter = trained("reward", run, **(changes or SMALL["zephyr"]) | {"eval_strategy": "no"})
        start = run_of("sft", SFT) / "model"
        whole = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1)
        PeftModel.from_pretrained(whole, adapter).merge_and_unload().save_pretrained(run / "model")
        AutoTokenizer.from_pretrained(start).save_pretrained(run / "model")
        finished("reward", REWARD)
    return run / "model"


def test_every_stage_has_a_recipe():
    has = {(recipe.engine, recipe.stage) for recipe in recipes_of(PROJECT).values()}
    assert has == {(engine, stage) for engine in ENGINES for stage in stage_names(engine)}


@pytest.mark.parametrize("recipe", RECIPES)
def test_five_steps_of_each_recipe(root, tmp_path, recipe):
    from safetensors.torch import load_file

    kind, engine = recipe.split(".")
    if kind == "ppo":
        reward_model(root)
    weights_dir = trained(recipe, tmp_path, **SMALL[engine] | ONLINE.get(recipe, {}))
    rows = read_metrics(tmp_path)
    steps = [row for row in rows if progress.first_logged(progress.LOSSES, row)]
    assert [row["step"] for row in steps] == list(range(1, STEPS + 1))
    assert all(math.isfinite(row[progress.first_logged(progress.LOSSES, row)]) for row in steps)
    assert f"step {STEPS}/{STEPS}" in progress.line(rows)
    assert weights_dir.name == ("model" if recipe.startswith("sft-full") else "adapter")
    weights = load_file(next(weights_dir.glob("*.safetensors")))
    moved = any(tensor.abs().sum() > 0 for name, tensor in weights.items() if "lora_B" in name)
    # The base is never right in 16 tokens: without a reward there is nothing to learn.
    assert moved == (kind not in ("grpo", "rloo", "sft-full"))
    assert kind not in ("grpo", "rloo") or {row["reward"] for row in steps} == {0.0}
    assert (weights_dir / "tokenizer.json").is_file()
    assert not list(weights_dir.glob("*.bin"))
    assert {path.name for path in tmp_path.iterdir()} == {"recipe.yaml", "metrics.jsonl", weights_dir.name}


def test_axolotl_trains_on_the_current_rows(root, tmp_path):
    file = Path("build", PROJECT, "chats", "train.jsonl")
    rows, losses = list(read_jsonl(file)), []
    for number, text in enumerate(("", "QQQQ")):  # no answer of the builder's, so that the loss shows it
        turns = [row["messages"][:-1] + [{"role": "assistant", "content": text or row["messages"][-1]["content"]}]
                 for row in rows]  # fmt: skip
        write_jsonl(file, [row | {"messages": messages} for row, messages in zip(rows, turns, strict=True)])
        run = tmp_path / str(number)
        trained("sft.axolotl", run, **SMALL["axolotl"] | {"max_steps": 1})
        losses.append(next(row["loss"] for row in read_metrics(run) if "loss" in row))
        assert {path.name for path in run.iterdir()} == {"recipe.yaml", "metrics.jsonl", "adapter"}
    write_jsonl(file, rows)
    assert losses[1] > losses[0] + 1


@pytest.mark.parametrize("engine", ENGINES)
def test_after_an_evaluation_qlora_trains_as_without_one(root, tmp_path, engine):
    """On a processor bitsandbytes makes 4-bit weights that were evaluated such that no gradient passes them."""
    rows = resolve(Request(PROJECT, f"sft-qlora.{engine}", "tiny")).values.get("test_datasets")
    first = {"zephyr": {"eval_strategy": "steps", "eval_on_start": True}, "axolotl": {"test_datasets": rows}}
    losses = []
    for number, more in enumerate(({}, first[engine])):
        run = tmp_path / str(number)
        trained(f"sft-qlora.{engine}", run, **SMALL[engine] | more)
        rows_logged = read_metrics(run)
        assert any("eval_loss" in row for row in rows_logged) == bool(more)
        losses.append([row["loss"] for row in rows_logged if "loss" in row])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


@pytest.mark.parametrize(
    ("recipe", "loss", "beta"),
    [
        ("dpo.zephyr", {"loss_type": ["ipo"], "loss_weights": None}, {"beta": 0.5}),
        ("dpo.axolotl", {"dpo_loss_type": ["ipo"], "dpo_loss_weights": None}, {"rl_beta": 0.5}),
    ],
)
def test_ipo_is_a_loss_of_dpo_by_key(root, tmp_path, recipe, loss, beta):
    trained(recipe, tmp_path, **SMALL[recipe.split(".")[1]] | {"max_steps": 1} | loss | beta)
    first = next(row["loss"] for row in read_metrics(tmp_path) if "loss" in row)
    # (h - 1 / 2 beta)², where h is 0 as long as the model is its own reference (Azar et al. 2023, equation 17).
    assert first == pytest.approx((1 / (2 * 0.5)) ** 2, abs=1e-3)


@pytest.mark.parametrize(
    ("row", "figures"),
    [
        ({"loss": 0.5, "reward": 0.25, "rewards/f/mean": 0.25}, "loss 0.500 · reward 0.250"),
        ({"loss/policy_avg": 0.5, "objective/scores": -1.5}, "loss 0.500 · reward -1.500"),
        ({"loss": 0.5, "rewards/accuracies": 0.75, "rewards/margins": 1.0}, "loss 0.500 · preference accuracy 0.750"),
        ({"loss": 0.5, "rewards/margins": 1.0}, "loss 0.500 · margin 1.000"),
        ({"loss": 0.5}, "loss 0.500"),
    ],
)
def test_progress_shows_the_figures_of_the_stage(row, figures):
    row = {"step": 1, "steps": 2, "seconds": 1.0} | row
    assert progress.line([row]) == f"step 1/2 · {figures}"
    evaluated = {f"eval_{key}": value for key, value in row.items()}
    if "loss" in row:
        assert progress.line([row, evaluated]).endswith("validation " + figures.replace(" · ", ", "))


def test_the_reward_is_the_main_metric(root):
    rows = read_jsonl(Path("build", PROJECT, "prompts", "validation.jsonl"))
    right = [[{"role": "assistant", "content": json.loads(row["meta"])["reference"]}] for row in rows]
    columns = {key: [row[key] for row in rows] for key in ("id", "form", "group", "meta")}
    asked = [row["prompt"] for row in rows]
    reward = rewards.genome_chatbot
    assert reward.__name__ == "genome_chatbot"  # TRL logs it by this name
    assert set(reward(prompts=asked, completions=right, **columns)) == {1.0}
    assert set(reward(prompts=asked, completions=["no"] * len(rows), **columns)) == {0.0}


def test_a_reward_of_no_project_is_refused():
    from types import SimpleNamespace

    from gretchen.errors import UserError

    script = SimpleNamespace(reward_model_name_or_path=None, reward_funcs=["gretchen.rewards.genom_chatbot"])
    with pytest.raises(UserError, match=r"'gretchen.rewards.genom_chatbot' cannot be imported"):
        reward_kwargs(script)
    script.reward_funcs = ["think_format_reward"]
    assert [function.__name__ for function in reward_kwargs(script)["reward_funcs"]] == ["think_format_reward"]


def test_ppo_cannot_resume(tmp_path):
    from gretchen.errors import WorkError

    with pytest.raises(WorkError, match="cannot go on from a checkpoint"):
        ppo.train(tmp_path / "recipe.yaml", resume=True)


def test_kto_resumed_after_three_steps_ends_with_the_same_weights(root, tmp_path):
    import torch
    from safetensors.torch import load_file

    more = SMALL["zephyr"] | {"save_strategy": "steps", "save_steps": 3}
    whole = load_file(trained("kto", tmp_path, **more) / "adapter_model.safetensors")
    shutil.rmtree(tmp_path / "adapter")
    shutil.rmtree(tmp_path / f"checkpoint-{STEPS}", ignore_errors=True)
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-3")
    again = load_file(train_zephyr(tmp_path / "recipe.yaml", "kto", resume=True) / "adapter_model.safetensors")
    assert [row["step"] for row in read_metrics(tmp_path) if "loss" in row] == list(range(1, STEPS + 1))
    for name, tensor in whole.items():
        torch.testing.assert_close(again[name], tensor, rtol=1e-4, atol=1e-6)


# What each stage is for, as its trainer measures it on held-out rows before and after: name, and whether up is better.
# Started from a short SFT, which is right sometimes, where the recipe says ${base.sft}.
WAYS_OF_SFT = ("sft", "sft-full", "sft-qlora", "sft-dora", "sft-rslora")
LEARNS = {
    **{f"{way}.{engine}": ("eval_loss", False, {}) for way in WAYS_OF_SFT for engine in ENGINES},
    "pretrain.zephyr": ("eval_loss", False, {"model_name_or_path": "SFT"}),  # what SFT has cost in documents comes back
    "dpo.zephyr": ("eval_rewards/margins", True, {}),
    "kto.zephyr": ("eval_rewards/margins", True, {}),
    "orpo.zephyr": ("eval_log_odds_chosen", True, {}),
    "simpo.zephyr": ("eval_rewards/margins", True, {}),
    "reward.zephyr": ("eval_accuracy", True, {"max_steps": 250, "per_device_train_batch_size": 16}),
    "grpo.zephyr": ("eval_reward", True, {"max_completion_length": 64, "per_device_train_batch_size": 64}),
    "rloo.zephyr": ("eval_reward", True, {"max_completion_length": 64, "per_device_train_batch_size": 64}),
    "distill.zephyr": ("eval_loss", False, {"max_new_tokens": 64}),
    "pretrain.axolotl": ("eval_loss", False, {"base_model": "SFT", "micro_batch_size": 32}),
    "dpo.axolotl": ("eval_rewards/margins", True, {}),
    "kto.axolotl": ("eval_rewards/margins", True, {}),
    "orpo.axolotl": ("eval_log_odds_chosen", True, {}),
    "simpo.axolotl": ("eval_rewards/margins", True, {}),
    "reward.axolotl": ("eval_accuracy", True, {"max_steps": 250, "micro_batch_size": 32}),
    "grpo.axolotl": ("eval_reward", True, {"trl": {"max_completion_length": 64}, "micro_batch_size": 64}),
}
FIRST = {"zephyr": {"eval_on_start": True}, "axolotl": {}}  # axolotl always does


@pytest.fixture(scope="module")
def short_sft(root):
    """Return the root with more rows, and a real short SFT as the run that later stages start from."""
    card = root / "projects" / PROJECT / "project.yaml"
    card.write_text(card.read_text("utf-8").replace(f"tiny: {ROWS}", "tiny: 1200"), encoding="utf-8")
    build(PROJECT, "tiny")
    from gretchen.merging.merge import merge

    adapter = trained("sft", run_of("sft", SFT), max_steps=80, eval_strategy="no")
    model = run_of("sft", SFT) / "model"
    shutil.rmtree(model)
    model.mkdir()
    merge(root / "projects" / PROJECT / "base", root / adapter, root / model)
    shutil.copytree(model, run_of("sft", SFT, "axolotl") / "model", dirs_exist_ok=True)
    shutil.rmtree(run_of("reward", REWARD), ignore_errors=True)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("recipe", LEARNS)
def test_each_stage_learns_what_it_is_for(short_sft, tmp_path, recipe):
    (kind, engine), (name, up, changes) = recipe.split("."), LEARNS[recipe]
    model = str(run_of("sft", SFT) / "model")
    changes = {key: model if value == "SFT" else value for key, value in changes.items()}
    eight = {"zephyr": "per_device_train_batch_size", "axolotl": "micro_batch_size"}[engine]
    steps = {"max_steps": 40, "logging_steps": 10, eight: 8} | changes
    more = FIRST[engine] | {"eval_strategy": "steps", "eval_steps": steps["max_steps"]}
    trained(recipe, tmp_path, **steps, **more)
    before, after = (row[name] for row in read_metrics(tmp_path) if name in row)
    print(f"{recipe}: {name} {before:.4f} -> {after:.4f}")
    assert (after > before) == up
    if kind == "reward":  # by chance half of the pairs
        assert after > 0.6


@pytest.mark.slow
def test_ppo_raises_the_reward_models_score(short_sft, tmp_path):
    reward_model(short_sft, max_steps=250, per_device_train_batch_size=16)
    trained("ppo", tmp_path, per_device_train_batch_size=32, max_steps=40, response_length=64)
    scores = [row["objective/scores"] for row in read_metrics(tmp_path) if "objective/scores" in row]
    print("ppo: ", [round(score, 2) for score in scores])
    assert sum(scores[-5:]) > sum(scores[:5])
