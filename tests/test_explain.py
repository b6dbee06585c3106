"""`explain`: a key's type, default and meaning from the engines' schemas, and where a recipe sets it."""

import shutil
import subprocess
import sys

import pytest

from gretchen.commands.explain import entries, meaning, setting, similar
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import ENGINES, stage_names

PROJECT = "genome-chatbot"


@pytest.fixture
def project(root, tmp_path, monkeypatch):
    """Return a function that writes a recipe into a root of its own, and resolves there."""
    place = tmp_path / "projects" / PROJECT
    shutil.copytree(root / "shared_recipes", tmp_path / "shared_recipes")
    (place / "recipes").mkdir(parents=True)
    shutil.copy(root / "projects" / PROJECT / "project.yaml", place)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return lambda name, text: (place / "recipes" / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_each_engine_says_type_default_and_meaning(gretchen):
    done = gretchen("explain", "lora_r")
    assert done.returncode == 0
    assert done.stdout == (
        "lora_r\n"
        "  axolotl, every stage: an integer\n"
        "      (the engine says no more of it)\n"
        "  zephyr, every stage: an integer, default 16\n"
        "      LoRA R value\n"
    )


def test_stages_with_the_same_answer_stand_together():
    lines = [line for line in meaning("learning_rate") if line.startswith("  zephyr")]
    assert lines == [
        "  zephyr, pretrain, sft, distill: a number, default 2e-05",
        "  zephyr, dpo, kto, orpo, simpo, grpo, rloo: a number, default 1e-06",
        "  zephyr, reward: a number, default 0.0001",
        "  zephyr, ppo: a number, default 3e-06",
    ]


def test_a_dotted_key_is_found_in_lists_and_alternatives():
    found = meaning("datasets.type")
    assert found[:2] == [
        "  axolotl, every stage: a string or a mapping",
        "      The type of prompt to use for training. [alpaca, gpteacher, oasst, reflection]",
    ]
    assert meaning("peft.loftq_config.loftq_bits")
    assert any(line.startswith("      its keys: columns, data_dir, data_files") for line in meaning("datasets"))


def test_a_key_of_a_plugin_says_so_and_an_enum_names_its_values():
    assert any("only with plugins: [axolotl.integrations.liger]" in line for line in meaning("liger_rope"))
    (line,) = [line for line in meaning("save_strategy") if line.startswith("  zephyr")]
    assert line == "  zephyr, every stage: one of no, steps, epoch, best, default steps"


def test_every_key_of_every_engine_can_be_explained():
    seen = 0
    for engine in ENGINES:
        for stage in stage_names(engine):
            schema = load_schema(engine, stage)
            for key in schema["properties"]:
                assert entries(schema, key), key
                seen += 1
    assert seen > 1000


def test_a_renamed_key_is_told_and_so_are_our_own():
    assert meaning("torch_dtype") == ["  zephyr: use 'dtype'"]
    assert meaning("extends")[0].startswith("  Gretchen's own")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("lora_rr", "did you mean 'lora_r'?"),
        ("datasets.typ", "did you mean 'datasets.type'?"),
        ("datsets.type", "did you mean 'datasets'?"),
        ("zzzzzz", "all keys of the engines stand in tools/gretchen/recipes/schemas/"),
    ],
)
def test_an_unknown_key_is_one_sentence(gretchen, key, hint):
    done = gretchen("explain", key)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: unknown key '{key}'\nhint: {hint}\n")
    assert similar(key) == hint


