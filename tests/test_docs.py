"""What README, docs and recipe heads say: every command is one that make or the command line takes, every path exists.

Commands are parsed by the real front doors, not run: what they do is tested elsewhere. The walk finds the files itself.
"""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from gretchen import cli, from_make
from gretchen.projects.card import project_slugs
from gretchen.recipes.find import find

ROOT = Path(__file__).resolve().parents[1]
TRACKED = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
FILES = [ROOT / name for name in TRACKED.stdout.splitlines()]
PAGES = [file for file in FILES if file.suffix == ".md"]
RECIPES = [file for file in FILES if file.suffix == ".yaml" and "recipes" in file.parts[-2]]
HEADED = [file for file in FILES if file.suffix in (".yaml", ".py", ".sh") and "tests" not in file.parts]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# What stands for a name of the reader's own.
OPEN = re.compile(r"[<…>]|^$")


def commands(file: Path) -> list[str]:
    """Return the commands of a page: lines of code, and what stands between backticks."""
    text = file.read_text(encoding="utf-8")
    found = re.findall(r"^(?:#|    |\$ )?\s*((?:make|gretchen|\.venv/bin/gretchen) [^\n]+)$", text, re.MULTILINE)
    if file.suffix == ".md":
        found += re.findall(r"`((?:make|gretchen) [^`\n]+)`", text)
    # What is said of a command stands two blanks behind it.
    return [re.split(r"\s{2,}| #|;", command)[0].strip() for command in found]


ALL = [(file.relative_to(ROOT), command) for file in (*PAGES, *HEADED) for command in commands(file)]


def test_the_walk_finds_pages_recipes_and_commands():
    assert {"README.md", "CONTRIBUTING.md", "docs/log.md"} <= {str(file.relative_to(ROOT)) for file in PAGES}
    assert len(RECIPES) >= 1
    assert len(ALL) >= 40


def words_of(command: str) -> list[str]:
    """Return a command's words without brackets around what may be left out."""
    return shlex.split(re.sub(r"[\[\]]", "", command))


@pytest.mark.parametrize(("file", "command"), ALL, ids=[f"{file}: {command}" for file, command in ALL])
def test_a_command_is_one_that_exists(file, command):
    program, *words = words_of(command)
    if program == "make":
        check_make(words)
    else:
        check_verb(words)


def check_make(words: list[str]) -> None:
    """Assert that make knows the targets, and the verbs their variables."""
    words = words[: words.index("&&")] if "&&" in words else words
    goals = [word for word in words if "=" not in word and not OPEN.search(word)]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert set(goals) <= TARGETS, goals
    known = {name for goal in goals for name in from_make.options(goal)}
    assert set(given) <= known, given
    project = given.get("FROM" if "fork" in goals else "PROJECT", "")
    if not OPEN.search(project):
        assert project in project_slugs()
        if "RECIPE" in given and not OPEN.search(given["RECIPE"]):
            assert find(project, given["RECIPE"])


def check_verb(words: list[str]) -> None:
    """Assert that the command line knows the verb and its options."""
    verb, *rest = words
    if OPEN.search(verb) or verb.isupper():
        return
    if verb.startswith("--"):
        assert verb == "--help"
        return
    command = cli.verb_command(verb)
    known = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}
    assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known | {"--help"}


PATHS = re.compile(r"`((?:projects|shared_recipes|tools|tests|docs|bench|\.ci)/[^`\s]*|[A-Za-z_.-]+\.(?:toml|txt|md))`")


@pytest.mark.parametrize("file", PAGES, ids=[str(file.relative_to(ROOT)) for file in PAGES])
def test_every_path_exists(file):
    for name in PATHS.findall(file.read_text(encoding="utf-8")):
        if not re.search(r"[<*{…]", name):
            places = (ROOT / name, file.parent / name, *(ROOT / "projects" / slug / name for slug in project_slugs()))
            assert any(place.exists() for place in places), name


@pytest.mark.parametrize("file", RECIPES, ids=[str(file.relative_to(ROOT)) for file in RECIPES])
def test_a_recipes_head_names_the_command_that_runs_this_very_file(file):
    if file.parts[-4] != "projects":
        return
    head = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    (command,) = [line.lstrip("# ") for line in head if line.lstrip("# ").startswith("make train ")]
    given = dict(word.split("=", 1) for word in shlex.split(command)[2:])
    assert find(given["PROJECT"], given.get("RECIPE", "sft")).path == file
    assert re.search(r"tiny: .*(\d+ s|\d+ min|not measured)", "\n".join(head))


@pytest.mark.parametrize("file", PAGES, ids=[str(file.relative_to(ROOT)) for file in PAGES])
def test_links_lead_somewhere(file):
    for target in re.findall(r"\]\(([^)\s#]+)", file.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (file.parent / target).exists(), target
