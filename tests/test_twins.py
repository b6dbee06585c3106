"""The twin test: a recipe and its twin, on the same rows, seed and model, train on the same tokens with the same loss.

Both engines train through their own entries, in float32 on the tiny base; `make convert` writes the twin. What the two
cannot have in common is listed in docs/twins.md, and below.
"""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from gretchen.converting.pairs import ALL
from gretchen.converting.recipe import twin_of_project_recipe
from gretchen.converting.twin import OTHER, twin
from gretchen.projects.modules import load_dataset_module
from gretchen.recipes.find import find
from gretchen.recipes.resolve import Request, dump, resolve

PROJECT = "genome-chatbot"
ROWS, BATCH, STEPS = 64, 8, 4
TOLERANCE = 1e-4  # of the loss; float32 sums in another order
PARENT = "runs/base"
# The first steps alone, and a warm-up that does not hang on how each engine rounds a share of all steps.
SHORT = {"max_steps": STEPS, "eval_strategy": "no", "save_strategy": "no", "bf16": False, "learning_rate": 1e-3}
OWN = {
    "zephyr": {"per_device_train_batch_size": BATCH, "warmup_steps": 0},
    "axolotl": {"micro_batch_size": BATCH, "warmup_steps": 0, "warmup_ratio": None},
}
MASKS = {"sft": "labels", "dpo": "completion_mask"}


