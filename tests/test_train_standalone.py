"""`gretchen train FILE`: a standalone recipe of either dialect, outside any project, and what is refused first."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from run_records import write_run

from gretchen import cli
from gretchen.errors import UserError
from gretchen.hardware import Machine
from gretchen.recipes.mixture import read_mixture
from gretchen.runs.record import read_record
from gretchen.training.adapt import cpu_overrides, with_root_paths
from gretchen.training.standalone import find_unfinished, read_adapted, recipe_name

CPU = Machine(cores=2, memory_gb=8, disk_free_gb=8, bf16=True)
SFT = """# an old recipe
model_name_or_path: base
torch_dtype: float32
use_flash_attention_2: true
dataset_mixer:
  data: 0.5
dataset_splits: [train, test]
preprocessing_num_workers: 1
evaluation_strategy: epoch
max_seq_length: 256
max_steps: 3
learning_rate: 1.0e-3
logging_steps: 1
per_device_train_batch_size: 4
output_dir: data/zephyr
overwrite_output_dir: true
push_to_hub: true
report_to: []
use_peft: true
lora_target_modules: [q_proj, v_proj]
warmup_ratio: 0.1
save_strategy: "no"
"""
DPO = """model_name_or_path: base
tokenizer_name_or_path: other
chat_template: "{% for m in messages %}{{ m['content'] + eos_token }}{% endfor %}"
dataset_mixture:
  datasets: [{id: pairs, split: train, columns: [chosen, rejected], weight: 0.5}]
  test_split_size: 2
bf16: false
beta: 0.01
max_length: 128
max_prompt_length: 64
eval_strategy: epoch
max_steps: 2
logging_steps: 1
learning_rate: 1.0e-4
per_device_train_batch_size: 2
report_to: none
save_strategy: "no"
"""
ORPO = """model_name_or_path: base
torch_dtype: float32
chat_template: "{% for m in messages %}{{ m['content'] + eos_token }}{% endfor %}"
dataset_mixer: {pairs: 1.0}
dataset_splits: [train]
preprocessing_num_workers: 1
bf16: false
beta: 0.05
optim: adamw_bnb_8bit
lr_scheduler_type: inverse_sqrt
max_length: 128
max_prompt_length: 64
max_steps: 2
warmup_ratio: 0.1
warmup_steps: 1
logging_steps: 1
learning_rate: 1.0e-4
output_dir: data/mistral-orpo
per_device_train_batch_size: 2
report_to: none
save_strategy: "no"
"""
LORA = """base_model: base
load_in_8bit: false
datasets:
  - {path: data/train.jsonl, ds_type: json, type: chat_template}
val_set_size: 0.1
chat_template: tokenizer_default
output_dir: ./outputs/lora-out
dataset_prepared_path: last_run_prepared
adapter: lora
lora_r: 8
lora_alpha: 16
lora_target_linear: true
sequence_len: 256
sample_packing: true
micro_batch_size: 4
max_steps: 3
optimizer: adamw_torch
learning_rate: 2e-4
bf16: auto
tf32: true
flash_attention: true
wandb_project:
gptq_groupsize:
logging_steps: 1
"""


@pytest.fixture
def workdir(tmp_path, root, monkeypatch):
    """Return a folder as a person has it, with recipes, a base model and data; runs go to a root beside it."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path / "root"))
    workdir = tmp_path / "somewhere"
    shutil.copytree(root / "projects/genome-chatbot/base", workdir / "base")
    shutil.copytree(root / "projects/genome-chatbot/base", workdir / "other")
    for name, text in {"sft.yaml": SFT, "dpo.yaml": DPO, "orpo.yaml": ORPO, "lora.yml": LORA}.items():
        (workdir / name).write_text(text, encoding="utf-8")
    for name, make in (("data", chat), ("pairs", pair)):
        (workdir / name).mkdir()
        for split, count in (("train", 24), ("test", 4)):
            lines = [json.dumps(make(split, number)) + "\n" for number in range(count)]
            (workdir / name / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "root").mkdir()
    monkeypatch.chdir(workdir)
    return workdir


def chat(split, number):
    turns = [{"role": "user", "content": f"{split} ATG {number}"}, {"role": "assistant", "content": "AUG"}]
    return {"prompt": "a string", "messages": turns}


def pair(split, number):
    question = {"role": "user", "content": f"{split} ATG {number}"}
    return {side: [question, {"role": "assistant", "content": side}] for side in ("chosen", "rejected")}


def test_a_handbook_recipe_for_this_machine(workdir):
    run = workdir.parent / "root/runs/standalone/sft.zephyr/r"
    recipe, adapted = read_adapted(Path("sft.yaml"), run, "learning_rate=1e-2", CPU)
    values = adapted.values
    assert values["model_name_or_path"] == str(workdir / "base")
    assert (values["output_dir"], values["dataset_name"]) == (
        "runs/standalone/sft.zephyr/r",
        "runs/standalone/sft.zephyr/r/data",
    )
    assert (values["attn_implementation"], values["use_cpu"], values["learning_rate"]) == ("sdpa", True, 0.01)
    assert not {"push_to_hub", "dataset_mixer", "overwrite_output_dir"} & values.keys()
    assert recipe.translation.mixture == read_mixture(yaml.safe_load(SFT))
    assert "sft.yaml:3: 'torch_dtype' is now 'dtype'" in recipe.notes[0]
    assert "push_to_hub: nothing is pushed, the weights stay in the run's folder" in adapted.notes


