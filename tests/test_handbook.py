"""Recipes of the alignment-handbook, of any year: each deprecated key, conflicts, and TRL's own parser."""

import os
import re

import pytest
import yaml

from gretchen.recipes import handbook
from gretchen.recipes.edits import origins
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import config_classes, find_stage, stage_names
from gretchen.recipes.translate import translate
from gretchen.recipes.validation import schema_problems

STAGES = [stage for stage in stage_names("zephyr") if stage != "pretrain"]
KEYS = {stage: load_schema("zephyr", stage)["properties"].keys() for stage in STAGES}


def translated(values, stage="sft", **paths):
    """Return a recipe's current values without its model, the messages of its edits, and those of its problems."""
    translation = translate({"model_name_or_path": "m"} | values, stage, **paths)
    values = {key: value for key, value in translation.values.items() if key != "model_name_or_path"}
    messages = [edit.message for edit in translation.edits if edit.message]
    return values, messages, [problem.message for problem in translation.problems]


@pytest.mark.parametrize("old", handbook.deprecated_keys())
def test_a_deprecated_key_is_unknown_to_some_stage(old):
    assert any(old not in KEYS[stage] for stage in STAGES)


def new_keys():
    """Return (deprecated key, current key) of every entry of the tables that has one."""
    for old, new in handbook.RENAMED.items():
        yield old, new
    for old, replacement in handbook.SWITCHES.items():
        yield from ((old, new) for new in replacement)
    yield from ((old, block) for old, (block, _) in handbook.BLOCKS.items())
    yield from [
        ("warmup_ratio", "warmup_steps"),
        ("rpo_alpha", "loss_weights"),
        ("chat_template", "chat_template_path"),
    ]
    for new in ("dataset_name", "dataset_config", "dataset_train_split", "dataset_test_split", "datasets"):
        yield "dataset_mixer", new
    yield "dataset_mixture", "test_split_size"


@pytest.mark.parametrize(("old", "new"), list(new_keys()))
def test_the_current_key_is_known_to_the_installed_trl(old, new):
    assert any(new in KEYS[stage] for stage in STAGES)


SAMPLES = {"no_cuda": True, "use_liger": True, "use_liger_loss": True, "wandb_log_unique_prompts": True,
           "max_seq_length": 9, "block_size": 9, "preprocessing_num_workers": 9, "per_gpu_train_batch_size": 9,
           "per_gpu_eval_batch_size": 9, "vllm_max_model_len": 9, "evaluation_strategy": "epoch"}  # fmt: skip


@pytest.mark.parametrize("old", handbook.RENAMED)
def test_a_renamed_key_keeps_its_value(old):
    new, value = handbook.RENAMED[old], SAMPLES.get(old, "x")
    stage = next(stage for stage in STAGES if new in KEYS[stage] and old not in KEYS[stage])
    values, messages, problems = translated({old: value}, stage)
    assert (values, problems) == ({new: value}, [])
    assert messages == [f"'{old}' is now '{new}'"]
    assert schema_problems({"model_name_or_path": "m"} | values, load_schema("zephyr", stage)) == []


@pytest.mark.parametrize("old", handbook.NO_EFFECT)
def test_a_key_without_effect_is_named_with_the_reason(old):
    stage = next(stage for stage in STAGES if old not in KEYS[stage])
    assert translated({old: "x"}, stage) == ({}, [f"'{old}' no longer has any effect: {handbook.NO_EFFECT[old]}"], [])


@pytest.mark.parametrize("old", handbook.REMOVED_KEYS)
def test_a_removed_key_is_refused_unless_it_had_its_default(old):
    defaults, why = handbook.REMOVED_KEYS[old]
    stage = "dpo"
    assert translated({old: "x"}, stage)[2] == [f"'{old}' no longer exists: {why}"]
    assert translated({old: defaults[0]}, stage) == ({}, [f"'{old}' no longer exists, and had its default value"], [])


@pytest.mark.parametrize("old", handbook.SWITCHES)
def test_a_switch_that_is_on_becomes_current_keys_and_one_that_is_off_is_dropped(old):
    assert translated({old: True})[0] == handbook.SWITCHES[old]
    assert translated({old: False}) == ({}, [f"'{old}' is off: leave it out"], [])


