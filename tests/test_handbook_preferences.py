"""The handbook's preference recipes, whose keys DPO and ORPO shared: TRL's own parser accepts them, translated."""

import os

import pytest
import yaml

from gretchen.recipes.translate import translate

PREFERENCES = """
model_name_or_path: a/b
torch_dtype: bfloat16
chat_template: "{{ x }}"
dataset_mixer: {a/b: 1.0}
dataset_splits: [train]
preprocessing_num_workers: 2
truncation_mode: keep_end
beta: 0.05
max_length: 64
max_prompt_length: 32
optim: adamw_bnb_8bit
lr_scheduler_type: inverse_sqrt
warmup_ratio: 0.1
warmup_steps: 100
split_batches: false
wandb_tags: [a, b]
"""


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["dpo", "kto", "orpo", "simpo"])
def test_trls_own_parser_accepts_a_translated_recipe_of_every_preference_stage(tmp_path, stage, monkeypatch):
    from gretchen.engines.zephyr.inputs import parse
    from gretchen.recipes.stages import config_classes, find_stage

    monkeypatch.setenv("WANDB_TAGS", "")
    translation = translate(yaml.safe_load(PREFERENCES), stage)
    file = tmp_path / "x.yaml"
    file.write_text(
        yaml.safe_dump(translation.values | {"use_cpu": True, "output_dir": str(tmp_path)}), encoding="utf-8"
    )
    script, config, *_ = parse(file, *config_classes(find_stage("zephyr", stage)))
    assert (translation.problems, script.dataset_name, config.max_length, config.warmup_steps) == ([], "a/b", 64, 100)
    assert config.accelerator_config.split_batches is False
    assert os.environ["WANDB_TAGS"] == "a,b"
