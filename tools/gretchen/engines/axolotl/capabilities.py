"""What axolotl can: GPU capabilities for its validators, and the stages in which it trains an adapter on."""

from typing import Any

H100 = {"bf16": True, "fp8": True, "tf32": True, "n_gpu": 1, "compute_capability": "sm_90"}

ADAPTER_KEY = "lora_model_dir"
# Its DPO and KTO ignore `lora_model_dir`, and its reward trainer would leave the new head untrained.
CONTINUED = ("pretrain", "sft", "orpo", "simpo", "grpo")


def trains_on(values: dict[str, Any], stage: str) -> bool:  # a recipe's values
    """Return whether axolotl trains the adapter of `lora_model_dir` on: with an adapter, in some stages."""
    return bool(values.get("adapter")) and stage in CONTINUED