def test_it_tells_where_a_recipe_sets_a_key_and_what_that_overrides(project):
    text = "extends: [zephyr/sft-lora.yaml]\nmodel_name_or_path: ${model}\noutput_dir: ${output}\nlora_r: 8\n"
    project("sft.zephyr", text + "profiles:\n  tiny:\n    lora_r: 4\n")
    lines = setting("lora_r", PROJECT, "sft", "tiny")
    assert lines[:3] == [
        f"  {PROJECT}, sft.zephyr under tiny: lora_r = 4",
        f"    projects/{PROJECT}/recipes/sft.zephyr.yaml:7: 4 (recipe's profile)",
        f"    projects/{PROJECT}/recipes/sft.zephyr.yaml:4: 8 (recipe), overridden",
    ]
    assert lines[3].startswith("    shared_recipes/zephyr/sft-lora.yaml:")
    assert lines[3].endswith(": 16 (extends), overridden")
    assert setting("lora_r", PROJECT, "sft", "gpu-24gb")[0].endswith("lora_r = 8")
    assert setting("adam_beta1", PROJECT, "sft", "tiny")[0].endswith("not set, so the engine's default counts")
    (line,) = setting("micro_batch_size", PROJECT, "sft", "tiny")
    assert line.endswith("not a key of zephyr's sft")


def test_placeholders_are_shown_filled_and_as_they_stand(project):
    project("sft.zephyr", "model_name_or_path: ${model}\noutput_dir: ${output}\n")
    lines = setting("model_name_or_path", PROJECT, "sft", "tiny")
    assert lines[0].endswith(f"model_name_or_path = projects/{PROJECT}/base")
    assert lines[1].endswith("sft.zephyr.yaml:1: ${model} (recipe)")


def test_a_null_that_deletes_and_parts_of_lists_are_told(project):
    text = "extends: [zephyr/sft-lora.yaml]\nmodel_name_or_path: ${model}\noutput_dir: ${output}\nlora_alpha: null\n"
    project("sft.zephyr", text + "datasets:\n  - path: a\n  - path: b\n")
    lines = setting("lora_alpha", PROJECT, "sft", "tiny")
    assert lines[0].endswith("lora_alpha is not set")
    assert lines[1].endswith("sft.zephyr.yaml:4: null: deletes what is below (recipe)")
    assert lines[2].endswith("32 (extends), overridden")
    lines = setting("datasets.path", PROJECT, "sft", "tiny")
    assert [line.rsplit(": ", 1)[1] for line in lines] == [
        "datasets.0.path = a",
        "a (recipe)",
        "datasets.1.path = b",
        "b (recipe)",
    ]


def test_a_computed_value_says_so(project):
    text = "model_name_or_path: ${model}\noutput_dir: ${output}\nper_device_train_batch_size: 64\n"
    project("sft.zephyr", text)
    origin = resolve(Request(PROJECT, "sft", "gpu-24gb")).origins["gradient_accumulation_steps"]
    lines = setting("gradient_accumulation_steps", PROJECT, "sft", "gpu-24gb")
    assert origin == "computed"
    assert lines == [f"  {PROJECT}, sft.zephyr under gpu-24gb: gradient_accumulation_steps = 16", "    computed"]


def test_a_recipe_without_a_project_is_refused(gretchen):
    done = gretchen("explain", "lora_r", "--recipe=dpo")
    assert done.returncode == 2
    assert done.stderr == (
        "error: RECIPE and PROFILE mean nothing without a project\nhint: make explain KEY=lora_r PROJECT=…\n"
    )


def test_make_takes_the_key_as_a_variable(make):
    done = make("explain", "KEY=lora_r", f"PROJECT={PROJECT}")
    assert done.returncode == 0, done.stderr
    assert f"  {PROJECT}, sft.zephyr under tiny: lora_r = 16\n" in done.stdout
    done = make("explain")
    assert "error: make explain needs KEY\nhint: make explain KEY=…\n" in done.stderr
    done = make("explain", "KEY=--help")
    assert "error: unknown key '--help'" in done.stderr


def test_nothing_heavy_is_loaded_to_explain():
    program = (
        "import sys; from gretchen import cli; code = cli.run(['explain', 'lora_r', '--project=genome-chatbot']);"
        "heavy = {'torch', 'transformers', 'trl', 'axolotl', 'datasets', 'wandb'} & set(sys.modules);"
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
