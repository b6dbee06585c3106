"""Keys of axolotl's recipes that axolotl leaves aside today: it takes a file with them, and says nothing.

    told({"gptq_groupsize": 128}, ("gptq_groupsize",))   -> "'gptq_groupsize' has no effect today: …"

Where axolotl has a message of its own for a former key, that one is told: such keys are in its schema. A key that is
neither there nor here is a mistake, most often a mistyped one.
"""

import functools
import re
from typing import Any

from gretchen.recipes.schema import load_schema

# axolotl takes both names; its schema has the second.
RENAMED: dict[str, str] = {
    "overrides_of_model_config": "model_config",
    "overrides_of_model_kwargs": "model_kwargs",
    "revision_of_model": "model_revision",
    "type_of_model": "model_type",
}

WITHOUT_EFFECT: dict[str, str] = {
    "adam_eps": "axolotl's key is 'adam_epsilon'",
    "base_model_ignore_patterns": "axolotl downloads what the model needs",
    "collator_pad_to_longest": "pad_to_sequence_len says whether rows are padded further",
    "debug": "`axolotl preprocess --debug` shows rows",
    "eval_table_max_new_tokens": "generation_max_new_tokens is its successor",
    "eta_min": "cosine_min_lr_ratio says how low the schedule ends",
    "flash_attn_fuse_qkv": "axolotl dropped that patch",
    "gptq_disable_exllama": "gptq: true needs no more",
    "gptq_groupsize": "gptq: true needs no more",
    "gptq_model_v1": "gptq: true needs no more",
    "kd_top_k_before_softmax": "the teacher's log-probabilities are normalized as they are",
    "kd_zscore_base_temp": "kd_temperature says it",
    "landmark_attention": "axolotl dropped that attention",
    "llmcompressor": "its plugin's package, llmcompressor, is not installed",
    "load_4bit": "gptq: true says it",
    "log_sweep_max_lr": "axolotl dropped that schedule",
    "log_sweep_min_lr": "axolotl dropped that schedule",
    "lora_out_dir": "output_dir says it",
    "push_to_hub_model_id": "hub_model_id is its successor",
    "relora_anneal_steps": "jagged_restart_anneal_steps is its successor",
    "relora_steps": "jagged_restart_steps is its successor",
    "relora_warmup_steps": "jagged_restart_warmup_steps is its successor",
    "sample_packing_seq_len_multiplier": "sample_packing_bin_size is its successor",
    "test_value": "it is no key of axolotl's",
    "torch_dtype": "bf16 and fp16 say it",
    "xpos_rope": "axolotl dropped that patch",
    "datasets.train_on_split": "split says it",
    "test_datasets.train_on_split": "split says it",
    "trl.vllm_device": "vLLM runs as a server",
    "trl.vllm_dtype": "the block vllm says it: dtype",
    "trl.vllm_gpu_memory_utilization": "the block vllm says it: gpu_memory_utilization",
    "trl.vllm_max_model_len": "the block vllm says it: max_model_len",
    "fsdp_config.backward_prefetch": "FSDP of torch has it no longer",
    "fsdp_config.forward_prefetch": "FSDP of torch has it no longer",
    "fsdp_config.limit_all_gathers": "FSDP of torch has it no longer",
    "fsdp_config.sharding_strategy": "reshard_after_forward says it",
}

# axolotl refuses them where they are on, in these words.
UNSLOTH = re.compile("unsloth_(cross_entropy_loss|lora_mlp|lora_qkv|lora_o|rms_norm|rope)")
REMOVED = "`{}` has been removed. Please use `lora_mlp_kernel`, `lora_qkv_kernel`, `lora_o_kernel` instead."
SHAREGPT = "`type: sharegpt.*` is deprecated. Please use `type: chat_template` instead."


def refusal(values: dict[str, Any], path: tuple[Any, ...]) -> str:
    """Return axolotl's own message on a key that it has no longer and refuses, "" for any other."""
    refused = len(path) == 1 and UNSLOTH.fullmatch(str(path[0])) and values[path[0]]
    return REMOVED.format(path[0]) if refused else ""


def sharegpt(values: dict[str, Any]) -> list[int]:
    """Return the numbers of the data sets of a type that axolotl refuses, in the words of SHAREGPT."""
    sets = values.get("datasets")
    types = [one.get("type") if isinstance(one, dict) else None for one in (sets if isinstance(sets, list) else [])]
    return [number for number, kind in enumerate(types) if isinstance(kind, str) and kind.startswith("sharegpt")]


def told(values: dict[str, Any], path: tuple[Any, ...]) -> str:
    """Return the sentence on a key that axolotl leaves aside or calls otherwise, "" for a mistake."""
    name = str(path[-1])
    if path[0] == "fsdp_config" and name.startswith("fsdp_"):
        today = name.removeprefix("fsdp_")
        if today in fsdp_keys():
            return f"'fsdp_config.{name}' is 'fsdp_config.{today}' today, and axolotl takes both"
        path = ("fsdp_config", today)
    if UNSLOTH.fullmatch(name) and len(path) == 1:
        return "" if values[name] else f"'{name}' is off, and axolotl has it no longer"
    if name in RENAMED and len(path) == 1:
        return f"'{name}' is '{RENAMED[name]}' today, and axolotl takes both"
    dotted = ".".join(part for part in path if isinstance(part, str))
    if dotted in WITHOUT_EFFECT:
        return f"'{dotted}' has no effect today: {WITHOUT_EFFECT[dotted]}"
    if value_at(values, path) is None:
        return f"'{name}' has no effect: axolotl does not know it, and it has no value"
    if path[0] in ("datasets", "test_datasets") and name in dataset_keys():
        return f"'{name}' has no effect: axolotl does not know it in data sets of this kind"
    return ""


def value_at(values: Any, path: tuple[Any, ...]) -> Any:
    """Return the value at a path, None where there is none."""
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


@functools.cache
def fsdp_keys() -> frozenset[str]:
    """Return the keys of axolotl's `fsdp_config`."""
    return frozenset(load_schema("axolotl", "sft")["$defs"]["FSDPConfig"]["properties"])


@functools.cache
def dataset_keys() -> frozenset[str]:
    """Return the keys of all kinds of data sets that axolotl knows."""
    definitions = load_schema("axolotl", "sft")["$defs"]
    return frozenset(key for name, one in definitions.items() if name.endswith("Dataset") for key in one["properties"])
