"""A model's folder with damaged files is one sentence in `make check` and before loading, and never a trace."""

import json
import shutil
from pathlib import Path

import pytest

from gretchen.checks.runner import check_project
from gretchen.errors import UserError, WorkError
from gretchen.models.damage import folder_problems, require_whole
from gretchen.models.generate import load
from gretchen.models.loading import fit_problem
from gretchen.models.locate import require_reachable

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "genome-chatbot"
BASE = ROOT / "projects" / PROJECT / "base"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
WEIGHTS = (BASE / "model.safetensors").read_bytes()
DAMAGE = [
    ("config.json", POINTER, "a Git LFS pointer, not the file itself: `git lfs pull` fetches it"),
    ("model.safetensors", POINTER, "a Git LFS pointer, not the file itself: `git lfs pull` fetches it"),
    ("tokenizer.json", b'{"model": ', "not JSON: line 1, column 11: Expecting value"),
    ("config.json", b'["a"]', "holds a list, expected a JSON object"),
    ("tokenizer_config.json", "{\"a\": \"Gr\u00fc\u00dfe\"}".encode("latin-1"), "not UTF-8 (invalid"),
    ("generation_config.json", b'{"a": ' + b"[" * 200_000, "not readable: nested too deeply"),
    ("chat_template.jinja", b"\xff\xfe", "not UTF-8 (invalid start byte at byte 0)"),
    ("model.safetensors", WEIGHTS[:-1000], "truncated or damaged"),
    ("model.safetensors", b"", "no whole safetensors file: 0 bytes do not hold its header"),
    ("model.safetensors", b"\x05" + b"\x00" * 7 + b"{]}{}", "no safetensors file: its header is damaged"),
]  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a copy of the embedded base."""
    return Path(shutil.copytree(BASE, tmp_path / "base"))


@pytest.mark.parametrize(("name", "content", "problem"), DAMAGE, ids=[f"{d[0]}-{d[2][:20]}" for d in DAMAGE])
def test_a_damaged_file_is_one_sentence(base, name, content, problem):
    assert folder_problems(base) == []
    (base / name).write_bytes(content)
    (found,) = folder_problems(base)
    assert found.startswith(f"{base / name}: ") and problem in found
    with pytest.raises(UserError):
        require_whole(base)
    with pytest.raises(UserError):
        require_reachable(str(base))


@pytest.mark.parametrize(("name", "content", "problem"), DAMAGE[:8], ids=[f"{d[0]}-{d[2][:20]}" for d in DAMAGE[:8]])
def test_check_names_the_damaged_file_and_skips_what_reads_it(copied, name, content, problem):
    target = copied / "projects" / PROJECT / "base"
    shutil.copytree(BASE, target)
    (target / name).write_bytes(content)
    report = check_project(PROJECT)
    assert report.failed
    assert any(f"projects/{PROJECT}/base/{name}: " in line and problem in line for line in report.errors)


def change_config(folder: Path, **values) -> None:
    """Change values of a model's config."""
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), encoding="utf-8")


@pytest.mark.parametrize(
    ("difference", "problem"),
    [(1, "the weights lack model.layers."), (-1, "the config has no place for model.layers.")],
)
def test_layers_that_config_and_weights_do_not_share_are_an_error(base, difference, problem):
    assert fit_problem(base) is None
    layers = json.loads((base / "config.json").read_text("utf-8"))["num_hidden_layers"]
    change_config(base, num_hidden_layers=layers + difference, layer_types=None)
    assert fit_problem(base).startswith(problem)
    with pytest.raises(WorkError, match=problem):
        load(str(base))


@pytest.mark.parametrize("values", [{}, {"architectures": ["LlamaForCausalLM"]}])
def test_another_model_type_that_drops_weights_is_an_error(base, values):
    change_config(base, model_type="llama", **values)
    assert fit_problem(base) == (
        "the config has no place for model.layers.0.self_attn.k_norm.weight and 11 more tensors"
    )


def test_weights_of_other_sizes_are_an_error(base):
    size = json.loads((base / "config.json").read_text("utf-8"))["intermediate_size"]
    change_config(base, intermediate_size=size * 2)
    assert fit_problem(base).startswith("the config has other sizes than the weights for model.layers.0.mlp.")
