"""Shared methods: their place among the layers, stages without a file of their own, `make recipe`, the snapshots."""

import os
from pathlib import Path

import pytest
import yaml

from gretchen.commands.recipe import recipe_text
from gretchen.errors import UserError
from gretchen.hardware import PROFILES
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.find import find, own_recipes, recipes_of, shared_recipes
from gretchen.recipes.layers import LayerKind
from gretchen.recipes.read import read_recipe
from gretchen.recipes.resolve import Request, dump, resolve
from gretchen.recipes.stages import STAGES

PROJECT = "genome-chatbot"
RECIPES = f"projects/{PROJECT}/recipes"
SFT = f"{RECIPES}/sft.zephyr.yaml"
METHOD = "shared_recipes/zephyr/sft.yaml"


def write(root, name, text):
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def replace(root, name, old, new):
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    write(root, name, text.replace(old, new))


def rate(recipe="sft", profile="tiny", *words):
    return resolve(Request(PROJECT, recipe, profile, words)).values["learning_rate"]


# --- the order of the layers ---


def test_the_layers_are_in_the_order_of_the_design(copied):
    """Each layer is added above the one before it, and wins."""
    write(copied, "shared_recipes/zephyr/sft-a.yaml", "learning_rate: 0.1\nprofiles: {tiny: {learning_rate: 0.2}}\n")
    write(copied, "shared_recipes/zephyr/sft-b.yaml", "learning_rate: 0.3\nprofiles: {tiny: {learning_rate: 0.4}}\n")
    extends = "extends: [zephyr/sft.yaml, zephyr/sft-a.yaml]\n"
    write(copied, SFT, extends.replace(", zephyr/sft-a.yaml", ""))
    assert rate() == 0.003, "the method's profile is above the method"
    write(copied, SFT, extends)
    assert (rate(), rate(profile="laptop")) == (0.2, 0.1), "later methods win, each with its profile"
    extends = extends.replace("]", ", zephyr/sft-b.yaml]")
    write(copied, SFT, extends)
    assert (rate(), rate(profile="laptop")) == (0.4, 0.3), "a method is above the profile of the one before it"
    write(copied, SFT, f"{extends}learning_rate: 0.5\n")
    assert (rate(), rate(profile="laptop")) == (0.5, 0.5), "what the recipe says counts on every profile"
    tiny = "shared_recipes/zephyr/profiles/tiny.yaml"
    replace(copied, tiny, "all:\n", "all:\n  learning_rate: 0.6\n")
    assert rate() == 0.6
    replace(copied, tiny, "sft:\n", "sft:\n  learning_rate: 0.7\n")
    assert rate() == 0.7, "the section of the stage is above all"
    replace(copied, tiny, "dpo:", "sft-b:\n  learning_rate: 0.8\ndpo:")
    assert rate() == 0.8, "the section of a variant that the recipe extends is above the stage's"
    write(copied, SFT, f"{extends}learning_rate: 0.5\nprofiles: {{tiny: {{learning_rate: 0.9}}}}\n")
    assert rate() == 0.9
    assert rate("sft", "tiny", "learning_rate=1.5") == 1.5


def test_a_variant_extends_its_method_and_no_deeper(copied):
    write(copied, "shared_recipes/zephyr/sft-deep.yaml", "extends: [zephyr/sft-dora.yaml]\nlora_r: 8\n")
    write(copied, SFT, "extends: [zephyr/sft-dora.yaml]\n")
    assert resolve(Request(PROJECT, "sft", "tiny")).values["use_dora"] is True
    write(copied, SFT, "extends: [zephyr/sft-deep.yaml]\n")
    with pytest.raises(UserError) as raised:
        resolve(Request(PROJECT, "sft", "tiny"))
    assert raised.value.problem == (
        "shared_recipes/zephyr/sft-deep.yaml:1: zephyr/sft-dora.yaml extends another method itself: a chain has two "
        "methods at most"
    )


