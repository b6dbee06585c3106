"""`explain`: a key's type, default and meaning from the engines' schemas, and where a recipe sets it."""

import shutil
import subprocess
import sys

import pytest

from gretchen import paths
from gretchen.marked_yaml import load_marked
from gretchen.recipes.explain import describe, explain_key, explain_setting, nearest_key
from gretchen.recipes.key_notes import BY_KEY, KEY_NOTES, key_note
from gretchen.recipes.layers import OWN_KEYS
from gretchen.recipes.resolve import Request, no_earlier_runs, resolve
from gretchen.recipes.schema import load_schema
from gretchen.recipes.stages import ENGINES, stage_names

PROJECT = "genome-chatbot"


def setting(key, profile):
    return explain_setting(key, Request(PROJECT, "sft", profile), no_earlier_runs)


@pytest.fixture
def project(root, tmp_path, monkeypatch):
    """Return a function that writes a recipe into a temporary root, which is used instead of the repository's."""
    folder = tmp_path / "projects" / PROJECT
    shutil.copytree(root / "shared_recipes", tmp_path / "shared_recipes")
    (folder / "recipes").mkdir(parents=True)
    shutil.copy(root / "projects" / PROJECT / "project.yaml", folder)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return lambda name, text: (folder / "recipes" / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_each_engine_gives_type_default_and_description(gretchen):
    done = gretchen("explain", "lora_r")
    assert done.returncode == 0
    head, note, *lines = done.stdout.splitlines(keepends=True)
    assert head == "lora_r\n"
    assert note.startswith("  in short: rank of the adapter's matrices, its capacity: 8 to 64 is usual")
    assert "".join(lines) == (
        "  axolotl, every stage: an integer\n"
        "      (the engine gives no description)\n"
        "  zephyr, every stage: an integer, default 16\n"
        "      LoRA R value\n"
    )


def test_stages_with_the_same_description_are_listed_together():
    lines = [line for line in explain_key("learning_rate") if line.startswith("  zephyr")]
    assert lines == [
        "  zephyr, pretrain, sft, distill: a number, default 2e-05",
        "  zephyr, dpo, kto, orpo, simpo, grpo, rloo: a number, default 1e-06",
        "  zephyr, reward: a number, default 0.0001",
        "  zephyr, ppo: a number, default 3e-06",
    ]


def test_a_dotted_key_is_found_in_lists_and_alternatives():
    lines = explain_key("datasets.type")
    assert lines[:2] == [
        "  axolotl, every stage: a string or a mapping",
        "      The type of prompt to use for training. [alpaca, gpteacher, oasst, reflection]",
    ]
    assert explain_key("peft.loftq_config.loftq_bits")
    assert any(line.startswith("      its keys: columns, data_dir, data_files") for line in explain_key("datasets"))


def test_a_key_of_a_plugin_says_so_and_an_enum_names_its_values():
    assert any("only with plugins: [axolotl.integrations.liger]" in line for line in explain_key("liger_rope"))
    (line,) = [line for line in explain_key("save_strategy") if line.startswith("  zephyr")]
    assert line == "  zephyr, every stage: one of no, steps, epoch, best, default steps"


def set_keys():
    """Yield (engine, stage, key) of every key that a shared recipe sets."""
    for engine in ENGINES:
        for file in sorted((paths.shared_recipes() / engine).glob("*.yaml")):
            values = load_marked(file).values
            profiles = values.get("profiles", {}).values()
            for key in {*values, *(key for profile in profiles for key in profile)} - set(OWN_KEYS):
                yield engine, file.stem.partition("-")[0], key


def test_a_key_of_the_shared_recipes_is_explained_where_the_engine_says_little():
    silent = set()
    for engine, stage, key in set_keys():
        texts = [description.description for description in describe(load_schema(engine, stage), key)]
        if texts and not key_note(key) and max(len(text.split()) for text in texts) < 5:
            silent.add(key)
    assert silent == set()


def test_every_note_is_on_a_key_that_an_engine_knows():
    known = {
        key for engine in ENGINES for stage in stage_names(engine) for key in load_schema(engine, stage)["properties"]
    }
    assert {key for key in BY_KEY if key not in known} == {"roles_to_train"}, "a key inside datasets"
    assert len(BY_KEY) == sum(map(len, KEY_NOTES)), "each key has one note"
    assert all(len(note) < 240 for note in KEY_NOTES.values())


def test_every_key_of_every_engine_can_be_explained():
    num_keys = 0
    for engine in ENGINES:
        for stage in stage_names(engine):
            schema = load_schema(engine, stage)
            for key in schema["properties"]:
                assert describe(schema, key), key
                num_keys += 1
    assert num_keys > 1000


def test_renamed_keys_and_gretchens_own_keys_are_explained():
    assert explain_key("torch_dtype") == ["  zephyr: use 'dtype'"]
    assert explain_key("extends")[0].startswith("  Gretchen's own")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("lora_rr", "did you mean 'lora_r'?"),
        ("datasets.typ", "did you mean 'datasets.type'?"),
        ("datsets.type", "did you mean 'datasets'?"),
        ("zzzzzz", "the engines' keys are listed in tools/gretchen/recipes/schemas/"),
    ],
)
def test_an_unknown_key_is_one_sentence(gretchen, key, hint):
    done = gretchen("explain", key)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: unknown key '{key}'\nhint: {hint}\n")
    assert nearest_key(key) == hint


