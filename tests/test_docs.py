"""README, docs and the heads of recipes: every command is one that make or the command line takes, every path exists.

Commands are parsed by make's entry and the command line, not run. The files are found on disk; floors fail the tests
where a pattern matches nothing.
"""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from gretchen import cli, from_make
from gretchen.projects.card import project_slugs
from gretchen.projects.profiles import default_profile
from gretchen.recipes.find import find

ROOT = Path(__file__).resolve().parents[1]
TRACKED = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
FILES = [ROOT / name for name in TRACKED.stdout.splitlines()]
PAGES = [file for file in FILES if file.suffix == ".md"]
RECIPES = [file for file in FILES if file.match("projects/*/recipes/*.yaml")]
PROGRAMS = [file for file in FILES if file.suffix in (".yaml", ".py", ".sh") and "tests" not in file.parts]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# A placeholder for a name that the reader fills in.
PLACEHOLDER = re.compile(r"[<…>]|^$")


def commands(file: Path) -> list[str]:
    """Return the commands of a file: lines of code, and code spans of a page."""
    text = file.read_text(encoding="utf-8")
    matches = re.findall(r"^(?:#|    |\$ )?\s*((?:make|gretchen|\.venv/bin/gretchen) [^\n]+)$", text, re.MULTILINE)
    if file.suffix == ".md":
        matches += re.findall(r"`((?:make|gretchen) [^`\n]+)`", text)
    # A remark on a command follows after two blanks.
    return [re.split(r"\s{2,}| #|;", command)[0].strip() for command in matches]


def made_projects(file: Path) -> dict[str, str]:
    """Return {project that a page makes: its origin, "" for a new one}: later commands of the page name it."""
    text = file.read_text(encoding="utf-8")
    new = re.findall(r"make new PROJECT=([\w-]+)", text)
    forks = re.findall(r"make fork FROM=(\S+) PROJECT=([\w-]+)", text)
    return dict.fromkeys(new, "") | {project: origin for origin, project in forks}


ALL = [(str(file.relative_to(ROOT)), command) for file in (*PAGES, *PROGRAMS) for command in commands(file)]


def test_the_walk_finds_pages_recipes_and_commands():
    for slug in project_slugs():
        assert ROOT / "projects" / slug / "README.md" in PAGES
    assert {"README.md", "CONTRIBUTING.md", "docs/log.md"} <= {str(file.relative_to(ROOT)) for file in PAGES}
    assert sorted(RECIPES) == sorted(ROOT.glob("projects/*/recipes/*.yaml"))
    assert len(RECIPES) >= 6


@pytest.mark.parametrize(
    ("prefix", "floor"),
    [("README.md", 20), ("CONTRIBUTING.md", 5), ("docs/", 20), ("projects/", 10), ("tools/gretchen/commands/", 15)],
)
def test_the_walk_finds_the_commands_of_each_part(prefix, floor):
    assert sum(file.startswith(prefix) for file, _ in ALL) >= floor


def test_every_verb_names_its_command():
    texts = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "tools/gretchen/commands").glob("*.py")}
    verbs = cli.verbs()
    assert len(verbs) >= 20
    for verb in verbs:
        assert re.search(rf"`(make|gretchen) {verb}\b", texts[verb.replace("-", "_")].split('"""')[1]), verb


def words_of(command: str) -> list[str]:
    """Return a command's words, without the brackets around optional parts."""
    return shlex.split(re.sub(r"[\[\]]", "", command))


@pytest.mark.parametrize(("file", "command"), ALL, ids=[f"{file}: {command}" for file, command in ALL])
def test_a_command_is_one_that_exists(file, command):
    program, *words = words_of(command)
    if program == "make":
        check_make(words, made_projects(ROOT / file))
    else:
        check_verb(words)


def check_make(words: list[str], made: dict[str, str]) -> None:
    """Assert that make knows the targets, the verbs their variables, and that projects exist or were made before."""
    words = words[: words.index("&&")] if "&&" in words else words
    goals = [word for word in words if "=" not in word and not PLACEHOLDER.search(word)]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert set(goals) <= TARGETS, goals
    known = {name for goal in goals for name in from_make.options(goal)}
    assert set(given) <= known, given
    project = given.get("FROM" if "fork" in goals else "PROJECT", "")
    project = made.get(project, project)
    if not PLACEHOLDER.search(project):
        assert project in project_slugs()
        if "RECIPE" in given and not PLACEHOLDER.search(given["RECIPE"]):
            assert find(project, given["RECIPE"])


def check_verb(words: list[str]) -> None:
    """Assert that the command line knows the verb and its options."""
    verb, *rest = words
    if PLACEHOLDER.search(verb) or verb.isupper():
        return
    if verb.startswith("--"):
        assert verb == "--help"
        return
    command = cli.verb_command(verb)
    known = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}
    assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known | {"--help"}


def test_the_patterns_find_paths_and_links():
    texts = [file.read_text(encoding="utf-8") for file in PAGES]
    assert sum(len(PATHS.findall(text)) for text in texts) >= 20
    assert sum(len(LINKS.findall(text)) for text in texts) >= 8


PATHS = re.compile(r"`((?:projects|shared_recipes|tools|tests|docs|bench|\.ci)/[^`\s]*|[A-Za-z_.-]+\.(?:toml|txt|md))`")
LINKS = re.compile(r"\]\(([^)\s#]+)")


@pytest.mark.parametrize("file", PAGES, ids=[str(file.relative_to(ROOT)) for file in PAGES])
def test_every_path_exists(file):
    for name in PATHS.findall(file.read_text(encoding="utf-8")):
        if not re.search(r"[<*{…]", name):
            folders = (ROOT, file.parent, *(ROOT / "projects" / slug for slug in project_slugs()))
            assert any((folder / name).exists() for folder in folders), name


@pytest.mark.parametrize("file", RECIPES, ids=[str(file.relative_to(ROOT)) for file in RECIPES])
def test_a_recipes_head_names_the_command_that_runs_this_very_file(file):
    head = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    (command,) = [line.lstrip("# ") for line in head if line.lstrip("# ").startswith("make train ")]
    given = dict(word.split("=", 1) for word in shlex.split(command)[2:])
    assert find(given["PROJECT"], given.get("RECIPE", "sft")).path == file
    assert re.search(rf"{default_profile(given['PROJECT'])}: .*(\d+ s|\d+ min|not measured)", "\n".join(head))


@pytest.mark.parametrize("file", PAGES, ids=[str(file.relative_to(ROOT)) for file in PAGES])
def test_links_are_not_broken(file):
    for target in LINKS.findall(file.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (file.parent / target).exists(), target
