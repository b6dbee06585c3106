"""make convert on files: the flagship's recipes and a standalone one; a twin resolves to the same values."""

import re
import subprocess
import sys

import pytest
import yaml

from gretchen.checks.runner import check_file
from gretchen.converting.pairs import ALL
from gretchen.converting.recipe import twin_of_project_recipe
from gretchen.converting.twin import OTHER
from gretchen.converting.write import WrittenTwin, write_standalone_twin
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve
from gretchen.recipes.standalone import read_standalone

PROJECT = "genome-chatbot"
RECIPES = f"projects/{PROJECT}/recipes"
# One with values of the recipe's own, one that changes the method.
COMPARED_PROFILES = ("tiny", "gpu-16gb")
# Keys of one engine for what the other always does.
NOT_COMPARED = {"eval_on_start"}  # axolotl always evaluates before the first step


def twin_name(name):
    stem, _, engine = name.rpartition(".")
    return f"{stem}.{OTHER[engine]}"


def convertible():
    return [name for name, file in recipes_of(PROJECT).items() if file.stage in ALL]


# --- a project's recipes ---


def test_each_recipe_of_the_flagship_has_a_valid_twin(copied, gretchen):
    """Converted in a copy without the hand-written twin: it passes the checks, which resolve it under every profile."""
    names = convertible()
    assert len(names) >= 4
    for name in names:
        path = copied / RECIPES / f"{twin_name(name)}.yaml"
        by_hand = path.read_text(encoding="utf-8") if path.exists() else None
        lines = convert_in(copied, name).lines()
        assert lines[0] == f"{RECIPES}/{path.name}: the twin of {RECIPES}/{name}.yaml"
        reported = {match[1] for line in lines if (match := re.match(r"  \S+: '(\w+)': ", line))}
        problems = check_file(path).errors
        assert not [problem for problem in problems if "/base: no such folder" not in problem], problems
        differences = differing(converted_twice(copied, name), resolved_under_all(name))
        assert {key for keys in differences.values() for key in keys} <= reported, (name, differences)
        path.unlink() if by_hand is None else path.write_text(by_hand, encoding="utf-8")


def convert_in(root, name):
    """Write the twin of a recipe of a copied project in the place of an existing one."""
    file = recipes_of(PROJECT)[name]
    path = root / RECIPES / f"{twin_name(name)}.yaml"
    twin = twin_of_project_recipe(PROJECT, file)
    path.write_text(twin.text, encoding="utf-8")
    return WrittenTwin(path, file.path, twin)


def converted_twice(root, name):
    """Return what the twin's twin resolves to, under every profile: it replaces the recipe for that."""
    file = root / RECIPES / f"{name}.yaml"
    text = file.read_text(encoding="utf-8") if file.exists() else None  # None: a shared method
    convert_in(root, twin_name(name))
    values = resolved_under_all(name)
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    return values


def resolved_under_all(name):
    return {
        profile: resolve(Request(PROJECT, name, profile, output="runs/x", parent="runs/y")).values
        for profile in COMPARED_PROFILES
    }


def differing(values, expected):
    """Return {profile: {key: (value, expected value)}} of what differs between resolved recipes."""
    differences = {}
    for profile in COMPARED_PROFILES:
        a, b = without_defaults(values[profile]), without_defaults(expected[profile])
        keys = {key for key in a.keys() | b.keys() if a.get(key) != b.get(key)} - NOT_COMPARED
        if keys:
            differences[profile] = {key: (a.get(key), b.get(key)) for key in keys}
    return differences


def without_defaults(values):
    """Return resolved values without those that equal the default."""
    defaults = {"dataset_train_split": "train", "packing": False, "sample_packing": False, "dtype": "float32",
                "optim": "adamw_torch_fused", "shuffle_dataset": False, "loss_type": "kto", "load_in_4bit": False,
                "bnb_config_kwargs": {"bnb_4bit_use_double_quant": False}}  # fmt: skip
    values = {key: value for key, value in values.items() if defaults.get(key) != value}
    for key in ("datasets", "test_datasets"):
        if isinstance(values.get(key), list):  # a file has one split, which is called train
            values[key] = [{k: v for k, v in data.items() if (k, v) != ("split", "train")} for data in values[key]]
    return values


@pytest.mark.parametrize("name", ["sft.zephyr", "sft.axolotl", "dpo.zephyr", "dpo.axolotl"])
def test_a_twin_resolves_to_the_same_values_as_the_hand_written_one(copied, name):
    by_hand = resolved_under_all(twin_name(name))
    convert_in(copied, name)
    assert differing(resolved_under_all(twin_name(name)), by_hand) == {}


def test_comments_stay_and_the_head_describes_the_twin(copied):
    convert_in(copied, "dpo.zephyr")
    text = (copied / RECIPES / "dpo.axolotl.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[:5] == [
        "# DPO of the genome chatbot with LoRA, on the axolotl engine: right answers against answers with one fault.",
        "#   make train PROJECT=genome-chatbot RECIPE=dpo.axolotl",
        "# tiny: not measured. laptop, gpu-*, cluster: not measured.",
        "# The twin of dpo.zephyr.yaml, written by make convert.",
        "extends: [axolotl/dpo.yaml] # LoRA, DPO's sigmoid loss and the chosen answer's own, effective batch of 32",
    ]
    assert any("rl_beta: 0.5, dpo_loss_weights: [1.0, 1.0] }" in line for line in lines)


