"""make convert: each key has its twin or is named, differing defaults are written out, a twin resolves to the same."""

import re

import pytest
import yaml

from gretchen.checks.runner import check_file
from gretchen.converting.pairs import ALL, ATTENTION, PAIRS, WITHOUT
from gretchen.converting.twin import OTHER, SILENT, twin
from gretchen.errors import UserError
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import stage_names
from gretchen.recipes.validation import schema_problems

PROJECT = "genome-chatbot"
RECIPES = f"projects/{PROJECT}/recipes"
# One with figures of the recipe's own, one that changes the method.
LOOKED_AT = ("tiny", "gpu-16gb")
# Keys that one engine has and the other does by itself.
ALONE = {"eval_on_start"}  # axolotl always evaluates before the first step

LEAST = {
    "zephyr": {"model_name_or_path": "m", "dataset_name": "d", "output_dir": "o"},
    "axolotl": {"base_model": "m", "datasets": [{"path": "d", "split": "train"}], "output_dir": "o",
                "learning_rate": 1e-4},
}  # fmt: skip


def least(engine, stage, **more):
    rl = {"rl": stage} if engine == "axolotl" and stage != "sft" else {}
    return {**LEAST[engine], **rl, **more}


def beside(name):
    stem, _, engine = name.rpartition(".")
    return f"{stem}.{OTHER[engine]}"


def convertible():
    return [name for name, file in recipes_of(PROJECT).items() if file.stage in ALL]


# --- the table ---


def test_every_key_of_the_table_is_a_key_of_its_engine():
    for pair in PAIRS:
        for stage in pair.stages:
            assert pair.zephyr in load_schema("zephyr", stage)["properties"], pair
            assert not pair.axolotl or pair.axolotl in load_schema("axolotl", stage)["properties"], pair
    for engine, keys in WITHOUT.items():
        known = {key for stage in stage_names(engine) for key in load_schema(engine, stage)["properties"]}
        assert set(keys) <= known
    assert set(ATTENTION) <= set(load_schema("axolotl", "sft")["properties"])
    assert len(PAIRS) > 50


def test_no_pair_stands_twice():
    for stage in ALL:
        of_stage = [pair for pair in PAIRS if stage in pair.stages]
        for keys in ([pair.zephyr for pair in of_stage], [pair.axolotl for pair in of_stage if pair.axolotl]):
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
def test_each_key_of_the_table_goes_there_and_comes_back(stage):
    for pair in (pair for pair in PAIRS if stage in pair.stages and pair.axolotl and pair.axolotl != "base_model"):
        said = least("zephyr", stage, **{pair.zephyr: sample(pair, stage)})
        there = twin(said, "zephyr", stage)
        assert not there.named, (pair, there.named)
        assert there.origins[pair.axolotl] == pair.zephyr
        back = twin(there.values, "axolotl", stage)
        assert back.values[pair.zephyr] == said[pair.zephyr], pair


@pytest.mark.parametrize("stage", ALL)
@pytest.mark.parametrize("engine", OTHER)
def test_a_least_recipe_and_its_twin_are_valid_and_say_each_default_that_differs(engine, stage):
    there = twin(least(engine, stage), engine, stage)
    assert not schema_problems(there.values, load_schema(there.target, stage))
    back = twin(there.values, there.target, stage)
    again = twin(back.values, engine, stage)
    expected = {key: value for key, value in there.values.items() if key != "logging_steps"}  # see `whole`
    assert expected.items() <= again.values.items()


def test_the_defaults_of_trl_for_sft_in_axolotls_words():
    c = twin(least("zephyr", "sft"), "zephyr", "sft")
    expected = {
        "bf16": True, "fp16": False, "tf32": False, "sequence_len": 1024, "excess_length_strategy": "truncate",
        "shuffle_merged_datasets": False, "pad_to_sequence_len": False, "warmup_steps": 0, "save_steps": 500,
        "learning_rate": 2e-5, "num_epochs": 3.0, "micro_batch_size": 8, "lr_scheduler": "linear",
        "gradient_checkpointing": True, "logging_steps": 10,
    }  # fmt: skip
    assert {key: value for key, value in c.values.items() if key in c.unsaid and c.unsaid[key] != value} == expected