def test_an_axolotl_recipe_for_this_machine(workdir):
    run = workdir.parent / "root/runs/standalone/lora.axolotl/r"
    _, adapted = read_adapted(Path("lora.yml"), run, "", CPU)
    values = adapted.values
    assert values["datasets"][0]["path"] == str(workdir / "data/train.jsonl")
    assert (values["attn_implementation"], values["bf16"], values["sample_packing"]) == ("sdpa", False, False)
    assert not {"flash_attention", "dataset_prepared_path", "wandb_project"} & values.keys()
    assert "no GPU on this machine: tf32, bf16, flash_attention, sample_packing off" in adapted.notes


def test_only_existing_paths_are_named_from_the_root(workdir):
    values = {"base_model": "Qwen/Qwen3-0.6B", "dataset_name": "data", "run_name": "base", "datasets": "data"}
    assert with_root_paths(values) == values | {"dataset_name": str(workdir / "data")}
    assert cpu_overrides({"learning_rate": 1}, "zephyr") == ({"use_cpu": True}, [])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("model_name_or_path: base\nmax_lenth: 4\n", "x.yaml:2: unknown key 'max_lenth', did you mean 'max_length'?"),
        ("distributed_type: FSDP\n", "x.yaml is no recipe, but a configuration of accelerate, for `accelerate launch`"),
        ("model_name_or_path: nowhere\n", "'nowhere' is neither a folder nor a hub id (owner/name)"),
        ("model_name_or_path: base\ntrust_remote_code: true\n", "'trust_remote_code: true' runs code"),
        (
            "base_model: base\nlearning_rate: 1\nseed: no\nlora_r: x\n",
            "x.yaml:4: 'lora_r' is \"x\", expected an integer",
        ),
    ],
)
def test_what_is_refused_leaves_no_run(workdir, gretchen, text, sentence):
    (workdir / "x.yaml").write_text(text, encoding="utf-8")
    done = gretchen("train", "x.yaml", in_=workdir, GRETCHEN_ROOT=str(workdir.parent / "root"))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((workdir.parent / "root").rglob("run.json"))


def test_without_a_network_a_data_set_of_the_hub_is_one_sentence(workdir, gretchen):
    (workdir / "x.yaml").write_text("model_name_or_path: base\ndataset_mixer: {owner/rows: 1}\n", encoding="utf-8")
    folders = {"GRETCHEN_ROOT": str(workdir.parent / "root"), "HF_HOME": str(workdir)}
    done = gretchen("train", "x.yaml", in_=workdir, HF_HUB_OFFLINE="0", HF_ENDPOINT="http://127.0.0.1:9", **folders)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    expected = "error: data set 'owner/rows' is not on this disk, and the hub cannot be reached\nhint: name a folder"
    assert expected in done.stderr


def test_file_and_project_exclude_each_other_and_one_of_them_is_needed(workdir, gretchen, make):
    done = gretchen("train", "sft.yaml", "--project=x", in_=workdir)
    assert done.stderr.startswith("error: a standalone recipe belongs to no project\nhint: leave out --project=x")
    done = make("train")
    assert done.returncode == 2
    assert done.stderr.startswith("error: make train needs PROJECT\nhint: make train PROJECT=… (projects: ")


def test_resume_finds_the_unfinished_run_of_this_very_file(workdir):
    assert recipe_name(Path("sft.yaml")) == "sft.zephyr"
    with pytest.raises(UserError, match="has no unfinished run"):
        find_unfinished(Path("sft.yaml"), "sft.zephyr")
    for number, (file, status) in enumerate(
        [("sft.yaml", "stopped"), ("other.yaml", "stopped"), ("sft.yaml", "finished")]
    ):
        run = workdir.parent / "root/runs/standalone/sft.zephyr" / f"2026010{number}-000000-aaaa"
        write_run(run, kind="standalone", status=status, file=str((workdir / file).absolute()))
    assert find_unfinished(Path("sft.yaml"), "sft.zephyr").name == "20260100-000000-aaaa"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "trained", "beside"),
    [
        ("sft.yaml", "adapter/adapter_model.safetensors", {"data"}),
        ("dpo.yaml", "model/model.safetensors", {"data", "tokenizer", "chat_template.jinja"}),
        ("orpo.yaml", "model/model.safetensors", {"data", "tokenizer", "chat_template.jinja"}),
        ("lora.yml", "adapter/adapter_model.safetensors", set()),
    ],
)
def test_a_standalone_recipe_trains(workdir, capsys, file, trained, beside):
    code, output = cli.run(["train", file]), capsys.readouterr()
    assert code == 0, output
    (run,) = (path.parent for path in (workdir.parent / "root").rglob("run.json") if not path.parent.is_symlink())
    assert (run / trained).is_file()
    assert {path.name for path in run.iterdir()} & {"data", "tokenizer", "chat_template.jinja"} == beside
    record = read_record(run)
    assert (record.status, record.kind, record.file) == ("finished", "standalone", str(workdir / file))
    assert (run.parent / "latest").resolve() == run
    losses = [json.loads(line).get("loss") for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert len([loss for loss in losses if loss]) >= 1
    assert f"trained: {run.relative_to(workdir.parent / 'root')}/{trained.split('/')[0]}" in output.out
    if "tokenizer" in beside:  # the recipe's template is the one that was trained with, and saved
        template = (run / "model" / "chat_template.jinja").read_text(encoding="utf-8")
        assert template == yaml.safe_load(DPO)["chat_template"]
