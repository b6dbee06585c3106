"""Layers, the rule that merges them, placeholders, the effective batch, and every resolved recipe's origins."""

import copy

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from run_records import write_run

from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.recipes.layers import (
    Layer,
    LayerKind,
    holds,
    leaves,
    merge,
    merge_all,
    origin_layer,
    set_layers,
    value_at,
    words_of,
)
from gretchen.recipes.resolve import Request, resolve
from gretchen.runs.store import earlier_runs

PROJECT = "genome-chatbot"
RECIPE = f"projects/{PROJECT}/recipes/sft.zephyr.yaml"
SHARED = "shared_recipes/zephyr/sft.yaml"
PROFILE_FILES = "shared_recipes/zephyr/profiles"

keys = st.sampled_from("abcd")
scalars = st.none() | st.integers(0, 3) | st.text("xy", max_size=1) | st.lists(st.integers(0, 3), max_size=2)
mappings = st.recursive(st.dictionaries(keys, scalars), lambda inner: st.dictionaries(keys, scalars | inner))


def write(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def change(folder, name, old, new):
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def append(folder, name, text):
    file = folder / name
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def without_nulls(values):
    return {k: without_nulls(v) if isinstance(v, dict) else v for k, v in values.items() if v is not None}


@given(mappings, mappings)
def test_merging_changes_neither_side(lower, upper):
    kept = copy.deepcopy((lower, upper))
    merge(lower, upper)
    assert (lower, upper) == kept


@given(mappings, mappings)
def test_values_of_the_upper_layer_win_and_the_others_stay(lower, upper):
    merged = merge(lower, upper)
    for key in {**lower, **upper}:
        if key not in upper:
            assert merged[key] == lower[key]
        elif upper[key] is None:
            assert key not in merged
        elif isinstance(upper[key], dict):
            below = lower.get(key)
            assert merged[key] == merge(below if isinstance(below, dict) else {}, upper[key])
        else:
            assert merged[key] == upper[key]


@given(mappings)
def test_an_empty_layer_changes_nothing_and_merging_is_idempotent(values):
    plain = without_nulls(values)
    assert merge(plain, {}) == plain
    assert merge({}, values) == plain
    assert merge(merge({}, values), values) == plain


@given(st.lists(mappings, min_size=1, max_size=4))
def test_each_value_comes_from_a_layer_that_holds_it(several):
    layers = [Layer(LayerKind.RECIPE, values) for values in several]
    merged = merge_all(layers)
    for key, value in leaves(merged):
        layer = origin_layer(layers, key)
        assert holds(layer.values, key)
        assert value_at(layer.values, key) == value or value == {}


def test_set_is_shell_words_with_dotted_keys_and_yaml_values():
    words = words_of(
        """learning_rate=1e-3 env.NAME="'a b'" report_to='[wandb]' packing=true lora_r=null a=no b="no\""""
    )
    assert [layer.values for layer in set_layers(words)] == [
        {"learning_rate": "1e-3"},
        {"env": {"NAME": "a b"}},
        {"report_to": ["wandb"]},
        {"packing": True},
        {"lora_r": None},
        {"a": "no"},
        {"b": "no"},
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("learning_rate", "SET: 'learning_rate' is not key=value"),
        ("report_to=[a", "SET: the value of 'report_to' is not YAML: [a"),
        ("a='", "SET: No closing quotation: a='"),
        ("learnin_rate=1", "SET: unknown key 'learnin_rate', did you mean 'learning_rate'?"),
        ("seed=x", "SET: 'seed' is \"x\", expected an integer"),
        ("lora_r=0.5", "SET: 'lora_r' is 0.5, expected an integer"),
        ("per_device_train_batch_size=0", "'per_device_train_batch_size' is 0, expected at least 1"),
    ],
)
def test_a_wrong_set_is_refused(words, problem):
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, "sft", "tiny", words_of(words)))
    assert raised.value.problem == problem


def test_a_number_that_yaml_reads_as_a_string_is_the_number():
    assert resolve(Request(PROJECT, "sft", "tiny", ["learning_rate=2e-4"])).values["learning_rate"] == 0.0002


def test_null_deletes_and_none_is_upstreams_null():
    assert "max_length" not in resolve(Request(PROJECT, "sft", "tiny", ["max_length=null"])).values
    assert resolve(Request(PROJECT, "sft", "tiny", ["max_length=none"])).values["max_length"] == "none"


def test_each_value_has_the_layer_that_it_comes_from():
    resolved = resolve(Request(PROJECT, "sft", "tiny", ["seed=7"], overrides={"max_steps": 4}))
    origins = resolved.origins
    assert origins["lora_r"].file == origins["learning_rate"].file == SHARED
    assert origins["lora_r"].kind is LayerKind.METHOD
    assert origins["learning_rate"].kind is LayerKind.METHOD_PROFILE
    assert (origins["use_cpu"].kind, origins["use_cpu"].file) == (LayerKind.HARDWARE, f"{PROFILE_FILES}/tiny.yaml")
    assert resolved.values["learning_rate"] == 0.003
    assert (resolved.values["seed"], str(origins["seed"])) == (7, "SET")
    assert (resolved.values["max_steps"], str(origins["max_steps"])) == (4, "machine")