def test_the_defaults_of_axolotl_for_sft_in_trls_words():
    c = twin(least("axolotl", "sft"), "axolotl", "sft")
    expected = {
        "dtype": "bfloat16", "max_length": 512, "shuffle_dataset": True, "pad_to_multiple_of": 64, "warmup_steps": 0.03,
        "save_strategy": "epoch", "save_total_limit": 4, "num_train_epochs": 1.0, "per_device_train_batch_size": 1,
        "per_device_eval_batch_size": 1, "lr_scheduler_type": "cosine", "gradient_checkpointing": False,
        "logging_steps": 0.005,
    }  # fmt: skip
    assert {key: value for key, value in c.values.items() if key in c.unsaid and c.unsaid[key] != value} == expected


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
def test_keys_that_belong_together_go_there_and_come_back(stage, zephyr, axolotl):
    there = twin(least("zephyr", stage, **zephyr), "zephyr", stage)
    assert not there.named
    assert {key: there.values.get(key) for key in axolotl} == axolotl
    assert not schema_problems(there.values, load_schema("axolotl", stage))
    back = twin(there.values, "axolotl", stage).values
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
def test_axolotls_own_ways_of_saying_it(axolotl, zephyr):
    stage = "dpo" if "rl" in axolotl else "sft"
    there = twin(least("axolotl", stage) | axolotl, "axolotl", stage)
    assert not there.named
    assert {key: there.values.get(key) for key in zephyr} == zephyr


@pytest.mark.parametrize(
    ("engine", "stage", "said", "key", "why"),
    [
        ("zephyr", "sft", {"logging_strategy": "epoch"}, "logging_strategy", "axolotl logs by steps"),
        ("zephyr", "sft", {"logging_steps": 0.5}, "logging_steps",
         "axolotl takes a whole number of steps, no share of them"),
        ("zephyr", "sft", {"max_length": "none"}, "max_length",
         "axolotl has no training without a longest row: sequence_len"),
        ("zephyr", "sft", {"router_aux_loss_coef": 0.1}, "router_aux_loss_coef", "axolotl has no such key"),
        ("zephyr", "sft", {"hub_model_id": "x"}, "hub_model_id",
         "without 'push_to_hub: true' it has no effect, and in axolotl it would push"),
        ("zephyr", "sft", {"env": {"A": "1"}}, "env", "axolotl sets no environment: export A before the training"),
        ("zephyr", "kto", {"loss_type": "apo_zero_unpaired"}, "loss_type", "axolotl knows 'kto' alone here"),
        ("zephyr", "dpo", {"sync_ref_model": True}, "sync_ref_model", "axolotl has no such key"),
        ("axolotl", "sft", {"lr_scheduler": "rex"}, "lr_scheduler",
         "the schedule rex is axolotl's own, and TRL's default is linear"),
        ("axolotl", "sft", {"torch_compile": "auto"}, "torch_compile", "TRL knows on and off, not 'auto'"),
        ("axolotl", "sft", {"early_stopping_patience": 3}, "early_stopping_patience",
         "TRL's command has no early stopping"),
        ("axolotl", "sft", {"lora_mlp_kernel": True}, "lora_mlp_kernel", "a CUDA kernel for the same computation"),
        ("axolotl", "sft", {"datasets": [{"path": "d", "type": "alpaca"}]}, "datasets",
         "datasets[0].type 'alpaca': TRL takes rows of its own formats, bring yours into one"),
        ("axolotl", "sft", {"optimizer": "muon"}, "optimizer",
         "in zephyr, 'optim' is \"muon\", expected one of"),
    ],
)  # fmt: skip
def test_what_has_no_twin_is_named_with_the_reason(engine, stage, said, key, why):
    named = twin(least(engine, stage) | said, engine, stage).named
    assert [name for name, _ in named] == [key]
    assert named[0][1].startswith(why) if why.endswith("one of") else named[0][1] == why


CANDIDATES = (3, 0.5, True, "x", "epoch", ["x"], [0.5], [3], {"A": "1"}, {"A": ["1"]}, {"A": 3})
OF_STAGES = {"rl", "reward_model", "process_reward_model", "pretraining_dataset"}


@pytest.mark.parametrize("stage", ALL)
@pytest.mark.parametrize("engine", OTHER)
def test_every_key_of_a_schema_is_carried_or_named(engine, stage):
    """The whole schema, key by key, each with a value that it allows: none is lost in silence."""
    schema, said, tried = load_schema(engine, stage), least(engine, stage), 0
    for key in schema["properties"].keys() - said.keys() - OF_STAGES:
        enum = schema["properties"][key].get("enum", [])
        values = [value for value in (*enum, *CANDIDATES) if not schema_problems(said | {key: value}, schema)]
        if not values:
            continue
        tried += 1
        c = twin(said | {key: values[0]}, engine, stage)
        assert key in {*c.taken, *dict(c.named), *SILENT[engine]}, key
        assert not schema_problems(c.values, load_schema(c.target, stage)), key
    assert tried > (130 if engine == "zephyr" else 200)


