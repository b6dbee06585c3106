"""`check`: a good project passes, each planted mistake is reported with file, line, key and fix."""

import json
import shutil
import subprocess
import sys

import pytest

from gretchen.checks.runner import RESOLVED_CHECKS, check_file, check_project, check_resolved
from gretchen.models.files import padding_notes
from gretchen.recipes.resolve import Request, resolve

PROJECT = "genome-chatbot"
FOLDER = f"projects/{PROJECT}"
RECIPE, CARD = f"{FOLDER}/recipes/sft.zephyr.yaml", f"{FOLDER}/project.yaml"
# sft.zephyr as a project may write it, with values of its own.
SFT = """# SFT.
#   make train PROJECT=genome-chatbot
# tiny: not measured.
extends: [zephyr/sft.yaml]
model_name_or_path: ${model}
dataset_name: ${data.chats}
dataset_test_split: validation
output_dir: ${output}
learning_rate: 2.0e-4
max_length: 512
profiles:
  tiny: { learning_rate: 3.0e-3 }
"""
ROW = {"id": "1", "form": "x", "group": ["g"], "meta": "{}"}
TURNS = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}]

WRONG = [{"role": "assistant", "content": "Something else."}]


@pytest.fixture
def copied(root, tmp_path, monkeypatch):
    """Return a root with the project and four of its recipes, a base with the real tokenizer, and a few rows."""
    ignored = shutil.ignore_patterns("base", "__pycache__")
    for part in (FOLDER, "shared_recipes"):
        shutil.copytree(root / part, tmp_path / part, ignore=ignored)
    for file in [*tmp_path.glob("shared_recipes/*/*.yaml"), *(tmp_path / FOLDER / "recipes").iterdir()]:
        if not file.name.startswith(("sft", "dpo")):
            file.unlink()
    (tmp_path / RECIPE).write_text(SFT, encoding="utf-8")
    shutil.copytree(root / "shared_recipes/tiny/architecture", tmp_path / FOLDER / "base")
    weights = tmp_path / FOLDER / "base" / "model.safetensors"
    weights.write_bytes((2).to_bytes(8, "little") + b"{}")  # a whole file without tensors
    data = tmp_path / "build" / PROJECT / "chats"
    data.mkdir(parents=True)
    pairs = data.with_name("preferences")
    pairs.mkdir()
    for split in ("train", "validation", "test"):
        question = [{"role": "user", "content": f"a {split}?"}]
        line = json.dumps(ROW | {"messages": [*question, TURNS[1]]}) + "\n"
        pair = json.dumps(ROW | {"prompt": question, "chosen": TURNS[1:2], "rejected": WRONG}) + "\n"
        (data / f"{split}.jsonl").write_text(line * 3, encoding="utf-8")
        (pairs / f"{split}.jsonl").write_text(pair * 3, encoding="utf-8")
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


def change(folder, name, old, new):
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def states(report):
    return {result.name: result.outcome.state for result in report.results}


def test_a_good_project_passes_every_check(copied):
    report = check_project(PROJECT)
    assert report.errors == []
    assert set(states(report).values()) == {"ok"}
    assert len(report.results) == len(RESOLVED_CHECKS) + 9


def test_of_all_projects_shared_methods_are_checked_under_the_default_profile_alone(copied):
    change(copied, f"{FOLDER}/recipes/sft.zephyr.yaml", "  tiny: {", "  gpu-24gb: { learning_rate: ten }\n  tiny: {")
    (own,) = check_project(PROJECT, brief=True).errors
    assert "sft.zephyr.yaml" in own and "'learning_rate' is \"ten\", expected a number" in own
    change(copied, f"{FOLDER}/recipes/sft.zephyr.yaml", "  gpu-24gb: { learning_rate: ten }\n", "")
    report = check_project(PROJECT, brief=True)
    assert report.errors == []
    (resolving,) = [line for line in report.text().splitlines() if "resolves" in line]
    assert resolving.endswith("resolves … ok (4 recipes × 6 profiles, 8 shared ones × tiny)")


def test_the_report_lists_what_was_done(copied):
    report = check_project(PROJECT)
    lines, count = report.text().splitlines(), len(report.results)
    assert lines[0] == PROJECT
    assert lines[1] == f"[1/{count}] card … ok"
    assert lines[7] == f"[7/{count}] every recipe under every profile resolves … ok (12 recipes × 6 profiles)"
    assert lines[10] == f"[10/{count}] rows … ok (18 rows of 6 files)"
    assert lines[12] == (
        f"[12/{count}] model … ok ({FOLDER}/base, HuggingFaceTB/SmolLM2-135M-Instruct, Qwen/Qwen3-1.7B, Qwen/Qwen3-4B, "
        "Qwen/Qwen3-8B on the hub: not looked up, dpo.axolotl from the newest run of sft, "
        "dpo.zephyr from the newest run of sft)"
    )


