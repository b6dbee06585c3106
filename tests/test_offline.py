"""With a local model and local rows nothing is looked up on a network; something on the hub is.

A chain of training, merge and evaluation runs under the same guard in test_pipeline.py.
"""

import os
import subprocess
import sys

import pytest
from network_guard import attempts, guard

from gretchen import services
from gretchen.models.hub_names import hub_names, is_local
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve

PROJECT = "genome-chatbot"
ROWS = 400


@pytest.fixture
def guarded(flagship, environment, tmp_path):
    """Return a function that runs `gretchen` under the guard, as a smoke test in a root with the flagship."""

    def call(*words: str, code: int = 0, **more: str) -> str:
        env = environment(GRETCHEN_ROOT=str(flagship), GRETCHEN_SMOKE="1", **guard(tmp_path), **more)
        command = [sys.executable, "-m", "gretchen", *words]
        done = subprocess.run(command, env=env, cwd=flagship, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == code, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    return call


@pytest.mark.slow
def test_a_training_by_axolotl_looks_nothing_up(guarded, tmp_path):
    guarded("train", f"--project={PROJECT}", "--recipe=sft.axolotl")
    assert attempts(tmp_path) == ""


@pytest.mark.slow
def test_each_command_by_itself_looks_nothing_up(guarded, tmp_path):
    guarded("train", f"--project={PROJECT}")
    guarded("merge", f"--project={PROJECT}")
    guarded("eval", f"--project={PROJECT}", "--limit=4")
    guarded("inspect", f"--project={PROJECT}", "--rows=1")
    assert attempts(tmp_path) == ""


@pytest.mark.slow
def test_the_deep_check_looks_nothing_up(guarded, tmp_path):
    guarded("check", f"--project={PROJECT}", "--deep")
    assert attempts(tmp_path) == ""


def test_a_model_on_the_hub_is_looked_up_unless_the_user_is_offline(guarded, tmp_path):
    words = ("train", f"--project={PROJECT}", "--set=model_name_or_path=Qwen/Qwen3-0.6B")
    assert "the hub cannot be reached" in guarded(*words, code=1)
    assert "huggingface.co" in attempts(tmp_path)
    (tmp_path / "network.log").unlink()
    assert "the hub cannot be reached" in guarded(*words, code=1, TRANSFORMERS_OFFLINE="1")
    assert attempts(tmp_path) == ""


def test_no_recipe_of_the_flagship_names_the_hub(few_rows):
    for name in recipes_of(PROJECT):
        resolved = resolve(Request(PROJECT, name, "tiny"), lambda recipe: f"projects/{PROJECT}")
        assert list(hub_names(resolved.values)) == [], name


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"dataset_name": "imdb"}, ["imdb"]),
        ({"datasets": [{"path": "json", "data_files": "rows.jsonl"}]}, []),
        ({"datasets": [{"path": "tatsu-lab/alpaca"}]}, ["tatsu-lab/alpaca"]),
        ({"model_name_or_path": f"projects/{PROJECT}/base", "output_dir": "some/where"}, []),
        ({"attn_implementation": "kernels-community/flash-attn2"}, ["kernels-community/flash-attn2"]),
        (
            {"datasets": [{"path": "json", "data_files": "https://example.org/a.jsonl"}]},
            ["https://example.org/a.jsonl"],
        ),
    ],
)
def test_what_a_recipe_names_on_the_hub(few_rows, values, names):
    assert sorted(set(hub_names(values))) == names


def test_a_folder_is_local(few_rows):
    assert is_local(f"projects/{PROJECT}")
    assert not is_local("projects/none")


def test_the_hub_is_switched_off_and_on_again(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    services.stay_offline()
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    services.use_hub()
    assert "HF_HUB_OFFLINE" not in os.environ
    assert not huggingface_hub.is_offline_mode()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    services.stay_offline()
    services.use_hub()
    assert os.environ["HF_HUB_OFFLINE"] == "1", "the user's own"


@pytest.mark.parametrize(("asked", "available"), [("", False), ("1", True)])
def test_kernels_from_the_hub_are_off_unless_asked_for(environment, asked, available):
    program = (
        "from gretchen.services import without_hub_kernels; without_hub_kernels()\n"
        "from transformers.utils import is_kernels_available; print(is_kernels_available())"
    )
    env = environment(USE_HUB_KERNELS=asked)
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(available)
