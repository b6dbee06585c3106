"""`gretchen plan`: every recipe under every profile, standalone recipes, what fits and what makes it fit."""

import json
import shutil

import pytest
import yaml
from run_records import write_run

from gretchen.hardware import Machine
from gretchen.planning import request
from gretchen.planning.advice import advice
from gretchen.planning.plan import GIB, Budget, make_plan
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.find import recipes_of
from gretchen.recipes.resolve import Request, resolve, resolve_file, set_on

PROJECT = "genome-chatbot"
QWEN = {"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 2560, "intermediate_size": 9728, "head_dim": 128}
QWEN |= {"num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": True}
ZEPHYR = {"model_name_or_path": "somebody/model", "dataset_name": "somebody/rows", "output_dir": "out"}
AXOLOTL = {
    "base_model": "somebody/model",
    "datasets": [{"path": "somebody/rows", "type": "chat_template"}],
    "learning_rate": 1e-4,
}
HEAVY = "torch", "transformers", "trl", "axolotl", "huggingface_hub", "datasets", "peft"


@pytest.fixture
def config(tmp_path):
    """Return the config.json of a model of four billion parameters."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(QWEN), encoding="utf-8")
    return file


def standalone(folder, **values):
    """Write a standalone recipe and return it."""
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


PAIRS = [
    (project, name, profile)
    for project in project_slugs()
    for name in recipes_of(project)
    for profile in load_card(project).profiles
]


@pytest.mark.parametrize(("project", "name", "profile"), PAIRS, ids=str)
def test_every_recipe_is_planned_under_every_profile(project, name, profile, config):
    resolved = resolve(Request(project, name, profile))
    plan = make_plan(resolved, config, Budget("a device", 80, cpu=False), auxiliary=config)
    # The base's head is tied to the embedding; a reward model has a head of its own, with one output.
    assert plan.parameters.base == 4_022_468_096 + (2560 if resolved.stage == "reward" else 0)
    if name.startswith("sft-full"):
        assert plan.parameters.trained == plan.parameters.total
    elif resolved.stage == "ppo":  # its value model is trained in full
        assert plan.parameters.trained > 4_022_468_096
    else:
        assert 0 < plan.parameters.trained < 0.05 * plan.parameters.total
    if plan.peak is None:
        assert resolved.stage in ("grpo", "rloo", "ppo") or plan.settings.quantization
    else:
        assert plan.peak.total > plan.peak.parts["weights"] > GIB
        assert (plan.peak.parts["teacher"] > GIB) == (resolved.stage == "distill")
    assert plan.resolved.batch.effective == resolved.batch.effective


def test_there_are_pairs():
    assert len(PAIRS) >= 24


def test_a_plan_is_printed_with_parts_and_verdict(gretchen, config):
    done = gretchen("plan", f"--project={PROJECT}", "--profile=gpu-16gb", f"--model={config}", "--recipe=sft.zephyr")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "parameters  4,055,498,240, of which 33,030,144 are trained (0.81%)"
    assert [line.split()[0] for line in lines[3:8]] == [
        "weights", "adapter", "gradients", "optimizer", "activations",
    ]  # fmt: skip
    assert lines[-1] == "fits        profile gpu-16gb: 16 GiB, 15.4 beside CUDA's context"


def test_json_holds_the_same(gretchen, config):
    words = ("plan", f"--project={PROJECT}", "--profile=gpu-24gb", f"--model={config}", "--json", "--throughput=1000")
    planned = json.loads(gretchen(*words).stdout)
    assert planned["trained_parameters"] == 33_030_144
    assert sum(planned["memory"]["parts"].values()) == pytest.approx(planned["memory"]["peak"], abs=10)
    assert planned["budget"]["fits"] is True
    assert planned["advice"] is None


def test_on_a_processor_freed_memory_is_kept_and_may_make_it_tight(gretchen, config, tmp_path):
    resolved = resolve_file(standalone(tmp_path, **ZEPHYR, max_length=128, use_cpu=True))
    peak = make_plan(resolved, config, Budget("a laptop", 16, cpu=True)).peak.total / GIB
    for memory, verdict in ((1.0 * peak, "too large"), (1.5 * peak + 1.1, "tight"), (1.76 * peak + 1.1, "fits")):
        plan = make_plan(resolved, config, Budget("a laptop", memory, cpu=True))
        fits = "fits" if plan.fits_with_freed(plan.budget) else "tight" if plan.fits else "too large"
        assert fits == verdict, memory / peak
    assert not make_plan(resolved, config, Budget("a card", 99, cpu=False)).freed_bytes, "CUDA has its own allocator"

    done = gretchen("plan", f"--project={PROJECT}", "--recipe=sft.zephyr", f"--model={config}", "--profile=laptop")
    assert "  freed       up to" in done.stdout, done.stderr
    written = json.loads(gretchen("plan", f"--project={PROJECT}", f"--model={config}", "--json").stdout)
    assert written["memory"]["freed_at_most"] == pytest.approx(0.75 * written["memory"]["peak"], abs=1)


@pytest.mark.parametrize("values", [ZEPHYR, AXOLOTL], ids=["zephyr", "axolotl"])
def test_the_advice_fits_by_its_own_plan(values, config, tmp_path):
    resolved = resolve_file(standalone(tmp_path, **values | {"bf16": True}))
    budget = Budget("a card", 16, cpu=False)
    plan = make_plan(resolved, config, budget)
    assert not plan.fits
    words = advice(plan, lambda words: make_plan(set_on(resolved, words), config, budget))
    again = make_plan(set_on(resolved, words), config, budget)
    assert again.fits
    assert again.resolved.effective_batch == plan.resolved.effective_batch
    keys = {word.split("=")[0] for word in words}
    assert "lora_r" in keys
    assert not keys & {"max_length", "sequence_len", "load_in_4bit"}  # these cost more, and are not needed


def test_there_is_no_advice_where_nothing_fits(config, tmp_path):
    resolved, budget = resolve_file(standalone(tmp_path, **ZEPHYR)), Budget("a small card", 1, cpu=False)
    plan = make_plan(resolved, config, budget)
    assert advice(plan, lambda words: make_plan(set_on(resolved, words), config, budget)) is None


STAGES = {
    "kto": {"desirable_weight": 1.0},
    "orpo": {"beta": 0.1},
    "simpo": {"cpo_alpha": 0.5},
    "reward": {"center_rewards_coefficient": 0.1},
    "dpo": {"beta": 0.1},
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_advice_uses_keys_of_the_stage(stage, config, tmp_path):
    (tmp_path / stage).mkdir()
    file = standalone(tmp_path / stage, **ZEPHYR | STAGES[stage] | {"per_device_train_batch_size": 8, "bf16": True})
    resolved = resolve_file(file)
    assert resolved.stage == stage
    budget = Budget("a card", 13, cpu=False)
    plan = make_plan(resolved, config, budget)
    words = advice(plan, lambda words: make_plan(set_on(resolved, words), config, budget))
    if words is None:
        assert stage in ("orpo", "simpo")  # whose memory under 4 bits is not known
        return
    again = set_on(resolved, words)  # refuses a key that the stage does not have
    assert make_plan(again, config, budget).fits
    assert again.batch.per_device >= (2 if stage == "kto" else 1)
    assert ("lora_task_type" in again.values) == (stage == "reward")


def test_unknown_memory_is_reported_with_the_reason(gretchen, config, tmp_path):
    recipe = standalone(tmp_path, **ZEPHYR | {"teacher_model_name_or_path": "somebody/teacher", "lmbda": 0.5})
    done = gretchen("plan", str(recipe), "--model", str(config), HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].startswith("parameters  4,022,468,096")
    assert lines[2] == "memory      unknown: the teacher's config.json is not on this disk"
    assert lines[-1] == "fits        unknown, as its memory is"
    words = "--json", f"--project={PROJECT}", "--recipe=grpo.zephyr", f"--model={config}", "--profile=gpu-80gb"
    planned = json.loads(gretchen("plan", *words).stdout)
    assert planned["memory"] is None
    assert planned["budget"]["fits"] is planned["advice"] is planned["this_machine"]["fits"] is None
    assert planned["memory_unknown"].startswith("grpo generates completions while it trains")


def test_a_standalone_recipe_is_planned_for_this_machine(gretchen, config, tmp_path):
    done = gretchen("plan", str(standalone(tmp_path, **ZEPHYR)), "--model", str(config))
    assert done.returncode == 0, done.stderr
    assert "unknown: its training rows are not on this disk" in done.stdout
    assert "this machine" in done.stdout.splitlines()[-2] + done.stdout.splitlines()[-1]


def error_of(done, code):
    """Return the error of a failed command; assert its exit code and that there is no stack trace."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_bad_input_gets_one_sentence(gretchen, config, tmp_path):
    file = standalone(tmp_path, **ZEPHYR)
    unreachable = error_of(gretchen("plan", str(file), HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path)), 1)
    assert unreachable.splitlines()[-1] == "hint: name a config.json that you have: MODEL=… (--model CONFIG.json)"
    assert "'somebody/model'" in unreachable.splitlines()[0]
    missing = error_of(gretchen("plan", str(file), "--model", "none.json"), 2)
    assert missing.startswith("error: there is no file none.json\nhint: MODEL=…")
    both = error_of(gretchen("plan", str(file), f"--project={PROJECT}"), 2)
    assert both.startswith("error: plan takes a project or a file")
    config.write_text(json.dumps(QWEN | {"num_experts": 8}), encoding="utf-8")
    assert "mixture of experts" in error_of(
        gretchen("plan", str(standalone(tmp_path, **ZEPHYR)), "--model", str(config)), 2
    )


