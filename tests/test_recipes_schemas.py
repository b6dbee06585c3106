"""The exported schemas are those of the installed TRL and axolotl, and are as lenient as upstream, no more."""

import os
import subprocess
import sys

import jsonschema
import pytest

from gretchen.hardware import PROFILES
from gretchen.projects.card import project_slugs
from gretchen.recipes.export_schemas import FOLDER
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import faults, load_schema
from gretchen.recipes.stages import STAGES, stage_names

SFT, AXOLOTL = load_schema("zephyr", "sft"), load_schema("axolotl", "sft")
EXPORT = """
from gretchen.recipes.export_schemas import exported, text_of
import pathlib, sys
for name, schema in exported().items():
    pathlib.Path(sys.argv[1], f"{name}.json").write_text(text_of(schema), encoding="utf-8")
"""


def told(values, schema):
    return [str(fault) for fault in faults(values, schema) if fault.kind != "missing"]


def test_the_files_are_what_the_installed_packages_say(tmp_path):
    subprocess.run([sys.executable, "-c", EXPORT, str(tmp_path)], check=True, capture_output=True, env=os.environ)
    written = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.glob("*.json")}
    kept = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    assert set(kept) == {f"{stage.schema_name}.json" for stage in STAGES}
    assert written == kept, "python -m gretchen.recipes.export_schemas"


@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
def test_the_files_are_json_schemas(engine):
    for stage in stage_names(engine):
        jsonschema.Draft202012Validator.check_schema(load_schema(engine, stage))


def test_a_standard_validator_agrees_that_our_recipes_are_valid():
    seen = 0
    for slug in project_slugs():
        for recipe in recipes_of(slug).values():
            for profile in PROFILES:
                jsonschema.validate(
                    resolve(Request(slug, recipe.name, profile)).values, load_schema(recipe.engine, recipe.stage)
                )
                seen += 1
    assert seen >= len(PROFILES)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"learning_rate": 1}, []),
        ({"learning_rate": "2e-4"}, []),
        ({"seed": "7"}, []),
        ({"max_length": None}, []),
        ({"max_length": "none"}, []),
        ({"bf16": "yes"}, []),
        ({"lora_target_modules": "all-linear"}, []),
        ({"lora_target_modules": ["q_proj"]}, []),
        ({"report_to": "none"}, []),
        ({"lr_scheduler_kwargs": {"anything": 1}}, []),
        ({"env": {"WANDB_PROJECT": "x"}}, []),
        ({"model_name_or_path": "${model}"}, []),
        ({"learning_rate": True}, ["'learning_rate' is true, expected a number, YAML reads a bare yes, no, on, off as "
                                   "true or false: quote it"]),
        ({"learning_rate": "fast"}, ["'learning_rate' is \"fast\", expected a number"]),
        ({"seed": [1]}, ["'seed' is a list, expected an integer"]),
        ({"lr_scheduler_type": "cosin"}, ["'lr_scheduler_type' is \"cosin\", which it cannot be, did you mean "
                                          "'cosine'?"]),
        ({"eval_strategy": False}, ["'eval_strategy' is false, expected one of no, steps, epoch, YAML reads a bare no "
                                    'as false: write "no"']),
        ({"max_seq_length": 1}, ["unknown key 'max_seq_length', today it is 'max_length'"]),
        ({"datasets": [{"path": "x", "splt": "train"}]}, ["unknown key 'datasets[0].splt', did you mean 'split'?"]),
    ],
)  # fmt: skip
def test_zephyr_is_as_lenient_as_trls_parser(values, expected):
    assert told(values, SFT) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"learning_rate": "2e-4", "val_set_size": 0.1, "bf16": "auto", "adapter": "qlora", "rl": "dpo"}, []),
        ({"datasets": [{"path": "x", "type": "alpaca"}, {"path": "y", "type": {"field_output": "z"}}]}, []),
        ({"datasets": [{"path": "x", "type": "chat_template", "roles_to_train": ["assistant"]}]}, []),
        ({"plugins": ["axolotl.integrations.liger.LigerPlugin"], "liger_rope": True}, []),
        ({"rl": "dop"}, ["'rl' is \"dop\", expected dpo or gdpo or grpo or ipo or orpo or kto or simpo or ebft, did "
                         "you mean 'dpo'?"]),
        ({"lora_rnk": 8}, ["unknown key 'lora_rnk', did you mean 'lora_r'?"]),
        ({"liger_ropes": True, "liger_rope": True},
         ["unknown key 'liger_ropes', did you mean 'liger_rope'?",
          "unknown key 'liger_rope' unless 'plugins' names axolotl.integrations.liger"]),
        ({"datasets": [{"path": "x", "tpye": "alpaca"}]}, ["unknown key 'datasets[0].tpye', did you mean 'type'?"]),
        ({"loss_watchdog_patience": False, "rope_scaling": None, "flash_attn_rms_norm": False}, []),
        ({"flash_attn_rms_norm": True}, ["`flash_attn_rms_norm` is no longer supported."]),
        ({"s2_attention": True}, ["`s2_attention` (shifted-sparse attention) is no longer supported."]),
        ({"micro_batch_size": 1.5}, ["'micro_batch_size' is 1.5, expected an integer"]),
    ],
)  # fmt: skip
def test_axolotl_is_as_lenient_as_its_models(values, expected):
    assert told(values, AXOLOTL) == expected
