"""`make train` on real parts: hub-format models and data through the project's recipe, and what is refused before it.

The whole chain on the embedded base is in test_contract.py, for every project.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_disk import run_on_small_disk

from gretchen import paths
from gretchen.runs.locks import writer_lock
from gretchen.runs.metrics import read_metrics
from gretchen.runs.record import read_record

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"
ARCHITECTURE = ROOT / "shared_recipes/tiny/architecture"


@pytest.fixture(scope="module")
def root(flagship):
    """Return a repository root of its own with the flagship in it."""
    return flagship


@pytest.fixture
def train(root, environment):
    """Return `gretchen train` as a smoke test in that root: `train("--profile=laptop", HF_HUB_OFFLINE="1")`."""

    def call(*words: str, **more: str) -> subprocess.CompletedProcess:
        env = environment(GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1", **more)
        command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", *words]
        return subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, timeout=300, check=False)

    return call


@pytest.fixture(scope="module")
def hub_model(root):
    """Return a folder in hub format: a random Llama of three shards with a tokenizer and a chat template."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(ARCHITECTURE)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 1}
    special = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=2048, head_dim=64, tie_word_embeddings=True, **sizes, **special))
    model_dir = root / "models" / "random-llama"
    model.save_pretrained(model_dir, max_shard_size="300KB")
    tokenizer.save_pretrained(model_dir)
    assert len(list(model_dir.glob("*.safetensors"))) > 1
    return model_dir


@pytest.fixture(scope="module")
def hub_data(root):
    """Return a folder in hub format: parquet files of conversations, named as the hub names them."""
    from datasets import Dataset

    data_dir = root / "datasets" / "capitals" / "data"
    data_dir.mkdir(parents=True)
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"What comes after {n}?"},
                {"role": "assistant", "content": str(n + 1)},
            ]
        }
        for n in range(96)
    ]
    Dataset.from_list(rows[:64]).to_parquet(data_dir / "train-00000-of-00001.parquet")
    Dataset.from_list(rows[64:]).to_parquet(data_dir / "validation-00000-of-00001.parquet")
    return data_dir.parent


def newest_run(root):
    return max((root / "runs" / SLUG / "sft.zephyr").glob("*-*"))


def test_a_local_hub_model_and_local_hub_data_train_through_the_same_recipe(root, train, hub_model, hub_data):
    done = train(f"--set=model_name_or_path={hub_model} dataset_name={hub_data} logging_steps=1")
    assert done.returncode == 0, done.stderr[-3000:]
    run = newest_run(root)
    record = read_record(run)
    assert (record.status, record.base.model) == ("finished", str(hub_model))
    assert (run / "adapter" / "adapter_model.safetensors").is_file()
    assert (run / "adapter" / "chat_template.jinja").read_text() == (ARCHITECTURE / "chat_template.jinja").read_text()
    steps = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in steps if "loss" in row] == [1, 2, 3, 4]
    assert "three held-out prompts" in done.stdout
    assert not list((run / "adapter").glob("*.bin")), "no pickles"


def test_the_record_holds_command_versions_and_measurements(root, train, hub_model):
    values = f"model_name_or_path={hub_model} logging_steps=3 seed=7"
    done = train("--set", values, GRETCHEN_COMMAND="make train X=1")
    assert done.returncode == 0, done.stderr[-3000:]
    record = read_record(newest_run(root))
    assert (record.seed, record.command, record.engine, record.stage) == (7, "make train X=1", "zephyr", "sft")
    assert record.versions["trl"]
    assert record.peak_memory_gib > 0
    losses = [row for row in read_metrics(newest_run(root)) if "loss" in row]
    assert [row["step"] for row in losses] == [3, 4], "a smoke training has four steps: the last is logged too"
    assert record.tokens == losses[-1]["num_tokens"] > losses[0]["num_tokens"]
    assert {len(record.data), len(record.base.weights), len(record.weights)} == {16}


