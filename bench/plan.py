"""`make plan`'s memory against measurements: each case is trained by the zephyr engine in a process of its own.

    .venv/bin/python bench/plan.py [CASE …]

Each case is a recipe, a random model and rows of one length; two optimizer steps are made. The peak is measured from
after the imports and a training of a model of a few kilobytes, which loads what is loaded late: on a CPU the peak of
the resident memory (VmHWM, reset by clear_refs; mapped files count), on a GPU CUDA's own. On a CPU, the C library's
allocator is set to return large blocks to the system (MALLOC_MMAP_THRESHOLD_): by default it raises that threshold and
keeps freed blocks of up to 32 MiB, which no formula predicts. Returns 1 where a case is outside the tolerance. Linux
only.
"""

import gc
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOKENIZER = ROOT / "shared_recipes" / "tiny" / "architecture"
TOLERANCE = {"cpu": 0.15, "cuda": 0.10}
MIN_BYTES = 1.5e9  # of a case's own part
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "262144"}
Values = dict[str, Any]


def model(vocabulary: int, hidden: int, inner: int, layers: int, **more: Any) -> Values:
    """Return a config with heads of 64, half as many for keys."""
    heads = hidden // 64
    return {
        "model_type": "qwen3", "vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": inner,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": heads // 2, "head_dim": 64,
        "tie_word_embeddings": False,
    } | more  # fmt: skip