PLANTED = [
    (CARD, "engine: zephyr", "engin: zephyr", f"{CARD}:4: unknown key 'engin', did you mean 'engine'?"),
    (RECIPE, "learning_rate: 2.0e-4", "learnin_rate: 2.0e-4",
     f"{RECIPE}:9: unknown key 'learnin_rate', did you mean 'learning_rate'?"),
    (RECIPE, "max_length: 512", "max_length: 512\nmax_length: 256",
     f"{RECIPE}:11: duplicate key 'max_length', first on line 10"),
    (RECIPE, "max_length: 512", "max_length: long", f"{RECIPE}:10: 'max_length' is \"long\", expected an integer"),
    (RECIPE, "zephyr/sft.yaml]", "zephyr/sfft.yaml]",
     f"{RECIPE}:4: shared_recipes/zephyr/sfft.yaml does not exist, did you mean 'zephyr/sft.yaml'?"),
    (RECIPE, "  tiny: {", "  tinny: {", f"{RECIPE}:12: unknown profile 'tinny', did you mean 'tiny'?"),
    (RECIPE, "${data.chats}", "${data.chat}",
     f"{RECIPE}:6: unknown placeholder '${{data.chat}}', did you mean '${{data.chats}}'?"),
    (RECIPE, "${data.chats}", "projects/genome-chatbot/dataset.yp",
     f"{FOLDER}/dataset.yp: no such file, did you mean '{FOLDER}/dataset.py'? (named by sft.zephyr)"),
    (f"{FOLDER}/evaluation.py", "def score(", "def scores(",
     f"{FOLDER}/evaluation.py:@: unknown function 'scores', did you mean 'score'?"),
    (RECIPE, "max_length: 512", "trust_remote_code: true",
     f"{RECIPE}:10: 'trust_remote_code: true' runs code from the model's repository: leave it out, or pin "
     "model_revision to a commit that you have read"),
    (f"{FOLDER}/base/generation_config.json", "[2, 0]", "[0]",
     f"{FOLDER}/base/generation_config.json: 'eos_token_id' [0] lacks 2, the tokenizer's EOS <|im_end|>"),
    (f"{FOLDER}/base/chat_template.jinja", "        {{- '<|im_end|>' }}\n        {%- endgeneration %}",
     "        {%- endgeneration %}\n        {{- '<|im_end|>' }}",
     f"{FOLDER}/base/chat_template.jinja: the trained part of an assistant's turn does not end with EOS "
     "(<|im_end|>): answers would never end"),
]  # fmt: skip


def test_padding_with_the_eos_token_is_a_note(copied):
    file = copied / "base/tokenizer_config.json"
    file.parent.mkdir()
    file.write_text('{"eos_token": "</s>", "pad_token": {"content": "</s>"}}', encoding="utf-8")
    (note,) = padding_notes(file.parent)
    assert note.startswith("base/tokenizer_config.json: 'pad_token' is the EOS token </s>: DEEP=1 shows")
    file.write_text('{"eos_token": "</s>", "pad_token": "<pad>"}', encoding="utf-8")
    assert padding_notes(file.parent) == []


@pytest.mark.parametrize(("file", "old", "new", "message"), PLANTED, ids=range(len(PLANTED)))
def test_a_planted_mistake_is_reported(copied, file, old, new, message):
    change(copied, file, old, new)
    lines = (copied / file).read_text(encoding="utf-8").splitlines()
    line = next((str(number) for number, text in enumerate(lines, start=1) if new in text), "")
    assert message.replace("@", line) in check_project(PROJECT).errors


def test_a_mistake_in_a_built_row_is_reported_with_its_line(copied):
    file = copied / "build" / PROJECT / "chats" / "train.jsonl"
    bad = json.dumps(ROW | {"messages": TURNS[:1]})
    file.write_text(file.read_text(encoding="utf-8") + bad + "\n{\n", encoding="utf-8")
    assert check_project(PROJECT).errors == [
        f"build/{PROJECT}/chats/train.jsonl:4: messages ends with a turn of 'user', expected assistant",
        f"build/{PROJECT}/chats/train.jsonl:5: not JSON: Expecting property name enclosed in double quotes",
    ]


def test_a_pickle_beside_the_weights_is_reported(copied):
    (copied / FOLDER / "base" / "pytorch_model.bin").touch()
    assert check_project(PROJECT).errors == [
        f"{FOLDER}/base/pytorch_model.bin: a pickle, which runs code when it is loaded: use safetensors"
    ]


def test_a_badly_named_recipe_is_reported(copied):
    folder = copied / FOLDER / "recipes"
    for name in ("sft.yaml", "sfft.zephyr.yaml", "sft.zephir.yaml"):
        shutil.copy(folder / "sft.zephyr.yaml", folder / name)
    assert check_project(PROJECT).errors == [
        f"{FOLDER}/recipes/sfft.zephyr.yaml: unknown stage 'sfft' of zephyr, did you mean 'sft'?",
        f"{FOLDER}/recipes/sft.yaml: a recipe is named <stage>[-<variant>].<engine>.yaml",
        f"{FOLDER}/recipes/sft.zephir.yaml: unknown engine 'zephir', did you mean 'zephyr'?",
    ]


