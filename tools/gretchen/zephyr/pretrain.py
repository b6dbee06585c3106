"""Pretraining on plain text, from scratch or continued, by TRL's SFTTrainer on rows of `text`.

    python -m gretchen.zephyr pretrain runs/<project>/<recipe>/<run>/recipe.yaml

A model folder that holds a config.json and no weights (shared_recipes/tiny/architecture) starts from random weights
under the recipe's seed; any other model goes on from where it stands. A checkpoint is written every five minutes.
Where the data folder holds documents that end in an answer (`meta: {"answer": …}`), their accuracy per form is
measured at every checkpoint on held-out documents, and training ends early once each is above the gate.
"""

from pathlib import Path
from typing import Any

from gretchen.zephyr import stage

CHECKPOINT_MINUTES = 5.0


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, SFTConfig, SFTTrainer, get_peft_config

    from gretchen.runs.callbacks import Metrics, SaveEvery
    from gretchen.zephyr.gate import Gate

    script, config, model, mixture = stage.parse(recipe, ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig)
    rows = stage.load_rows(script, mixture)
    run = Path(config.output_dir)
    config.model_init_kwargs = stage.model_arguments(model, config)
    callbacks = [Metrics(run), SaveEvery(CHECKPOINT_MINUTES)]
    documents = Path(script.dataset_name or "") / "test.jsonl"
    if documents.is_file():
        callbacks.append(Gate(run, documents))
    trainer = SFTTrainer(
        model=_start(model.model_name_or_path, config),
        args=config,
        train_dataset=rows[script.dataset_train_split],
        eval_dataset=rows[script.dataset_test_split] if config.eval_strategy != "no" else None,
        peft_config=get_peft_config(model),
        callbacks=callbacks,
    )
    trainer.train(resume_from_checkpoint=stage.checkpoint(run) if resume else None)
    return stage.save(trainer, run)


def _start(name: str, config: Any) -> Any:
    """Return the model to train: random weights where the folder has a config.json and no weights, else its name."""
    folder = Path(name)
    if not (folder / "config.json").is_file() or any(folder.glob("*.safetensors")):
        return name
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, set_seed

    set_seed(config.seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
    model.generation_config = GenerationConfig.from_pretrained(folder)
    # TRL reads the tokenizer from here.
    model.config._name_or_path = name
    config.model_init_kwargs = None
    return model
