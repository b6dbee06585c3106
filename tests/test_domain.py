"""A warning for a base of another domain; pretrained again on the project's own, fine-tuning gains on its metric."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gretchen.checks.domain import base_domain
from gretchen.files import write_jsonl
from gretchen.projects.build import build
from gretchen.scoring.domain import (
    FILE,
    bits_per_token,
    domain_mismatch,
    held_out_texts,
    read_pretraining,
    write_pretraining,
)

ROOT = Path(__file__).resolve().parents[1]
ORIGIN, FORK, OTHER = "genome-chatbot", "plant-genomics", "colour-codes"
# A pretraining of a minute or two, enough for 576 colours.
SHORT = {"max_steps": 160, "warmup_steps": 20, "per_device_train_batch_size": 4}


@pytest.fixture(scope="module")
def root(flagship):
    """Return a root of its own for this process: the flagship, its fork, and a fork with another domain's builder."""
    root = flagship
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(root))
        patch.setenv("GRETCHEN_SMOKE", "1")
        (root / "projects" / ORIGIN / "base" / FILE).unlink(missing_ok=True)
        build(ORIGIN, "tiny")
        test_documents = root / "build" / ORIGIN / "texts" / "test.jsonl"
        write_pretraining(root / "projects" / ORIGIN / "base", ORIGIN, test_documents, window=512)
        for slug in (FORK, OTHER):
            command = [sys.executable, "-m", "gretchen", "fork", f"--from={ORIGIN}", f"--project={slug}"]
            subprocess.run(command, check=True, capture_output=True, env=os.environ)
        for file in (ROOT / "tests/fixtures/domains" / OTHER).iterdir():
            shutil.copy(file, root / "projects" / OTHER)
        for slug in (FORK, OTHER):
            build(slug, "tiny")
        yield root


def base(root, slug):
    return root / "projects" / slug / "base"


def test_a_fork_copies_its_origins_bits_per_token(root):
    corpus = read_pretraining(base(root, FORK))
    assert corpus == read_pretraining(base(root, ORIGIN))
    assert corpus.project == ORIGIN
    assert 0.2 < corpus.bits_per_token < 1.5


def test_a_base_knows_its_own_domain_in_a_fork_too(root):
    assert domain_mismatch(ORIGIN) is None
    assert domain_mismatch(FORK) is None


def test_another_domain_is_a_warning_with_both_values_and_the_fixes(root):
    warning, hint = domain_mismatch(OTHER).splitlines()
    own = read_pretraining(base(root, ORIGIN)).bits_per_token
    bits = bits_per_token(base(root, OTHER), held_out_texts(OTHER))
    assert bits > own + 5
    assert warning == (
        f"warning: the base was not pretrained on this domain: {bits:.1f} bits per token on {OTHER}'s documents, "
        f"{own:.1f} on those of {ORIGIN}, on which it was pretrained"
    )
    assert hint == f"hint: make base PROJECT={OTHER} pretrains one on your documents, or PROFILE=laptop trains a/b"


def test_check_says_it_too_for_a_fork_and_measures_it_once(root, monkeypatch):
    assert base_domain(FORK).warnings == ()
    (warning,) = base_domain(OTHER).warnings
    assert warning == domain_mismatch(OTHER).removeprefix("warning: ")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("measured twice"))
    assert base_domain(OTHER).warnings == (warning,)
    assert base_domain(ORIGIN).warnings == (), "a base of the project's own is not measured"


def test_an_edited_builder_of_the_same_domain_is_no_mismatch(root):
    """The form that the base finds hardest, alone: as if a team kept one skill and dropped the rest."""
    file = root / "build" / FORK / "texts" / "test.jsonl"
    whole = file.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in whole.splitlines()]
    try:
        write_jsonl(file, [row for row in rows if row["form"] == "record-facts"])
        assert held_out_texts(FORK)
        assert domain_mismatch(FORK) is None
    finally:
        file.write_text(whole, encoding="utf-8")


def test_without_documents_the_answers_of_chats_decide(root):
    for slug, knows in ((FORK, True), (OTHER, False)):
        texts = root / "build" / slug / "texts"
        hidden = texts.rename(texts.with_name("elsewhere"))
        try:
            assert (domain_mismatch(slug) is None) == knows, slug
        finally:
            hidden.rename(texts)


def test_without_recorded_bits_or_a_base_there_is_no_warning(root):
    for name in (FILE, "model.safetensors"):
        file = base(root, OTHER) / name
        hidden = file.rename(root / name)
        try:
            assert domain_mismatch(OTHER) is None
        finally:
            hidden.rename(file)


def test_bits_are_those_of_a_uniform_guess_for_weights_of_zero(root, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(base(root, ORIGIN), tmp_path / "base")
    weights = load_file(tmp_path / "base" / "model.safetensors")
    zero = {name: tensor * 0 for name, tensor in weights.items()}
    save_file(zero, tmp_path / "base" / "model.safetensors", metadata={"format": "pt"})
    assert bits_per_token(tmp_path / "base", ["ATG AAA", "TAG " * 300]) == pytest.approx(11)  # 2,048 tokens


@pytest.mark.slow
def test_a_base_of_ones_own_and_fine_tuning_gain_on_the_other_domains_metric(root, environment):
    recipe = root / "shared_recipes/tiny/pretrain.yaml"
    values = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    short = SHORT | {"lr_scheduler_kwargs": {"num_decay_steps": 40}}
    recipe.write_text(yaml.safe_dump(values | short), encoding="utf-8")

    def run(*words):
        command = [sys.executable, "-m", "gretchen", *words, f"--project={OTHER}"]
        asked = {"env": environment(GRETCHEN_ROOT=str(root)), "cwd": root, "capture_output": True, "text": True}
        done = subprocess.run(command, check=False, **asked)
        assert done.returncode == 0, done.stderr[-3000:]
        return done

    warned = run("train", "--set=max_steps=1 eval_strategy=no").stderr
    assert "warning: the base was not pretrained on this domain: " in warned
    assert f"hint: make base PROJECT={OTHER} pretrains one on your documents" in warned
    assert "wrote projects/colour-codes/base" in run("base").stdout
    assert read_pretraining(base(root, OTHER)).bits_per_token < 4
    assert read_pretraining(base(root, OTHER)).window == 512
    assert domain_mismatch(OTHER) is None
    assert "not pretrained on this domain" not in run("train").stderr
    models = json.loads(run("eval", "--json").stdout)["models"]
    before, tuned = (next(model for model in models if model["kind"] == kind) for kind in ("base", "run"))
    gain = tuned["sets"]["test"]["against_base"]
    assert gain["difference"] > 0.5
    assert gain["p_value"] < 0.001
    assert before["sets"]["test"]["scores"]["exact"]["value"] < 0.5