@pytest.fixture(scope="module")
def twin_root(flagship):
    """Return a root with the flagship, a few rows by its own builder, and the base as the run that DPO starts from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(flagship))
        builder = load_dataset_module(PROJECT)
        for row_format, rows in (("chats", builder.chats()), ("preferences", builder.preferences())):
            folder = flagship / "build" / PROJECT / row_format
            folder.mkdir(parents=True)
            for split in ("train", "validation"):
                lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in islice(rows, ROWS)]
                (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
        model = flagship / PARENT / "model"
        model.parent.mkdir(parents=True)
        model.symlink_to(flagship / "projects" / PROJECT / "base")
        yield flagship


def converted(root: Path, name: str) -> str:
    """Replace the hand-written twin of a recipe by the converted one, and return its name."""
    source = find(PROJECT, name)
    other = f"{source.name.removesuffix(source.engine)}{OTHER[source.engine]}"
    source.path.with_name(f"{other}.yaml").write_text(twin_of_project_recipe(PROJECT, source).text, encoding="utf-8")
    return other


def first_steps(root: Path, name: str, environment) -> dict:
    """Train a recipe's first steps by its engine, and return their record."""
    stage, _, engine = name.partition(".")
    run = root / "runs" / f"twin-{name}"
    run.mkdir(parents=True)
    changes = SHORT | OWN[engine]
    values = resolve(
        Request(PROJECT, name, "tiny", output=str(run.relative_to(root)), parent=PARENT, overrides=changes)
    )
    (run / "recipe.yaml").write_text(values.text(), encoding="utf-8")
    command = [
        sys.executable,
        Path(__file__).with_name("twin_steps.py"),
        engine,
        stage,
        run / "recipe.yaml",
        run / "out.json",
    ]
    asked = environment(GRETCHEN_ROOT=str(root), OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
    done = subprocess.run(command, cwd=root, env=asked, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    record = json.loads((run / "out.json").read_text(encoding="utf-8"))
    record["steps"] = record["steps"][-STEPS:]  # the longest batch is tried before them
    return record


@pytest.fixture(scope="module", params=["sft", "dpo"])
def twins(request, twin_root, environment):
    """Return (stage, zephyr's first steps, its twin's first steps)."""
    name = f"{request.param}.zephyr"
    return (
        request.param,
        first_steps(twin_root, name, environment),
        first_steps(twin_root, converted(twin_root, name), environment),
    )


@pytest.mark.slow
def test_twins_train_on_the_same_tokens_and_the_same_mask(twins):
    stage, zephyr, axolotl = twins
    assert len(zephyr["steps"]) == len(axolotl["steps"]) == STEPS
    for a, b in zip(zephyr["steps"], axolotl["steps"], strict=True):
        assert a["batch"]["input_ids"] == b["batch"]["input_ids"]
        assert a["batch"][MASKS[stage]] == b["batch"][MASKS[stage]]
        assert len(a["batch"]["input_ids"]) == (2 * BATCH if stage == "dpo" else BATCH)
        trained = [value for row in a["batch"][MASKS[stage]] for value in row if value not in (0, -100)]
        assert trained


@pytest.mark.slow
def test_twins_have_the_same_loss(twins):
    _, zephyr, axolotl = twins
    rates = [[step["learning_rate"] for step in side["steps"]] for side in (zephyr, axolotl)]
    assert rates[0] == pytest.approx(rates[1])
    losses = [[step["loss"] for step in side["steps"]] for side in (zephyr, axolotl)]
    assert losses[0] == pytest.approx(losses[1], abs=TOLERANCE)
    assert len(set(losses[0])) == STEPS


# Where the trainers' arguments differ, and no step of the training does: docs/twins.md says why.
APART = {
    "activation_offloading", "average_tokens_across_devices", "dataloader_num_workers", "dataloader_pin_memory",
    "dataloader_prefetch_factor", "dataset_num_proc", "eval_on_start", "gradient_checkpointing_kwargs",
    "lr_scheduler_kwargs", "output_dir", "tf32", "use_cpu",
}  # fmt: skip
OF_STAGE = {
    "sft": {"eval_accumulation_steps"},
    "dpo": {"logging_first_step", "model_init_kwargs", "remove_unused_columns"},
}


@pytest.mark.slow
def test_twins_have_the_same_arguments_but_for_what_the_docs_name(twins):
    """All of TRL's and transformers' arguments: what the table of twins says of defaults holds in both trainers."""
    stage, zephyr, axolotl = twins
    a, b = zephyr["arguments"], axolotl["arguments"]
    assert len(a.keys() & b.keys()) > 100
    differing = {key for key in a.keys() & b.keys() if a[key] != b[key]}
    expected = APART | OF_STAGE[stage]
    assert differing == expected, {key: (a.get(key), b.get(key)) for key in differing ^ expected}


FULL = {
    "model_name_or_path": "a/b", "dataset_name": "c/d", "output_dir": "out", "eval_strategy": "steps", "eval_steps": 20,
    "save_strategy": "epoch", "use_peft": True, "lora_target_modules": "all-linear", "use_rslora": True, "bf16": False,
    "gradient_checkpointing": True, "gradient_checkpointing_kwargs": {"use_reentrant": False}, "warmup_steps": 0.1,
    "max_length": 256, "optim": "adamw_torch", "adam_beta2": 0.95, "use_cpu": True, "attn_implementation": "sdpa",
}  # fmt: skip
OF_METHOD = {
    "sft": {"assistant_only_loss": True, "neftune_noise_alpha": 5.0},
    "dpo": {"beta": 0.2, "loss_type": ["ipo"]},
    "kto": {"desirable_weight": 1.5},
    "orpo": {"beta": 0.2},
}


@pytest.mark.slow
@pytest.mark.parametrize("stage", ALL)
def test_the_engines_own_validators_take_a_twin_and_its_twin(stage, tmp_path):
    from gretchen.checks.validators import validate_axolotl, validate_trl

    there = twin(FULL | OF_METHOD[stage], "zephyr", stage)
    file = tmp_path / "there.yaml"
    file.write_text(dump(there.values), encoding="utf-8")
    assert validate_axolotl(file, there.values).errors == ()
    back = twin(there.values, "axolotl", stage)
    file = tmp_path / "back.yaml"
    file.write_text(dump(back.values | {"use_cpu": True}), encoding="utf-8")
    assert validate_trl(file, stage).errors == ()
    assert not [key for key, _ in there.dropped + back.dropped]
