"""Reinforcement learning against a reward model, by PPO, by TRL's PPOTrainer.

Four models are in memory: the policy that is trained (`model_name_or_path`), its reference (with an adapter the policy
without it), the reward model (`reward_model_path`) and a value model that starts as a copy of it. TRL has no command
for it, and its trainer cannot go on from a checkpoint.
"""

import os
from pathlib import Path
from typing import Any

from gretchen.engines.four_bits import keep_trainable
from gretchen.engines.zephyr import stage
from gretchen.errors import WorkError
from gretchen.tracking.run import curves


def train(recipe: Path, resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model.

    Raises WorkError where it should go on from a checkpoint.
    """
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, set_seed
    from trl import DatasetMixtureConfig, ModelConfig, ScriptArguments, get_peft_config
    from trl.experimental.ppo import PPOConfig, PPOTrainer

    from gretchen.engines.callbacks import Metrics

    if resume:
        raise WorkError("TRL's PPO trainer cannot go on from a checkpoint", "train anew without RESUME=1")
    script, config, model, mixture = stage.parse(recipe, ScriptArguments, PPOConfig, ModelConfig, DatasetMixtureConfig)
    run = Path(config.output_dir)
    if config.max_steps > 0:  # this trainer counts answers, and would pass the key over
        devices = int(os.environ.get("WORLD_SIZE", "1"))
        batch = config.per_device_train_batch_size * config.gradient_accumulation_steps * devices
        config.total_episodes = config.max_steps * batch
    arguments, _ = stage.loading(AutoModelForCausalLM, model, config)
    # The value model is trained whole, which a quantized one cannot be.
    whole = {key: value for key, value in arguments.items() if key != "quantization_config"}
    tokenizer = AutoTokenizer.from_pretrained(model.model_name_or_path, padding_side="left")
    judges = [
        AutoModelForSequenceClassification.from_pretrained(config.reward_model_path, num_labels=1, **whole)
        for _ in range(2)
    ]
    rows = stage.load_rows(script, mixture)
    splits = [rows[name] for name in (script.dataset_train_split, script.dataset_test_split)]
    train_rows, test_rows = (prompts(split, tokenizer) for split in splits)
    set_seed(config.seed)
    trainer = PPOTrainer(
        args=config,
        processing_class=tokenizer,
        model=AutoModelForCausalLM.from_pretrained(model.model_name_or_path, **arguments),
        ref_model=None,
        reward_model=judges[0],
        value_model=judges[1],
        train_dataset=train_rows,
        eval_dataset=test_rows if config.eval_strategy != "no" else None,
        peft_config=get_peft_config(model),
        callbacks=[Metrics(run), *curves(run)],
    )
    keep_trainable(trainer.model)
    trainer.train()
    return stage.save(trainer, run)


def prompts(rows: Any, tokenizer: Any) -> Any:
    """Return the rows' prompts as token ids, which is all that this trainer reads of them."""

    def encoded(row: dict[str, Any]) -> dict[str, Any]:
        told = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_dict=True)
        return {"input_ids": told["input_ids"]}

    return rows.map(encoded, remove_columns=rows.column_names)
