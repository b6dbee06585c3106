"""The rules of convert: each key has an equivalent or is reported, and differing defaults are written out."""

import pytest

from gretchen.converting.pairs import ALL, ATTENTION, PAIRS, REASONS
from gretchen.converting.twin import IGNORED, OTHER, twin
from gretchen.errors import UserError
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import stage_names
from gretchen.recipes.validation import schema_problems

MINIMAL = {
    "zephyr": {"model_name_or_path": "m", "dataset_name": "d", "output_dir": "o"},
    "axolotl": {"base_model": "m", "datasets": [{"path": "d", "split": "train"}], "output_dir": "o",
                "learning_rate": 1e-4},
}  # fmt: skip


def minimal(engine, stage, **more):
    rl = {"rl": stage} if engine == "axolotl" and stage != "sft" else {}
    return {**MINIMAL[engine], **rl, **more}


# --- the table ---


def test_every_key_of_the_table_is_a_key_of_its_engine():
    for pair in PAIRS:
        for stage in pair.stages:
            assert pair.zephyr in load_schema("zephyr", stage)["properties"], pair
            assert not pair.axolotl or pair.axolotl in load_schema("axolotl", stage)["properties"], pair
    for engine, keys in REASONS.items():
        known = {key for stage in stage_names(engine) for key in load_schema(engine, stage)["properties"]}
        assert set(keys) <= known
    assert set(ATTENTION) <= set(load_schema("axolotl", "sft")["properties"])
    assert len(PAIRS) > 50


def test_no_pair_is_listed_twice():
    for stage in ALL:
        pairs = [pair for pair in PAIRS if stage in pair.stages]
        for keys in ([pair.zephyr for pair in pairs], [pair.axolotl for pair in pairs if pair.axolotl]):
            assert len(keys) == len(set(keys))


VALUES = {
    "optim_args": "a=1", "lr_scheduler_type": "cosine", "optim": "sgd", "loss_type": ["ipo"], "max_steps": 7,
    "logging_steps": 3, "dataloader_prefetch_factor": 2, "loss_weights": [1.0], "optim_target_modules": ["x"],
    "torch_compile_mode": "default",
}  # fmt: skip
BY_TYPE = {"integer": 5, "number": 0.5, "boolean": True, "object": {"a": 1}, "string": "text"}


def sample(pair, stage):
    """Return a value of a pair's key that is not its default."""
    schema = load_schema("zephyr", stage)["properties"][pair.zephyr]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    value = VALUES.get(pair.zephyr, BY_TYPE[kind])
    return (not schema["default"]) if isinstance(schema.get("default"), bool) else value


@pytest.mark.parametrize("stage", ALL)
def test_each_key_of_the_table_is_converted_and_back(stage):
    for pair in (pair for pair in PAIRS if stage in pair.stages and pair.axolotl and pair.axolotl != "base_model"):
        values = minimal("zephyr", stage, **{pair.zephyr: sample(pair, stage)})
        converted = twin(values, "zephyr", stage)
        assert not converted.dropped, (pair, converted.dropped)
        assert converted.origins[pair.axolotl] == pair.zephyr
        back = twin(converted.values, "axolotl", stage)
        assert back.values[pair.zephyr] == values[pair.zephyr], pair


@pytest.mark.parametrize("stage", ALL)
@pytest.mark.parametrize("engine", OTHER)
def test_a_minimal_recipe_has_a_valid_twin_with_each_default_that_differs(engine, stage):
    converted = twin(minimal(engine, stage), engine, stage)
    assert not schema_problems(converted.values, load_schema(converted.target, stage))
    back = twin(converted.values, converted.target, stage)
    again = twin(back.values, engine, stage)
    expected = {key: value for key, value in converted.values.items() if key != "logging_steps"}  # see step_count()
    assert expected.items() <= again.values.items()