def test_an_origin_names_the_line_that_holds_the_value(root):
    resolved = resolve(Request(PROJECT, "sft", "gpu-16gb"))
    checked = 0
    for key, origin in resolved.origins.items():
        if origin.file:
            text = (root / origin.file).read_text(encoding="utf-8").splitlines()[origin.line - 1]
            assert key.split(".")[-1] in text, (key, origin)
            checked += 1
    assert checked > 25


def test_a_resolved_recipe_is_plain_upstream_yaml():
    text = resolve(Request(PROJECT, "sft", "tiny", output="runs/x")).text()
    values = yaml.safe_load(text)
    assert "${" not in text
    assert not {"extends", "profiles"} & set(values)
    assert values["output_dir"] == "runs/x"
    assert values["dataset_name"] == f"build/{PROJECT}/chats"
    assert values["model_name_or_path"] == f"projects/{PROJECT}/base"
    assert isinstance(values["learning_rate"], float)


@pytest.mark.parametrize("devices", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_effective_batch_is_what_the_recipe_states_on_any_hardware(profile, devices):
    resolved = resolve(Request(PROJECT, "sft", profile, devices=devices))
    values = resolved.values
    product = values["per_device_train_batch_size"] * values["gradient_accumulation_steps"] * devices
    assert resolved.effective_batch == product == (16 if profile == "laptop" else 32)


def test_an_effective_batch_that_devices_cannot_share_is_refused():
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, "sft", "cluster", devices=3))
    assert raised.value.problem == "an effective batch of 32 cannot be shared by 3 devices"
    assert raised.value.hint == "SET='per_device_train_batch_size=… gradient_accumulation_steps=…' states another one"


def test_a_batch_in_set_counts_as_it_is_typed():
    resolved = resolve(Request(PROJECT, "sft", "tiny", ["per_device_train_batch_size=5"], devices=3))
    assert str(resolved.batch) == "15 = 5 per device × 1 accumulated × 3 devices"


def test_a_profile_of_the_recipe_may_state_another_effective_batch(copied):
    append(copied, RECIPE, "  gpu-24gb: {per_device_train_batch_size: 8, gradient_accumulation_steps: 3}\n")
    assert resolve(Request(PROJECT, "sft", "gpu-24gb")).effective_batch == 24
    assert resolve(Request(PROJECT, "sft", "gpu-80gb")).effective_batch == 32


@pytest.mark.parametrize(
    ("recipe", "problem", "hint"),
    [
        ("sft.axolot", "unknown recipe 'sft.axolot'", "recipes of"),
        ("stf", "unknown recipe 'stf'", "did you mean 'sft.zephyr'?"),
    ],
)
def test_an_unknown_recipe_is_refused_with_the_nearest_and_the_list(recipe, problem, hint):
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, recipe, "tiny"))
    assert raised.value.problem == problem
    assert hint in raised.value.hint
    assert f"recipes of {PROJECT}: " in raised.value.hint


def test_an_unknown_profile_is_refused():
    with pytest.raises(UserError, match="unknown profile 'gpu-24'"):
        resolve(Request(PROJECT, "sft", "gpu-24"))


