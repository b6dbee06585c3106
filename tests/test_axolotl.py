"""The axolotl engine: a run through axolotl's own entry, the files it leaves, metrics, and DPO after SFT."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gretchen.engines.axolotl.train import collect
from gretchen.runs.record import read_record

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


@pytest.fixture(scope="module")
def root(flagship):
    """Return a repository root of its own with the flagship in it."""
    return flagship


@pytest.fixture(scope="module")
def train(root, environment):
    """Return `gretchen train` as a smoke test in that root."""

    def call(*words: str) -> subprocess.CompletedProcess:
        asked = environment(GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1")
        asked.pop("AXOLOTL_DO_NOT_TRACK")  # as in a person's shell
        command = [sys.executable, "-m", "gretchen", "train", f"--project={SLUG}", *words]
        return subprocess.run(command, env=asked, cwd=root, capture_output=True, text=True, timeout=600, check=False)

    return call


def the_run(root, recipe):
    (run,) = (root / "runs" / SLUG / recipe).glob("*-*")
    return run


@pytest.fixture(scope="module")
def sft(root, train):
    """Return what `train` printed, and its run."""
    done = train("--recipe=sft.axolotl")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout, the_run(root, "sft.axolotl")


def test_a_run_ends_like_zephyrs(sft):
    output, run = sft
    assert "three held-out prompts" in output
    record = read_record(run)
    assert (record.status, record.engine, record.stage) == ("finished", "axolotl", "sft")
    assert record.peak_memory_gib > 0
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert max(row["step"] for row in rows) == 4


def test_telemetry_is_off(sft):
    """axolotl's telemetry, without a network, left a training that never ended."""
    _, run = sft
    log = (run / "train.log").read_text(encoding="utf-8").lower()
    assert "posthog" not in log
    assert "telemetry" not in log


def test_the_adapter_has_its_folder_and_nothing_else_is_left(sft):
    _, run = sft
    names = {file.name for file in (run / "adapter").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "chat_template.jinja"} <= names
    assert "config.json" not in names
    assert "fine-tuned version of [None]" not in (run / "adapter/README.md").read_text(encoding="utf-8")
    kept = {"recipe.yaml", "run.json", "metrics.jsonl", "train.log", "samples.json", "adapter", "wandb", ".lock"}
    assert {file.name for file in run.iterdir() if not file.name.startswith("checkpoint-")} <= kept


@pytest.mark.slow
def test_dpo_starts_from_the_merged_sft_by_the_same_engine(root, train, sft):
    _, start = sft
    done = train("--recipe=dpo.axolotl")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    record = read_record(the_run(root, "dpo.axolotl"))
    assert record.parent.run == str(start.relative_to(root))
    assert record.base == read_record(start).base
    assert (start / "model" / "model.safetensors").is_file()


def test_a_full_fine_tune_is_collected_as_a_model(tmp_path):
    for name in ("model.safetensors", "config.json", "tokenizer.json", "recipe.yaml", "debug.log"):
        (tmp_path / name).touch()
    assert collect(tmp_path) == tmp_path / "model"
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == [
        "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["recipe.yaml"]


def test_the_base_that_axolotl_writes_beside_an_adapter_of_dpo_is_not_kept(tmp_path):
    for name in ("adapter_config.json", "adapter_model.safetensors", "model.safetensors", "config.json"):
        (tmp_path / name).touch()
    assert collect(tmp_path) == tmp_path / "adapter"
    assert sorted(file.name for file in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors",
    ]  # fmt: skip
    assert [file for file in tmp_path.iterdir() if file.is_file()] == []