def test_a_shared_recipe_without_a_sibling_is_copied_into_the_twin(copied):
    (copied / "shared_recipes/axolotl/sft.yaml").unlink()
    convert_in(copied, "sft.zephyr")
    values = yaml.safe_load((copied / RECIPES / "sft.axolotl.yaml").read_text(encoding="utf-8"))
    assert "extends" not in values
    assert {"adapter": "lora", "lora_r": 16, "warmup_ratio": 0.05, "num_epochs": 2}.items() <= values.items()
    assert values["profiles"]["tiny"]["learning_rate"] == 0.003, "its profiles too"


def test_a_key_without_an_equivalent_is_reported_with_its_line_and_in_the_twin(copied, gretchen):
    file = copied / RECIPES / "sft.zephyr.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "log_level: info\n", encoding="utf-8")
    (copied / RECIPES / "sft.axolotl.yaml").unlink()
    done = gretchen("convert", f"--project={PROJECT}", "--recipe=sft.zephyr", GRETCHEN_ROOT=str(copied))
    assert done.returncode == 0, done.stderr
    number = len(file.read_text(encoding="utf-8").splitlines())
    assert f"  {RECIPES}/sft.zephyr.yaml:{number}: 'log_level': axolotl has no such key" in done.stdout.splitlines()
    twin_text = (copied / RECIPES / "sft.axolotl.yaml").read_text(encoding="utf-8")
    assert "# Without an equivalent, log_level: axolotl has no such key" in twin_text


# --- standalone recipes, and the command ---

STANDALONE = """# A QLoRA from the web.
base_model: a/b
load_in_4bit: true   # NF4
datasets:
  - path: x/y
    type: chat_template   # axolotl's name
adapter: qlora
lora_r: 8
lora_alpha: 16
lora_target_linear: true
sequence_len: 4096
learning_rate: 2e-4
special_tokens: {bos_token: "<s>"}
"""


def test_a_standalone_recipe_gets_its_twin_beside_it_and_nothing_is_overwritten(tmp_path, gretchen):
    (tmp_path / "qlora.yml").write_text(STANDALONE, encoding="utf-8")
    done = gretchen("convert", "qlora.yml", in_=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "qlora.zephyr.yml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    assert text.startswith("# A QLoRA from the web.\n# Without an equivalent, special_tokens: ")
    assert "load_in_4bit: true   # NF4\n" in text
    assert "axolotl's name" not in text
    assert values["dataset_name"] == "x/y"
    assert values["use_bnb_nested_quant"] is True
    assert "'special_tokens': bos_token: TRL uses the tokenizer's own" in done.stdout
    again = gretchen("convert", "qlora.yml", in_=tmp_path)
    assert again.returncode == 2
    assert again.stderr.splitlines()[0] == "error: qlora.zephyr.yml exists already"
    assert (tmp_path / "qlora.zephyr.yml").read_text(encoding="utf-8") == text
    elsewhere = gretchen("convert", "qlora.yml", "--output=out/twin.yaml", in_=tmp_path)
    assert elsewhere.returncode == 0
    assert (tmp_path / "out/twin.yaml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("base_model: m\nlearnin_rate: 1\nlearning_rate: 1\n",
         "x.yaml:2: unknown key 'learnin_rate', did you mean 'learning_rate'? axolotl would ignore it"),
        ("base_model: m\nlearning_rate: 1\nrl: grpo\n", "convert cannot convert rl: grpo of axolotl"),
        ("base_model: m\nlearning_rate: 1\nreward_model: true\n", "convert cannot convert stage reward of axolotl"),
        ("{model_name_or_path: m}\n", "the keys stand in braces"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_converted_is_refused_with_one_message(tmp_path, gretchen, text, problem):
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    done = gretchen("convert", "x.yaml", in_=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {problem}")
    assert [file.name for file in tmp_path.iterdir()] == ["x.yaml"]


def test_a_twin_of_a_neutral_name_is_of_the_same_stage_and_keeps_special_tokens(tmp_path):
    text = (
        "base_model: a/b\nlearning_rate: 1e-4\nrl: STAGE\ndatasets: [{path: x/y}]\nspecial_tokens: {pad_token: <p>}\n"
    )
    for stage in ("dpo", "kto", "orpo"):
        (tmp_path / "a.yaml").write_text(text.replace("STAGE", stage), encoding="utf-8")
        write_standalone_twin(tmp_path / "a.yaml", tmp_path / f"{stage}/twin.yaml")
        (tmp_path / f"{stage}/twin.yaml").rename(tmp_path / "twin.yaml")
        assert read_standalone(tmp_path / "twin.yaml").stage == stage
    (tmp_path / "b.yaml").write_text(
        "model_name_or_path: a/b\ndataset_name: x/y\neos_token: <e>\npad_token: <p>\n", encoding="utf-8"
    )
    written = write_standalone_twin(tmp_path / "b.yaml", tmp_path / "c.yaml")
    assert yaml.safe_load(written.twin.text)["special_tokens"] == {"eos_token": "<e>", "pad_token": "<p>"}
    back = write_standalone_twin(tmp_path / "c.yaml", tmp_path / "d.yaml")
    assert yaml.safe_load(back.twin.text)["eos_token"] == "<e>"


def test_convert_imports_no_engine(tmp_path):
    (tmp_path / "q.yml").write_text(STANDALONE, encoding="utf-8")
    code = (
        "import sys; from gretchen.cli import run; code = run(['convert', 'q.yml']); "
        "assert not {'torch', 'transformers', 'trl', 'axolotl'} & set(sys.modules); sys.exit(code)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
