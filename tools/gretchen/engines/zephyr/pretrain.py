"""Pretraining on plain text, from scratch or continued, by TRL's SFTTrainer on rows of `text`.

A model folder with a config.json and no weights (shared_recipes/tiny/architecture) starts from random weights under the
recipe's seed; any other model is trained on. A checkpoint is written every five minutes. From scratch, where the data
folder holds documents that end in an answer (`meta: {"answer": …}`), their accuracy per form is measured at every
checkpoint on held-out documents, and training ends early once each is above the gate (gate.py).
"""

from pathlib import Path
from typing import Any

from gretchen.engines.zephyr.stage import Hooks, train_stage
from gretchen.recipes.stages import find_stage

CHECKPOINT_MINUTES = 5.0


def train(recipe: Path, stage: str = "pretrain", resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    hooks = Hooks(load_model=_load_model, extra_kwargs=_callback_kwargs)
    return train_stage(find_stage("zephyr", stage), recipe, resume, hooks)


def _callback_kwargs(script: Any, config: Any, model: Any) -> dict[str, Any]:  # keyword arguments of TRL's trainer
    """Return the callbacks: checkpoints by the clock, and from scratch the gate, where the documents have answers."""
    from gretchen.engines.callbacks import SaveEvery
    from gretchen.engines.zephyr.gate import Gate

    documents = Path(script.dataset_name or "") / "test.jsonl"
    is_gated = _is_architecture(Path(model.model_name_or_path)) and documents.is_file()
    return {"callbacks": [SaveEvery(CHECKPOINT_MINUTES), *([Gate(Path(config.output_dir), documents)] * is_gated)]}


def _is_architecture(folder: Path) -> bool:
    """Return whether a model's folder holds a config.json and no weights."""
    return (folder / "config.json").is_file() and not any(folder.glob("*.safetensors"))


def _load_model(name: str, config: Any) -> Any:
    """Return the model to train: random weights where the folder has a config.json and no weights, else its name."""
    folder = Path(name)
    if not _is_architecture(folder):
        return name
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
    model.generation_config = GenerationConfig.from_pretrained(folder)
    # TRL reads the tokenizer from here.
    model.config._name_or_path = name
    config.model_init_kwargs = None
    return model
