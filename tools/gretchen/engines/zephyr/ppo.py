"""Reinforcement learning against a reward model: PPO, by TRL's PPOTrainer.

Four models are in memory: the policy that is trained (`model_name_or_path`), its reference (with an adapter, the policy
without it), the reward model (`reward_model_path`) and a value model that starts as a copy of it. TRL has no command
for it, and its trainer cannot resume.
"""

import os
from pathlib import Path
from typing import Any

from gretchen.engines.four_bits import keep_trainable
from gretchen.engines.zephyr import inputs
from gretchen.engines.zephyr import stage as stages
from gretchen.errors import WorkError
from gretchen.projects.rows import tools_of
from gretchen.recipes.stages import config_classes, find_stage
from gretchen.tracking.run import curve_callbacks


def train(recipe: Path, stage: str = "ppo", resume: bool = False) -> Path:
    """Train as the recipe says and return the folder of what was trained: <run>/adapter or <run>/model.

    Raises WorkError for `resume`.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
    from trl import get_peft_config
    from trl.experimental.ppo import PPOTrainer

    from gretchen.engines.callbacks import run_callbacks

    if resume:
        raise WorkError("TRL's PPO trainer cannot go on from a checkpoint", "train anew without RESUME=1")
    script, config, model, mixture = inputs.parse(recipe, *config_classes(find_stage("zephyr", stage)))
    run = Path(config.output_dir)
    limit_episodes(config)
    load_kwargs, _ = stages.load_kwargs(AutoModelForCausalLM, model, config)
    tokenizer = AutoTokenizer.from_pretrained(model.model_name_or_path, padding_side="left")
    reward_model, value_model = (scoring_model(config.reward_model_path, load_kwargs) for _ in range(2))
    rows = inputs.load_rows(script, mixture)
    splits = [rows[name] for name in (script.dataset_train_split, script.dataset_test_split)]
    train_rows, test_rows = (tokenized_prompts(split, tokenizer) for split in splits)
    set_seed(config.seed)
    trainer = PPOTrainer(
        args=config,
        processing_class=tokenizer,
        model=AutoModelForCausalLM.from_pretrained(model.model_name_or_path, **load_kwargs),
        ref_model=None,
        reward_model=reward_model,
        value_model=value_model,
        train_dataset=train_rows,
        eval_dataset=test_rows if config.eval_strategy != "no" else None,
        peft_config=get_peft_config(model),
        callbacks=[*run_callbacks(run), *curve_callbacks(run)],
    )
    keep_trainable(trainer.model)
    trainer.train()
    return stages.save(trainer, run)


def limit_episodes(config: Any) -> None:
    """Set `total_episodes` from `max_steps`, which this trainer ignores: it counts generated answers."""
    if config.max_steps > 0:
        devices = int(os.environ.get("WORLD_SIZE", "1"))
        batch = config.per_device_train_batch_size * config.gradient_accumulation_steps * devices
        config.total_episodes = config.max_steps * batch


def scoring_model(path: str, load_kwargs: dict[str, Any]) -> Any:
    """Return the reward model at `path`, unquantized: the value model starts from it, and all its weights train."""
    from transformers import AutoModelForSequenceClassification

    kwargs = {key: value for key, value in load_kwargs.items() if key != "quantization_config"}
    return AutoModelForSequenceClassification.from_pretrained(path, num_labels=1, **kwargs)


def tokenized_prompts(rows: Any, tokenizer: Any) -> Any:
    """Return the rows' prompts as token ids, which is all that this trainer reads of them."""

    def encoded(row: dict[str, Any]) -> dict[str, list[int]]:
        rendered = tokenizer.apply_chat_template(
            row["prompt"], tools=tools_of(row), add_generation_prompt=True, return_dict=True
        )
        return {"input_ids": rendered["input_ids"]}

    return rows.map(encoded, remove_columns=rows.column_names)
