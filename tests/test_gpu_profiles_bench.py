"""bench/gpu_profiles.py: its arithmetic, and a dry run on a processor with a scaled-down model."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from gretchen.projects.card import load_card, project_slugs

ROOT = Path(__file__).resolve().parents[1]
# Of the models that other cards name, from their config.json.
QWEN2 = {"model_type": "qwen2", "vocab_size": 151936}
SIZES = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
OTHER_CONFIGS = {
    "Qwen/Qwen2.5-Coder-1.5B-Instruct": QWEN2
    | dict(zip(SIZES, (1536, 8960, 28, 12, 2), strict=True))
    | {"tie_word_embeddings": True},
    "Qwen/Qwen2.5-Coder-7B-Instruct": QWEN2
    | dict(zip(SIZES, (3584, 18944, 28, 28, 4), strict=True))
    | {"vocab_size": 152064, "tie_word_embeddings": False},
    "Qwen/Qwen3-0.6B": QWEN2
    | dict(zip(SIZES, (1024, 3072, 28, 16, 8), strict=True))
    | {"model_type": "qwen3", "head_dim": 128, "tie_word_embeddings": True},
}
PUBLISHED_BILLIONS = {"Qwen/Qwen2.5-Coder-7B-Instruct": 7.61}  # by its model card; the name rounds down


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("gpu_profiles", ROOT / "bench" / "gpu_profiles.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its processes find it by name
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_cards_models_have_configs(bench):
    models = load_card(bench.PROJECT).models
    assert {models[profile] for profile in bench.LIMITS_GB} == set(bench.CONFIGS)
    assert [case.engine for case in bench.cases([], [], False)] == ["zephyr", "axolotl"] * 3


def test_the_configs_have_the_size_that_the_names_say(bench, tmp_path):
    import json

    from gretchen.planning.architecture import read_architecture
    from gretchen.planning.parameters import count_parameters

    for name, config in (bench.CONFIGS | OTHER_CONFIGS).items():
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
        billions = PUBLISHED_BILLIONS.get(name) or float(re.search(r"-([\d.]+)B", name)[1])
        assert count_parameters(read_architecture(tmp_path / "config.json"), None).total / 1e9 == pytest.approx(
            billions, rel=0.05
        )


@pytest.mark.parametrize("profile", ["gpu-16gb", "gpu-24gb", "gpu-80gb"])
def test_each_method_fits_its_profiles_card(bench, tmp_path, profile):
    """By `make plan`, with the card's model, the profile's batch and the longest row that the recipe allows."""
    import json

    from gretchen.planning.request import PlanRequest, plan_request

    config = tmp_path / "config.json"
    methods = [(bench.PROJECT, name) for name in ("dpo", "kto", "orpo", "simpo", "reward", "pretrain")]
    if profile == "gpu-80gb":
        methods.append((bench.PROJECT, "sft-full"))
    too_large = []
    for project, method in [*methods, *((slug, "sft") for slug in project_slugs())]:
        configs = bench.CONFIGS | OTHER_CONFIGS
        config.write_text(json.dumps(configs[load_card(project).models[profile]]), encoding="utf-8")
        for engine in bench.ENGINES:
            plan = plan_request(PlanRequest(None, project, f"{method}.{engine}", profile, [], str(tmp_path), 0)).plan
            if plan.peak and not plan.fits:  # that of ORPO and SimPO in four bits is not known
                too_large.append(f"{project} {method}.{engine}: {plan.peak.total / 2**30:.1f} GiB")
    assert not too_large


def test_a_row_of_the_table(bench):
    case = bench.Case("gpu-24gb", "zephyr", "Qwen/Qwen3-4B", dry_run=False)
    row = bench.table_row(case, bench.Measurement(4321.0, 0.31, 10.0, 11.0))
    assert row == "| gpu-24gb | zephyr | Qwen/Qwen3-4B | 10.00 | 11.00 | +10.0% | 4,321 | 31.0% |"
    row = bench.table_row(case, bench.Measurement(planned_gib=11.0, problem="out of memory"))
    assert row == "| gpu-24gb | zephyr | Qwen/Qwen3-4B | out of memory | 11.00 | — | — | — |"


def test_a_cards_speed_is_known_by_its_name(bench):
    assert bench.peak_tflops("NVIDIA H100 80GB HBM3") == 989
    assert bench.peak_tflops("NVIDIA H100 PCIe") == 756
    assert bench.peak_tflops("NVIDIA L40S") == 362
    assert bench.peak_tflops("a card of tomorrow") is None


def test_the_flops_of_a_token(bench, tmp_path):
    import json

    from gretchen.recipes.resolve import Request, resolve

    config = bench.CONFIGS["Qwen/Qwen3-8B"]
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text(json.dumps(config), encoding="utf-8")
    resolved = resolve(Request(bench.PROJECT, "sft.zephyr", "gpu-80gb"))
    flops = bench.flops_per_token(resolved, tmp_path, 512)
    # 8.19B parameters, 0.62B of them an embedding that is only looked up, four operations each; and a little for the
    # adapter and for attention.
    assert flops == pytest.approx(4 * (8.19e9 - 0.62e9), rel=0.03)


def test_an_unknown_profile_is_named(bench, capsys):
    with pytest.raises(SystemExit):
        bench.main(["gpu-8gb", "--dry-run"])
    assert "unknown profile gpu-8gb: known are gpu-16gb, gpu-24gb, gpu-80gb" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["zephyr", "axolotl"])
def test_dry_run(environment, engine):
    import subprocess

    words = [sys.executable, "bench/gpu_profiles.py", "gpu-16gb", "--engine", engine, "--dry-run"]
    done = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    cells = [cell.strip() for cell in done.stdout.splitlines()[-1].strip("|").split("|")]
    assert cells[:3] == ["gpu-16gb", engine, "scaled down"]
    assert float(cells[6].replace(",", "")) > 0
