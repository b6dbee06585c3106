"""A training's longest batch comes first: losses are the same without it, and too little memory is one sentence."""

import json
import subprocess
import sys

import pytest
import yaml

from gretchen.engines.rehearsal import LongestFirst, can_be_rehearsed, longest, out_of_memory, sizes

PROJECT = "genome-chatbot"
BASE = f"projects/{PROJECT}/base"
# What a clock or the machine says, and not the training.
UNLIKE = ("seconds", "runtime", "per_sec", "memory")


@pytest.fixture(scope="module")
def built(flagship):
    """Return a root with the flagship and a few rows of each kind, one of them far longer than the others."""
    for row_format in ("chats", "preferences"):
        folder = flagship / "build" / PROJECT / row_format
        folder.mkdir(parents=True)
        for split in ("train", "validation", "test"):
            rows = [row(row_format, split, number) for number in range(16)]
            (folder / f"{split}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return flagship


def row(row_format, split, number):
    asked = [{"role": "user", "content": f"Transcribe {split} {number}."}]
    sides = [[{"role": "assistant", "content": text * (20 if number == 5 else 1)}] for text in ("AUG ", "ATG ")]
    common = {"id": f"{split}-{number}", "form": "x", "group": [split], "meta": "{}"}
    if row_format == "chats":
        return common | {"messages": asked + sides[0]}
    return common | {"prompt": asked, "chosen": sides[0], "rejected": sides[1]}


def recipe_in(place, name, *words):
    """Write a recipe of three steps with dropout, so that a random number out of place would show, into `place`."""
    from gretchen.recipes.resolve import Request, resolve
    from gretchen.recipes.schema import MODEL

    engine = name.split(".")[1]
    size = "micro_batch_size" if engine == "axolotl" else "per_device_train_batch_size"
    steps = ["max_steps=3", "logging_steps=1", "lora_dropout=0.1", f"{size}=4", "gradient_accumulation_steps=1"]
    watch = ["eval_strategy=steps", "eval_steps=2"]
    resolved = resolve(Request(PROJECT, name, "tiny", [*steps, *watch, *words], output=str(place)))
    quiet = {"use_wandb": False} if engine == "axolotl" else {"report_to": "none"}
    place.mkdir(parents=True)
    file = place / "recipe.yaml"
    file.write_text(yaml.safe_dump(resolved.values | quiet | {MODEL[engine]: BASE}), encoding="utf-8")
    return file


def trained(file, name):
    """Train a recipe in this process, begun like a new one, and return what its metrics say, without clocks."""
    import importlib

    from transformers import set_seed

    set_seed(1)  # the adapter's first weights are drawn before the trainer sets its own
    stage, engine = name.split(".")
    importlib.import_module(f"gretchen.engines.{engine}.train").train(file, stage)
    rows = [json.loads(line) for line in (file.parent / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if not any(part in key for part in UNLIKE)} for row in rows]


SLOW = [pytest.param(f"{name}.axolotl", marks=pytest.mark.slow) for name in ("sft", "dpo")]


@pytest.mark.parametrize("name", ["sft.zephyr", "dpo.zephyr", *SLOW])
def test_losses_are_bit_identical_with_the_longest_batch_first(built_root, tmp_path, monkeypatch, capfd, name):
    with_it = trained(recipe_in(tmp_path / "with", name), name)
    assert "the longest batch (" in (told := capfd.readouterr().out)
    assert "one evaluation batch (" in told
    monkeypatch.setattr("gretchen.engines.rehearsal.can_be_rehearsed", lambda trainer: False)
    without = trained(recipe_in(tmp_path / "without", name), name)
    assert "the longest batch" not in capfd.readouterr().out
    assert with_it == without
    assert sum("loss" in row for row in with_it) >= 3


def test_the_longest_rows_make_the_batch():
    from datasets import Dataset

    rows = Dataset.from_dict(
        {"prompt_ids": [[1], [1] * 9, [1] * 2], "chosen_ids": [[1] * 2, [1], [1] * 30], "text": ["a" * 99, "b", "c"]}
    )
    assert longest(rows, 2) == [2, 1]
    assert longest(rows.select([1, 0]), 1) == [0], "rows behind a selection"


class Arguments:
    """The arguments of a trainer that the sentence depends on."""

    per_device_train_batch_size = 12
    per_device_eval_batch_size = 64
    gradient_accumulation_steps = 2
    gradient_checkpointing = False


def test_the_sentence_says_what_to_change():
    trainer = type("SFTTrainer", (), {"args": Arguments()})()
    told = out_of_memory(trainer, "the longest batch (12 × 512 tokens)")
    assert str(told) == (
        "error: out of memory on the longest batch (12 × 512 tokens), before the first step\n"
        "hint: SET: per_device_train_batch_size=6 gradient_accumulation_steps=4 (the same effective batch), or "
        "gradient_checkpointing=true (slower), or a smaller max_length"
    )
    assert out_of_memory(trainer, "one evaluation batch (64 × 9 tokens)").hint.startswith(
        "SET: per_device_eval_batch_size=32, or "
    )


def test_the_size_is_the_largest_tensors():
    import torch

    batch = {"input_ids": torch.zeros(4, 9), "KL_input_ids": torch.zeros(4, 7), "label": torch.zeros(4)}
    assert sizes(batch) == "4 × 9 tokens"


def test_what_cannot_be_rehearsed_is_not(built_root):
    from datasets import Dataset

    class Trainer:
        train_dataset = Dataset.from_dict({"input_ids": [[1]]})
        is_deepspeed_enabled = is_fsdp_enabled = False

    class GRPOTrainer(Trainer):
        pass

    class Deep(Trainer):
        is_deepspeed_enabled = True

    class Streamed(Trainer):
        train_dataset = Dataset.from_dict({"input_ids": [[1]]}).to_iterable_dataset()

    assert [can_be_rehearsed(kind()) for kind in (Trainer, GRPOTrainer, Deep, Streamed)] == [True, False, False, False]


def test_a_resumed_run_is_not_rehearsed():
    state = type("State", (), {"global_step": 7})()
    LongestFirst(trainer=None).on_train_begin(None, state, None)  # it would fail on the trainer that there is not


@pytest.mark.slow
def test_too_little_memory_ends_the_run_before_its_first_step_in_one_sentence(built_root, tmp_path, environment):
    long = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "AUG " * 120}]
    lines = [json.dumps(row("chats", "train", number) | {"messages": long}) + "\n" for number in range(16)]
    (tmp_path / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    words = ["per_device_train_batch_size=16", f"dataset_name={tmp_path}", 'eval_strategy="no"']
    file = recipe_in(tmp_path / "run", "sft.zephyr", *words)
    # The address space ends 150 MiB beyond what stands before the training; sixteen long rows take several times that.
    code = (
        "import resource, sys, pathlib\n"
        "from gretchen.training.worker import exit_code_of\n"
        "from gretchen.engines import rehearsal\n"
        "from gretchen.engines.zephyr.train import train\n"
        "before = rehearsal.LongestFirst.on_train_begin\n"
        "def tight(*given, **more):\n"
        "    pages = int(open('/proc/self/statm').read().split()[0])\n"
        "    limit = pages * resource.getpagesize() + 150 * 2**20\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "    return before(*given, **more)\n"
        "rehearsal.LongestFirst.on_train_begin = tight\n"
        f"file = pathlib.Path({str(file)!r})\n"
        "sys.exit(exit_code_of(file.parent, lambda: train(file, 'sft')))\n"
    )
    asked = environment(GRETCHEN_ROOT=str(built_root), OMP_NUM_THREADS="1")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=built_root, env=asked, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr[-2000:]
    assert "error: out of memory on the longest batch (16 × " in done.stderr
    assert "hint: SET: per_device_train_batch_size=8 gradient_accumulation_steps=2 (the same effective" in done.stderr
    assert "Traceback" not in done.stderr