@pytest.mark.parametrize(
    ("engine", "stage", "said", "problem"),
    [
        ("zephyr", "reward", {}, "stage reward of zephyr has no twin"),
        ("axolotl", "dpo", {"rl": "simpo"}, "rl: simpo of axolotl has no twin"),
    ],
)
def test_a_stage_without_a_twin_is_refused(engine, stage, said, problem):
    with pytest.raises(UserError) as told:
        twin(LEAST[engine] | said, engine, stage)
    assert (told.value.problem, told.value.hint) == (problem, "convert knows sft, dpo, kto, orpo")


# --- a project's recipes ---


def test_each_recipe_of_the_flagship_has_a_valid_twin(copied, gretchen):
    """Converted in a copy without the hand-written twin: it passes the checks, which resolve it under every profile."""
    names = convertible()
    assert len(names) >= 4
    for name in names:
        source, other = recipes_of(PROJECT)[name], beside(name)
        place = copied / RECIPES / f"{other}.yaml"
        kept = place.read_text(encoding="utf-8") if place.exists() else None
        place.unlink(missing_ok=True)
        done = convert_in(copied, name)
        named = set(re.findall(r"^  \S+: '(\w+)': ", done, re.MULTILINE))
        assert done.startswith(f"{RECIPES}/{other}.yaml: the twin of {RECIPES}/{name}.yaml")
        failed = check_file(place).errors
        assert not [told for told in failed if "/base: no such folder" not in told], failed
        back = there_and_back(copied, source, place)
        found = differing(back, resolved_under_all(name))
        assert {key for keys in found.values() for key in keys} <= named, (name, found)
        place.unlink() if kept is None else place.write_text(kept, encoding="utf-8")


def convert_in(root, name, output=None):
    from gretchen.commands.convert import beside as files_of
    from gretchen.commands.convert import told
    from gretchen.converting.recipe import of_project
    from gretchen.recipes.find import find

    source, place = files_of(PROJECT, name)
    made = of_project(PROJECT, find(PROJECT, name))
    (output or place).write_text(made.text, encoding="utf-8")
    return told(output or place, source, made)


def there_and_back(root, source, twin_file):
    """Return what the twin's twin resolves to, under every profile: the recipe itself is replaced for that."""
    text = source.path.read_text(encoding="utf-8")
    convert_in(root, twin_file.name.removesuffix(".yaml"), source.path)
    values = resolved_under_all(source.name)
    source.path.write_text(text, encoding="utf-8")
    return values


def resolved_under_all(name):
    return {
        profile: resolve(Request(PROJECT, name, profile, output="runs/x", parent="runs/y")).values
        for profile in LOOKED_AT
    }


def differing(one, other):
    """Return {profile: {key: (value, value)}} of what differs, but for what one engine does by itself."""
    found = {}
    for profile in LOOKED_AT:
        a, b = plain(one[profile]), plain(other[profile])
        keys = {key for key in a.keys() | b.keys() if a.get(key) != b.get(key)} - ALONE
        if keys:
            found[profile] = {key: (a.get(key), b.get(key)) for key in keys}
    return found


def plain(values):
    """Return resolved values without what stands there though it is the default."""
    usual = {"dataset_train_split": "train", "packing": False, "sample_packing": False, "optim": "adamw_torch_fused",
             "dtype": "float32", "shuffle_dataset": False, "loss_type": "kto",
             "load_in_4bit": False, "bnb_config_kwargs": {"bnb_4bit_use_double_quant": False}}  # fmt: skip
    found = {key: value for key, value in values.items() if usual.get(key) != value}
    for key in ("datasets", "test_datasets"):
        if isinstance(found.get(key), list):  # a file has one split, which is called train
            found[key] = [{k: v for k, v in one.items() if (k, v) != ("split", "train")} for one in found[key]]
    return found


@pytest.mark.parametrize("name", ["sft.zephyr", "sft.axolotl", "dpo.zephyr", "dpo.axolotl"])
def test_a_twin_resolves_to_what_the_hand_written_one_says(copied, name):
    by_hand = resolved_under_all(beside(name))
    convert_in(copied, name)
    found = differing(resolved_under_all(beside(name)), by_hand)
    # The engines' DPO was tuned apart: see each recipe's profile.
    expected = {"tiny": {"learning_rate"}} if name.startswith("dpo") else {}
    assert {profile: set(keys) for profile, keys in found.items()} == expected, found