def test_it_shows_where_a_recipe_sets_a_key_and_what_that_overrides(project):
    text = "extends: [zephyr/sft.yaml]\nmodel_name_or_path: ${model}\noutput_dir: ${output}\nlora_r: 8\n"
    project("sft.zephyr", text + "profiles:\n  tiny:\n    lora_r: 4\n")
    lines = setting("lora_r", "tiny")
    assert lines[:3] == [
        f"  {PROJECT}, sft.zephyr under tiny: lora_r = 4",
        f"    projects/{PROJECT}/recipes/sft.zephyr.yaml:7: 4 (recipe's profile)",
        f"    projects/{PROJECT}/recipes/sft.zephyr.yaml:4: 8 (recipe), overridden",
    ]
    assert lines[3].startswith("    shared_recipes/zephyr/sft.yaml:")
    assert lines[3].endswith(": 16 (shared method), overridden")
    assert setting("lora_r", "gpu-24gb")[0].endswith("lora_r = 8")
    assert setting("adam_beta1", "tiny")[0].endswith("not set, so the engine's default applies")
    (line,) = setting("micro_batch_size", "tiny")
    assert line.endswith("not a key of zephyr's sft")


def test_placeholders_are_shown_filled_and_as_written(project):
    project("sft.zephyr", "model_name_or_path: ${model}\noutput_dir: ${output}\n")
    lines = setting("model_name_or_path", "tiny")
    assert lines[0].endswith(f"model_name_or_path = projects/{PROJECT}/base")
    assert lines[1].endswith("sft.zephyr.yaml:1: ${model} (recipe)")


def test_a_null_that_deletes_and_items_of_lists_are_shown(project):
    text = "extends: [zephyr/sft.yaml]\nmodel_name_or_path: ${model}\noutput_dir: ${output}\nlora_alpha: null\n"
    project("sft.zephyr", text + "datasets:\n  - path: a\n  - path: b\n")
    lines = setting("lora_alpha", "tiny")
    assert lines[0].endswith("lora_alpha is not set")
    assert lines[1].endswith("sft.zephyr.yaml:4: null: deletes the value below (recipe)")
    assert lines[2].endswith("32 (shared method), overridden")
    lines = setting("datasets.path", "tiny")
    assert [line.rsplit(": ", 1)[1] for line in lines] == [
        "datasets.0.path = a",
        "a (recipe)",
        "datasets.1.path = b",
        "b (recipe)",
    ]


def test_a_computed_value_is_marked(project):
    text = "model_name_or_path: ${model}\noutput_dir: ${output}\nper_device_train_batch_size: 64\n"
    project("sft.zephyr", text)
    origin = resolve(Request(PROJECT, "sft", "gpu-24gb")).origins["gradient_accumulation_steps"]
    lines = setting("gradient_accumulation_steps", "gpu-24gb")
    assert str(origin) == "computed"
    assert lines == [f"  {PROJECT}, sft.zephyr under gpu-24gb: gradient_accumulation_steps = 16", "    computed"]


def test_a_recipe_without_a_project_is_refused(gretchen):
    done = gretchen("explain", "lora_r", "--recipe=dpo")
    assert done.returncode == 2
    assert done.stderr == ("error: RECIPE and PROFILE need a project\nhint: make explain KEY=lora_r PROJECT=…\n")


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
