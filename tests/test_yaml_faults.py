"""YAML that cannot be parsed, or that means something else than its author thinks, in a sentence with its line."""

from pathlib import Path

import pytest

from gretchen.marked_yaml import load_marked
from gretchen.names import nearest
from gretchen.recipes.explain import nearest_key

GLUED = "a blank is missing after the colon of 'learning_rate:1e-3'"
TAB = "not YAML: indented with a tab, YAML takes blanks alone"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("seed: 1\nprofiles:\n\ttiny: {seed: 2}\n", f"3: {TAB}"),
        ("profiles:\n  tiny:\n\t  seed: 1\n", f"3: {TAB}"),
        ("seed: 1\nlearning_rate:1e-3\nlora_r: 8\n", f"2: not YAML: {GLUED}"),
        ("learning_rate:1e-3\nlora_r: 8\n", f"1: not YAML: {GLUED}"),
        ("learning_rate:1e-3\n", f"1: {GLUED}"),
        ("profiles:\n  tiny: {learning_rate:1e-3}\n", f"2: {GLUED}"),
        ("profiles:\n  tiny:\n    seed: 1\n    learning_rate:1e-3\n    lora_r: 8\n", f"4: not YAML: {GLUED}"),
        ("seed: 'x\nlora_r: 1\n", "3: not YAML: found unexpected end of stream"),
        ("seed: 1\n---\nseed: 2\n", "2: several documents, expected one: remove '---'"),
    ],
)
def test_one_sentence_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "sft.zephyr.yaml"
    file.write_text(text, encoding="utf-8")
    assert load_marked(file).problems == [f"{file}:{problem}"]


@pytest.mark.parametrize("text", ["url: https://a.org/x:y\ntime: 12:30\n", "a: {b: c:d}\n", "? a:b\n: 1\n"])
def test_colons_in_values_are_fine(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sft.zephyr.yaml"
    file.write_text(text, encoding="utf-8")
    assert load_marked(file).problems == []


def test_a_profile_that_is_a_glued_key_says_so(copied: Path) -> None:
    from gretchen.checks.runner import check_project

    file = copied / "projects/genome-chatbot/recipes/sft.zephyr.yaml"
    file.write_text("extends: [zephyr/sft.yaml]\nprofiles:\n  tiny:\n    learning_rate:1e-3\n", encoding="utf-8")
    assert f"projects/genome-chatbot/recipes/sft.zephyr.yaml:3: {GLUED}" in check_project("genome-chatbot").errors


@pytest.mark.parametrize(
    ("short", "long"), [("lr", "learning_rate"), ("LR", "learning_rate"), ("rank", "lora_r"), ("model", "base_model")]
)
def test_a_usual_short_name_stands_for_the_long_one(short: str, long: str) -> None:
    assert nearest(short, ["lora_r", "learning_rate", "base_model", "lr_groups"]) == long


def test_a_short_name_counts_where_the_long_one_is_known() -> None:
    assert nearest("lr", ["lora_r", "seed"]) == "lora_r"
    assert nearest_key("lr") == "did you mean 'learning_rate'?"
