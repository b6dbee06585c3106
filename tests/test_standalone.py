"""Standalone recipes, single files and folders: fine, translated, refused or no recipe, and never a stack trace."""

import json
import os
from pathlib import Path

import pytest

from gretchen.checks.collection import check_folder, file_verdict
from gretchen.errors import UserError
from gretchen.recipes import deprecated_axolotl_keys
from gretchen.recipes.schema import load_schema
from gretchen.recipes.standalone import read_standalone

HANDBOOK = "model_name_or_path: a/b\ntorch_dtype: auto\ndataset_mixer: {a/b: 1}\nmax_seq_length: 8\n"
AXOLOTL = "base_model: a/b\nlearning_rate: 1e-4\ndatasets: [{path: a/b, type: alpaca}]\n"
NESTED = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n"
                                                          for n in range(1, 9))  # fmt: skip


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return a function that writes a file into a root of its own and returns the verdict on it."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))

    def write(content, name="x.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file_verdict(path)

    return write


ODD = [
    (b"", "no recipe", "an empty file", []),
    (b"# only a comment\n", "no recipe", "an empty file", []),
    (b"- a\n- b\n", "no recipe", "a file without keys and values", []),
    (b"hello\n", "no recipe", "a file without keys and values", []),
    (b"name: x\non: push\njobs: {}\nenv: {}\n", "no recipe",
     "a file of another program: it names no model, and an engine knows 1 of its 4 keys", []),
    (b"a: 1\n---\nb: 1\n", "refused", "", ["x.yaml:2: several documents, expected one: remove '---'"]),
    (b"bf16: true\nbf16: false\n", "refused", "", ["x.yaml:2: duplicate key 'bf16', first on line 1"]),
    (b"a: 1\n\tb: 1\n", "refused", "", ["x.yaml:2: not YAML: indented with a tab, YAML takes blanks alone"]),
    ("a: b\n".encode("utf-16"), "refused", "", ["x.yaml:1: not UTF-8 (invalid start byte at byte 0)"]),
    ("a: ä\n".encode("latin-1"), "refused", "", ["x.yaml:1: not UTF-8 (invalid continuation byte at byte 3)"]),
    (bytes(range(256)), "refused", "", ["x.yaml:1: not UTF-8 (invalid start byte at byte 128)"]),
    (b"\xef\xbb\xbfmodel_name_or_path: a/b\n", "fine", "zephyr, sft", []),
    (b"model_name_or_path: a/b\r\ntorch_dtype: auto\r\n", "translated", "zephyr, sft",
     ["x.yaml:2: 'torch_dtype' is now 'dtype'"]),
    (b"run_name: 2024-13-45\n", "refused", "",
     ["x.yaml:1: not YAML: '2024-13-45' is no timestamp (month must be in 1..12)"]),
    (b"a: &a [*a]\n", "refused", "", ["x.yaml:1: an alias contains itself"]),
    (NESTED.encode(), "refused", "", ["x.yaml:5: its aliases expand to more than 20,000 nodes"]),
    (b"a: !!python/object:os.system x\n", "refused", "",
     ["x.yaml:1: not YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system'"]),
    (b"? [a, b]\n: c\n", "refused", "", ["x.yaml:1: not YAML: found unhashable key"]),
    (b"1: 2\nmodel_name_or_path: a/b\n", "refused", "zephyr, sft", ["x.yaml:1: unknown key '[1]'"]),
    (b"model_name_or_path: a/b\n<<: {lora_r: 8}\n", "fine", "zephyr, sft", []),
    (b"compute_environment: X\n", "no recipe", "a configuration of accelerate, for `accelerate launch`", []),
    (b'{"zero_optimization": {"stage": 3}}', "no recipe", "a configuration of DeepSpeed", []),
    (b"provider: modal\nimage: x\n", "no recipe", "a configuration of a cloud, for `axolotl train --cloud`", []),
    (b"services: {web: {image: x}}\n", "no recipe", "a file without a key of either engine", []),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected", "what", "lines"), ODD, ids=range(len(ODD)))
def test_any_file_gets_the_right_verdict(file, content, expected, what, lines):
    result = file(content)
    assert (result.verdict, result.what, result.lines) == (expected, what, lines)


HOSTILE = [
    "model_name_or_path: {}\ndataset_mixer: []\ndataset_splits: 5\nchat_template: [1]\nwarmup_ratio: x\nrpo_alpha: y\n"
    "env: 5\nwandb_project: x\ndataset_kwargs: 5\npacking_strategy: [ffd]\nloss_type: {a: b}\nreference_free: [2]\n"
    "tokenizer_name_or_path: [x]\nuse_flash_attention_2: [1]\n",
    "model_name_or_path: x\ndataset_mixture: 7\n",
    "model_name_or_path: x\ndataset_mixture: {datasets: [1, 2]}\n",
    "model_name_or_path: x\ndataset_mixer: {1: 2}\ndataset_configs: [a, b]\n",
    "base_model: [a]\ndatasets: 5\nrl: [1]\npretraining_dataset: {}\n",
    "base_model: x\nfsdp_config: [fsdp_x]\ndatasets: [a, {b: c}]\ntest_datasets: {a: b}\nplugins: {a: b}\n",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_values_of_the_wrong_type_are_refused_line_by_line(file, text):
    result = file(text)
    assert result.verdict == "refused"
    assert all(line.startswith("x.yaml:") for line in result.lines)


STAGE = "model_name_or_path: a/b\nbeta: 0.1\nmax_length: 8\nmax_prompt_length: 4\n"


@pytest.mark.parametrize(
    ("name", "text", "stage"),
    [
        ("zephyr/dpo/config_full.yaml", STAGE, "dpo"),
        ("config.yaml", STAGE, "dpo"),
        ("kto.yaml", STAGE, "kto"),
        ("sft.yaml", STAGE, "dpo"),
        ("x/orpo/config.yaml", STAGE, "orpo"),
        ("config.yaml", STAGE + "output_dir: data/mistral-orpo\n", "orpo"),
        ("gpt2/cpt/config.yaml", HANDBOOK, "sft"),
        ("config.yaml", "model_name_or_path: a/b\nnum_generations: 4\n", "grpo"),
    ],
)
def test_the_keys_decide_the_stage_and_then_the_name(file, tmp_path, name, text, stage):
    file(text, name)
    assert read_standalone(tmp_path / name).stage == stage


def test_axolotls_deprecated_keys_are_reported_and_mistyped_ones_refused(file):
    text = (
        AXOLOTL
        + "gptq_groupsize: 128\nnever_heard_of:\nfsdp_config: {fsdp_offload_params: true, limit_all_gathers: true}\n"
    )
    result = file(text + "dpo_beta: 0.1\nrevision_of_model: main\n")
    assert result.verdict == "translated"
    assert sorted(result.lines) == [
        "x.yaml:4: 'gptq_groupsize' no longer has any effect: gptq: true is enough",
        "x.yaml:5: 'never_heard_of' has no effect: axolotl does not know it, and it has no value",
        "x.yaml:6: 'fsdp_config.fsdp_offload_params' is now 'fsdp_config.offload_params', and axolotl accepts both",
        "x.yaml:6: 'fsdp_config.limit_all_gathers' no longer has any effect: PyTorch's FSDP no longer has it",
        "x.yaml:7: dpo_beta is deprecated, use rl_beta instead",
        "x.yaml:8: 'revision_of_model' is now 'model_revision', and axolotl accepts both",
    ]
    assert file(AXOLOTL + "qqqqqq: 2\n").lines == ["x.yaml:4: unknown key 'qqqqqq', axolotl would ignore it"]
    result = file(AXOLOTL + "context_parapllel_size: 2\ns2_attention: true\n")
    assert result.lines == [
        "x.yaml:4: unknown key 'context_parapllel_size', did you mean 'context_parallel_size'? axolotl would ignore it",
        "x.yaml:5: `s2_attention` (shifted-sparse attention) is no longer supported.",
    ]


def test_axolotls_deprecated_keys_inside_a_block_are_reported_too(file):
    text = AXOLOTL.replace("type: alpaca", "type: alpaca, train_on_split: train")
    assert file(text + "rl: grpo\ntrl: {beta: 0.1, vllm_device: auto}\n").lines == [
        "x.yaml:3: 'datasets.train_on_split' no longer has any effect: split replaced it",
        "x.yaml:5: 'trl.vllm_device' no longer has any effect: vLLM runs as a server",
    ]


def test_what_axolotl_refuses_is_reported_in_its_own_words(file):
    result = file(AXOLOTL.replace("alpaca", "sharegpt.load_role") + "unsloth_rope: true\n")
    assert result.lines == [
        "x.yaml:3: `type: sharegpt.*` is deprecated. Please use `type: chat_template` instead.",
        "x.yaml:4: `unsloth_rope` has been removed. Please use `lora_mlp_kernel`, `lora_qkv_kernel`, `lora_o_kernel` "
        "instead.",
    ]
    result = file(AXOLOTL + "unsloth_rope: false\n")
    assert (result.verdict, result.lines) == (
        "translated", ["x.yaml:4: 'unsloth_rope' is off, and axolotl no longer has it"]
    )  # fmt: skip


def test_keys_that_axolotl_ignores_are_not_in_its_schema():
    schema = load_schema("axolotl", "sft")
    known, parts = schema["properties"].keys(), schema["$defs"]
    assert not {*deprecated_axolotl_keys.NO_EFFECT, *deprecated_axolotl_keys.RENAMED} & known
    assert set(deprecated_axolotl_keys.RENAMED.values()) <= known
    blocks = {"fsdp_config": parts["FSDPConfig"], "trl": parts["TRLConfig"], "datasets": parts["SFTDataset"]}
    for name in deprecated_axolotl_keys.NO_EFFECT:
        block, _, inside = name.removeprefix("test_").rpartition(".")
        assert not block or inside not in blocks[block]["properties"]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "recipes"
    for name, text in {
        "a/sft.yaml": HANDBOOK,
        "a/bad.yaml": HANDBOOK + "max_lenth: 4\n",
        "b/lora.yml": AXOLOTL,
        "b/acc.yaml": "distributed_type: FSDP\n",
        "b/README.md": "no recipe",
    }.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return path


def test_a_folder_of_recipes(folder, gretchen):
    done = gretchen("check", "recipes", in_=folder.parent)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines() == [
        "recipes/a/bad.yaml: zephyr, sft … refused",
        "      line 5: unknown key 'max_lenth', did you mean 'max_length'?",
        "recipes/a/sft.yaml: zephyr, sft … translated",
        "      line 2: 'torch_dtype' is now 'dtype'",
        "      line 3: 'dataset_mixer' is now 'dataset_name'; with it, the handbook always packed rows: "
        "'packing: true, packing_strategy: wrapped'",
        "      line 4: 'max_seq_length' is now 'max_length'",
        "recipes/b/acc.yaml: a configuration of accelerate, for `accelerate launch` … no recipe",
        "recipes/b/lora.yml: axolotl, sft … fine",
        "",
        "4 files: 1 fine, 1 translated, 1 refused, 1 no recipe; rules that span several keys are not checked: "
        "--deep runs the engines' validators",
    ]
    (folder / "a/bad.yaml").unlink()
    done = gretchen("check", "recipes", "--json", in_=folder.parent)
    assert done.returncode == 0
    assert [file["verdict"] for file in json.loads(done.stdout)] == ["translated", "no recipe", "fine"]


def test_a_folder_without_recipes_and_a_file_that_is_not_readable(tmp_path):
    with pytest.raises(UserError, match="there is no YAML file in"):
        check_folder(tmp_path)
    locked = tmp_path / "x.yaml"
    locked.write_text(HANDBOOK, encoding="utf-8")
    locked.chmod(0)
    if os.access(locked, os.R_OK):
        return  # root reads everything
    assert file_verdict(locked).lines == [f"{locked} cannot be read: Permission denied"]


def test_a_single_file_is_reported_check_by_check(folder, gretchen):
    done = gretchen("check", "a/sft.yaml", in_=folder)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[:2] == ["a/sft.yaml: zephyr, sft", "[1/7] keys and types … ok (4 keys)"]
    assert lines[2:4] == ["[2/7] deprecated keys … ok (3 keys)", "      a/sft.yaml:2: 'torch_dtype' is now 'dtype'"]
    assert "[4/7] TRL's validators … skipped, because DEEP=1 runs them" in lines
    done = gretchen("check", "b/acc.yaml", in_=folder)
    assert (done.returncode, done.stdout) == (
        0,
        "b/acc.yaml: no recipe, but a configuration of accelerate, for `accelerate launch`\n",
    )


def test_code_of_a_models_repository_is_not_refused(file, tmp_path):
    result = file(AXOLOTL + "trust_remote_code: true\n")
    assert result.verdict == "fine"


@pytest.mark.slow
def test_the_rules_of_axolotls_own_plugins_are_checked_and_foreign_plugins_not_loaded(folder, monkeypatch):
    (folder / "foreign.py").write_text("raise SystemExit('loaded')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    plugins = "plugins: [axolotl.integrations.liger.LigerPlugin, foreign.Plugin]\n"
    wrong = plugins + "liger_rms_norm: true\nliger_cross_entropy: true\nliger_fused_linear_cross_entropy: true\n"
    (folder / "b/wrong.yml").write_text(AXOLOTL + wrong, encoding="utf-8")
    (folder / "b/right.yml").write_text(AXOLOTL + plugins + "liger_rms_norm: true\n", encoding="utf-8")
    verdicts = {result.file.name: result for result in check_folder(folder / "b", deep=True)}
    assert verdicts["right.yml"].verdict == "fine"
    assert "liger_fused_linear_cross_entropy" in verdicts["wrong.yml"].lines[0]


@pytest.mark.slow
def test_the_engines_own_validators_are_run(folder):
    (folder / "b/wrong.yml").write_text(AXOLOTL + "save_steps: 5\nsaves_per_epoch: 2\n", encoding="utf-8")
    (folder / "a/wrong.yaml").write_text(HANDBOOK + "load_best_model_at_end: true\n", encoding="utf-8")
    verdicts = {result.file.name: result for result in check_folder(folder, deep=True)}
    assert verdicts["sft.yaml"].verdict == "translated"
    assert verdicts["lora.yml"].verdict == "fine"
    assert "save_steps and saves_per_epoch" in verdicts["wrong.yml"].lines[0]
    assert "load_best_model_at_end requires the save and eval strategy" in verdicts["wrong.yaml"].lines[0]
    assert Path(verdicts["wrong.yaml"].lines[0].split(":")[0]).name == "wrong.yaml"
