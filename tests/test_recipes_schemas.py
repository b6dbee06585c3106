"""The exported schemas match the installed TRL and axolotl; validation is as lenient as upstream, and no more."""

import os
import subprocess
import sys

import jsonschema
import pytest

from gretchen.hardware import PROFILES
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.coercion import parse_string
from gretchen.recipes.export_schemas import FOLDER
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import ENGINES, STAGES, stage_names
from gretchen.recipes.validation import PLACEHOLDER, schema_problems

SFT, AXOLOTL = load_schema("zephyr", "sft"), load_schema("axolotl", "sft")
EXPORT = """
from gretchen.recipes.export_schemas import exported, text_of
import pathlib, sys
for name, schema in exported().items():
    pathlib.Path(sys.argv[1], f"{name}.json").write_text(text_of(schema), encoding="utf-8")
"""


def messages(values, schema):
    return [str(problem) for problem in schema_problems(values, schema) if problem.kind != "missing"]


def test_schema_files_match_the_installed_packages(tmp_path):
    subprocess.run([sys.executable, "-c", EXPORT, str(tmp_path)], check=True, capture_output=True, env=os.environ)
    exported = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.glob("*.json")}
    committed = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    assert set(committed) == {f"{stage.schema_name}.json" for stage in STAGES}
    assert exported == committed, "python -m gretchen.recipes.export_schemas"


@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
def test_schema_files_are_valid_json_schemas(engine):
    for stage in stage_names(engine):
        jsonschema.Draft202012Validator.check_schema(load_schema(engine, stage))


def test_jsonschema_accepts_every_resolved_recipe():
    # `jsonschema.validate` would check the schema itself (tested above) again for every recipe.
    schemas = {(engine, stage): load_schema(engine, stage) for engine in ENGINES for stage in stage_names(engine)}
    validators = {key: jsonschema.Draft202012Validator(schema) for key, schema in schemas.items()}
    num_resolved = 0
    for slug in project_slugs():
        for recipe in recipes_of(slug).values():
            for profile in load_card(slug).profiles:
                values = resolve(Request(slug, recipe.name, profile)).values
                validators[recipe.engine, recipe.stage].validate(values)
                num_resolved += 1
    assert num_resolved >= len(PROFILES)


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
        ({"lr_scheduler_type": "cosin"}, ["'lr_scheduler_type' is \"cosin\", which is not allowed, did you mean "
                                          "'cosine'?"]),
        ({"eval_strategy": False}, ["'eval_strategy' is false, expected one of no, steps, epoch, YAML reads a bare no "
                                    'as false: write "no"']),
        ({"max_seq_length": 1}, ["unknown key 'max_seq_length', use 'max_length'"]),
        ({"datasets": [{"path": "x", "splt": "train"}]}, ["unknown key 'datasets[0].splt', did you mean 'split'?"]),
    ],
)  # fmt: skip
def test_zephyr_values_are_checked_as_leniently_as_by_trl(values, expected):
    assert messages(values, SFT) == expected


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
def test_axolotl_values_are_checked_as_leniently_as_by_its_models(values, expected):
    assert messages(values, AXOLOTL) == expected


CANDIDATES = (None, "none", 0, 7, -3, 1.5, True, False, "2e-4", "7", "yes", "x", "dpo", "${model}", [], ["x"], [1], {},
              {"path": "x"}, [{"path": "x", "nonsense": 1}])  # fmt: skip


@pytest.mark.parametrize(("engine", "stage"), [("zephyr", "sft"), ("zephyr", "grpo"), ("axolotl", "sft")])
def test_jsonschema_with_a_lenient_type_checker_refuses_the_same_values(engine, stage):
    schema = without_plugins(load_schema(engine, stage))
    lenient = lenient_validator(schema)
    num_refused = 0
    for value in CANDIDATES:
        values = dict.fromkeys(schema["properties"], value)
        ours = {problem.path[0] for problem in schema_problems(values, schema)}
        theirs = {error.absolute_path[0] for error in lenient.iter_errors(values)}
        assert ours == theirs, value
        num_refused += len(ours)
    assert num_refused > 1000


def without_plugins(schema):
    """Return a schema without what only our walk knows: keys of plugins, and values that the engine refuses."""
    extra = ("x-plugin", "x-refused", "x-refused-on")
    properties = {k: {n: v for n, v in s.items() if n not in extra} for k, s in schema["properties"].items()}
    return schema | {"properties": properties}


def lenient_validator(schema):
    """Return jsonschema's validator, as lenient as upstream: strings and placeholders count as other types."""
    draft = jsonschema.Draft202012Validator

    def is_type(json_type):
        def check(checker, value):
            if isinstance(value, str) and PLACEHOLDER.search(value):
                return True
            if isinstance(value, str) and json_type in ("integer", "number", "boolean", "null"):
                return parse_string(value, json_type) is not value
            if value is False and json_type == "integer":
                return schema["engine"] == "axolotl"
            return draft.TYPE_CHECKER.is_type(value, json_type)

        return check

    def unless_string(keyword):
        def check(validator, bound, value, part):
            return () if isinstance(value, str) else draft.VALIDATORS[keyword](validator, bound, value, part)

        return check

    def unless_placeholder(keyword):
        def check(validator, allowed, value, part):
            filled_later = isinstance(value, str) and PLACEHOLDER.search(value)
            return () if filled_later else draft.VALIDATORS[keyword](validator, allowed, value, part)

        return check

    scalar = ("integer", "number", "boolean", "null", "string")
    ignored = ("minItems", "maxItems", "prefixItems", "exclusiveMinimum")  # not checked by ours
    keywords = {name: keyword for name, keyword in draft.VALIDATORS.items() if name not in ignored}
    keywords |= {name: unless_string(name) for name in ("minimum", "maximum")}
    keywords |= {name: unless_placeholder(name) for name in ("enum", "const", "type", "pattern")}
    checker = draft.TYPE_CHECKER.redefine_many({name: is_type(name) for name in scalar})
    return jsonschema.validators.create(draft.META_SCHEMA, keywords, type_checker=checker)(schema)
