"""The memory formula beside what torch really has alive in two steps of TRL's own trainers on small models.

What is alive is counted at every operation (forward, backward, optimizer), so the figures are exact and the same on
every machine. What a process and its allocator take beyond that, bench/plan.py measures.
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
from gretchen.planning.memory import peak
from gretchen.planning.rows import train_files
from gretchen.planning.settings import read_settings
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
SCORED = TWO | {"stage": "reward"}
SCORED_LORA = SCORED | LORA | {"lora_task_type": "SEQ_CLS", "lora_modules_to_save": ["score"]}
TAUGHT = TWO | {"stage": "distill", "lmbda": 0.0}
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
    "SimPO, own loss, large vocabulary": (WIDE, LORA | TWO | {"stage": "simpo", "cpo_alpha": 1.0}),
    "reward, LoRA": ({}, SCORED_LORA),
    "reward, full, autocast": ({}, SCORED | AUTOCAST),
    "reward, LoRA, half, checkpointing": ({}, SCORED_LORA | HALF | CHECKPOINTS),
    "reward, QLoRA": ({}, SCORED_LORA | HALF | FOUR_BITS),
    "distill, LoRA, large vocabulary": (WIDE, LORA | TAUGHT),
    "distill, autocast, reverse, large vocabulary": (WIDE, AUTOCAST | TAUGHT | {"beta": 1.0}),
    "distill, LoRA, forward, large vocabulary": (WIDE, LORA | TAUGHT | {"beta": 0.0}),
}
CASES = [pytest.param(*case, id=name) for name, case in QUICK.items()]
CASES += [pytest.param(*case, id=name, marks=pytest.mark.slow) for name, case in SLOW.items()]


@contextlib.contextmanager
def alive():
    """Yield a counter whose `peak` is the most bytes of torch's that were alive at once, and whose `add` adds one."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Alive(TorchDispatchMode):
        known, now, peak = set(), 0, 0

        def add(self, tensor):
            storage = tensor.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if key not in self.known:
                self.known.add(key)
                self.now += size
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self.gone, key, size)

        def gone(self, key, size):
            self.known.discard(key)
            self.now -= size

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            made = function(*args, **(kwargs or {}))
            for one in tree_leaves(made):
                if isinstance(one, torch.Tensor):
                    self.add(one)
            return made

    with Alive() as counter:
        counter.known = set()
        yield counter


def write(place, root, sizes, keys):
    """Write a random model, rows of one length, and the recipe; return its file."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    tokenizer = root / "shared_recipes" / "tiny" / "architecture"
    shutil.copytree(tokenizer, place / "model", ignore=shutil.ignore_patterns("config.json"))
    sizes = SIZES | {"tie_word_embeddings": False} | sizes
    padded = sizes.pop("padded", False)
    config = CONFIG_MAPPING[sizes.pop("model_type", "qwen3")](**sizes)
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(place / "model")
    stage = keys.get("stage", "sft")
    row = row_of(stage)
    (place / "rows").mkdir()
    other = {"text": "ACGT"} if padded else row
    rows = [json.dumps(row if number % 2 else other) for number in range(16)]
    (place / "rows" / "train.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    values = {"model_name_or_path": str(place / "model"), "dataset_name": str(place / "rows"), "max_steps": 2}
    values |= {"output_dir": str(place / "run"), "use_cpu": True, "bf16": False, "max_length": LENGTH}
    values |= {"per_device_train_batch_size": 4, "gradient_checkpointing": False, "attn_implementation": "sdpa"}
    values |= {"eval_strategy": "no", "save_strategy": "no", "report_to": "none"}
    values |= {key: value for key, value in keys.items() if key != "stage"}
    if stage == "distill":  # its teacher is of the student's shape
        values["teacher_model_name_or_path"] = str(place / "model")
    recipe = place / f"{stage}.yaml"
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    return recipe


def row_of(stage):
    """Return a row of a stage that is cut at the length, or a conversation that is exactly so long or a little less."""
    text = "ACGT " * LENGTH
    if stage in ("sft", "dpo"):
        return {"prompt": "A", "chosen": text, "rejected": text} if stage == "dpo" else {"text": text}
    asked = [{"role": "user", "content": "A"}]
    said = [{"role": "assistant", "content": "ACGT " * (LENGTH // 4 - 5)}]
    answers = {"kto": {"prompt": asked, "completion": said, "label": True}, "distill": {"messages": asked + said}}
    return answers.get(stage, {"prompt": asked, "chosen": said, "rejected": said})


@pytest.fixture(scope="module")
def apart():
    """Return a process of its own: what engines have patched in a test before would change the figures."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def measured(recipe):
    """Train two steps, and return the most bytes of torch's that were alive at once."""
    import transformers

    from gretchen.engines import callbacks
    from gretchen.engines.zephyr.train import train

    with alive() as counter:

        class Weights(transformers.TrainerCallback):
            def __init__(self, *_):
                """Stand in for the checkpoints by the clock: small runs need none."""

            def on_train_begin(self, *_, **__):
                gc.collect()
                for one in gc.get_objects():  # the model, and its reference or teacher
                    if isinstance(one, transformers.PreTrainedModel):
                        for parameter in one.parameters():
                            counter.add(parameter)

        callbacks.SaveEvery = Weights
        train(recipe, recipe.stem)
    return counter.peak


@pytest.mark.parametrize(("sizes", "keys"), CASES)
def test_the_peak_is_what_torch_has_alive(sizes, keys, tmp_path, root, apart):
    recipe = write(tmp_path, root, sizes, keys)
    resolved = resolve_file(recipe)
    settings = replace(read_settings(resolved, cpu=True), padded="padded" in sizes)
    found = apart.submit(measured, recipe).result()
    shape = read_architecture(tmp_path / "model" / "config.json")
    length = max(count_rows(resolved, settings, train_files(resolved), tmp_path / "model").lengths)
    teacher = shape if settings.stage == "distill" else None
    told = peak(shape.scoring() if settings.stage == "reward" else shape, settings, length, teacher)
    # The file's own copy of the weights is mapped by the loader, and no tensor of torch's.
    moments = {moment: size for moment, size in told.moments.items() if moment != "loading"}
    if settings.stage in ("dpo", "kto", "orpo", "simpo"):
        # Their losses use the logits twice. Under the counter autograd adds both gradients up in a new tensor, without
        # it in place (torch's input_buffer.cpp, can_accumulate_inplace); bench/plan.py measures without.
        moments["loss"] += 4 * settings.sequences * length * shape.vocabulary
    planned = max(moments.values())
    assert planned == pytest.approx(found, rel=TOLERANCE)
