"""Models of the embedded bases' architecture with random weights, and adapters: they answer, and know nothing."""

import json
import shutil
from pathlib import Path

from gretchen import paths


def write_base(target: Path) -> None:
    """Write the embedded bases' architecture with random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    architecture = paths.shared_recipes() / "tiny" / "architecture"
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(architecture), dtype=torch.bfloat16)
    model.save_pretrained(target)
    shutil.copytree(architecture, target, dirs_exist_ok=True)


def write_family(target: Path, model_type: str) -> None:
    """Write a model of the embedded bases' shape and tokenizer, but of another family, with random weights."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    architecture = paths.shared_recipes() / "tiny" / "architecture"
    shutil.copytree(architecture, target)
    values = json.loads((architecture / "config.json").read_text(encoding="utf-8"))
    shape = {key: value for key, value in values.items() if key not in ("model_type", "architectures")}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[model_type](**shape), dtype=torch.bfloat16)
    model.save_pretrained(target)


def write_adapter(base: Path, target: Path, seed: int = 1) -> None:
    """Write a LoRA adapter whose random weights change the base's answers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(target)


def write_silent(base: Path, target: Path) -> None:
    """Write a full model whose answers are empty: with a final norm of 0 it always generates token 0, an EOS token."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(base, target)
    tensors = load_file(target / "model.safetensors")
    tensors["model.norm.weight"].zero_()
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