def test_a_full_fine_tune_is_never_loaded_in_4_bits_whatever_its_file_is_called(copied):
    for engine in ("zephyr", "axolotl"):
        write(copied, f"{RECIPES}/sft-german.{engine}.yaml", f"extends: [{engine}/sft-full.yaml]\n")
        values = resolve(Request(PROJECT, f"sft-german.{engine}", "gpu-16gb")).values
        assert not values.get("load_in_4bit")
        assert "adapter" not in values
        assert not values.get("use_peft")


def test_methods_of_both_engines_state_the_same_learning_rates():
    """A twin extends the other engine's method of the same name: what hardware or model needs must not differ."""
    twins = [recipe for recipe in shared_recipes(PROJECT).values() if recipe.engine == "axolotl"]
    assert len(twins) >= 8
    for recipe in twins:
        for profile in PROFILES:
            other = recipe.name.replace("axolotl", "zephyr")
            assert rate(recipe.name, profile) == rate(other, profile), recipe.name


def test_overrides_name_both_values_and_where_they_are(copied):
    write(
        copied,
        SFT,
        "extends: [zephyr/sft.yaml]\nlearning_rate: 2.0e-4\nseed: 1\nprofiles: {tiny: {seed: 2}, laptop: {seed: 3}}\n",
    )
    overrides = read_recipe(find(PROJECT, "sft"), "tiny").overrides
    assert [(o.kind, o.key, o.value, o.replaced) for o in overrides] == [
        (LayerKind.RECIPE, "learning_rate", 0.0002, 0.003),
        (LayerKind.RECIPE_PROFILE, "seed", 2, 1),
    ]
    assert (overrides[0].location, overrides[0].replaced_location) == (f"{SFT}:2", f"{METHOD}:38")
    assert (overrides[1].location, overrides[1].replaced_location) == (f"{SFT}:4", f"{SFT}:3")
    assert not any(read_recipe(recipe, "gpu-24gb").overrides for recipe in shared_recipes(PROJECT).values())


# --- stages without a file in the project ---


def test_a_stage_without_a_file_is_the_shared_method(copied):
    recipe = find(PROJECT, "kto")
    assert (recipe.name, recipe.is_shared, recipe.method) == ("kto.zephyr", True, "zephyr/kto.yaml")
    resolved = resolve(Request(PROJECT, "kto", "tiny"))
    assert (resolved.project, resolved.shared_method) == (PROJECT, "zephyr/kto.yaml")
    write(copied, f"{RECIPES}/kto.zephyr.yaml", "extends: [zephyr/kto.yaml]\n")
    own = resolve(Request(PROJECT, "kto", "tiny"))
    assert (own.values, own.shared_method) == (resolved.values, "")


def test_a_stage_needs_the_generator_of_its_rows(copied):
    dataset = f"projects/{PROJECT}/dataset.py"
    replace(copied, dataset, "def feedback(", "def feedbacks(")
    with pytest.raises(UserError) as raised:
        find(PROJECT, "kto")
    assert raised.value.problem == "unknown recipe 'kto'"
    assert f"kto trains on feedback, and {PROJECT}'s dataset.py defines no feedback()" in raised.value.hint
    assert "kto.zephyr" not in recipes_of(PROJECT)
    replace(copied, dataset, "def feedbacks(", "from somewhere import feedback\n\n\ndef feedbacks(")
    assert find(PROJECT, "kto").is_shared, "an imported generator counts: the module is parsed, not run"


def test_an_unknown_recipe_is_refused_with_what_exists_and_what_resolves_from_shared(copied):
    with pytest.raises(UserError) as raised:
        find(PROJECT, "kot")
    assert raised.value.hint.startswith("did you mean 'kto.zephyr'? recipes of genome-chatbot: dpo.axolotl, dpo.zephyr")
    assert "; from shared_recipes: distill.zephyr, kto.axolotl" in raised.value.hint


def test_every_shared_method_is_a_recipe_of_the_flagship(root):
    shared = {path.relative_to(root / "shared_recipes") for path in root.glob("shared_recipes/*/*.yaml")}
    recipes = recipes_of(PROJECT).values()
    assert {Path(recipe.method) for recipe in recipes} == shared - {Path("tiny/pretrain.yaml")}
    assert {(recipe.engine, recipe.stage) for recipe in recipes} == {(stage.engine, stage.name) for stage in STAGES}


