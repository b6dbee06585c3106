"""The memory formula against the tensors that are alive in two steps of TRL's own trainers on small models.

Live bytes are counted at every operation (forward, backward, optimizer), so the figures are exact and the same on every
machine. bench/plan.py measures what a process and its allocator take beyond that.
"""

import contextlib
import gc
import json
import multiprocessing
import shutil
import weakref
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest
import yaml

from gretchen.planning.architecture import read_architecture
from gretchen.planning.lengths import count_rows
from gretchen.planning.memory import peak_memory
from gretchen.planning.read_settings import read_settings
from gretchen.planning.rows import train_files
from gretchen.recipes.resolve import resolve_file

LENGTH, TOLERANCE = 256, 0.05
SIZES = {"vocab_size": 2048, "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "eos_token_id": 2}
SIZES |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "pad_token_id": 0}
WIDE = {"vocab_size": 16384, "num_hidden_layers": 2}
LORA = {"use_peft": True, "lora_r": 16, "lora_target_modules": "all-linear", "lora_dropout": 0.0}
AUTOCAST, HALF = {"bf16": True}, {"bf16": True, "dtype": "bfloat16"}
FOUR_BITS = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": True}
CHECKPOINTS = {"gradient_checkpointing": True}
TWO = {"per_device_train_batch_size": 2}
PAIRS = TWO | {"stage": "dpo", "beta": 0.1}
REWARD = TWO | {"stage": "reward"}
REWARD_LORA = REWARD | LORA | {"lora_task_type": "SEQ_CLS", "lora_modules_to_save": ["score"]}
DISTILLED = TWO | {"stage": "distill", "lmbda": 0.0}
QUICK = {
    "LoRA, autocast": ({}, LORA | AUTOCAST),
    "DPO, LoRA": ({}, LORA | PAIRS),
}
SLOW = {
    "large vocabulary, full logits": (WIDE, {"loss_type": "nll"}),
    "QLoRA": ({}, LORA | HALF | FOUR_BITS),
    "full, autocast, checkpointing": ({}, AUTOCAST | CHECKPOINTS),
    "full": ({}, {}),
    "full, autocast": ({}, AUTOCAST),
    "full, half": ({}, HALF),
    "full, checkpointing": ({}, CHECKPOINTS),
    "full, accumulation": ({}, {"gradient_accumulation_steps": 2}),
    "full, llama": ({"model_type": "llama"}, {}),
    "full, tied, large vocabulary": (WIDE | {"tie_word_embeddings": True}, {}),
    "large vocabulary, autocast": (WIDE, AUTOCAST),
    "LoRA": ({}, LORA),
    "LoRA, half": ({}, LORA | HALF),
    "LoRA, half, checkpointing": ({}, LORA | HALF | CHECKPOINTS),
    "LoRA, half, checkpointing, large vocabulary": (WIDE, LORA | HALF | CHECKPOINTS),
    "LoRA, half, dropout": ({}, LORA | HALF | {"lora_dropout": 0.05}),
    "QLoRA, checkpointing": ({}, LORA | HALF | FOUR_BITS | CHECKPOINTS),
    "packed": ({}, {"packing": True}),
    "padded, autocast": ({"padded": True}, AUTOCAST),
    "DoRA": ({}, LORA | {"use_dora": True}),
    "full logits, LoRA, autocast": ({}, LORA | AUTOCAST | {"loss_type": "nll"}),
    "DPO, full": ({}, PAIRS),
    "DPO, LoRA, autocast, large vocabulary": (WIDE, LORA | AUTOCAST | PAIRS),
    "KTO, full": ({}, TWO | {"stage": "kto"}),
    "KTO, LoRA, large vocabulary": (WIDE, LORA | TWO | {"stage": "kto"}),
    "ORPO, LoRA, autocast, large vocabulary": (WIDE, LORA | AUTOCAST | TWO | {"stage": "orpo"}),
    "SimPO, large vocabulary": (WIDE, TWO | {"stage": "simpo", "cpo_alpha": 0.0, "loss_type": "simpo"}),
    "SimPO, chosen NLL, large vocabulary": (WIDE, LORA | TWO | {"stage": "simpo", "cpo_alpha": 1.0}),
    "reward, LoRA": ({}, REWARD_LORA),
    "reward, full, autocast": ({}, REWARD | AUTOCAST),
    "reward, LoRA, half, checkpointing": ({}, REWARD_LORA | HALF | CHECKPOINTS),
    "reward, QLoRA": ({}, REWARD_LORA | HALF | FOUR_BITS),
    "distill, LoRA, large vocabulary": (WIDE, LORA | DISTILLED),
    "distill, autocast, reverse, large vocabulary": (WIDE, AUTOCAST | DISTILLED | {"beta": 1.0}),
    "distill, LoRA, forward, large vocabulary": (WIDE, LORA | DISTILLED | {"beta": 0.0}),
}
CASES = [pytest.param(*case, id=name) for name, case in QUICK.items()]
CASES += [pytest.param(*case, id=name, marks=pytest.mark.slow) for name, case in SLOW.items()]


