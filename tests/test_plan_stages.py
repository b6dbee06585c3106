"""Parameters, tokens and steps of a plan are those of the trainers, for every stage of both engines.

The rows are the flagship's own. Each training starts as in `make train`, and is stopped before its first step.
"""

import importlib
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from run_records import write_run

from gretchen.planning.plan import Budget, make_plan
from gretchen.planning.read_settings import read_settings
from gretchen.planning.steps import count_steps
from gretchen.recipes.resolve import Request, resolve
from gretchen.runs.store import earlier_runs

PROJECT, ROWS = "genome-chatbot", 150
ENGINES = {"zephyr": "per_device_train_batch_size", "axolotl": "micro_batch_size"}
PLAIN = {"zephyr": {"bf16": False, "dtype": "float32", "report_to": "none"}, "axolotl": {"use_wandb": False}}
SHORT = {"zephyr": {"max_length": 60}, "axolotl": {"sequence_len": 60}}  # cuts or drops a part of the rows
QUICK = ["kto.zephyr", "orpo.zephyr"]
SLOW = ["dpo.zephyr", "simpo.zephyr", "reward.zephyr", "distill.zephyr", "grpo.zephyr", "rloo.zephyr", "ppo.zephyr"]
SLOW += ["dpo.axolotl", "kto.axolotl", "orpo.axolotl", "simpo.axolotl", "reward.axolotl", "grpo.axolotl"]
CASES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


class Stopped(Exception):
    """Raised with the trainer instead of its first step."""


@pytest.fixture(scope="module")
def root(few_rows):
    """Return a root with the flagship, a few rows of each format, and runs that later stages start from."""
    base = few_rows / "projects" / PROJECT / "base"
    for name in ("sft.zephyr", "sft.axolotl", "reward.zephyr"):
        run = Path("runs", PROJECT, name, "20260101-000000-aaaa")
        write_run(run, base={"model": f"projects/{PROJECT}/base", "weights": "w" * 16})
        shutil.copytree(base, run / "model")
    return few_rows


def stopped_trainer(resolved, run, monkeypatch):
    """Start a training in this process, and return its trainer, stopped before its first step."""
    import transformers
    from trl.experimental.ppo import PPOTrainer

    def stop(trainer, *_, **__):
        raise Stopped(trainer)

    for trainer in (transformers.Trainer, PPOTrainer):
        monkeypatch.setattr(trainer, "train", stop)
    run.mkdir(exist_ok=True)
    (run / "recipe.yaml").write_text(resolved.text(), encoding="utf-8")
    train = importlib.import_module(f"gretchen.engines.{resolved.engine}.train").train
    with pytest.raises(Stopped) as stopped:
        train(run / "recipe.yaml", resolved.stage)
    return stopped.value.args[0]


def steps_and_tokens(trainer):
    """Return the steps that a trainer is about to take, and the tokens of an epoch that it would count."""
    if hasattr(trainer.args, "num_total_batches"):  # PPO
        return trainer.args.num_total_batches, None
    loader = trainer.get_train_dataloader()
    per_epoch = max(1, math.ceil(len(loader) / trainer.args.gradient_accumulation_steps))
    max_steps = trainer.args.max_steps
    total = max_steps if max_steps > 0 else math.ceil(trainer.args.num_train_epochs * per_epoch)
    rows = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    masks = [name for name in rows if name in ("attention_mask", "chosen_attention_mask", "rejected_attention_mask")]
    return total, sum(int(rows[name].sum()) for name in masks) if masks else None


@pytest.mark.parametrize("short", [False, True], ids=["whole", "short"])
@pytest.mark.parametrize("name", CASES)
def test_parameters_tokens_and_steps_are_the_trainers_own(name, short, root, tmp_path, monkeypatch):
    stage, engine = name.split(".")
    generates = stage in ("grpo", "rloo", "ppo")
    if short and generates:
        pytest.skip("its trainer cuts no prompt")
    changes = (
        {ENGINES[engine]: 32, "max_steps": None} if engine == "axolotl" else {ENGINES[engine]: 32, "max_steps": -1}
    )
    changes |= {("num_epochs" if engine == "axolotl" else "num_train_epochs"): 3}
    changes |= PLAIN[engine] | (SHORT[engine] if short else {})
    resolved = resolve(
        Request(PROJECT, name, "tiny", output=str(tmp_path / "run"), overrides=changes), earlier_runs(PROJECT, "tiny")
    )
    base = root / "projects" / PROJECT / "base" / "config.json"
    plan = make_plan(resolved, base, Budget("this machine", 8, cpu=True), auxiliary=base)
    trainer = stopped_trainer(resolved, tmp_path / "run", monkeypatch)
    total, tokens = steps_and_tokens(trainer)
    assert plan.steps.total == total
    assert generates or plan.rows.tokens == tokens
    assert not short or plan.rows.cut + plan.rows.dropped > 0
    numbers = [(parameter.numel(), parameter.requires_grad) for parameter in trainer.model.parameters()]
    assert plan.parameters.total == sum(size for size, _ in numbers)
    assert plan.parameters.trained == sum(size for size, trained in numbers if trained)


def test_grpo_uses_complete_groups_of_prompts_num_iterations_times(root):
    settings = read_settings(resolve(Request(PROJECT, "grpo.zephyr", "tiny")), cpu=True)
    changes = {"num_generations": 4, "generation_batch_size": 32, "num_iterations": 3}
    settings = replace(settings, batch_size=8, accumulation=2, max_steps=-1, epochs=2.0, **changes)
    # Completions are generated for 8 prompts at once: 20 prompts make two groups; each gives 4 batches, three times.
    assert count_steps(20, settings).per_epoch == 2 * 4 * 3 / 2
    assert count_steps(20, settings).total == 24