LORA = {"use_peft": True, "lora_r": 16, "lora_dropout": 0.0, "lora_target_modules": "all-linear"}
HALF = {"bf16": True, "dtype": "bfloat16"}
QLORA = LORA | HALF | {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": True}
TWICE = {"gradient_accumulation_steps": 2}
CHECKPOINTS = {"gradient_checkpointing": True}
SMALL, TIED = model(4096, 256, 1024, 12), {"tie_word_embeddings": True}
WIDE = 151936  # words: Qwen's vocabulary
MIDDLE = model(32000, 640, 1920, 8)
REWARD = LORA | {"lora_task_type": "SEQ_CLS", "lora_modules_to_save": ["score"]}
DISTILLED = LORA | {"lmbda": 0.0, "teacher": MIDDLE}
# name: the model, the recipe's keys, batch size, tokens of a row; `stage` is SFT by default, `teacher` its model
CASES: dict[str, tuple[Values, Values, int, int]] = {
    "full, few tokens": (model(32000, 768, 2304, 9), {}, 1, 256),
    "full, many tokens": (SMALL, {}, 16, 320),
    "full, checkpointing, tied": (model(64000, 768, 2304, 8, **TIED), CHECKPOINTS, 4, 256),
    "full, bf16 autocast": (model(32000, 640, 1920, 8), {"bf16": True}, 6, 384),
    "full, bf16 weights": (model(32000, 1024, 3072, 8), HALF, 4, 256),
    "full, llama, accumulation": (model(48000, 640, 1920, 6, model_type="llama"), TWICE, 1, 384),
    "LoRA, many tokens": (SMALL, LORA, 16, 384),
    "LoRA, bf16 autocast, long rows": (SMALL, LORA | {"bf16": True}, 5, 2048),
    "LoRA, full logits, large vocabulary": (model(WIDE, 256, 768, 4), LORA | {"loss_type": "nll"}, 2, 448),
    "LoRA, bf16, checkpointing, tied": (model(WIDE, 1536, 3072, 2, **TIED), LORA | HALF | CHECKPOINTS, 2, 128),
    "QLoRA, many tokens": (SMALL, QLORA, 32, 384),
    "QLoRA, checkpointing, large vocabulary": (model(WIDE, 1280, 2560, 2), QLORA | CHECKPOINTS, 1, 512),
    "KTO, full": (MIDDLE, {"stage": "kto"}, 2, 256),
    "DPO, LoRA, large vocabulary": (model(WIDE, 256, 768, 4), LORA | {"stage": "dpo"}, 1, 384),
    "ORPO, LoRA, large vocabulary": (model(WIDE, 256, 768, 4), LORA | {"stage": "orpo"}, 1, 320),
    "SimPO, bf16 autocast, large vocabulary": (model(WIDE, 256, 768, 4), {"stage": "simpo", "bf16": True}, 1, 256),
    "reward, LoRA, many tokens": (SMALL, REWARD | {"stage": "reward"}, 8, 384),
    "reward, full, bf16 autocast": (model(64000, 768, 2304, 9), {"stage": "reward", "bf16": True}, 2, 256),
    "distill, LoRA, larger teacher": (model(32000, 256, 768, 4), DISTILLED | {"stage": "distill"}, 2, 320),
}  # fmt: skip


def write_model(folder: Path, config: Values) -> Values:
    """Write a random model into a folder, with the tokenizer of the embedded bases; return {} (see `in_process`)."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    torch.manual_seed(0)
    kind = CONFIG_MAPPING[config["model_type"]]
    random_model = AutoModelForCausalLM.from_config(kind(**config, eos_token_id=2, pad_token_id=0), dtype=torch.float32)
    random_model.save_pretrained(folder)
    for file in TOKENIZER.iterdir():
        if file.name != "config.json":
            shutil.copy(file, folder)
    return {}


def row_of_stage(stage: str, tokens: int) -> Values:
    """Return a row of a stage: a text longer than so many tokens, or a conversation a little shorter than that."""
    if stage == "sft":
        return {"text": "ACGT " * tokens}
    prompt = [{"role": "user", "content": "A"}]
    # "ACGT " is four tokens; the template adds a few.
    completion = [{"role": "assistant", "content": "ACGT " * (tokens // 4 - 5)}]
    if stage == "kto":
        return {"prompt": prompt, "completion": completion, "label": True}
    if stage == "distill":
        return {"messages": prompt + completion}
    return {"prompt": prompt, "chosen": completion, "rejected": completion}


def write_recipe(folder: Path, name: str, keys: Values, rows: int, length: int) -> Path:
    """Write the recipe that trains the model in `folder`/<name>, and its rows, all of one length."""
    import torch
    import yaml

    data = folder / f"{name}-rows"
    data.mkdir(exist_ok=True)
    steps, stage = 2, keys.get("stage", "sft")
    count = rows * steps * keys.get("gradient_accumulation_steps", 1)
    row = json.dumps(row_of_stage(stage, length))
    (data / "train.jsonl").write_text("\n".join([row] * count) + "\n", encoding="utf-8")
    values = {
        "model_name_or_path": str(folder / name),
        "dataset_name": str(data),
        "output_dir": str(folder / f"{name}-run"),
    }
    values |= {"max_steps": steps, "max_length": length, "per_device_train_batch_size": rows, "eval_strategy": "no"}
    values |= {"save_strategy": "no", "report_to": "none", "attn_implementation": "sdpa", "bf16": False}
    values |= {"gradient_checkpointing": False, "use_cpu": not torch.cuda.is_available()}
    values |= {key: value for key, value in keys.items() if key not in ("stage", "teacher")}
    if "teacher" in keys:
        values["teacher_model_name_or_path"] = str(folder / f"{name}-teacher")
    file = folder / f"{name}-{stage}.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


def status(key: str) -> int:
    """Return bytes of this process from /proc: VmRSS now, VmHWM at its peak."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def measure(folder: Path, case: str) -> Values:
    """Train a case in this process, and return the bytes of its own part at the peak, and of the libraries."""
    import ctypes

    import torch

    from gretchen.engines.zephyr.train import train

    config, keys, rows, length = CASES[case]
    stage = keys.get("stage", "sft")
    small = config | model(2048, 128, 256, 1)
    write_model(folder / "small", small)
    if "teacher" in keys:
        write_model(folder / "small-teacher", small)
    train(write_recipe(folder, "small", keys, 1 if stage != "kto" else 2, 64), stage)
    gc.collect()
    recipe = write_recipe(folder, "model", keys, rows, length)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        train(recipe, stage)
        return {
            "own": torch.cuda.max_memory_allocated() - before,
            "libraries": 0,
            "device": torch.cuda.get_device_name(),
        }
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is counted from here
    train(recipe, stage)
    return {"own": status("VmHWM") - before, "libraries": before, "device": "cpu"}


def planned_peak(folder: Path, stage: str, cpu: bool):  # noqa: ANN201 (gretchen's Peak, imported late)
    """Return the plan's peak for the recipe in a folder; its rows have one length, so none is padded."""
    from gretchen.planning.architecture import read_architecture
    from gretchen.planning.lengths import count_rows
    from gretchen.planning.memory import peak_memory
    from gretchen.planning.read_settings import read_settings
    from gretchen.planning.rows import train_files
    from gretchen.recipes.resolve import resolve_file

    resolved = resolve_file(folder / f"model-{stage}.yaml")
    settings = replace(read_settings(resolved, cpu), padded=False)
    model = read_architecture(folder / "model" / "config.json")
    teacher = folder / "model-teacher" / "config.json"
    length = max(count_rows(resolved, settings, train_files(resolved), folder / "model").lengths)
    return peak_memory(
        model.as_reward_model() if stage == "reward" else model,
        settings,
        length,
        read_architecture(teacher) if teacher.is_file() else None,
    )


def in_process(job: Callable[[], Values]) -> Values:
    """Run a job in a process of its own, forked after the imports, and return its result."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        code = 1
        try:
            os.write(writing, json.dumps(job()).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        text = stream.read()
    if os.waitpid(process, 0)[1]:
        sys.exit("a case's process failed")
    return json.loads(text)


def row_of(case: str, folder: Path) -> tuple[str, bool]:
    """Measure a case, and return its row of the table and whether it is within the tolerance."""
    config, keys = CASES[case][:2]
    in_process(lambda: write_model(folder / "model", config))
    if "teacher" in keys:
        in_process(lambda: write_model(folder / "model-teacher", keys["teacher"]))
    measured = in_process(lambda: measure(folder, case))
    planned = planned_peak(folder, keys.get("stage", "sft"), measured["device"] == "cpu")
    difference = planned.total / measured["own"] - 1
    tolerance = TOLERANCE["cpu" if measured["device"] == "cpu" else "cuda"]
    is_within = abs(difference) <= tolerance and measured["own"] > MIN_BYTES
    parts = ", ".join(f"{part} {size / 2**20:.0f}" for part, size in planned.parts.items() if size)
    cells = [
        case,
        f"{measured['own'] / 2**20:.0f}",
        f"{planned.total / 2**20:.0f}",
        f"{difference:+.1%}",
        planned.moment,
        parts,
    ]
    return f"| {' | '.join(cells)} | {measured['libraries'] / 2**20:.0f} |", is_within


def main(cases: list[str]) -> int:
    """Measure all cases, or those named, and print the table; return 1 where one is outside the tolerance."""
    from trl import SFTTrainer  # noqa: F401 (the slow imports, once for all processes)

    print("| case | measured, MiB | planned, MiB | difference | highest at | its parts, MiB | libraries, MiB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    results = []
    for case in cases or CASES:
        with tempfile.TemporaryDirectory(prefix="plan-") as folder:
            text, is_within = row_of(case, Path(folder))
        print(text, flush=True)
        results.append(is_within)
    print(f"\n{sum(results)} of {len(results)} within the tolerance ({TOLERANCE['cpu']:.0%} on a CPU)")
    return 0 if all(results) else 1


if __name__ == "__main__":
    settings = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline", "TOKENIZERS_PARALLELISM": "false"} | ALLOCATOR
    if any(os.environ.get(name) != value for name, value in settings.items()):  # the allocator reads it at the start
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | settings)
    sys.exit(main(sys.argv[1:]))