def test_trls_defaults_for_sft_in_axolotls_keys():
    c = twin(minimal("zephyr", "sft"), "zephyr", "sft")
    expected = {
        "bf16": True, "fp16": False, "tf32": False, "sequence_len": 1024, "excess_length_strategy": "truncate",
        "shuffle_merged_datasets": False, "pad_to_sequence_len": False, "warmup_steps": 0, "save_steps": 500,
        "learning_rate": 2e-5, "num_epochs": 3.0, "micro_batch_size": 8, "lr_scheduler": "linear",
        "gradient_checkpointing": True, "logging_steps": 10,
    }  # fmt: skip
    assert {key: value for key, value in c.values.items() if key in c.defaults and c.defaults[key] != value} == expected


def test_axolotls_defaults_for_sft_in_trls_keys():
    c = twin(minimal("axolotl", "sft"), "axolotl", "sft")
    expected = {
        "dtype": "bfloat16", "max_length": 512, "shuffle_dataset": True, "pad_to_multiple_of": 64, "warmup_steps": 0.03,
        "save_strategy": "epoch", "save_total_limit": 4, "num_train_epochs": 1.0, "per_device_train_batch_size": 1,
        "per_device_eval_batch_size": 1, "lr_scheduler_type": "cosine", "gradient_checkpointing": False,
        "logging_steps": 0.005,
    }  # fmt: skip
    assert {key: value for key, value in c.values.items() if key in c.defaults and c.defaults[key] != value} == expected


# --- single rules ---


@pytest.mark.parametrize(
    ("stage", "zephyr", "axolotl"),
    [
        ("sft", {"use_peft": True, "lora_dropout": 0.1, "lora_target_modules": "all-linear"},
         {"adapter": "lora", "lora_r": 16, "lora_alpha": 32, "lora_dropout": 0.1, "lora_target_linear": True}),
        ("sft", {"use_peft": True, "lora_target_modules": ["q_proj"], "use_dora": True},
         {"adapter": "lora", "lora_dropout": 0.05, "lora_target_modules": ["q_proj"], "peft_use_dora": True}),
        ("sft", {"use_peft": True, "load_in_4bit": True, "lora_target_modules": "all-linear"},
         {"adapter": "qlora", "load_in_4bit": True,
          "bnb_config_kwargs": {"bnb_4bit_use_double_quant": False, "bnb_4bit_quant_storage": "uint8"}}),
        ("sft", {"assistant_only_loss": True},
         {"datasets": [{"path": "d", "split": "train", "type": "chat_template", "roles_to_train": ["assistant"],
                        "train_on_eos": "turn"}]}),
        ("sft", {"bf16": False}, {"bf16": False, "fp16": False}),
        ("sft", {"bf16": True, "dtype": "bfloat16"}, {"bf16": True}),
        ("sft", {"packing": True, "eval_packing": False}, {"sample_packing": True, "eval_sample_packing": False}),
        ("sft", {"warmup_steps": 0.1}, {"warmup_ratio": 0.1}),
        ("sft", {"warmup_steps": 20}, {"warmup_steps": 20}),
        ("sft", {"save_strategy": "epoch", "save_total_limit": 2}, {"save_strategy": "epoch", "save_total_limit": 2}),
        ("sft", {"eval_strategy": "steps", "eval_steps": 50, "dataset_test_split": "test"}, {"eval_steps": 50}),
        ("sft", {"report_to": ["wandb"], "run_name": "x", "env": {"WANDB_PROJECT": "p"}},
         {"use_wandb": True, "wandb_name": "x", "wandb_project": "p"}),
        ("sft", {"shuffle_dataset": True, "pad_to_multiple_of": 8},
         {"shuffle_merged_datasets": True, "pad_to_multiple_of": 8}),
        ("sft", {"train_sampling_strategy": "group_by_length"}, {"group_by_length": True}),
        ("sft", {"use_liger_kernel": True},
         {"plugins": ["axolotl.integrations.liger.LigerPlugin"], "liger_rope": True}),
        ("sft", {"chat_template_path": "a.jinja"}, {"chat_template": "jinja", "chat_template_jinja": "a.jinja"}),
        ("dpo", {"beta": 0.3, "loss_type": "ipo"}, {"rl": "dpo", "rl_beta": 0.3, "dpo_loss_type": ["ipo"]}),
        ("dpo", {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 2.0]},
         {"dpo_loss_type": ["sigmoid", "sft"], "dpo_loss_weights": [1.0, 2.0], "skip_prepare_dataset": True}),
        ("kto", {"beta": 0.2, "desirable_weight": 1.5},
         {"rl": "kto", "rl_beta": 0.2, "kto_desirable_weight": 1.5, "remove_unused_columns": False}),
        ("orpo", {"beta": 0.2}, {"rl": "orpo", "orpo_alpha": 0.2, "skip_prepare_dataset": True}),
    ],
)  # fmt: skip
def test_keys_that_depend_on_each_other_are_converted_and_back(stage, zephyr, axolotl):
    converted = twin(minimal("zephyr", stage, **zephyr), "zephyr", stage)
    assert not converted.dropped
    assert {key: converted.values.get(key) for key in axolotl} == axolotl
    assert not schema_problems(converted.values, load_schema("axolotl", stage))
    back = twin(converted.values, "axolotl", stage).values
    assert {key: back.get(key) for key in zephyr if key != "loss_type"} == {
        key: value for key, value in zephyr.items() if key not in ("loss_type", "report_to")
    } | ({"report_to": "wandb"} if "report_to" in zephyr else {})