def test_every_recipe_file_on_disk_is_found(root):
    files = set(root.glob("projects/*/recipes/*"))
    assert len(files) >= 6
    assert {recipe.path for slug in project_slugs() for recipe in own_recipes(slug).values()} == files


# --- make recipe ---


def test_make_recipe_writes_the_method_with_its_values_as_comments(copied, gretchen):
    before = {name: resolve(Request(PROJECT, name, "tiny")).values for name in shared_recipes(PROJECT)}
    assert len(before) >= 21
    for name, values in before.items():
        write(copied, f"{RECIPES}/{name}.yaml", recipe_text(PROJECT, find(PROJECT, name)))
        assert not find(PROJECT, name).is_shared
        assert resolve(Request(PROJECT, name, "tiny")).values == values
        text = (copied / RECIPES / f"{name}.yaml").read_text(encoding="utf-8")
        assert f"#   make train PROJECT={PROJECT} RECIPE={name}\n" in text
        head, _, comments = text.partition("# Values of the method")
        lines = [line.removeprefix("# ") for line in comments.splitlines()[1:]]
        assert yaml.safe_load(head) == {"extends": [find(PROJECT, name).method]}
        whole = yaml.safe_load("\n".join(lines))
        assert {"output_dir", "profiles"} <= whole.keys()
        write(copied, f"{RECIPES}/{name}.yaml", f"{head}{yaml.safe_dump(whole)}")
        assert resolve(Request(PROJECT, name, "tiny")).values == values, "all comments taken out"


def test_make_recipe_refuses_to_overwrite(copied, gretchen):
    words = ("recipe", f"--project={PROJECT}", "--recipe=kto")
    done = gretchen(*words, GRETCHEN_ROOT=str(copied))
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0, f"wrote {RECIPES}/kto.zephyr.yaml, which extends shared_recipes/zephyr/kto.yaml",
    )  # fmt: skip
    file = copied / RECIPES / "kto.zephyr.yaml"
    text = file.read_text(encoding="utf-8")
    done = gretchen(*words, GRETCHEN_ROOT=str(copied))
    assert done.returncode == 2
    assert f"{RECIPES}/kto.zephyr.yaml exists already, and stays as it is" in done.stderr
    assert file.read_text(encoding="utf-8") == text


# --- every recipe under every profile ---


def snapshot(project, name):
    """Return a recipe resolved under every profile as YAML: the first whole, others as differences, null: removed."""
    first, *others = load_card(project).profiles
    parent = f"runs/{project}/<recipe>/<run>"  # whatever this machine has trained
    resolved = {profile: resolve(Request(project, name, profile, parent=parent)) for profile in [first, *others]}
    whole = resolved[first].values
    parts = {first: {"batch": str(resolved[first].batch), "values": whole}}
    for profile in others:
        values = resolved[profile].values
        changed = {key: value for key, value in values.items() if whole.get(key) != value}
        removed = {key: None for key in whole if key not in values}
        parts[profile] = {"batch": str(resolved[profile].batch), "values": changed | removed}
    return dump(parts)


def test_each_recipe_matches_its_snapshot(root):
    """GRETCHEN_UPDATE_SNAPSHOTS=1 writes them anew: read the diff. Projects without a folder are not pinned."""
    expected = set()
    pinned = [project for project in project_slugs() if (root / "tests" / "snapshots" / project).is_dir()]
    assert "genome-chatbot" in pinned
    for project in pinned:
        for name in recipes_of(project):
            file = root / "tests" / "snapshots" / project / f"{name}.yaml"
            text = snapshot(project, name)
            if os.environ.get("GRETCHEN_UPDATE_SNAPSHOTS"):
                write(file.parent, file.name, text)
            assert file.read_text(encoding="utf-8") == text
            expected.add(file)
    assert len(expected) >= 27
    assert set((root / "tests" / "snapshots").rglob("*.yaml")) == expected
