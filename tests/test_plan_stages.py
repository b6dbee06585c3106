"""Parameters, tokens and steps of a plan are those of the trainers, for every stage of both engines.

The rows are the flagship's own. Each training is begun as `make train` begins it, and stopped before its first step.
"""

import importlib
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from run_records import write_run

from gretchen.planning.plan import Budget, make_plan
from gretchen.planning.settings import read_settings
from gretchen.planning.steps import steps
from gretchen.recipes.resolve import Request, resolve

PROJECT, ROWS = "genome-chatbot", 150
ENGINES = {"zephyr": "per_device_train_batch_size", "axolotl": "micro_batch_size"}
PLAIN = {"zephyr": {"bf16": False, "dtype": "float32", "report_to": "none"}, "axolotl": {"use_wandb": False}}
SHORT = {"zephyr": {"max_length": 60}, "axolotl": {"sequence_len": 60}}  # cuts or drops a part of the rows
QUICK = ["kto.zephyr", "orpo.zephyr"]
SLOW = ["dpo.zephyr", "simpo.zephyr", "reward.zephyr", "distill.zephyr", "grpo.zephyr", "rloo.zephyr", "ppo.zephyr"]
SLOW += ["dpo.axolotl", "kto.axolotl", "orpo.axolotl", "simpo.axolotl", "reward.axolotl", "grpo.axolotl"]
CASES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


class Stopped(Exception):
    """A training that was begun, as far as it got."""


@pytest.fixture(scope="module")
def root(few_rows):
    """Return a root with the flagship, a few rows of each format, and runs that later stages start from."""
    base = few_rows / "projects" / PROJECT / "base"
    for name in ("sft.zephyr", "sft.axolotl", "reward.zephyr"):
        run = Path("runs", PROJECT, name, "20260101-000000-aaaa")
        write_run(run, base={"model": f"projects/{PROJECT}/base", "weights": "w" * 16})
        shutil.copytree(base, run / "model")
    return few_rows


def begun(resolved, run, monkeypatch):
    """Begin a training in this process, and return its trainer, stopped where it would take its first step."""
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


def theirs(trainer):
    """Return the steps that a trainer is about to take, and the tokens of an epoch that it would count."""
    if hasattr(trainer.args, "num_total_batches"):  # PPO
        return trainer.args.num_total_batches, None
    loader = trainer.get_train_dataloader()
    per_epoch = max(1, math.ceil(len(loader) / trainer.args.gradient_accumulation_steps))
    most = trainer.args.max_steps
    total = most if most > 0 else math.ceil(trainer.args.num_train_epochs * per_epoch)
    rows = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    masks = [name for name in rows if name in ("attention_mask", "chosen_attention_mask", "rejected_attention_mask")]
    return total, sum(int(rows[name].sum()) for name in masks) if masks else None


@pytest.mark.parametrize("short", [False, True], ids=["whole", "short"])
@pytest.mark.parametrize("name", CASES)
def test_parameters_tokens_and_steps_are_the_trainers_own(name, short, root, tmp_path, monkeypatch):
    stage, engine = name.split(".")
    writing = stage in ("grpo", "rloo", "ppo")
    if short and writing:
        pytest.skip("its trainer cuts no prompt")
    changes = (
        {ENGINES[engine]: 32, "max_steps": None} if engine == "axolotl" else {ENGINES[engine]: 32, "max_steps": -1}
    )
    changes |= {("num_epochs" if engine == "axolotl" else "num_train_epochs"): 3}
    changes |= PLAIN[engine] | (SHORT[engine] if short else {})
    resolved = resolve(Request(PROJECT, name, "tiny", output=str(tmp_path / "run"), overrides=changes))
    base = root / "projects" / PROJECT / "base" / "config.json"
    made = make_plan(resolved, base, Budget("this machine", 8, cpu=True), other=base)
    trainer = begun(resolved, tmp_path / "run", monkeypatch)
    total, tokens = theirs(trainer)
    assert made.steps.total == total
    assert writing or made.rows.tokens == tokens
    assert not short or made.rows.cut + made.rows.dropped > 0
    numbers = [(parameter.numel(), parameter.requires_grad) for parameter in trainer.model.parameters()]
    assert made.parameters.all == sum(size for size, _ in numbers)
    assert made.parameters.trained == sum(size for size, trained in numbers if trained)


def test_grpo_takes_whole_groups_of_prompts_again_and_again(root):
    settings = read_settings(resolve(Request(PROJECT, "grpo.zephyr", "tiny")), cpu=True)
    one = replace(settings, rows=8, accumulation=2, answers=4, drawn=32, iterations=3, max_steps=-1, epochs=2.0)
    # 8 prompts are written to at once: of 20 there are two such groups; each gives 4 batches, three times over.
    assert steps(20, one).per_epoch == 2 * 4 * 3 / 2
    assert steps(20, one).total == 24
