"""Hostile files are a sentence: no trace, no crash, no hang, whatever stands in a recipe, a card, a row or a model."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile import mutated
from run_records import write_run

from gretchen import cli
from gretchen.bounded_yaml import MAX_DEPTH, YamlFault, parse
from gretchen.checks import data, model, recipes
from gretchen.checks.runner import check_project
from gretchen.checks.standalone import check_standalone
from gretchen.errors import GretchenError
from gretchen.marked_yaml import load_marked
from gretchen.models.chat_templates import CONVERSATION, render
from gretchen.projects.card import card_faults
from gretchen.projects.datacard import load_data_card
from gretchen.recipes.find import find
from gretchen.runs.record import read_record
from gretchen.scoring.predictions_file import Expected, read_predictions
from gretchen.scoring.results import read_results

PROJECT = "genome-chatbot"
FOLDER = f"projects/{PROJECT}"
RECIPE = f"{FOLDER}/recipes/sft.zephyr.yaml"
ROWS = {
    "chats": {"messages": [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}]},
    "preferences": {
        "prompt": [{"role": "user", "content": "a?"}],
        "chosen": [{"role": "assistant", "content": "b"}],
        "rejected": [{"role": "assistant", "content": "c"}],
    },
}
CPU_SECONDS = 10  # far beyond what any file takes, and independent of what else the machine does
CASES = 2_000


@pytest.fixture
def hostile_root(copied, root):
    """Return a root with the flagship, its base, a run, and a few rows that were built by hand."""
    shutil.copytree(root / FOLDER / "base", copied / FOLDER / "base")
    recipe = copied / RECIPE
    recipe.write_text(
        "extends: [zephyr/sft.yaml]\nlearning_rate: 2.0e-4\nprofiles:\n  tiny: {max_length: 256}\n", "utf-8"
    )
    for row_format, columns in ROWS.items():
        for split in ("train", "validation", "test"):
            rows = [
                {"id": f"{split}{n}", "form": "x", "group": [f"{split}{n}"], "meta": '{"a": 1}', **columns}
                for n in range(3)
            ]
            file = copied / "build" / PROJECT / row_format / f"{split}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    write_run(copied / "runs" / PROJECT / "sft.zephyr" / "20260101-000000-aaaa")
    return copied


def check_recipe() -> None:
    """Check the recipe as `make check` does, under one profile."""
    recipe = find(PROJECT, "sft.zephyr")
    if recipes.file_errors([recipe], ("tiny",)).any:
        return
    resolved, _ = recipes.resolve_all(PROJECT, [recipe], ("tiny",))
    recipes.foreign_code(PROJECT, resolved)
    data.data_files(PROJECT, resolved)
    recipes.recipe_mistakes(PROJECT, resolved)


def check_rows() -> None:
    """Check built rows as `make check` does."""
    data.row_formats(PROJECT, [])
    data.row_mistakes(PROJECT, [])


def check_model() -> None:
    """Check the embedded base as `make check` does."""
    resolved, errors = recipes.resolve_all(PROJECT, [find(PROJECT, "sft.zephyr")], ("tiny",))
    assert not errors
    model.weights(PROJECT, resolved)
    model.special_tokens(PROJECT, resolved)
    model.chat_templates(PROJECT, resolved)
    recipes.recipe_mistakes(PROJECT, resolved)


def check_predictions(file: Path) -> Callable[[], object]:
    """Return the reading of a file of predictions."""
    return lambda: read_predictions(file, Expected({"test0", "test1"}, samples=1, in_loop=False))


def targets(root: Path) -> dict[str, tuple[list[Path], Callable[[], object]]]:
    """Return the files of each kind, and what reads them."""
    base, build = root / FOLDER / "base", root / "build" / PROJECT
    run = root / "runs" / PROJECT / "sft.zephyr" / "20260101-000000-aaaa"
    predictions, standalone, card = root / "answers.jsonl", root / "web.yaml", build / "data-card.json"
    predictions.write_text('{"id": "test0", "prediction": "b"}\n{"id": "test1", "prediction": "c"}\n', "utf-8")
    standalone.write_text(
        "base_model: a/b\ndatasets:\n  - {path: x/y, type: alpaca}\nadapter: lora\nlora_r: 8\n", "utf-8"
    )
    card.write_text('{"schema_version": 1, "project": "p", "rows": "tiny", "formats": {}, "faults": []}', "utf-8")
    results = root / FOLDER / "results.json"
    texts = [
        base / name
        for name in ("config.json", "generation_config.json", "tokenizer_config.json", "chat_template.jinja")
    ]
    return {
        "recipe": ([root / RECIPE], check_recipe),
        "hardware profile": ([root / "shared_recipes/zephyr/profiles/tiny.yaml"], check_recipe),
        "card": ([root / FOLDER / "project.yaml"], lambda: card_faults(PROJECT)),
        "rows": (sorted(build.glob("*/*.jsonl")), check_rows),
        "model": ([file for file in texts if file.is_file()], check_model),
        "tokenizer and weights": ([base / "tokenizer.json", base / "model.safetensors"], check_model),
        "recipe from the web": ([standalone], lambda: check_standalone(standalone)),
        "predictions": ([predictions], check_predictions(predictions)),
        "run record": ([run / "run.json"], lambda: read_record(run)),
        "data card": ([card], lambda: load_data_card(PROJECT)),
        "results": ([results], lambda: read_results(PROJECT)),
    }


def fuzz(root: Path, seed: int, cases: int) -> None:
    """Read `cases` mutated files, evenly of all kinds. A failure names its case: no sentence, or too slow."""
    kinds = targets(root)
    for number in range(cases):
        chance = random.Random(f"{seed} {number}")
        kind = list(kinds)[number % len(kinds)]
        files, read = kinds[kind]
        file = chance.choice(files)
        before, started = file.read_bytes(), time.process_time()
        file.write_bytes(mutated(chance, before, file.suffix))
        try:
            read()
        except GretchenError:
            pass
        except Exception as failure:
            raise AssertionError(
                f"seed {seed}, case {number}, {kind}: {type(failure).__name__}: {failure}"
            ) from failure
        finally:
            file.write_bytes(before)
        assert time.process_time() - started < CPU_SECONDS, f"seed {seed}, case {number}, {kind}"


def test_mutated_files_are_a_sentence(hostile_root):
    fuzz(hostile_root, 1, 88)


@pytest.mark.slow
def test_two_thousand_mutated_files_are_a_sentence(hostile_root):
    fuzz(hostile_root, 2, CASES)


ALIASES = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n"
    for below, name in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{below}'] * 9)}]}}\n"
    for below, name in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: " + "[" * 100_000, 2, f"nested more than {MAX_DEPTH} levels deep"),
        ("- " * 100_000, 1, f"nested more than {MAX_DEPTH} levels deep"),
        (ALIASES, 5, "its aliases expand to more than 20,000 nodes"),
        (MERGES, 5, "its aliases expand to more than 20,000 nodes"),
        ("a: &a [*a]", 1, "an alias contains itself"),
        ("a: 1\nb: !!bool maybe", 2, "not YAML: 'maybe' is no bool"),
        ("a: 1\nb: 2024-13-45", 2, "not YAML: '2024-13-45' is no timestamp (month must be in 1..12)"),
        ("a: " + ":".join("1" * 100_000), 1, "a number of 199,999 characters"),
        ("a: " + "9" * 5_000, 1, "a number of 5,000 characters"),
        ("a" * 1_000_001, 1, "1,000,001 characters, expected at most 1,000,000"),
    ],
)  # fmt: skip
def test_yaml_beyond_a_bound_is_one_sentence(text, line, problem):
    with pytest.raises(YamlFault) as raised:
        parse(text)
    assert raised.value.line == line
    assert raised.value.problem.startswith(problem)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir])
def test_a_recipe_that_is_no_file_is_one_sentence(hostile_root, make):
    file = hostile_root / FOLDER / "recipes" / "dpo.zephyr.yaml"
    file.unlink(missing_ok=True)
    make(file)
    assert load_marked(file).problems == [f"{FOLDER}/recipes/dpo.zephyr.yaml:1: not a regular file"]
    assert any("not a regular file" in error for error in check_project(PROJECT).errors)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% set s = namespace(t='ab') %}{% for i in range(60) %}{% set s.t = s.t ~ s.t %}{% endfor %}{{ s.t }}",
        "{% set s = namespace(t='ab') %}{% for i in range(60) %}{% set s.t = s.t|replace('a', 'aa') %}{% endfor %}",
        "{% set s = 'ab' %}" + "{% set s %}{{ s }}{{ s }}{% endset %}" * 60 + "{{ s }}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ [1] * 9999 * 9999 }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    ],
)
def test_a_template_beyond_a_bound_is_an_error(template):
    started = time.process_time()
    with pytest.raises((ValueError, RecursionError)):
        render(template, CONVERSATION, "</s>")
    assert time.process_time() - started < CPU_SECONDS


def test_the_templates_of_trl_and_axolotl_stay_within_the_bounds():
    import importlib.util

    files = []
    for package, folder in (("trl", "chat_templates"), ("axolotl", "utils/chat_templates/templates")):
        files += Path(importlib.util.find_spec(package).origin).parent.joinpath(folder).glob("*.jinja")
    assert len(files) > 60
    for file in files:
        try:
            render(file.read_text("utf-8"), CONVERSATION, "</s>")
        except Exception as failure:
            assert not str(failure).startswith("it "), f"{file}: {failure}"


def test_set_takes_no_hostile_value(hostile_root, capsys):
    assert cli.run(["show", f"--project={PROJECT}", f"--set=learning_rate={'[' * 5000}"]) == 2
    assert capsys.readouterr().err.startswith("error: SET: the value of 'learning_rate' is not YAML: [[[")
