"""`show`: the resolved recipe as YAML, with the origin of each value behind its line."""

import json
import re
from dataclasses import replace

import pytest
import yaml

from gretchen.commands.show import as_json_text, commented, keys_of_lines
from gretchen.hardware import PROFILES
from gretchen.recipes.layers import LayerKind, Origin
from gretchen.recipes.resolve import Request, resolve

PROJECT = "genome-chatbot"


@pytest.mark.parametrize("profile", PROFILES)
def test_the_output_is_the_recipe_and_every_line_has_its_origin(root, profile):
    resolved = resolve(Request(PROJECT, "sft", profile, ["learning_rate=1e-3"], devices=4))
    text = commented(resolved)
    assert yaml.safe_load(text) == resolved.values
    lines = text.splitlines()
    assert lines[:2] == [f"# sft.zephyr, profile {profile}", f"# effective batch {resolved.batch}"]
    for line in lines[2:]:
        origin = re.search(r"  # (SET|computed|(\S+):(\d+))$", line)
        assert origin, line
        if origin[2]:
            key = line.split(":")[0].strip().removeprefix("- ")
            assert key in (root / origin[2]).read_text(encoding="utf-8").splitlines()[int(origin[3]) - 1]
    assert "learning_rate: 0.001" in text
    assert re.search(r"learning_rate: 0\.001 +# SET\n", text)
    assert len({line.index("  # ") for line in lines[2:]}) == 1 or max(map(len, lines)) > 64


def test_a_recipe_without_a_file_is_named_with_its_shared_method():
    resolved = resolve(Request(PROJECT, "kto", "tiny"))
    assert commented(resolved).splitlines()[:4] == [
        "# kto.zephyr, profile tiny",
        f"# no file in {PROJECT}/recipes: shared_recipes/zephyr/kto.yaml as it stands;",
        f"# make recipe PROJECT={PROJECT} RECIPE=kto.zephyr writes a file to change",
        f"# effective batch {resolved.batch}",
    ]
    assert json.loads(as_json_text(resolved))["shared_method"] == "zephyr/kto.yaml"


def test_parts_of_lists_and_mappings_have_their_own_lines():
    text = "a:\n  b: 1\n  c:\n  - x: 1\n    y: 2\n  - z\nd: 3\n"
    expected = [("a",), ("a", "b"), ("a", "c"), ("a", "c", "0", "x"), ("a", "c", "0", "y"), ("a", "c", "1"), ("d",)]
    assert keys_of_lines(text) == expected


def test_a_string_of_several_lines_has_one_origin(root):
    origins = {"env": Origin(LayerKind.RECIPE, "x.yaml", 3)}
    resolved = resolve(Request(PROJECT, "sft", "tiny"))
    text = commented(replace(resolved, values={"env": {"A": "one\ntwo\n\nthree"}}, origins=origins))
    assert all(line.endswith("# x.yaml:3") for line in text.splitlines()[2:])


def test_json_holds_values_origins_and_batch(gretchen):
    done = gretchen("show", f"--project={PROJECT}", "--json", "--set", "seed=7")
    values = json.loads(done.stdout)
    assert done.returncode == 0
    assert values["origins"]["seed"] == "SET"
    assert values["origins"]["lora_r"].startswith("shared_recipes/zephyr/sft.yaml:")
    assert values["effective_batch"] == 32
    assert values == json.loads(as_json_text(resolve(Request(PROJECT, "sft", "tiny", ["seed=7"]))))


def test_make_hands_on_what_was_typed(make):
    done = make("show", f"PROJECT={PROJECT}", "PROFILE=gpu-24gb", "SET=seed=7 run_name='a b'")
    assert done.returncode == 0
    values = yaml.safe_load(done.stdout[done.stdout.index("# sft") :])  # set-up may have printed something before
    assert (values["seed"], values["run_name"]) == (7, "a b")
