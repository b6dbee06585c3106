"""A fork is marked where it is still the origin's, is well-formed, and brings tests that hold for any builder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gretchen.checks.todo import team_lines, todo_lines
from gretchen.lifecycle.renaming import wrapped

ROOT = Path(__file__).resolve().parents[1]
ORIGIN, FORK = "genome-chatbot", "plant-genomics"


@pytest.fixture(scope="module")
def root(flagship):
    """Return a root of its own, with the flagship."""
    return flagship


@pytest.fixture
def fork(root, gretchen):
    """Return `gretchen fork` in that root: `fork("--from=a", "--project=b")`."""
    return lambda *words: gretchen("fork", *words, in_=root, GRETCHEN_ROOT=str(root))


@pytest.fixture
def forked(root, fork):
    """Return the folder of a fork."""
    assert fork(f"--from={ORIGIN}", f"--project={FORK}").returncode == 0
    yield root / "projects" / FORK
    shutil.rmtree(root / "projects" / FORK)


def test_what_is_still_the_origins_is_marked_and_counted(root, forked, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(root))
    lines = todo_lines(FORK)
    names = [line.removeprefix(f"projects/{FORK}/").partition(":")[0] for line in lines]
    assert names == ["README.md", "dataset.py", "evaluation.py", *["project.yaml"] * 5]
    (note,) = team_lines(FORK).notes
    assert note.startswith(f"8 TODO(team) lines to make your own: projects/{FORK}/README.md:")
    assert note.endswith(", and 3 more")
    assert todo_lines(ORIGIN) == []
    assert team_lines(ORIGIN).notes == ()
    card = (forked / "project.yaml").read_text(encoding="utf-8")
    assert "\n# TODO(team): one sentence: what does your model answer?\ntask: " in card
    assert "\nteam: [] # TODO(team): your names\n" in card


def ruff(*words):
    """Return ruff's output, "" where it has nothing to say."""
    done = subprocess.run([sys.executable, "-m", "ruff", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_a_long_name_breaks_no_line_of_the_programs(root, fork):
    slug = "alpine-plant-genomics-of-switzerland"
    assert fork(f"--from={ORIGIN}", f"--project={slug}").returncode == 0
    folder = root / "projects" / slug
    assert ruff("check", "--config=pyproject.toml", "--select=E,I", str(folder)) == ""
    assert ruff("format", "--check", "--config=pyproject.toml", str(folder)) == ""
    shutil.rmtree(folder)


OWN_BUILDER = """\"\"\"Colours of fruits.\"\"\"

import random

FRUITS = [f"fruit {number}" for number in range(90)]


def chats():
    \"\"\"Yield a question on each fruit.\"\"\"
    for fruit in FRUITS:
        answer = f"The {fruit} is {random.Random(SEED).choice(['red', 'green'])}."
        messages = [{"role": "user", "content": f"Colour of {fruit}?"}, {"role": "assistant", "content": answer}]
        yield {"id": fruit, "form": "colour", "group": fruit, "messages": messages}
"""
OWN_METRIC = """\"\"\"Whether the answer is the reference.\"\"\"


def score(prediction, row):
    \"\"\"Return 1 for the reference.\"\"\"
    return {"exact": float(prediction == row["messages"][-1]["content"])}
"""


@pytest.mark.parametrize(("seed", "num_failed"), [("fruit", 0), ("None", 1)])
def test_its_tests_hold_for_another_builder_and_find_what_is_wrong_with_it(root, fork, environment, seed, num_failed):
    """A team replaces rows and metric; a builder whose random numbers have no seed fails one test."""
    slug = f"fruit-{seed.lower()}"
    assert fork(f"--from={ORIGIN}", f"--project={slug}").returncode == 0
    folder = root / "projects" / slug
    (folder / "dataset.py").write_text(OWN_BUILDER.replace("SEED", seed), encoding="utf-8")
    (folder / "evaluation.py").write_text(OWN_METRIC, encoding="utf-8")
    card = (folder / "project.yaml").read_text(encoding="utf-8")
    card = card.replace("closed: [codon-lookup, amino-acid-codons]", "closed: []")
    (folder / "project.yaml").write_text(card, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    options = {"cwd": ROOT, "env": environment(GRETCHEN_ROOT=str(root)), "capture_output": True, "text": True}
    done = subprocess.run([*command, str(folder / "tests")], check=False, **options)
    shutil.rmtree(folder)
    assert ("1 failed, 5 passed" if num_failed else "6 passed") in done.stdout, done.stdout[-3000:]


@pytest.mark.parametrize(("line", "column"), [("# " + "word " * 30 + "\n", 0), ("x = 1  # " + "word " * 30 + "\n", 7)])
def test_a_long_comment_is_wrapped_into_comments(line, column):
    first, *others = wrapped(line, column).splitlines()
    assert len(first) <= 120
    assert others
    assert all(other.startswith(" " * column + "# word") and len(other) <= 120 for other in others)
    assert wrapped("x = 1  # short\n", 7) == "x = 1  # short\n"