def test_leftovers_of_a_launcher_do_not_reach_the_training_and_smoke_is_said(root, train, hub_model):
    done = train("--set", f"model_name_or_path={hub_model} max_steps=1", WORLD_SIZE="2", RANK="1", LOCAL_RANK="1")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "ignored: RANK=1, LOCAL_RANK=1, WORLD_SIZE=2 in the environment (no launcher started" in done.stderr
    assert "three held-out prompts" in done.stdout
    assert "\nsmoke test (GRETCHEN_SMOKE=1): a few rows and steps, no result; `unset GRETCHEN_SMOKE`" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe=stf"], "unknown recipe 'stf'\nhint: did you mean 'sft.zephyr'?"),
        (["--profile=tinny"], "unknown profile 'tinny'\nhint: did you mean 'tiny'?"),
        (["--profile=gpu-24gb"], "profile 'gpu-24gb' needs an NVIDIA GPU, and this machine has none\nhint: train here"),
        (["--set=learning_rat=1e-3"], "SET: unknown key 'learning_rat', did you mean 'learning_rate'?"),
        (["--set=learning_rate=fast"], "SET: 'learning_rate' is \"fast\", expected a number"),
        (
            ["--set=model_name_or_path=no-such-folder"],
            "'no-such-folder' is neither a folder nor a hub id (owner/name)\nhint: ",
        ),
    ],
)
def test_bad_input_is_one_sentence_with_exit_code_2(root, train, words, message):
    before = list((root / "runs").glob("*/*/*")) if (root / "runs").exists() else []
    done = train(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}"), done.stderr
    assert (list((root / "runs").glob("*/*/*")) if (root / "runs").exists() else []) == before


def test_an_unreachable_hub_model_says_how_to_work_offline(train):
    done = train("--set=model_name_or_path=Qwen/Qwen3-0.6B", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    problem, hint = done.stderr.splitlines()
    assert problem == "error: 'Qwen/Qwen3-0.6B' is not a folder, and the hub cannot be reached"
    assert "stay with PROFILE=tiny" in hint


def test_a_missing_embedded_base_is_one_sentence(root, train):
    base = root / "projects" / SLUG / "base"
    moved = base.rename(base.with_name("elsewhere")) if base.exists() else None
    try:
        done = train()
    finally:
        if moved:
            moved.rename(base)
    assert done.returncode == 1
    expected = (
        f"error: projects/{SLUG}/base holds no weights\nhint: `make base PROJECT={SLUG}` pretrains the embedded base\n"
    )
    assert done.stderr == expected


def test_a_second_training_of_the_same_recipe_is_refused(root, train, hub_model, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(root))
    with writer_lock(paths.runs(SLUG) / "sft.zephyr", "x"):
        done = train(f"--set=model_name_or_path={hub_model}")
    assert done.returncode == 1
    assert f"sft.zephyr of {SLUG} is already being written by process {os.getpid()} on " in done.stderr


def heed_ctrl_c() -> None:
    """Let this process end by SIGINT, which a shell lets its background jobs ignore, and so these tests' children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_prints_one_word_and_is_recorded(root, environment, hub_model):
    env = environment(GRETCHEN_ROOT=str(root))
    command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", f"--set=model_name_or_path={hub_model}"]
    before = set((root / "runs" / SLUG / "sft.zephyr").glob("*-*"))
    options = {"env": env, "cwd": root, "stderr": subprocess.PIPE, "text": True, "process_group": 0}
    with subprocess.Popen(command, **options, preexec_fn=heed_ctrl_c) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("starting") or " step " in f" {line}":
                break
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest.rstrip().endswith("stopped")
    assert "Traceback" not in rest
    (run,) = set((root / "runs" / SLUG / "sft.zephyr").glob("*-*")) - before
    assert read_record(run).status == "stopped"


FULL_DISK = """
import pathlib
from gretchen.errors import WorkError
from gretchen.files import write_text
file = pathlib.Path({file!r})
write_text(file, "as it was")
try:
    write_text(file, "x" * 200_000)
except WorkError as error:
    print(error.problem, error.exit_code, sep="\\n")
print([path.name for path in file.parent.iterdir()], file.read_text(), sep="\\n")
"""


def test_a_full_disk_is_one_sentence_and_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "disk" / "file"
    output = run_on_small_disk(FULL_DISK.format(file=str(file)), file.parent, "64k")
    assert output == f"no space left on the disk while writing {file}\n1\n['file']\nas it was\n"


@pytest.mark.parametrize(
    ("recipe", "packs", "stays_packed"),
    [("sft.zephyr", "packing", False), ("pretrain.zephyr", "packing", True), ("sft.axolotl", "sample_packing", False)],
)
def test_without_flash_attn_rows_are_packed_only_where_they_may_see_each_other(recipe, packs, stays_packed):
    from gretchen.hardware import Gpu, Machine
    from gretchen.recipes.machine import hardware_overrides
    from gretchen.recipes.resolve import Request, resolve

    values = resolve(Request(SLUG, recipe, "gpu-24gb")).values
    assert (values["attn_implementation"], values[packs]) == ("flash_attention_2", True)
    overrides = hardware_overrides(values, Machine(8, 64, 50, gpus=[Gpu("NVIDIA L4", 22.5)]))
    assert overrides.values == {"attn_implementation": "sdpa"} | ({} if stays_packed else {packs: False})
    assert len(overrides.notes) == (1 if stays_packed else 2)