def test_missing_data_and_models_are_skipped_with_the_reason(copied):
    shutil.rmtree(copied / "build")
    shutil.rmtree(copied / FOLDER / "base")
    report = check_project(PROJECT)
    outcomes = {result.name: result.outcome for result in report.results}
    assert (outcomes["data"].state, outcomes["rows"].state) == ("skipped", "skipped")
    assert outcomes["rows"].reason == f"nothing is built: make data PROJECT={PROJECT}"
    assert report.errors == [f"{FOLDER}/base: no such folder (make base PROJECT={PROJECT})"]
    assert outcomes["chat template"].state == "skipped"


def test_after_a_mistake_in_a_recipe_the_later_checks_are_skipped_not_passed(copied):
    change(copied, RECIPE, "max_length: 512", "max_lenth: 512")
    report = check_project(PROJECT)
    assert states(report)["keys and types"] == "failed"
    assert states(report)["special tokens"] == "skipped"
    assert "because the recipes have mistakes" in report.text()


def test_one_recipe_under_one_profile(copied):
    report = check_resolved(PROJECT, resolve(Request(PROJECT, "sft", "gpu-24gb")))
    assert report.errors == []
    assert report.subject == "genome-chatbot, sft.zephyr, gpu-24gb"
    assert states(report)["model"] == "skipped"


STANDALONE = [
    ("a.yml", "base_model: x/y\nlearning_rate: 2e-4\nlora_rnk: 8\nrl: dpo\nadapter:\n", "axolotl, dpo",
     ["a.yml:3: unknown key 'lora_rnk', did you mean 'lora_r'? axolotl would ignore it"]),
    ("b.yml", "base_model: x/y\nmicro_batch_size: two\n", "axolotl, sft",
     ["b.yml:2: 'micro_batch_size' is \"two\", expected an integer", "b.yml:1: key 'learning_rate' is missing"]),
    ("c.yml", "model_name_or_path: x/y\ntorch_dtyp: auto\nbeta: 0.1\nmax_length: 8\nlearning_rate: 5.0e-7\n",
     "zephyr, dpo", ["c.yml:2: unknown key 'torch_dtyp', did you mean 'torch_dtype'? use 'dtype'"]),
    ("d.yml", "model_name_or_path: x/y\nassistant_only_loss: true\neval_strategy: no\n", "zephyr, sft",
     ["d.yml:3: 'eval_strategy' is false, expected one of no, steps, epoch, YAML reads a bare no as false: "
      'write "no"']),
    ("f.yml", "base_model: x/y\nlearning_rate: 1\nmicro_batch_size: 1\ngradient_accumulation_steps: 1\nrl: simpo\n",
     "axolotl, simpo", []),
    ("g.yml", "base_model: x/y\nlearning_rate: 1\nmicro_batch_size: 1\ngradient_accumulation_steps: 1\n"
     "datasets: [{path: x, type: completion}]\n", "axolotl, pretrain", []),
    ("e.yml", "model_name_or_path: [\n", "", ["e.yml:2: not YAML: did not find expected node content"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "detected", "mistakes"), STANDALONE, ids=[case[0] for case in STANDALONE])
def test_a_standalone_recipe_of_either_dialect(tmp_path, monkeypatch, name, text, detected, mistakes):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    (tmp_path / name).write_text(text, encoding="utf-8")
    report = check_file(tmp_path / name)
    assert report.subject == (f"{tmp_path / name}: {detected}" if detected else str(tmp_path / name))
    assert report.errors == mistakes
    if detected:
        assert list(states(report).values()) == ["failed" if mistakes else "ok", "ok", "ok", *["skipped"] * 4]


def test_a_projects_recipe_named_by_its_file_is_checked_as_such(copied):
    report = check_file(copied / RECIPE)
    assert report.subject == "genome-chatbot, sft.zephyr"
    assert set(states(report).values()) == {"ok"}


def test_the_command_line_ends_with_the_right_exit_code(copied, gretchen, tmp_path):
    environment = {"GRETCHEN_ROOT": str(copied)}
    good = gretchen("check", f"--project={PROJECT}", **environment)
    assert (good.returncode, good.stderr) == (0, "")
    change(copied, RECIPE, "max_length: 512", "max_lenth: 512")
    bad = gretchen("check", "--json", **environment)
    assert bad.returncode == 2
    assert json.loads(bad.stdout)[0]["failed"] is True
    missing = gretchen("check", "nowhere.yml", **environment)
    assert missing.returncode == 2
    assert missing.stderr == "error: there is no file nowhere.yml\nhint: gretchen check FILE… takes recipes (YAML)\n"
    unknown = gretchen("check", "--project=genom-chatbot", **environment)
    assert unknown.stderr == "error: unknown project 'genom-chatbot'\nhint: did you mean 'genome-chatbot'?\n"


def test_check_and_show_load_nothing_heavy(copied):
    code = (
        "import sys; from gretchen import cli; "
        f"codes = [cli.run(['check']), cli.run(['show', '--project={PROJECT}'])]; "
        "heavy = {'torch', 'transformers', 'datasets', 'trl', 'axolotl', 'numpy'} & set(sys.modules); "
        "sys.exit(f'{codes} {heavy}' if any(codes) or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
