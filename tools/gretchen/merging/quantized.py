"""What a QLoRA run trained on: the base quantized by bitsandbytes, as the run's recipe says, and its weights undone.

    quantization = quantization_of(run)            a BitsAndBytesConfig, None where the run quantized nothing
    dequantized("projects/<slug>/base", quantization)   {tensor: function that returns its dequantized weight}

An adapter that was trained on quantized weights makes up for their error. Merged into the base as it was, it answers a
little otherwise than in training: how much, the merge measures.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml


def settings_of(run: Path) -> dict[str, Any]:
    """Return a run's quantization as arguments of BitsAndBytesConfig, {} where it quantized nothing.

    Sources: trl's get_quantization_config, and axolotl's ModelLoader._set_quantization_config.
    """
    told = yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8"))
    if "base_model" in told:
        four = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
        four |= told.get("bnb_config_kwargs") or {}
    else:
        four = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": told.get("bnb_4bit_quant_type", "nf4"),
            "bnb_4bit_use_double_quant": bool(told.get("use_bnb_nested_quant")),
        }
    if told.get("load_in_4bit"):
        return four
    return {"load_in_8bit": True} if told.get("load_in_8bit") else {}


def quantization_of(run: Path) -> Any:
    """Return a run's BitsAndBytesConfig with float32 arithmetic, None where the run quantized nothing."""
    settings = settings_of(run)
    if not settings:
        return None
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(**{**settings, "bnb_4bit_compute_dtype": torch.float32})


def dequantized(base: Path, quantization: Any) -> Mapping[str, Callable[[], Any]]:
    """Return a function for each quantized weight that returns it dequantized, in the base's number type.

    The quantized model stays in memory for as long as these are kept.
    """
    from peft.utils.integrations import dequantize_module_weight
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(base), dtype="auto", quantization_config=quantization)
    kinds = ("Linear4bit", "Linear8bitLt")
    layers = {name: part for name, part in model.named_modules() if type(part).__name__ in kinds}

    def weight(part: Any) -> Any:
        return dequantize_module_weight(part).detach().to(device="cpu", dtype=model.dtype)

    return {f"{name}.weight": partial(weight, part) for name, part in layers.items()}
