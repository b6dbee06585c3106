"""Mistakes that spoil a training or a figure, beyond the headings of docs/mistakes.md: each is planted, and caught.

Each entry of the tables (planted_values.py, planted_code.py, planted_kinds.py) is a small change in a project without a
mistake, fixtures/projects/sums, with a part of the sentence that reports it. The check is that of `make train`, before
the first step. NOT_CAUGHT has those that no check finds, so that the list stays true.
"""

import re
import shutil
import sys
from pathlib import Path

import planted_code
import planted_kinds
import planted_values
import pytest
from planted import BASE, FOLDER, PROJECT
from planted_code import NOT_CAUGHT, NOT_CAUGHT_VALUES
from planted_values import BIG, TINY

from gretchen.checks.mistakes import builder
from gretchen.checks.mistakes.answers import patterns
from gretchen.checks.mistakes.builder import sample_rows, shared_things
from gretchen.checks.mistakes.likeness import unlike_answers
from gretchen.checks.runner import check_resolved
from gretchen.projects import team_code
from gretchen.recipes.resolve import Request, resolve

RECIPES = planted_values.RECIPES | planted_kinds.RECIPES
CODE, MODEL, ROWS = (getattr(planted_code, name) | getattr(planted_kinds, name) for name in ("CODE", "MODEL", "ROWS"))
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def sound(root, tmp_path_factory):
    """Return a root with the project without a mistake: the flagship's base, nothing built."""
    folder = tmp_path_factory.mktemp("sound")
    shutil.copytree(HERE / "fixtures/projects/sums", folder / FOLDER)
    shutil.copytree(root / "projects/genome-chatbot/base", folder / BASE)
    (folder / FOLDER / "recipes").mkdir()
    (folder / "shared_recipes").symlink_to(root / "shared_recipes")
    return folder


@pytest.fixture
def planted(sound, tmp_path, monkeypatch):
    """Return a copy of the sound root, set as Gretchen's root."""
    shutil.copytree(sound, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.startswith("gretchen_project_sums")]:
        del sys.modules[name]
    return tmp_path


def lines(recipe="sft", profile=TINY, words=(), run_code=False):
    """Return all errors and warnings of the check of a recipe."""
    report = check_resolved(PROJECT, resolve(Request(PROJECT, recipe, profile, words)), run_code=run_code)
    return [*report.errors, *report.warnings]


def test_the_project_without_a_mistake_has_none(planted):
    assert lines(run_code=True) == []
    for name in (
        "dpo.zephyr",
        "dpo.axolotl",
        "kto.zephyr",
        "grpo.axolotl",
        "sft.axolotl",
        "reward.zephyr",
        "ppo.zephyr",
    ):
        for profile in (TINY, BIG):
            assert lines(name, profile) == [], name


def test_at_least_120_are_planted():
    names = [*RECIPES, *CODE, *MODEL, *ROWS]
    assert len(set(names)) == len(names)
    assert len(names) >= 120


def test_exchanged_sides_and_labels_show_in_the_words_of_the_chats():
    sample = {name: list(rows) for name, rows in sample_rows("genome-chatbot").items()}
    where = dict.fromkeys(sample, "dataset.py:1: rows()")
    assert list(unlike_answers(sample, where)) == []
    sides = {"chosen": "rejected", "rejected": "chosen"}
    sample["preferences"] = [{sides.get(key, key): row[key] for key in row} for row in sample["preferences"]]
    sample["feedback"] = [row | {"label": not row["label"]} for row in sample["feedback"]]
    messages = [problem.message for problem in unlike_answers(sample, where)]
    assert "are sides exchanged?" in messages[0]
    assert "are labels inverted?" in messages[1]


def test_a_table_in_html_and_a_concepts_name_are_no_mistakes():
    def row(number, concept, text):
        turns = [{"role": "user", "content": f"{text}\n{concept}?"}, {"role": "assistant", "content": str(number)}]
        return {"id": str(number), "form": "facts", "group": f"company:{number}", "messages": turns}

    starts = ("Noncurrent", "Operating", "Financial", "Consolidated", "Deferred")
    names = [
        start + end for start in starts for end in ("LiabilitiesOfTheGroup", "CashFlowStatement", "Rechnungslegung")
    ]
    table = "<table>\n<tr><td>Posten</td><td>2025</td></tr>\n<tr><td>Umsatz</td><td>{}</td></tr>\n</table>"
    rows = [row(number, names[number % 15], table.format(number)) for number in range(300)]
    assert [*patterns(rows, str), *shared_things(rows, "dataset.py:1: chats()")] == []
    (problem,) = patterns([row(number, "Cash", f"Umsatz<br>{number}") for number in range(200)], str)
    assert "'<br>' is HTML" in problem.message
    code = [row(number, f"self.balances{number % 15}[msg.sender]", table.format(number)) for number in range(300)]
    assert [*shared_things(code, "dataset.py:1: chats()")] == []
    codes = [row(number, f"NM{number // 8:06d}", table.format(number)) for number in range(200)]
    (problem,) = shared_things(codes, "dataset.py:1: chats()")
    assert "need the same group" in problem.message


def assert_reported(reported, part):
    assert any(part in line for line in reported), "\n".join(reported) or "nothing is reported"
    assert all(line.count("\n") == 0 and "Traceback" not in line for line in reported)


@pytest.mark.parametrize("name", RECIPES)
def test_a_value_without_sense_is_reported(planted, name):
    words, recipe, profile, part = RECIPES[name]
    words = re.findall(r"\S+=(?:\[.*\]|\{.*\}|'[^']*'|\S+)", words)
    assert_reported(lines(recipe, profile, words), part)


@pytest.mark.parametrize("name", CODE)
def test_a_mistake_in_card_builder_or_metrics_is_reported(planted, name, monkeypatch):
    plant, part = CODE[name]
    if "each time" not in part:  # the second build takes a process of its own
        monkeypatch.setattr(builder, "second_build", lambda project: {})
    monkeypatch.setattr(team_code, "PATIENCE", 2.0)
    monkeypatch.setattr(team_code, "CPU_SECONDS", 2.0)
    plant(planted)
    assert_reported(lines("dpo" if "recipe" in name else "sft", run_code=True), part)


@pytest.mark.parametrize("name", MODEL)
def test_a_mistake_in_the_models_folder_is_reported(planted, name):
    plant, part = MODEL[name]
    plant(planted)
    assert_reported(lines(), part)


@pytest.mark.parametrize("name", ROWS)
def test_a_mistake_in_built_rows_is_reported(planted, name):
    plant, part = ROWS[name]
    plant(planted)
    assert_reported(lines(), part)


@pytest.mark.parametrize("name", NOT_CAUGHT)
def test_what_no_check_can_know_is_not_reported(planted, name, monkeypatch):
    monkeypatch.setattr(builder, "second_build", lambda project: {})
    NOT_CAUGHT[name](planted)
    assert lines(run_code=True) == []


@pytest.mark.parametrize("name", NOT_CAUGHT_VALUES)
def test_values_that_are_only_unwise_are_not_reported(planted, name):
    assert lines(words=NOT_CAUGHT_VALUES[name].split()) == []
