"""Supervised fine-tuning: full, LoRA, QLoRA, DoRA, rsLoRA, as the recipe says, by TRL's SFTTrainer.

    python -m gretchen.zephyr sft runs/<project>/sft.zephyr/<run>/recipe.yaml

The same recipe runs under `trl sft --config`. Ours refuses unknown keys, resumes, and saves into adapter/ or model/.
"""

from pathlib import Path

from gretchen.zephyr import stage


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model."""
    from trl import (
        DatasetMixtureConfig,
        ModelConfig,
        ScriptArguments,
        SFTConfig,
        SFTTrainer,
        get_peft_config,
        get_quantization_config,
    )

    from gretchen.zephyr.callbacks import Metrics

    script, config, model, mixture = stage.parse(recipe, ScriptArguments, SFTConfig, ModelConfig, DatasetMixtureConfig)
    rows = stage.load_rows(script, mixture)
    run = Path(config.output_dir)
    config.model_init_kwargs = stage.model_arguments(model, config)
    trainer = SFTTrainer(
        model=model.model_name_or_path,
        args=config,
        train_dataset=rows[script.dataset_train_split],
        eval_dataset=rows[script.dataset_test_split] if config.eval_strategy != "no" else None,
        quantization_config=get_quantization_config(model),
        peft_config=get_peft_config(model),
        callbacks=[Metrics(run)],
    )
    trainer.train(resume_from_checkpoint=stage.checkpoint(run) if resume else None)
    return stage.save(trainer, run)