@pytest.mark.parametrize(
    ("axolotl", "zephyr"),
    [
        ({"flash_attention": True}, {"attn_implementation": "flash_attention_2"}),
        ({"saves_per_epoch": 2, "num_epochs": 5}, {"save_strategy": "steps", "save_steps": 0.1}),
        ({"val_set_size": 0.1, "evals_per_epoch": 4},
         {"test_split_size": 0.1, "eval_strategy": "steps", "eval_steps": 0.25, "eval_on_start": True,
          "datasets": [{"path": "d", "split": "train"}]}),
        ({"rl": "ipo"}, {"loss_type": ["ipo"]}),
        ({"hub_model_id": "a/b"}, {"push_to_hub": True, "hub_private_repo": True, "hub_model_id": "a/b"}),
        ({"datasets": [{"path": "x/train.jsonl", "ds_type": "json", "type": "chat_template"}],
          "test_datasets": [{"path": "x/validation.jsonl", "ds_type": "json", "type": "chat_template"}]},
         {"dataset_name": "x", "dataset_test_split": "validation", "assistant_only_loss": True}),
        ({"datasets": [{"path": "a.jsonl", "ds_type": "json"}, {"path": "h/b", "split": "s"}]},
         {"datasets": [{"path": "json", "data_files": "a.jsonl", "split": "train"}, {"path": "h/b", "split": "s"}]}),
        ({"datasets": [{"path": "d", "type": "completion", "field": "body"}]},
         {"dataset_name": "d", "dataset_text_field": "body"}),
    ],
)  # fmt: skip
def test_keys_that_only_axolotl_has_are_converted(axolotl, zephyr):
    stage = "dpo" if "rl" in axolotl else "sft"
    converted = twin(minimal("axolotl", stage) | axolotl, "axolotl", stage)
    assert not converted.dropped
    assert {key: converted.values.get(key) for key in zephyr} == zephyr