@contextlib.contextmanager
def alive():
    """Yield a counter of live tensors: `peak` is the most bytes alive at once, `add` counts a tensor."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Alive(TorchDispatchMode):
        storages, now, peak = set(), 0, 0

        def add(self, tensor):
            storage = tensor.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if key not in self.storages:
                self.storages.add(key)
                self.now += size
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self.freed, key, size)

        def freed(self, key, size):
            self.storages.discard(key)
            self.now -= size

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            for leaf in tree_leaves(result):
                if isinstance(leaf, torch.Tensor):
                    self.add(leaf)
            return result

    with Alive() as counter:
        counter.storages = set()
        yield counter


def write(folder, root, sizes, keys):
    """Write a random model, rows of one length, and the recipe; return its file."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    tokenizer = root / "shared_recipes" / "tiny" / "architecture"
    shutil.copytree(tokenizer, folder / "model", ignore=shutil.ignore_patterns("config.json"))
    sizes = SIZES | {"tie_word_embeddings": False} | sizes
    padded = sizes.pop("padded", False)
    config = CONFIG_MAPPING[sizes.pop("model_type", "qwen3")](**sizes)
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder / "model")
    stage = keys.get("stage", "sft")
    row = row_of(stage)
    (folder / "rows").mkdir()
    other = {"text": "ACGT"} if padded else row
    rows = [json.dumps(row if number % 2 else other) for number in range(16)]
    (folder / "rows" / "train.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    values = {"model_name_or_path": str(folder / "model"), "dataset_name": str(folder / "rows"), "max_steps": 2}
    values |= {"output_dir": str(folder / "run"), "use_cpu": True, "bf16": False, "max_length": LENGTH}
    values |= {"per_device_train_batch_size": 4, "gradient_checkpointing": False, "attn_implementation": "sdpa"}
    values |= {"eval_strategy": "no", "save_strategy": "no", "report_to": "none"}
    values |= {key: value for key, value in keys.items() if key != "stage"}
    if stage == "distill":  # its teacher is of the student's shape
        values["teacher_model_name_or_path"] = str(folder / "model")
    recipe = folder / f"{stage}.yaml"
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    return recipe


def row_of(stage):
    """Return a row that is cut at LENGTH, or a conversation of LENGTH tokens or a little less."""
    text = "ACGT " * LENGTH
    if stage in ("sft", "dpo"):
        return {"prompt": "A", "chosen": text, "rejected": text} if stage == "dpo" else {"text": text}
    prompt = [{"role": "user", "content": "A"}]
    completion = [{"role": "assistant", "content": "ACGT " * (LENGTH // 4 - 5)}]
    if stage == "kto":
        return {"prompt": prompt, "completion": completion, "label": True}
    if stage == "distill":
        return {"messages": prompt + completion}
    return {"prompt": prompt, "chosen": completion, "rejected": completion}


@pytest.fixture(scope="module")
def separate_process():
    """Return a pool of one process: patches by engines in earlier tests would change the figures."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def measured(recipe):
    """Train two steps, and return the most bytes of tensors alive at once."""
    import transformers

    from gretchen.engines import callbacks
    from gretchen.engines.zephyr.train import train

    with alive() as counter:

        class Weights(transformers.TrainerCallback):
            def __init__(self, *_):
                """Replace the timed checkpoints, which small runs do not need."""

            def on_train_begin(self, *_, **__):
                gc.collect()
                for item in gc.get_objects():  # the model, and its reference or teacher
                    if isinstance(item, transformers.PreTrainedModel):
                        for parameter in item.parameters():
                            counter.add(parameter)

        callbacks.SaveEvery = Weights
        train(recipe, recipe.stem)
    return counter.peak


@pytest.mark.parametrize(("sizes", "keys"), CASES)
def test_the_peak_is_what_torch_has_alive(sizes, keys, tmp_path, root, separate_process):
    recipe = write(tmp_path, root, sizes, keys)
    resolved = resolve_file(recipe)
    settings = replace(read_settings(resolved, cpu=True), padded="padded" in sizes)
    measured_peak = separate_process.submit(measured, recipe).result()
    architecture = read_architecture(tmp_path / "model" / "config.json")
    length = max(count_rows(resolved, settings, train_files(resolved), tmp_path / "model").lengths)
    teacher = architecture if settings.stage == "distill" else None
    model = architecture.as_reward_model() if settings.stage == "reward" else architecture
    planned_peak = peak_memory(model, settings, length, teacher)
    # The loader maps the file's own copy of the weights; it is not a tensor.
    moments = {moment: size for moment, size in planned_peak.moments.items() if moment != "loading"}
    if settings.stage in ("dpo", "kto", "orpo", "simpo"):
        # Their losses use the logits twice. Under the counter autograd sums both gradients in a new tensor; without it
        # in place (torch's input_buffer.cpp, can_accumulate_inplace), which is what bench/plan.py measures.
        moments["loss"] += 4 * settings.num_sequences * length * architecture.vocab_size
    assert max(moments.values()) == pytest.approx(measured_peak, rel=TOLERANCE)