@pytest.mark.parametrize("old", handbook.BLOCKS)
def test_a_key_moves_into_its_block_beside_existing_keys(old):
    block, name = handbook.BLOCKS[old]
    values, messages, problems = translated({block: {"A": "1"}, old: "x"})
    assert (values, problems) == ({block: {"A": "1", name: "x"}}, [])
    assert messages == [f"'{old}' is now '{name}' in the block '{block}'"]
    assert translated({old: "x"})[0] == translated({old: "x", block: None})[0] == {block: {name: "x"}}
    assert translated({block: {name: "y"}, old: "x"})[2] == [
        f"'{old}' and '{block}' mean the same and differ (x and …): keep '{block}'"
    ]
    assert translated({block: "file.json", old: "x"})[2] == [
        f"'{old}' and '{block}' mean the same and differ (x and file.json): keep '{block}'"
    ]


@pytest.mark.parametrize(
    ("values", "stage", "expected"),
    [
        ({"warmup_ratio": 0.1}, "sft", {"warmup_steps": 0.1}),
        ({"warmup_ratio": "1e-1"}, "sft", {"warmup_steps": 0.1}),
        ({"warmup_ratio": 0.1, "warmup_steps": 0}, "sft", {"warmup_steps": 0.1}),
        ({"warmup_ratio": 0.1, "warmup_steps": 5}, "orpo", {"warmup_steps": 5}),
        ({"warmup_ratio": 0.0}, "sft", {}),
        ({"wandb_tags": ["a", "b"]}, "sft", {"env": {"WANDB_TAGS": "a,b"}}),
        ({"wandb_tags": ["a"], "wandb_run_id": 7}, "sft", {"env": {"WANDB_TAGS": "a", "WANDB_RUN_ID": "7"}}),
        ({"split_batches": False, "dispatch_batches": None}, "sft", {"accelerator_config": {"split_batches": False}}),
        ({"truncation_mode": "keep_end"}, "orpo", {}),
        ({"truncation_mode": "keep_end"}, "dpo", {"truncation_mode": "keep_end"}),
        ({"dataset_num_proc": 4}, "grpo", {}),
        ({"packing_strategy": "ffd", "packing": True}, "sft", {"packing_strategy": "bfd", "packing": True}),
        ({"scale_rewards": False}, "grpo", {"scale_rewards": "none"}),
        ({"scale_rewards": True}, "grpo", {"scale_rewards": "group"}),
        ({"packing_strategy": "wrapped"}, "sft", {"packing_strategy": "wrapped"}),
        ({"dataset_kwargs": {"add_special_tokens": False, "append_concat_token": False}}, "sft", {}),
        ({"dataset_kwargs": {"add_special_tokens": False, "skip_prepare_dataset": True}}, "sft",
         {"dataset_kwargs": {"skip_prepare_dataset": True}}),
        ({"rpo_alpha": 1.0}, "dpo", {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 1.0]}),
        ({"loss_type": "ipo", "rpo_alpha": 0.5}, "dpo", {"loss_type": ["ipo", "sft"], "loss_weights": [1.0, 0.5]}),
        ({"torch_dtype": None}, "sft", {}),
        ({"preprocessing_num_workers": 4}, "grpo", {}),
        ({"preprocessing_num_workers": 4, "dataset_num_proc": 8}, "sft", {"dataset_num_proc": 8}),
        ({"max_seq_length": 8, "max_length": 8}, "sft", {"max_length": 8}),
        ({"tokenizer_name_or_path": "m"}, "sft", {}),
        ({"chat_template": "{{ x }}"}, "sft", {"chat_template_path": "chat_template.jinja"}),
        ({"chat_template": "{{ x }}"}, "dpo", {}),
        ({"max_completion_length": 8}, "grpo", {"max_completion_length": 8}),
    ],
)  # fmt: skip
def test_keys_with_a_rule_of_their_own(values, stage, expected):
    actual, messages, problems = translated(values, stage)
    assert (actual, problems) == (expected, [])
    assert bool(messages) == (actual != values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_seq_length": 8, "max_length": 9},
         "'max_seq_length' and 'max_length' mean the same and differ (8 and 9): keep 'max_length'"),
        ({"use_flash_attention_2": True, "attn_implementation": "sdpa"}, "'use_flash_attention_2' and "
         "'attn_implementation' mean the same and differ (true and sdpa): keep 'attn_implementation'"),
        ({"warmup_ratio": 0.1, "warmup_steps": 0.2},
         "'warmup_ratio' and 'warmup_steps' mean the same and differ (0.1 and 0.2): keep 'warmup_steps'"),
        ({"use_liger": True, "use_liger_kernel": False},
         "'use_liger' and 'use_liger_kernel' mean the same and differ (true and false): keep 'use_liger_kernel'"),
        ({"warmup_ratio": 3}, "'warmup_ratio' is 3, expected a fraction of all steps, below 1"),
        ({"dataset_mixer": {"a": 1.5}}, "the share of 'a' is 1.5, expected a number from 0 to 1"),
        ({"dataset_mixer": {"a": 1}, "dataset_splits": ["train_a", "train_b"]},
         "'dataset_splits' is ['train_a', 'train_b']: expected one with 'train' in its name, and others with 'test'"),
        ({"dataset_mixer": {"a": 1}, "dataset_configs": ["x", "y"]},
         "'dataset_configs' is no list of 1, one for each data set"),
        ({"dataset_mixer": {"a": 1}, "dataset_mixture": {"datasets": [{"id": "a"}]}},
         "'dataset_mixer' and 'dataset_mixture' both name the data to train on: keep one"),
        ({"dataset_mixture": {"datasets": [{"id": "a", "wieght": 1}]}}, "unknown key "
         "'dataset_mixture.datasets[0].wieght', known: columns, config, id, split, weight"),
    ],
)  # fmt: skip
def test_contradicting_keys_and_invalid_values_are_refused(values, message):
    assert message in translated(values)[2]


