"""The longest batch comes first: losses are the same without it, and too little memory is one message."""

import json
import subprocess
import sys

import pytest
import yaml

from gretchen.engines.rehearsal import LongestFirst, can_be_rehearsed, longest_rows, out_of_memory, size_text

PROJECT = "genome-chatbot"
BASE = f"projects/{PROJECT}/base"
# Metrics of the clock and the machine, not of the training.
VOLATILE = ("seconds", "runtime", "per_sec", "memory")


@pytest.fixture(scope="module")
def built(flagship):
    """Return a root with the flagship and a few rows of each kind, one of them far longer than the others."""
    for row_format in ("chats", "preferences"):
        folder = flagship / "build" / PROJECT / row_format
        folder.mkdir(parents=True)
        for split in ("train", "validation", "test"):
            rows = [row(row_format, split, number) for number in range(16)]
            (folder / f"{split}.jsonl").write_text(
                "".join(json.dumps(example) + "\n" for example in rows), encoding="utf-8"
            )
    return flagship


def row(row_format, split, number):
    prompt = [{"role": "user", "content": f"Transcribe {split} {number}."}]
    sides = [[{"role": "assistant", "content": text * (20 if number == 5 else 1)}] for text in ("AUG ", "ATG ")]
    common = {"id": f"{split}-{number}", "form": "x", "group": [split], "meta": "{}"}
    if row_format == "chats":
        return common | {"messages": prompt + sides[0]}
    return common | {"prompt": prompt, "chosen": sides[0], "rejected": sides[1]}


def recipe_in(folder, name, *words):
    """Write a recipe of three steps into a folder, with dropout, so that a changed random state would show."""
    from gretchen.recipes.resolve import Request, resolve
    from gretchen.recipes.schema import MODEL

    engine = name.split(".")[1]
    size = "micro_batch_size" if engine == "axolotl" else "per_device_train_batch_size"
    steps = ["max_steps=3", "logging_steps=1", "lora_dropout=0.1", f"{size}=4", "gradient_accumulation_steps=1"]
    evaluation = ["eval_strategy=steps", "eval_steps=2"]
    resolved = resolve(Request(PROJECT, name, "tiny", [*steps, *evaluation, *words], output=str(folder)))
    quiet = {"use_wandb": False} if engine == "axolotl" else {"report_to": "none"}
    folder.mkdir(parents=True)
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(resolved.values | quiet | {MODEL[engine]: BASE}), encoding="utf-8")
    return file


def train_metrics(file, name):
    """Train a recipe in this process, and return its metrics without those of the clock."""
    import importlib

    from transformers import set_seed

    set_seed(1)  # the adapter is initialized before the trainer sets its seed
    stage, engine = name.split(".")
    importlib.import_module(f"gretchen.engines.{engine}.train").train(file, stage)
    rows = [json.loads(line) for line in (file.parent / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if not any(part in key for part in VOLATILE)} for row in rows]


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("dpo.zephyr", "sft.axolotl", "dpo.axolotl")]


@pytest.mark.parametrize("name", ["sft.zephyr", *SLOW])
def test_losses_are_bit_identical_with_the_longest_batch_first(built_root, tmp_path, monkeypatch, capfd, name):
    rehearsed = train_metrics(recipe_in(tmp_path / "with", name), name)
    output = capfd.readouterr().out
    assert "the longest batch (" in output
    assert "one evaluation batch (" in output
    monkeypatch.setattr("gretchen.engines.rehearsal.can_be_rehearsed", lambda trainer: False)
    plain = train_metrics(recipe_in(tmp_path / "without", name), name)
    assert "the longest batch" not in capfd.readouterr().out
    assert rehearsed == plain
    assert sum("loss" in row for row in rehearsed) >= 3


def test_the_longest_rows_make_the_batch():
    from datasets import Dataset

    rows = Dataset.from_dict(
        {"prompt_ids": [[1], [1] * 9, [1] * 2], "chosen_ids": [[1] * 2, [1], [1] * 30], "text": ["a" * 99, "b", "c"]}
    )
    assert longest_rows(rows, 2) == [2, 1]
    assert longest_rows(rows.select([1, 0]), 1) == [0], "rows of a selection"


class Arguments:
    """The arguments of a trainer that the message depends on."""

    per_device_train_batch_size = 12
    per_device_eval_batch_size = 64
    gradient_accumulation_steps = 2
    gradient_checkpointing = False


def test_the_message_names_what_to_change():
    trainer = type("SFTTrainer", (), {"args": Arguments()})()
    error = out_of_memory(trainer, "the longest batch (12 × 512 tokens)")
    assert str(error) == (
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
    assert size_text(batch) == "4 × 9 tokens"


def test_trainers_that_cannot_be_rehearsed(built_root):
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
    LongestFirst(trainer=None).on_train_begin(None, state, None)  # a rehearsal would fail on None


@pytest.mark.slow
def test_too_little_memory_ends_the_run_before_its_first_step_with_one_message(built_root, tmp_path, environment):
    long = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "AUG " * 120}]
    lines = [json.dumps(row("chats", "train", number) | {"messages": long}) + "\n" for number in range(16)]
    (tmp_path / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    words = ["per_device_train_batch_size=16", f"dataset_name={tmp_path}", 'eval_strategy="no"']
    file = recipe_in(tmp_path / "run", "sft.zephyr", *words)
    # The address space is limited to 150 MiB more than before the training; sixteen long rows take several times that.
    code = (
        "import resource, sys, pathlib\n"
        "from gretchen.training.worker import exit_code_of\n"
        "from gretchen.engines import rehearsal\n"
        "from gretchen.engines.zephyr.train import train\n"
        "before = rehearsal.LongestFirst.on_train_begin\n"
        "def limited(*args, **kwargs):\n"
        "    pages = int(open('/proc/self/statm').read().split()[0])\n"
        "    limit = pages * resource.getpagesize() + 150 * 2**20\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "    return before(*args, **kwargs)\n"
        "rehearsal.LongestFirst.on_train_begin = limited\n"
        f"file = pathlib.Path({str(file)!r})\n"
        "sys.exit(exit_code_of(file.parent, lambda: train(file, 'sft')))\n"
    )
    variables = environment(GRETCHEN_ROOT=str(built_root), OMP_NUM_THREADS="1")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=built_root, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr[-2000:]
    assert "error: out of memory on the longest batch (16 × " in done.stderr
    assert "hint: SET: per_device_train_batch_size=8 gradient_accumulation_steps=2 (the same effective" in done.stderr
    assert "Traceback" not in done.stderr