def test_comments_stay_and_the_head_is_the_twins(copied):
    convert_in(copied, "dpo.zephyr")
    text = (copied / RECIPES / "dpo.axolotl.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[:5] == [
        "# DPO of the genome chatbot with LoRA, on the axolotl engine: right answers against answers with one fault.",
        "#   make train PROJECT=genome-chatbot RECIPE=dpo.axolotl",
        "# tiny: not measured. laptop, gpu-*, cluster: not measured.",
        "# The twin of dpo.zephyr.yaml, written by make convert.",
        "extends: [axolotl/dpo-lora.yaml] # LoRA, DPO's sigmoid loss, effective batch of 32",
    ]
    assert "base_model: ${base.sft} # the newest finished sft.axolotl, merged" in lines
    assert "  tiny: { learning_rate: 1.5e-3, rl_beta: 0.5, dpo_loss_weights: [1.0, 4.0] }" in lines


def test_a_recipe_whose_shared_recipe_has_no_sibling_takes_it_in(copied):
    (copied / "shared_recipes/axolotl/sft-lora.yaml").unlink()
    convert_in(copied, "sft.zephyr")
    values = yaml.safe_load((copied / RECIPES / "sft.axolotl.yaml").read_text(encoding="utf-8"))
    assert "extends" not in values
    assert {"adapter": "lora", "lora_r": 16, "warmup_ratio": 0.05, "num_epochs": 3}.items() <= values.items()


def test_a_key_without_a_twin_is_named_with_its_line_and_in_the_twin(copied, gretchen):
    file = copied / RECIPES / "sft.zephyr.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "log_level: info\n", encoding="utf-8")
    (copied / RECIPES / "sft.axolotl.yaml").unlink()
    done = gretchen("convert", f"--project={PROJECT}", "--recipe=sft.zephyr", GRETCHEN_ROOT=str(copied))
    assert done.returncode == 0, done.stderr
    number = len(file.read_text(encoding="utf-8").splitlines())
    assert f"  {RECIPES}/sft.zephyr.yaml:{number}: 'log_level': axolotl has no such key" in done.stdout.splitlines()
    twin_text = (copied / RECIPES / "sft.axolotl.yaml").read_text(encoding="utf-8")
    assert "# Without a twin, log_level: axolotl has no such key" in twin_text


# --- loose recipes, and the command ---

LOOSE = """# A QLoRA from the web.
base_model: a/b
load_in_4bit: true   # NF4
datasets:
  - path: x/y
    type: chat_template   # axolotl's word
adapter: qlora
lora_r: 8
lora_alpha: 16
lora_target_linear: true
sequence_len: 4096
learning_rate: 2e-4
special_tokens: {pad_token: "<pad>"}
"""


def test_a_loose_recipe_gets_its_twin_beside_it_and_nothing_is_overwritten(tmp_path, gretchen):
    (tmp_path / "qlora.yml").write_text(LOOSE, encoding="utf-8")
    done = gretchen("convert", "qlora.yml", in_=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "qlora.zephyr.yml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    assert text.startswith("# A QLoRA from the web.\n# Without a twin, special_tokens: ")
    assert "load_in_4bit: true   # NF4\n" in text
    assert "axolotl's word" not in text
    assert values["dataset_name"] == "x/y"
    assert values["use_bnb_nested_quant"] is True
    assert "qlora.yml:13: 'special_tokens': TRL takes the tokenizer as it lies with the model" in done.stdout
    again = gretchen("convert", "qlora.yml", in_=tmp_path)
    assert again.returncode == 2
    assert again.stderr.splitlines()[0] == "error: qlora.zephyr.yml exists already, and stays as it is"
    assert (tmp_path / "qlora.zephyr.yml").read_text(encoding="utf-8") == text
    elsewhere = gretchen("convert", "qlora.yml", "--output=out/twin.yaml", in_=tmp_path)
    assert elsewhere.returncode == 0
    assert (tmp_path / "out/twin.yaml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("base_model: m\nlearnin_rate: 1\nlearning_rate: 1\n",
         "x.yaml:2: unknown key 'learnin_rate', did you mean 'learning_rate'? axolotl would ignore it"),
        ("base_model: m\nlearning_rate: 1\nrl: grpo\n", "rl: grpo of axolotl has no twin"),
        ("base_model: m\nlearning_rate: 1\nreward_model: true\n", "stage reward of axolotl has no twin"),
        ("{model_name_or_path: m}\n", "the keys stand in braces"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_converted_is_told_in_a_sentence(tmp_path, gretchen, text, problem):
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    done = gretchen("convert", "x.yaml", in_=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {problem}")
    assert [file.name for file in tmp_path.iterdir()] == ["x.yaml"]


def test_convert_imports_no_engine(tmp_path, gretchen):
    import subprocess
    import sys

    (tmp_path / "q.yml").write_text(LOOSE, encoding="utf-8")
    code = (
        "import sys; from gretchen.cli import run; code = run(['convert', 'q.yml']); "
        "assert not {'torch', 'transformers', 'trl', 'axolotl'} & set(sys.modules); sys.exit(code)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