@pytest.mark.parametrize(
    ("engine", "stage", "values", "key", "reason"),
    [
        ("zephyr", "sft", {"logging_strategy": "epoch"}, "logging_strategy", "axolotl logs by steps"),
        ("zephyr", "sft", {"logging_steps": 0.5}, "logging_steps",
         "axolotl takes a number of steps, not a fraction of them"),
        ("zephyr", "sft", {"max_length": "none"}, "max_length",
         "axolotl always needs a maximum length: sequence_len"),
        ("zephyr", "sft", {"router_aux_loss_coef": 0.1}, "router_aux_loss_coef", "axolotl has no such key"),
        ("zephyr", "sft", {"hub_model_id": "x"}, "hub_model_id",
         "it has no effect without 'push_to_hub: true', but in axolotl it would push"),
        ("zephyr", "sft", {"env": {"A": "1"}}, "env",
         "axolotl sets no environment variables: export A before the training"),
        ("zephyr", "kto", {"loss_type": "apo_zero_unpaired"}, "loss_type", "axolotl supports only 'kto'"),
        ("zephyr", "dpo", {"sync_ref_model": True}, "sync_ref_model", "axolotl has no such key"),
        ("axolotl", "sft", {"lr_scheduler": "rex"}, "lr_scheduler",
         "only axolotl has the schedule rex; TRL's default is linear"),
        ("axolotl", "sft", {"torch_compile": "auto"}, "torch_compile", "TRL has only true and false, not 'auto'"),
        ("axolotl", "sft", {"early_stopping_patience": 3}, "early_stopping_patience",
         "TRL's commands have no early stopping"),
        ("axolotl", "sft", {"lora_mlp_kernel": True}, "lora_mlp_kernel", "a CUDA kernel for the same computation"),
        ("axolotl", "sft", {"datasets": [{"path": "d", "type": "alpaca"}]}, "datasets",
         "datasets[0].type 'alpaca': TRL takes rows in its own formats: convert yours to one of them"),
        ("axolotl", "sft", {"optimizer": "muon"}, "optimizer",
         "in zephyr, 'optim' is \"muon\", expected one of"),
    ],
)  # fmt: skip
def test_a_key_without_an_equivalent_is_reported_with_the_reason(engine, stage, values, key, reason):
    (dropped,) = twin(minimal(engine, stage) | values, engine, stage).dropped
    assert dropped.key == key
    assert dropped.reason.startswith(reason) if reason.endswith("one of") else dropped.reason == reason


CANDIDATES = (3, 0.5, True, "x", "epoch", ["x"], [0.5], [3], {"A": "1"}, {"A": ["1"]}, {"A": 3})
STAGE_KEYS = {"rl", "reward_model", "process_reward_model", "pretraining_dataset"}


@pytest.mark.parametrize("stage", ALL)
@pytest.mark.parametrize("engine", OTHER)
def test_every_key_of_a_schema_is_converted_or_reported(engine, stage):
    """The whole schema, key by key, each with a value that it allows: none is dropped silently."""
    schema, others, num_tried = load_schema(engine, stage), minimal(engine, stage), 0
    for key in schema["properties"].keys() - others.keys() - STAGE_KEYS:
        enum = schema["properties"][key].get("enum", [])
        values = [value for value in (*enum, *CANDIDATES) if not schema_problems(others | {key: value}, schema)]
        if not values:
            continue
        num_tried += 1
        c = twin(others | {key: values[0]}, engine, stage)
        assert key in {*c.taken, *dict(c.dropped), *IGNORED[engine]}, key
        assert not schema_problems(c.values, load_schema(c.target, stage)), key
    assert num_tried > (130 if engine == "zephyr" else 200)


@pytest.mark.parametrize(
    ("engine", "stage", "values", "problem"),
    [
        ("zephyr", "reward", {}, "convert cannot convert stage reward of zephyr"),
        ("axolotl", "dpo", {"rl": "simpo"}, "convert cannot convert rl: simpo of axolotl"),
    ],
)
def test_a_stage_that_cannot_be_converted_is_refused(engine, stage, values, problem):
    with pytest.raises(UserError) as error:
        twin(MINIMAL[engine] | values, engine, stage)
    assert (error.value.problem, error.value.hint) == (problem, "it converts sft, dpo, kto, orpo")
