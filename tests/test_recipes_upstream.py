"""Resolved recipes with Gretchen gone: TRL's parser and axolotl's validators take them, their commands train from them.

And the deep check, which looks at the first rows as the recipe's engine tokenizes them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from run_records import write_run

from gretchen.checks.deep import check_deep, check_recipes_deep
from gretchen.engines.axolotl.capabilities import H100
from gretchen.hardware import PROFILES
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.dataset_kinds import read_datasets
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import config_classes, find_stage, stage_names

PROJECT = "genome-chatbot"
ROWS = 40


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """Return a root with the project, a base of random weights, and a few built rows."""
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("root")
    ignored = shutil.ignore_patterns("base", "__pycache__")
    for part in (f"projects/{PROJECT}", "shared_recipes"):
        shutil.copytree(root / part, folder / part, ignore=ignored)
    architecture, base = root / "shared_recipes/tiny/architecture", folder / f"projects/{PROJECT}/base"
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(architecture)).save_pretrained(base)
    shutil.copytree(architecture, base, dirs_exist_ok=True)
    formats = {"chats": row, "preferences": pair, "feedback": verdict, "prompts": prompt, "texts": document}
    for row_format, make in formats.items():
        data = folder / "build" / PROJECT / row_format
        data.mkdir(parents=True)
        for split in ("train", "validation", "test", "hard"):
            lines = [json.dumps(make(split, number)) + "\n" for number in range(ROWS)]
            (data / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    # What DPO starts from: a finished run of SFT by each engine, merged.
    for recipe in ("sft.zephyr", "sft.axolotl"):
        run = folder / "runs" / PROJECT / recipe / "20260101-000000-aaaa"
        shutil.copytree(base, run / "model")
        write_run(run)
    return folder


def row(split, number):
    turns = [{"role": "user", "content": f"Transcribe ATG {number}, {split}."}, {"role": "assistant", "content": "AUG"}]
    return {"id": f"{split}-{number}", "form": "x", "group": [split], "messages": turns, "meta": "{}"}


def pair(split, number):
    sides = {side: [{"role": "assistant", "content": text}] for side, text in (("chosen", "AUG"), ("rejected", "ATG"))}
    asked = [{"role": "user", "content": f"Transcribe ATG {number}, {split}."}]
    return {"id": f"{split}-{number}", "form": "x", "group": [split], "prompt": asked, "meta": "{}"} | sides


def verdict(split, number):
    both = pair(split, number)
    sides = both.pop("chosen"), both.pop("rejected")
    return both | {"completion": sides[number % 2], "label": number % 2 == 0}


def prompt(split, number):
    asked = pair(split, number)
    return {key: asked[key] for key in ("id", "form", "group", "prompt")} | {"meta": json.dumps({"reference": "AUG"})}


def document(split, number):
    return {
        "id": f"{split}-{number}",
        "form": "x",
        "group": [split],
        "text": f"DNA: ATG\nRNA: AUG {split} {number}",
        "meta": "{}",
    }


def written(folder, name, recipe="sft.zephyr", **changes):
    """Return a file with one of the project's recipes for `tiny`, as this test's machine can run it."""
    changes = {"bf16": False, "eval_strategy": "no", "save_strategy": "no", "max_steps": 2} | changes
    file = folder / name / "recipe.yaml"
    file.parent.mkdir()
    file.write_text(resolve(Request(PROJECT, recipe, "tiny", output=name, overrides=changes)).text(), encoding="utf-8")
    return file


def test_trls_own_parser_takes_every_recipe_under_every_profile(tmp_path):
    from gretchen.engines.zephyr.inputs import parse

    seen = 0
    for slug in project_slugs():
        for recipe in (r for r in recipes_of(slug).values() if r.engine == "zephyr"):
            for profile in load_card(slug).profiles:
                # What a machine without a GPU refuses, whatever the recipe.
                resolved = resolve(Request(slug, recipe.name, profile, overrides={"use_cpu": True, "tf32": None}))
                file = tmp_path / f"{slug}.{recipe.name}.{profile}.yaml"
                file.write_text(resolved.text(), encoding="utf-8")
                _, config, model, _ = parse(file, *config_classes(find_stage("zephyr", recipe.stage)))
                assert config.learning_rate == resolved.values["learning_rate"]
                assert model.model_name_or_path == resolved.values["model_name_or_path"]
                assert model.use_peft or not model.load_in_4bit
                flash = model.attn_implementation == "flash_attention_2"
                assert flash or not getattr(config, "packing", False) or config.packing_strategy == "wrapped"
                seen += 1
    assert seen >= len(PROFILES)


@pytest.mark.parametrize(
    "profiles",
    [("tiny", "laptop", "gpu-80gb"), pytest.param(("gpu-16gb", "gpu-24gb", "cluster"), marks=pytest.mark.slow)],
    ids=["processors and one GPU", "the other GPUs"],
)
def test_axolotls_own_validators_take_every_recipe_under_every_profile(profiles):
    from axolotl.cli.config import gpu_capabilities, prepare_plugins
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault

    here, environment = gpu_capabilities()
    seen = 0
    for slug in project_slugs():
        for recipe in (r for r in recipes_of(slug).values() if r.engine == "axolotl"):
            for profile in (profile for profile in load_card(slug).profiles if profile in profiles):
                values = resolve(Request(slug, recipe.name, profile)).values
                capabilities = here if profile in ("tiny", "laptop") else H100
                prepare_plugins(DictDefault(values))
                took = validate_config(DictDefault(values), capabilities=capabilities, env_capabilities=environment)
                assert took.base_model == values["base_model"]
                assert took.learning_rate == values["learning_rate"]
                assert took.liger_rope == values.get("liger_rope")
                assert took.adapter or not took.load_in_4bit
                assert took.attn_uses_flash_lib or not took.sample_packing
                seen += 1
    assert seen >= 2 * len(profiles)


def test_a_rule_of_axolotls_that_spans_several_keys_is_reported(built_root):
    report = check_deep(PROJECT, written(built_root, "axolotl-rules", "sft.axolotl", save_steps=5, saves_per_epoch=2))
    assert len(report.errors) == 1
    assert report.errors[0].startswith("axolotl-rules/recipe.yaml: ")
    assert "save" in report.errors[0]


CHAT = {"path": "a/b", "type": "chat_template.default", "field_messages": "messages", "split": "train"}
DATASETS = [
    (
        "dpo",
        CHAT | {"field_chosen": "good", "roles": {"user": ["user"]}, "message_property_mappings": {"role": "from"}},
    ),
    ("simpo", CHAT | {"name": "config", "ds_type": "json"}),
    ("kto", {"path": "a/b", "type": "chatml.argilla", "split": "train", "field_messages": "messages", "name": "x"}),
    ("orpo", {"path": "a/b", "type": "chat_template.argilla", "field_chosen": "good"}),
    (None, {"path": "a/b", "type": "stepwise_supervised", "step_separator": "SEP", "train_on_last_step_only": True}),
    (None, CHAT | {"type": "chat_template", "roles": {"user": ["human"]}, "field_rejected": "bad"}),
]


@pytest.mark.parametrize(("rl", "entry"), DATASETS)
def test_axolotl_drops_the_keys_of_data_sets_that_check_names(rl, entry):
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault

    batch = {"micro_batch_size": 1, "gradient_accumulation_steps": 1, "remove_unused_columns": False}
    values = {"base_model": "a/b", "learning_rate": 1e-4, "rl": rl, "datasets": [entry]} | batch
    taken = validate_config(DictDefault(values))["datasets"][0]
    kept, dropped = read_datasets(values, load_schema("axolotl", "sft"))
    assert {key for key in entry if taken.get(key) is not None} == set(kept["datasets"][0])
    assert {key.path[-1] for key in dropped} == entry.keys() - kept["datasets"][0].keys()
    assert dropped


def test_trl_finds_the_splits_in_the_built_folder_and_not_the_hard_rows(built_root):
    from datasets import load_dataset

    found = load_dataset(f"build/{PROJECT}/chats")
    assert {name: rows.num_rows for name, rows in found.items()} == dict.fromkeys(("train", "validation", "test"), ROWS)


def test_the_deep_check_of_a_good_recipe(built_root):
    report = check_deep(PROJECT, written(built_root, "good"))
    assert [result.outcome.state for result in report.results] == ["ok", "ok", "ok", "ok"]
    assert report.results[3].outcome.scope.startswith(f"first {ROWS} rows: 0% cut at max_length 512, ")


def test_the_deep_check_tells_rules_that_span_several_keys(built_root):
    report = check_deep(PROJECT, written(built_root, "rules", load_best_model_at_end=True, save_strategy="epoch"))
    assert len(report.errors) == 1
    assert report.errors[0].startswith("rules/recipe.yaml: --load_best_model_at_end requires the save and eval strat")


def test_a_row_that_trains_nothing_is_reported_with_its_line(built_root):
    report = check_deep(PROJECT, written(built_root, "short", max_length=8))
    assert report.errors[0] == (
        f"build/{PROJECT}/chats/train.jsonl:1: no token of this row is trained: the answer is beyond max_length "
        f"(and {ROWS - 1} more of {ROWS} rows)"
    )


def test_an_answer_without_a_trained_end_is_reported(built_root):
    base = built_root / f"projects/{PROJECT}/base"
    shutil.copytree(base, built_root / "endless")
    template = (base / "chat_template.jinja").read_text(encoding="utf-8")
    inside = "        {{- '<|im_end|>' }}\n        {%- endgeneration %}"
    outside = "        {%- endgeneration %}\n        {{- '<|im_end|>' }}"
    assert template.count(inside) == 1
    (built_root / "endless" / "chat_template.jinja").write_text(template.replace(inside, outside), encoding="utf-8")
    report = check_deep(PROJECT, written(built_root, "no-end", model_name_or_path="endless"))
    assert report.errors[0] == (
        f"build/{PROJECT}/chats/train.jsonl:1: the last trained token is not EOS: the model would not learn to end its "
        f"answers (and {ROWS - 1} more of {ROWS} rows)"
    )


def test_check_deep_checks_every_recipe_and_leaves_what_it_checked(built_root):
    reports = check_recipes_deep(PROJECT, "tiny", skip=False)
    assert [report.errors + report.warnings for report in reports] == [[]] * len(recipes_of(PROJECT))
    assert reports[0].subject.startswith(f"{PROJECT}, build/{PROJECT}/check/")
    assert (built_root / f"build/{PROJECT}/check/sft.zephyr.tiny.yaml").is_file()


OF_TRL = ("sft", "dpo", "kto", "reward", "grpo", "rloo")
WITHOUT = ("pretrain", "orpo", "simpo", "ppo", "distill")  # stages of zephyr for which TRL has no command of that name
COMMANDS = {
    **{f"{stage}.zephyr": ("trl", stage, "--config") for stage in OF_TRL},
    **{f"{stage}.axolotl": ("axolotl", "train", "--launcher", "python") for stage in stage_names("axolotl")},
}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", COMMANDS)
def test_upstreams_own_command_trains_from_the_resolved_recipe(built_root, recipe):
    file = written(built_root, recipe, recipe)
    assert not {"extends", "profiles"} & set(yaml.safe_load(file.read_text(encoding="utf-8")))
    program, *words = COMMANDS[recipe]
    command = [str(Path(sys.executable).with_name(program)), *words, str(file)]
    # Elsewhere than in the repository, so that nothing of Gretchen's can be imported by accident; logged in nowhere.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "GRETCHEN_"))}
    clean = kept | {"HOME": str(built_root)}
    clean.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=built_root, env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (built_root / recipe / "adapter_model.safetensors").is_file()


def test_every_stage_of_the_flagship_has_upstreams_command_or_upstream_has_none():
    tried = {*COMMANDS, *(f"{stage}.zephyr" for stage in WITHOUT)}
    assert tried == {f"{recipe.stage}.{recipe.engine}" for recipe in recipes_of(PROJECT).values()}
