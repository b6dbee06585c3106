"""`make base`: a corpus of the train split, pretraining that resumes, gates, weights in bf16 with a model card."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from run_records import write_run

from gretchen.hardware import Machine
from gretchen.projects.corpus import base_corpus
from gretchen.runs.record import read_record
from gretchen.training import base_model
from gretchen.training.run import GateMissed

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a root of its own, with the flagship's builder and no base, for smoke runs in this process."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "projects" / SLUG, root / "projects" / SLUG, ignore=shutil.ignore_patterns("base"))
    shutil.copytree(ROOT / "shared_recipes", root / "shared_recipes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(root))
        patch.setenv("GRETCHEN_SMOKE", "1")
        patch.chdir(root)
        yield root


def test_the_corpus_is_written_once_and_keeps_the_splits_apart(root):
    corpus = base_corpus(SLUG)
    rows = {split: (corpus / f"{split}.jsonl").read_text(encoding="utf-8").splitlines() for split in ("train", "test")}
    groups = {split: {key for line in lines for key in json.loads(line)["group"]} for split, lines in rows.items()}
    assert len(rows["train"]) > 400
    assert not groups["train"] & groups["test"]
    stamp = (corpus / "train.jsonl").stat().st_mtime_ns
    assert base_corpus(SLUG) == corpus
    assert (corpus / "train.jsonl").stat().st_mtime_ns == stamp


def test_a_smoke_base_is_written_whole_with_its_card(root, gretchen):
    done = gretchen("base", f"--project={SLUG}", in_=root, GRETCHEN_ROOT=str(root), GRETCHEN_SMOKE="1")
    assert done.returncode == 0, done.stderr[-2000:]
    base = root / "projects" / SLUG / "base"
    assert (base / "model.safetensors").stat().st_size < 4_000_000
    card = (base / "README.md").read_text(encoding="utf-8")
    assert "command: `make base PROJECT=genome-chatbot`" in card
    assert f"wrote projects/{SLUG}/base; next: make train PROJECT={SLUG}" in done.stdout
    record = read_record(max((root / "runs" / SLUG / base_model.RECIPE).glob("*-*")))
    assert (record.status, record.smoke, record.kind, record.stage) == ("finished", True, "base", "pretrain")
    assert record.base.model == "shared_recipes/tiny/architecture"
    assert record.weights and record.tokens and record.gates


def recipe(root, name, **changes):
    """Write a short pretraining's recipe into a run folder of its own and return it."""
    run = root / "runs" / SLUG / base_model.RECIPE / name
    short = {"bf16": False, "max_steps": 6, "logging_steps": 1}
    values = base_model.recipe_values(run, base_corpus(SLUG)) | short | changes
    run.mkdir(parents=True)
    (run / "recipe.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return run / "recipe.yaml"


@pytest.mark.parametrize("bf16", [True, False])
def test_a_processor_without_bf16_arithmetic_pretrains_in_float32(root, monkeypatch, bf16):
    processor = Machine(cores=2, memory_gb=8, disk_free_gb=8, bf16=bf16)
    monkeypatch.setattr(base_model, "machine", lambda: processor)
    folder = root / "runs" / SLUG / base_model.RECIPE / "new"
    training = base_model.base_training(SLUG, folder, base_corpus(SLUG), keep=False)
    assert yaml.safe_load(training.recipe_text)["bf16"] is bf16
    assert ("this processor has no bf16 arithmetic: training in float32" in training.notes) is not bf16


def losses(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return {row["step"]: row["loss"] for row in rows if "loss" in row}


def test_a_resumed_pretraining_ends_like_an_uninterrupted_one(root):
    from gretchen.engines.zephyr.train import train

    saved = {"save_strategy": "steps", "save_steps": 3, "save_total_limit": None}
    whole = recipe(root, "whole", **saved)
    train(whole, "pretrain")
    resumed = recipe(root, "resumed", **saved)
    shutil.copytree(whole.parent / "checkpoint-3", resumed.parent / "checkpoint-3")
    train(resumed, "pretrain", resume=True)
    reference, after_resume = losses(whole.parent), losses(resumed.parent)
    assert sorted(reference) == [1, 2, 3, 4, 5, 6]
    assert sorted(after_resume) == [4, 5, 6], "it continued from the checkpoint"
    assert after_resume == pytest.approx({step: reference[step] for step in after_resume}, abs=1e-4)


def test_a_resumed_runs_metrics_continue_its_counts(root):
    from gretchen.engines.zephyr.train import train

    whole = root / "runs" / SLUG / base_model.RECIPE / "whole"
    before = [json.loads(line) for line in (whole / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    shutil.rmtree(whole / "checkpoint-6")
    shutil.rmtree(whole / "model")
    train(whole / "recipe.yaml", "pretrain", resume=True)
    after = [json.loads(line) for line in (whole / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in after if "loss" in row] == [1, 2, 3, 4, 5, 6], "no step is logged twice"
    assert [row.get("num_tokens") for row in after[:6]] == [row.get("num_tokens") for row in before[:6]]
    assert sorted(row["seconds"] for row in after) == [row["seconds"] for row in after]
    runtime = next(row["train_runtime"] for row in after if "train_runtime" in row)
    assert runtime > after[3]["seconds"], "the seconds before the checkpoint count"


def test_the_gate_was_measured_at_every_checkpoint(root):
    whole = root / "runs" / SLUG / base_model.RECIPE / "whole" / "recipe.yaml"
    gates = [json.loads(line) for line in (whole.parent / "gates.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {gate["step"] for gate in gates} == {3, 6}
    assert set(gates[-1]["accuracy"].values()) <= {0.0, 1 / 40}, "six steps teach nothing"


def test_a_checkpoint_comes_when_minutes_have_passed():
    from types import SimpleNamespace

    from gretchen.engines.callbacks import SaveEvery

    control = SimpleNamespace(should_save=False)
    SaveEvery(minutes=60).on_step_end(None, None, control)
    assert not control.should_save
    SaveEvery(minutes=0).on_step_end(None, None, control)
    assert control.should_save


def test_a_missed_gate_leaves_the_base_as_it_was_until_it_is_kept(root, monkeypatch, capsys):
    """The same run, by the same command: without a smoke test's mercy its gates are missed, KEEP=1 ships it anyway."""
    run_dir = max((root / "runs" / SLUG / base_model.RECIPE).glob("2*"))
    base = root / "projects" / SLUG / "base"
    (base / "README.md").write_text("as it was")
    write_run(run_dir, status="running")
    monkeypatch.setattr(base_model, "is_smoke", lambda: False)
    corpus, steps = base_corpus(SLUG), yaml.safe_load((run_dir / "recipe.yaml").read_text())
    monkeypatch.setattr(base_model, "recipe_values", lambda *_: steps)
    with pytest.raises(GateMissed) as raised:
        base_model.train_base(SLUG, keep=False)
    assert re.match(r"(\d+) of \1 gates were missed: .*translation", raised.value.problem)
    assert "KEEP=1" in raised.value.hint
    assert (base / "README.md").read_text() == "as it was"
    assert "translation                     0%   below the gate" in capsys.readouterr().out
    assert read_record(run_dir).status == "missed"
    assert base_model.find_unfinished(SLUG, corpus) == run_dir
    base_model.train_base(SLUG, keep=True)
    card = (base / "README.md").read_text()
    assert "| translation | 0% (missed) |" in card
    assert "command: `make base PROJECT=genome-chatbot KEEP=1`" in card
    record = read_record(run_dir)
    assert (record.status, record.gates["translation"], len(record.resumed)) == ("finished", 0.0, 2)


def test_a_projects_own_chat_template_becomes_its_bases(tmp_path, monkeypatch):
    import torch
    from safetensors.torch import save_file

    (tmp_path / "projects" / "made").mkdir(parents=True)
    shutil.copytree(ROOT / "shared_recipes" / "tiny", tmp_path / "shared_recipes" / "tiny")
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    save_file({"a": torch.zeros(2)}, run / "model" / "model.safetensors")
    shared = tmp_path / "shared_recipes" / "tiny" / "architecture" / "chat_template.jinja"
    assert base_model.own_template("made") is None
    assert (base_model.bf16_model(run) / "chat_template.jinja").read_bytes() == shared.read_bytes()
    own = tmp_path / "projects" / "made" / "chat_template.jinja"
    own.write_text("{{ messages }}", encoding="utf-8")
    base = base_model.bf16_model(run, base_model.own_template("made"))
    assert (base / "chat_template.jinja").read_text(encoding="utf-8") == "{{ messages }}"


def test_more_steps_in_the_recipe_continue_the_run(root):
    corpus, run_dir = base_corpus(SLUG), max((root / "runs" / SLUG / base_model.RECIPE).glob("2*"))
    assert base_model.find_unfinished(SLUG, corpus) is None, "it is finished"
    write_run(run_dir, status="missed")
    assert base_model.find_unfinished(SLUG, corpus) == run_dir
    shared = root / "shared_recipes/tiny/pretrain.yaml"
    text = shared.read_text(encoding="utf-8")
    shared.write_text(text.replace("learning_rate: 3.0e-3", "learning_rate: 1.0e-3"), encoding="utf-8")
    assert base_model.find_unfinished(SLUG, corpus) is None, "another learning rate is another run"
    shared.write_text(text, encoding="utf-8")
    file = run_dir / "recipe.yaml"
    file.write_text(file.read_text().replace("max_steps: 8", "max_steps: 6"), encoding="utf-8")
    assert base_model.find_unfinished(SLUG, corpus) == run_dir
    assert yaml.safe_load(file.read_text())["max_steps"] == 8
    assert not (run_dir / "model").exists(), "it trains on"
    assert base_model.find_unfinished(SLUG, corpus, "max_steps=9") == run_dir
    assert read_record(run_dir).set == "max_steps=9", "the model card names the command that trained it"