OLD = """
model_name_or_path: a/b
torch_dtype: bfloat16
use_flash_attention_2: true
dataset_mixer: {a/b: 1.0}
dataset_splits: [train_sft, test_sft]
preprocessing_num_workers: 12
evaluation_strategy: epoch
max_seq_length: 2048
warmup_ratio: 0.1
overwrite_output_dir: true
"""


def test_order_is_kept_and_each_current_key_has_an_origin():
    values = yaml.safe_load(OLD)
    translation = translate(values, "sft")
    assert list(translation.values) == ["model_name_or_path", "dtype", "attn_implementation", "dataset_name",
                                        "dataset_train_split", "dataset_test_split", "packing",
                                        "packing_strategy", "dataset_num_proc", "eval_strategy",
                                        "max_length", "warmup_steps"]  # fmt: skip
    assert origins(values, translation.edits)["dataset_test_split"] == "dataset_mixer"
    assert values == yaml.safe_load(OLD)
    again = translate(translation.values, "sft")
    assert (again.values, again.edits, again.problems) == (translation.values, [], [])


@pytest.mark.slow
def test_trls_own_parser_accepts_a_translated_recipe(tmp_path):
    from gretchen.engines.zephyr.inputs import parse

    more = {
        "dataset_mixture": {
            "datasets": [{"id": "a/b", "weight": 1.0}, {"id": "c/d", "weight": 0.25}],
            "test_split_size": 100,
        },
        "wandb_project": "w",
        "chat_template": "x",
    }
    for number, values in enumerate(
        (yaml.safe_load(OLD), {"model_name_or_path": "a/b", "group_by_length": True} | more)
    ):
        translation = translate(values, "sft")
        file = tmp_path / f"{number}.yaml"
        file.write_text(
            yaml.safe_dump(translation.values | {"use_cpu": True, "output_dir": str(tmp_path)}), encoding="utf-8"
        )
        script, config, model, mixture = parse(file, *config_classes(find_stage("zephyr", "sft")))
        if number:
            assert [entry.path for entry in mixture.datasets] == ["a/b", "c/d"]
            assert config.train_sampling_strategy == "group_by_length"
        else:
            assert (script.dataset_name, script.dataset_train_split) == ("a/b", "train_sft")
            assert (config.max_length, config.warmup_steps, str(config.eval_strategy.value)) == (2048, 0.1, "epoch")
            assert (model.dtype, model.attn_implementation) == ("bfloat16", "flash_attention_2")


def test_the_table_in_the_docs_matches_the_code(root):
    page = root / "docs/handbook.md"
    text = page.read_text(encoding="utf-8")
    start, end = text.index("-->\n") + 4, text.index("<!-- end of table -->")
    code = re.compile(r"(?<!\w)'([^']+)'(?!\w)")
    rows = ["| `" + old + "` | " + code.sub(r"`\1`", new) + " |" for old, new in handbook.deprecated_keys().items()]
    table = "\n".join(["", "| deprecated key | today |", "|---|---|", *rows, "", ""])
    if os.environ.get("GRETCHEN_UPDATE_SNAPSHOTS"):
        page.write_text(text[:start] + table + text[end:], encoding="utf-8")
    assert page.read_text(encoding="utf-8")[start:].startswith(table)