def test_all_mistakes_of_a_recipe_are_reported_at_once(copied):
    write(
        copied,
        RECIPE,
        "extends: [zephyr/stf.yaml]\nmodel_name_or_path: ${modle}\nlearnin_rate: 1\nseed: 1\nseed: 2\nbf16: maybe\n"
        "profiles:\n  gpu-24: {seed: 3}\n  cluster: {packin: true}\n",
    )
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, "sft", "tiny"))
    assert raised.value.problem.splitlines() == [
        f"{RECIPE}:1: shared_recipes/zephyr/stf.yaml does not exist, did you mean 'zephyr/sft.yaml'?",
        f"{RECIPE}:5: duplicate key 'seed', first on line 4",
        f"{RECIPE}:8: unknown profile 'gpu-24', did you mean 'gpu-24gb'?",
        f"{RECIPE}:3: unknown key 'learnin_rate', did you mean 'learning_rate'?",
        f"{RECIPE}:6: 'bf16' is \"maybe\", expected true or false",
        f"{RECIPE}:2: unknown placeholder '${{modle}}', did you mean '${{model}}'?",
        f"{RECIPE}:9: unknown key 'packin', did you mean 'packing'?",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "shared_recipes/zephyr/profiles/tiny.yaml",
            "sft:\n",
            "sft:\n  gradient_accumulation_steps: 2\n",
            "shared_recipes/zephyr/profiles/tiny.yaml:8: a profile sets the per-device batch only, not "
            "'gradient_accumulation_steps'",
        ),
        (
            "shared_recipes/zephyr/profiles/tiny.yaml",
            "sft:\n",
            "stf:\n",
            "shared_recipes/zephyr/profiles/tiny.yaml:7: unknown section 'stf', did you mean 'sft'?",
        ),
        (RECIPE, "extends: [zephyr/sft.yaml]", "run_name: null\nextends: [zephyr/sft.yaml]",
         f"{RECIPE}:4: 'run_name: null' deletes nothing here; upstream's own null is written none"),
        (RECIPE, "extends: [zephyr/sft.yaml]", "extends: zephyr/sft.yaml",
         f"{RECIPE}:4: 'extends' is not a list of files: extends: [zephyr/sft.yaml]"),
        (RECIPE, "extends: [zephyr/sft.yaml]", "extends: [axolotl/sft.yaml]",
         f"{RECIPE}:4: 'axolotl/sft.yaml' is not a shared method of engine zephyr"),
        (SHARED, "profiles:\n", "profiles:\n  tinny: {seed: 1}\n",
         f"{SHARED}:38: unknown profile 'tinny', did you mean 'tiny'?"),
        (SHARED, "learning_rate: 3.0e-3", "learnin_rate: 3.0e-3",
         f"{SHARED}:38: unknown key 'learnin_rate', did you mean 'learning_rate'?"),
    ],
)  # fmt: skip
def test_a_mistake_of_form_is_reported_with_its_line(copied, file, old, new, message):
    change(copied, file, old, new)
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, "sft", "tiny"))
    assert message in raised.value.problem.splitlines()


def test_a_model_of_an_earlier_stage_is_that_of_the_newest_finished_run(copied):
    append(copied, RECIPE, "model_name_or_path: ${base.sft}\n")
    resolved = resolve(Request(PROJECT, "sft", "tiny"))
    assert resolved.parent_stage == "sft"
    assert resolved.values["model_name_or_path"] == f"runs/{PROJECT}/sft.zephyr/<run>/model"
    for name, profile in (("20260101-000000-aaaa", "tiny"), ("20260102-000000-aaaa", "laptop")):
        write_run(copied / "runs" / PROJECT / "sft.zephyr" / name, profile=profile)
    expected = f"runs/{PROJECT}/sft.zephyr/20260101-000000-aaaa/model"
    assert (
        resolve(Request(PROJECT, "sft", "tiny"), earlier_runs(PROJECT, "tiny")).values["model_name_or_path"] == expected
    )
    named = resolve(Request(PROJECT, "sft", "tiny", parent="runs/p/r/x"))
    assert named.values["model_name_or_path"] == "runs/p/r/x/model"


def test_a_recipe_may_use_a_second_earlier_model_beside_its_start(copied):
    resolved = resolve(Request(PROJECT, "ppo", "tiny"))
    assert (resolved.parent_stage, resolved.uses) == ("sft", ("reward",))
    assert resolved.values["reward_model_path"] == f"runs/{PROJECT}/reward.zephyr/<run>/model"
    write_run(copied / "runs" / PROJECT / "reward.zephyr" / "20260101-000000-aaaa")
    expected = f"runs/{PROJECT}/reward.zephyr/20260101-000000-aaaa/model"
    resolved = resolve(Request(PROJECT, "ppo", "tiny"), earlier_runs(PROJECT, "tiny"))
    assert resolved.values["reward_model_path"] == expected
    named = resolve(Request(PROJECT, "ppo", "tiny", parent="runs/p/r/x"), {"reward.zephyr": "runs/p/r/y"}.get).values
    assert (named["model_name_or_path"], named["reward_model_path"]) == ("runs/p/r/x/model", "runs/p/r/y/model")
    assert resolve(Request(PROJECT, "distill", "tiny")).parent_stage == "", "a student starts from the base"
    assert resolve(Request(PROJECT, "distill", "tiny")).uses == ("sft",)


def test_the_projects_own_reward_has_a_name_of_its_own(copied):
    assert resolve(Request(PROJECT, "grpo", "tiny")).values["reward_funcs"] == ["gretchen.rewards.genome_chatbot"]


@pytest.mark.parametrize(
    "text",
    ["", "- a\n", "3\n", "profiles: []\n", "profiles: {tiny: 3}\n", "profiles: {3: {}}\n", "extends: {}\n", "1: 2\n",
     "datasets: 3\n", "datasets: [{path: null}]\n", "model_name_or_path: null\n", "a: *b\n", "? {a: 1}\n: 2\n",
     'model_name_or_path: "${}"\n', "seed: !!python/object:os.system {}\n", "env: {A: [1, {b: null}]}\n"],
)  # fmt: skip
def test_whatever_a_file_holds_the_answer_is_a_sentence(copied, text):
    write(copied, RECIPE, text)
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, "sft", "tiny"))
    assert all(line.startswith(f"{RECIPE}:") for line in raised.value.problem.splitlines())
