"""Keys of axolotl's recipes that axolotl leaves aside today: it takes a file with them, and says nothing.

    told({"gptq_groupsize": 128}, ("gptq_groupsize",))   -> "'gptq_groupsize' has no effect today: …"

Where axolotl has a message of its own for a former key, that one is told: such keys are in its schema. A key that is
neither there nor here is a mistake, most often a mistyped one.
"""

import functools
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
    "debug": "`axolotl preprocess --debug` shows rows",
    "eta_min": "cosine_min_lr_ratio says how low the schedule ends",
    "gptq_disable_exllama": "gptq: true needs no more",
    "gptq_groupsize": "gptq: true needs no more",
    "gptq_model_v1": "gptq: true needs no more",
    "llmcompressor": "its plugin's package, llmcompressor, is not installed",
    "sample_packing_seq_len_multiplier": "sample_packing_bin_size is its successor",
    "test_value": "it is no key of axolotl's",
    "torch_dtype": "bf16 and fp16 say it",
    "fsdp_config.backward_prefetch": "FSDP of torch has it no longer",
    "fsdp_config.forward_prefetch": "FSDP of torch has it no longer",
    "fsdp_config.limit_all_gathers": "FSDP of torch has it no longer",
    "fsdp_config.sharding_strategy": "reshard_after_forward says it",
}


def told(values: dict[str, Any], path: tuple[Any, ...]) -> str:
    """Return the sentence on a key that axolotl leaves aside or calls otherwise, "" for a mistake."""
    name = str(path[-1])
    if path[0] == "fsdp_config" and name.startswith("fsdp_"):
        today = name.removeprefix("fsdp_")
        if today in fsdp_keys():
            return f"'fsdp_config.{name}' is 'fsdp_config.{today}' today, and axolotl takes both"
        path = ("fsdp_config", today)
    if name in RENAMED and len(path) == 1:
        return f"'{name}' is '{RENAMED[name]}' today, and axolotl takes both"
    dotted = ".".join(map(str, path))
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
