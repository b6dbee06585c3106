"""Keys of axolotl's recipes that axolotl ignores today: it accepts a file with them and does not warn.

    deprecation({"gptq_groupsize": 128}, ("gptq_groupsize",))   -> "'gptq_groupsize' no longer has any effect: …"

Deprecated keys for which axolotl has a message of its own are in its schema, and that message is printed. A key that is
neither in the schema nor here is a mistake, most often a typo.
"""

import functools
import re
from typing import Any

from gretchen.marked_yaml import Key
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import load_schema

# Axolotl accepts both names; its schema has the second.
RENAMED: dict[str, str] = {
    "overrides_of_model_config": "model_config",
    "overrides_of_model_kwargs": "model_kwargs",
    "revision_of_model": "model_revision",
    "type_of_model": "model_type",
}

NO_EFFECT: dict[str, str] = {
    "adam_eps": "axolotl's key is 'adam_epsilon'",
    "base_model_ignore_patterns": "axolotl downloads the files that the model needs",
    "collator_pad_to_longest": "pad_to_sequence_len replaced it",
    "debug": "use `axolotl preprocess --debug`",
    "eval_table_max_new_tokens": "generation_max_new_tokens replaced it",
    "eta_min": "cosine_min_lr_ratio replaced it",
    "flash_attn_fuse_qkv": "axolotl dropped that patch",
    "gptq_disable_exllama": "gptq: true is enough",
    "gptq_groupsize": "gptq: true is enough",
    "gptq_model_v1": "gptq: true is enough",
    "kd_top_k_before_softmax": "the teacher's log-probabilities are not normalized again",
    "kd_zscore_base_temp": "kd_temperature replaced it",
    "landmark_attention": "axolotl dropped that attention",
    "llmcompressor": "its plugin's package, llmcompressor, is not installed",
    "load_4bit": "gptq: true replaced it",
    "log_sweep_max_lr": "axolotl dropped that schedule",
    "log_sweep_min_lr": "axolotl dropped that schedule",
    "lora_out_dir": "output_dir replaced it",
    "push_to_hub_model_id": "hub_model_id replaced it",
    "relora_anneal_steps": "jagged_restart_anneal_steps replaced it",
    "relora_steps": "jagged_restart_steps replaced it",
    "relora_warmup_steps": "jagged_restart_warmup_steps replaced it",
    "sample_packing_seq_len_multiplier": "sample_packing_bin_size replaced it",
    "test_value": "axolotl never had it",
    "torch_dtype": "bf16 and fp16 replaced it",
    "xpos_rope": "axolotl dropped that patch",
    "datasets.train_on_split": "split replaced it",
    "test_datasets.train_on_split": "split replaced it",
    "trl.vllm_device": "vLLM runs as a server",
    "trl.vllm_dtype": "set it in the block vllm: dtype",
    "trl.vllm_gpu_memory_utilization": "set it in the block vllm: gpu_memory_utilization",
    "trl.vllm_max_model_len": "set it in the block vllm: max_model_len",
    "fsdp_config.backward_prefetch": "PyTorch's FSDP no longer has it",
    "fsdp_config.forward_prefetch": "PyTorch's FSDP no longer has it",
    "fsdp_config.limit_all_gathers": "PyTorch's FSDP no longer has it",
    "fsdp_config.sharding_strategy": "reshard_after_forward replaced it",
}

# Keys and values that axolotl refuses, and its messages.
UNSLOTH = re.compile("unsloth_(cross_entropy_loss|lora_mlp|lora_qkv|lora_o|rms_norm|rope)")
REMOVED = "`{}` has been removed. Please use `lora_mlp_kernel`, `lora_qkv_kernel`, `lora_o_kernel` instead."
SHAREGPT = "`type: sharegpt.*` is deprecated. Please use `type: chat_template` instead."


def refusal(values: Values, path: Key) -> str:
    """Return axolotl's own message on a key that it removed and refuses, "" for any other key."""
    refused = len(path) == 1 and UNSLOTH.fullmatch(str(path[0])) and values[path[0]]
    return REMOVED.format(path[0]) if refused else ""


def sharegpt_datasets(values: Values) -> list[int]:
    """Return the indices of the data sets of type sharegpt, which axolotl refuses with the message SHAREGPT."""
    datasets = values.get("datasets")
    datasets = datasets if isinstance(datasets, list) else []
    types = [dataset.get("type") if isinstance(dataset, dict) else None for dataset in datasets]
    return [index for index, name in enumerate(types) if isinstance(name, str) and name.startswith("sharegpt")]


def deprecation(values: Values, path: Key) -> str:
    """Return the message on a key that axolotl ignores or has renamed, "" for a mistake."""
    name = str(path[-1])
    if path[0] == "fsdp_config" and name.startswith("fsdp_"):
        new = name.removeprefix("fsdp_")
        if new in _fsdp_keys():
            return f"'fsdp_config.{name}' is now 'fsdp_config.{new}', and axolotl accepts both"
        path = ("fsdp_config", new)
    if UNSLOTH.fullmatch(name) and len(path) == 1:
        return "" if values[name] else f"'{name}' is off, and axolotl no longer has it"
    if name in RENAMED and len(path) == 1:
        return f"'{name}' is now '{RENAMED[name]}', and axolotl accepts both"
    dotted = ".".join(part for part in path if isinstance(part, str))
    if dotted in NO_EFFECT:
        return f"'{dotted}' no longer has any effect: {NO_EFFECT[dotted]}"
    if _value_at(values, path) is None:
        return f"'{name}' has no effect: axolotl does not know it, and it has no value"
    return ""


def _value_at(values: Any, path: Key) -> Any:
    """Return the value at a path, None where there is none."""
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


@functools.cache
def _fsdp_keys() -> frozenset[str]:
    """Return the keys of axolotl's `fsdp_config`."""
    return frozenset(load_schema("axolotl", "sft")["$defs"]["FSDPConfig"]["properties"])
