"""Do a model's weights fit its config? transformers fills missing tensors with random numbers, and only logs that.

fit_problem("projects/genome-chatbot/base")     without memory for the weights
report_problem(model, info)                     of a model loaded with `output_loading_info=True`
"""

from pathlib import Path
from typing import Any

from gretchen.models.files import read_json

CAUSAL = "ForCausalLM"


def fit_problem(folder: Path) -> str | None:
    """Return what does not fit between weights and config of a causal language model's folder, or None.

    Quantized weights and other architectures are left out.
    """
    config = read_json(folder / "config.json")
    is_causal = is_causal_name(config.get("architectures"))
    if "quantization_config" in config or not is_causal or not any(folder.glob("*.safetensors")):
        return None
    from transformers import AutoModelForCausalLM

    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype="auto", device_map="meta", output_loading_info=True, ignore_mismatched_sizes=True
    )
    return report_problem(model, info)


def report_problem(model: Any, info: dict[str, Any]) -> str | None:
    """Return what transformers reports of loading a model: missing, mismatched or superfluous tensors; or None.

    Superfluous ones count between causal language models: such a model may be one part of another model's file.
    """
    is_causal = is_causal_name([type(model).__name__]) and is_causal_name(model.config.architectures)
    kinds = {
        "the weights lack": info["missing_keys"],
        "the config has other sizes than the weights for": [key[0] for key in info["mismatched_keys"]],
        "the config has no place for": info["unexpected_keys"] if is_causal else [],
    }
    for problem, keys in kinds.items():
        if keys:
            first, *others = sorted(keys)
            return f"{problem} {first}" + (f" and {len(others)} more tensors" if others else "")
    return None


def is_causal_name(architectures: list[str] | None) -> bool:
    """Return whether one of a config's architectures is a causal language model."""
    return any(str(name).endswith(CAUSAL) for name in architectures or [])