def test_upstreams_nulls_count_as_defaults_and_other_files_are_named(gretchen, config, tmp_path):
    nulls = {"wandb_project": None, "sequence_len": 512, "gradient_checkpointing_kwargs": {"use_reentrant": None}}
    file = standalone(tmp_path, **AXOLOTL | nulls | {"micro_batch_size": None, "adapter": None})
    done = gretchen("plan", file.name, "--model", "config.json", in_=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "recipe (axolotl, sft): 1 = 1 per device" in done.stdout
    (tmp_path / "list.yaml").write_text("- a\n", encoding="utf-8")
    for name, kind in (("list.yaml", "a file without keys and values"), ("config.json", "a model's config.json")):
        problem = error_of(gretchen("plan", name, "--model", "config.json", in_=tmp_path), 2)
        assert problem.startswith(f"error: {name} is no recipe, but {kind}")


def test_of_an_adapter_the_base_is_planned(gretchen, config, tmp_path):
    for folder, name, content in (("base", "config.json", QWEN), ("sft", "adapter_config.json", None)):
        (tmp_path / folder).mkdir()
        text = json.dumps(content or {"base_model_name_or_path": "base"})
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    done = gretchen("plan", str(standalone(tmp_path, **ZEPHYR | {"model_name_or_path": "sft"})), in_=tmp_path)
    assert "parameters  4,022,468,096" in done.stdout, done.stderr


def test_the_hubs_cache_is_read_without_the_hub(gretchen, config, tmp_path):
    snapshot = tmp_path / "hub" / "models--somebody--model" / "snapshots" / "0"
    snapshot.mkdir(parents=True)
    shutil.copy(config, snapshot)
    done = gretchen("plan", str(standalone(tmp_path, **ZEPHYR)), HF_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "4,022,468,096" in done.stdout


def test_make_passes_its_variables_on(make, config):
    done = make("plan", f"PROJECT={PROJECT}", "PROFILE=gpu-16gb", f"MODEL={config}", "SET=max_length=256")
    assert done.returncode == 0, done.stderr
    assert "sequences of 256 tokens" in done.stdout


def test_a_plan_imports_nothing_heavy(environment, config, tmp_path, root):
    import subprocess
    import sys

    code = (
        f"import sys; from gretchen.cli import run; code = run(['plan', {str(standalone(tmp_path, **ZEPHYR))!r}, "
        f"'--model', {str(config)!r}]); print(sorted(set({HEAVY!r}) & set(sys.modules)), code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), cwd=root)
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr


@pytest.mark.parametrize("bf16", [True, False])
def test_a_processors_profile_is_planned_in_the_precision_that_it_trains_in(monkeypatch, config, bf16):
    processor = Machine(cores=2, memory_gb=24, disk_free_gb=8, bf16=bf16)
    monkeypatch.setattr(request, "machine", lambda: processor)
    on_cpu, on_gpu = (
        request.plan_request(request.PlanRequest(project=PROJECT, profile=profile, model=str(config)))
        for profile in ("laptop", "gpu-24gb")
    )
    assert on_cpu.plan.settings.weight_bytes == (2 if bf16 else 4)
    assert on_cpu.plan.settings.autocast is bf16
    assert on_cpu.notes == ([] if bf16 else ["this processor has no bf16 arithmetic: training in float32"])
    assert (on_gpu.notes, on_gpu.plan.settings.weight_bytes) == ([], 2)


def test_an_earlier_stage_that_has_not_run_has_its_bases_shape(flagship, gretchen):
    done = gretchen("plan", f"--project={PROJECT}", "--recipe=dpo.zephyr", GRETCHEN_ROOT=str(flagship))
    assert done.returncode == 0, done.stderr
    assert "parameters  1,788,288" in done.stdout
    assert "make data PROJECT=genome-chatbot PROFILE=tiny" in done.stdout


def test_the_time_and_the_measured_peak_are_those_of_a_recorded_run(flagship, gretchen, make):
    run = flagship / "runs" / PROJECT / "sft.zephyr" / "20260101-000000-0000"
    write_run(run, tokens=10000, train_seconds=5.0, peak_memory_gib=2.04)
    build = flagship / "build" / PROJECT / "chats"
    build.mkdir(parents=True)
    row = {"messages": [{"role": "user", "content": "ACGT"}, {"role": "assistant", "content": "TGCA"}]}
    (build / "train.jsonl").write_text((json.dumps(row) + "\n") * 64, encoding="utf-8")
    done = gretchen("plan", f"--project={PROJECT}", "--recipe=sft.zephyr", GRETCHEN_ROOT=str(flagship))
    assert done.returncode == 0, done.stderr
    assert "steps       2 an epoch, 4 in all (2 epochs)" in done.stdout
    name = f"(runs/{PROJECT}/sft.zephyr/20260101-000000-0000)"
    assert f"at 2,000 tokens/s {name}" in done.stdout
    assert f"measured    2.04 GiB at the peak, libraries included {name}" in done.stdout
