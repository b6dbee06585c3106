"""What a QLoRA run trained on: the base quantized by bitsandbytes as its recipe says, and the dequantized weights.

    quantization = quantization_of(run_dir)          a BitsAndBytesConfig, None for an unquantized run
    dequantized_weights(base, quantization)          {tensor: function that returns it dequantized}

An adapter that was trained on quantized weights compensates for their error. Merged into the unquantized base, it
answers slightly differently than in training; the merge measures how much.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gretchen.runs.folder import run_recipe

QUANTIZED_LAYERS = ("Linear4bit", "Linear8bitLt")


def quantization_kwargs(run_dir: Path) -> dict[str, Any]:  # BitsAndBytesConfig's own arguments
    """Return a run's quantization as arguments of BitsAndBytesConfig, {} for an unquantized run.

    Sources: trl's get_quantization_config, and axolotl's ModelLoader._set_quantization_config.
    """
    recipe = run_recipe(run_dir)
    if "base_model" in recipe:
        four_bits = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
        four_bits |= recipe.get("bnb_config_kwargs") or {}
    else:
        four_bits = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": recipe.get("bnb_4bit_quant_type", "nf4"),
            "bnb_4bit_use_double_quant": bool(recipe.get("use_bnb_nested_quant")),
        }
    if recipe.get("load_in_4bit"):
        return four_bits
    return {"load_in_8bit": True} if recipe.get("load_in_8bit") else {}


def quantization_of(run_dir: Path) -> Any:
    """Return a run's BitsAndBytesConfig with float32 arithmetic, None for an unquantized run."""
    kwargs = quantization_kwargs(run_dir)
    if not kwargs:
        return None
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(**{**kwargs, "bnb_4bit_compute_dtype": torch.float32})


def dequantized_weights(base: Path, quantization: Any) -> Mapping[str, Callable[[], Any]]:
    """Return a function for each quantized weight that returns it dequantized, in the base's dtype.

    The quantized model stays in memory for as long as these are kept.
    """
    from peft.utils.integrations import dequantize_module_weight
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(base), dtype="auto", quantization_config=quantization)
    layers = {name: module for name, module in model.named_modules() if type(module).__name__ in QUANTIZED_LAYERS}

    def weight(module: Any) -> Any:
        return dequantize_module_weight(module).detach().to(device="cpu", dtype=model.dtype)

    return {f"{name}.weight": partial(weight, module) for name, module in layers.items()}
