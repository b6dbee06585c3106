"""An adapter's layers: their tensors, rank and scaling, and what of an adapter the streaming merge does not support."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gretchen.errors import UserError
from gretchen.merging.names import CONFIG, HEAD
from gretchen.merging.shards import Weights

# Keys of adapter_config.json that the streaming merge supports, or that only concern training. Any other key with a
# value makes peft merge the adapter: features of later peft versions are never silently ignored.
SUPPORTED_KEYS = {
    *("peft_type", "task_type", "base_model_name_or_path", "revision", "inference_mode", "auto_mapping"),
    *("peft_version", "corda_config", "lora_bias"),
    *("r", "lora_alpha", "lora_dropout", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "bias"),
    *("target_modules", "exclude_modules", "modules_to_save", "layers_to_transform", "layers_pattern"),
    *("init_lora_weights", "megatron_core", "qalora_group_size", "loftq_config", "eva_config", "runtime_config"),
}
# Initializations of the matrices; others (pissa, olora, corda, loftq …) change the base's own weights.
PLAIN_INITS = (True, False, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True)
class LoraTensors:
    """The adapter's tensors for one weight of the base, by their names in its file."""

    a: str
    b: str
    magnitude: str | None
    scaling: float
    is_embedding: bool


def tensor_kind(side: str | None, embedding_side: str | None) -> str:
    """Return the kind of a layer's tensor: "A", "B", "embedding A", "embedding B" or "magnitude"."""
    return side or (f"embedding {embedding_side}" if embedding_side else "magnitude")


def layer_tensors(name: str, kinds: Mapping[str, str], config: dict[str, Any], weights: Weights) -> LoraTensors:
    """Return a layer from the names of its tensors. Raises UserError for a missing tensor, and for a wrong rank."""
    module = name.removesuffix(".weight")
    is_embedding = "embedding A" in kinds or "embedding B" in kinds
    a, b = (kinds.get(f"embedding {side}" if is_embedding else side) for side in "AB")
    if a is None or b is None or (config.get("use_dora") and "magnitude" not in kinds):
        raise UserError(f"the adapter's {module} is incomplete", "copy the adapter's folder again")
    rank, scaling = rank_and_scaling(module, config)
    ranks = weights.tensors[a].shape[0], weights.tensors[b].shape[1]
    if set(ranks) != {rank}:
        problem = f"the adapter's {module} has rank {ranks[0]}, but {CONFIG} says {rank}"
        raise UserError(problem, "are both files from the same training?")
    return LoraTensors(a, b, kinds.get("magnitude"), scaling, is_embedding)


def rank_and_scaling(module: str, config: dict[str, Any]) -> tuple[int, float]:
    """Return rank and s = alpha / r, or alpha / √r for rsLoRA; a pattern that matches the module sets its own.

    Patterns match as in peft.utils.other.get_pattern_key.
    """

    def first_match(patterns: Mapping[str, Any] | None, default: Any) -> Any:
        matches = (value for key, value in (patterns or {}).items() if re.match(rf"(.*\.)?({key})$", module))
        return next(matches, default)

    rank = first_match(config.get("rank_pattern"), config["r"])
    alpha = first_match(config.get("alpha_pattern"), config["lora_alpha"])
    return rank, alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank


def unsupported_feature(config: dict[str, Any], weights: Weights, replaced: Mapping[str, str], base: Weights) -> str:
    """Return what of an adapter the streaming merge does not support, "" where it supports everything."""
    if config.get("peft_type") != "LORA":
        return f"{config.get('peft_type')}, which is not LoRA"
    if config.get("task_type") not in (None, "CAUSAL_LM"):
        return f"the head of a {config['task_type']} model"
    if config.get("init_lora_weights", True) not in PLAIN_INITS:
        return f"init_lora_weights: {config['init_lora_weights']}, which changes the base's own weights"
    for key, value in config.items():
        if value and key not in SUPPORTED_KEYS:
            return f"{key}: {json.dumps(value)}"
    for own, name in replaced.items():
        if own not in base.tensors and own != HEAD:
            return f"the tensor {name}"
    if any(len(info.shape) > 2 for info in weights.tensors.values()):
        return "convolutions"
    return ""
