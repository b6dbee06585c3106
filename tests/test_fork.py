"""`make fork`: a complete project under its own name, which trains at once and keeps the contract."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gretchen import paths
from gretchen.files import folder_hash
from gretchen.lifecycle.renaming import identifiers, prose, renamed_file
from gretchen.projects.card import load_card
from gretchen.scoring.results import parse_results

ROOT = Path(__file__).resolve().parents[1]
ORIGIN, FORK = "genome-chatbot", "plant-genomics"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a root of its own, under git, with the flagship and files that a fork leaves out."""
    root = tmp_path_factory.mktemp("root")
    origin = root / "projects" / ORIGIN
    shutil.copytree(ROOT / "projects" / ORIGIN, origin, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "shared_recipes", root / "shared_recipes")
    shutil.copy(ROOT / ".gitignore", root)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a project"]):
        subprocess.run([*git, *words], cwd=root, check=True)
    (origin / "__pycache__").mkdir()
    (origin / "__pycache__" / "dataset.pyc").write_bytes(b"x")
    (origin / ".env").write_text("WANDB_API_KEY=x")
    (origin / "untracked.py").write_text('"""New, and not yet under git."""\n', encoding="utf-8")
    (root / "build" / ORIGIN).mkdir(parents=True)
    return root


@pytest.fixture
def fork(root, gretchen):
    """Return `gretchen fork` in that root: `fork("--from=a", "--project=b")`."""
    return lambda *words, **more: gretchen("fork", *words, in_=root, **({"GRETCHEN_ROOT": str(root)} | more))


@pytest.fixture(scope="module")
def forked(root, environment):
    """Return the fork's folder, and what the command printed."""
    command = [sys.executable, "-m", "gretchen", "fork", f"--from={ORIGIN}", f"--project={FORK}"]
    options = {"cwd": root, "env": environment(GRETCHEN_ROOT=str(root)), "capture_output": True, "text": True}
    done = subprocess.run(command, check=True, **options)
    return root / "projects" / FORK, done.stdout


def test_a_fork_is_what_git_would_keep_under_its_own_name(root, forked):
    folder, output = forked
    origin = root / "projects" / ORIGIN
    expected = {path.relative_to(origin) for path in origin.rglob("*") if path.is_file()}
    expected -= {Path("__pycache__/dataset.pyc"), Path(".env")}
    expected = {path for path in expected if path.parts[0] != "tests"} | {Path("tests/test_builder.py")}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == expected
    assert Path("untracked.py") in expected
    head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=root, capture_output=True, text=True)
    assert output.startswith(
        f"forked {ORIGIN} into projects/{FORK}: {len(expected)} files, commit {head.stdout.strip()}\n"
    )
    for command in ("check", "train", "test"):
        assert f" make {command} PROJECT={FORK}" in output
    assert "may be deleted once nothing imports them: documents.py, " in output
    assert f"make base PROJECT={FORK}" in output


def test_the_name_is_replaced_where_it_is_one(root, forked):
    folder, _ = forked
    for file in folder.rglob("*"):
        if file.suffix in (".py", ".yaml") and file.name != "project.yaml":
            lines = file.read_text(encoding="utf-8").splitlines()
            text = "\n".join(line for line in lines if "TODO(team)" not in line)  # such a line names the origin
            assert "genome-chatbot" not in text, file
            assert "genome chatbot" not in text.lower(), file
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# Plant genomics\n\nForked from `genome-chatbot` at commit `")
    assert "    make train PROJECT=plant-genomics\n" in readme
    assert "No real genomes" in readme, "a word that holds a part of the name is another word"
    head = (folder / "recipes" / "sft.zephyr.yaml").read_text(encoding="utf-8")
    assert head.startswith("# SFT of the plant genomics with LoRA")
    assert "#   make train PROJECT=plant-genomics\n" in head
    assert 'random.Random("genome chats")' in (folder / "dataset.py").read_text(encoding="utf-8")


def test_the_card_names_the_origin(root, forked, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(root))
    card, origin = load_card(FORK), load_card(ORIGIN)
    assert (card.title, card.forked.from_, card.team) == ("Plant genomics", ORIGIN, [])
    assert len(card.forked.commit.removesuffix("+changes")) == 12
    assert card.model_copy(update={"title": origin.title, "forked": None}) == origin
    comment = "# 64 codons: only wordings can be held out, so they are scored apart"
    assert comment in (forked[0] / "project.yaml").read_text(encoding="utf-8")


def test_the_base_is_the_origins_byte_for_byte(root, forked):
    assert folder_hash(forked[0] / "base") == folder_hash(root / "projects" / ORIGIN / "base")


def test_the_recorded_results_are_marked_as_the_origins(root, forked):
    folder, _ = forked
    text = (folder / "results.json").read_text(encoding="utf-8")
    origin = parse_results((root / "projects" / ORIGIN / "results.json").read_text(encoding="utf-8"), ORIGIN)
    evaluations = parse_results(text, FORK).evaluations
    assert {(evaluation.project, evaluation.inherited_from) for evaluation in evaluations} == {(FORK, ORIGIN)}
    own = {"project": ORIGIN, "inherited_from": None}
    assert [evaluation.model_copy(update=own) for evaluation in evaluations] == origin.evaluations
    readme = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    assert f"Until `make eval PROJECT={FORK} RECORD=1` has recorded a result of this project's own" in readme
    assert f"the figures below are those of `{ORIGIN}`." in readme


def test_a_fork_of_a_fork_names_the_fork_and_whose_figures_it_shows(root, forked, fork, monkeypatch):
    done = fork(f"--from={FORK}", "--project=moss-genomics")
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("GRETCHEN_ROOT", str(root))
    assert load_card("moss-genomics").forked.from_ == FORK
    readme = (root / "projects" / "moss-genomics" / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# Moss genomics\n\nForked from `{FORK}` at commit `")
    assert readme.count("Forked from") == 1
    assert f"those of `{ORIGIN}`." in readme
    shutil.rmtree(root / "projects" / "moss-genomics")


def test_without_git_caches_are_left_out_too(root, fork):
    done = fork(f"--from={ORIGIN}", "--project=no-git", PATH="")
    assert done.returncode == 0, done.stderr
    assert "commit" not in done.stdout
    made = root / "projects" / "no-git"
    assert not (made / "__pycache__").exists()
    assert not (made / ".env").exists()
    assert (made / "recipes" / "sft.zephyr.yaml").is_file()
    shutil.rmtree(made)


@pytest.mark.parametrize(
    ("origin", "slug", "problem"),
    [
        ("genome-chatbo", "mine", "unknown project 'genome-chatbo'\nhint: did you mean 'genome-chatbot'?"),
        (ORIGIN, FORK, f"projects/{FORK} exists already and was not changed\nhint: choose another PROJECT"),
        (
            ORIGIN,
            "Plant_Genomics",
            "'Plant_Genomics' cannot be a project's name\n"
            "hint: small letters, digits and hyphens, a letter first, at most 40 characters: plant-genomics",
        ),
        (
            ORIGIN,
            "../elsewhere",
            "'../elsewhere' cannot be a project's name\n"
            "hint: small letters, digits and hyphens, a letter first, at most 40 characters: elsewhere",
        ),
        (
            ORIGIN,
            "x" * 300,
            f"'{'x' * 300}' cannot be a project's name\n"
            f"hint: small letters, digits and hyphens, a letter first, at most 40 characters: {'x' * 40}",
        ),
    ],
)
def test_what_cannot_be_forked_is_one_sentence_and_changes_nothing(root, forked, fork, origin, slug, problem):
    before = folder_hash(root / "projects")
    done = fork(f"--from={origin}", f"--project={slug}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {problem}\n")
    assert folder_hash(root / "projects") == before
    assert sorted(path.name for path in (root / "projects").iterdir()) == [ORIGIN, FORK]


def test_a_fork_that_fails_midway_leaves_nothing_behind(root, forked, fork):
    results = root / "projects" / ORIGIN / "results.json"
    whole = results.read_text(encoding="utf-8")
    results.write_text("<<<<<<< a merge's leftover", encoding="utf-8")
    try:
        done = fork(f"--from={ORIGIN}", "--project=half")
    finally:
        results.write_text(whole, encoding="utf-8")
    assert (done.returncode, done.stdout) == (2, "")
    expected = f"error: projects/{ORIGIN}/results.json is not JSON\nhint: make eval PROJECT={ORIGIN} RECORD=1\n"
    assert done.stderr == expected
    assert sorted(path.name for path in (root / "projects").iterdir()) == [ORIGIN, FORK]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make train PROJECT=a-b", "make train PROJECT=x-y"),
        ("projects/a-b/base, gretchen_project_a_b.dataset", "projects/x-y/base, gretchen_project_x_y.dataset"),
        ("a-bc, my-a-b, a-b-c, a_bc", "a-bc, my-a-b, a-b-c, a_bc"),
    ],
)
def test_a_slug_is_replaced_as_a_whole(text, expected):
    assert identifiers(text, "a-b", "x-y") == expected


def test_a_name_of_one_word_is_replaced_in_commands_and_paths_alone():
    text = "A genome has genes: make train PROJECT=genome, see projects/genome/dataset.py"
    expected = "A genome has genes: make train PROJECT=x-y, see projects/x-y/dataset.py"
    assert prose(identifiers(text, "genome", "x-y"), "genome", "Genome", "x-y") == expected


def test_prose_keeps_its_capitals_and_titles_count_too():
    text = "The old name. Old name! Was Gretchen fragte: bold names"
    expected = "The x y. X y! X y: bold names"
    assert prose(text, "old-name", "Was Gretchen fragte", "x-y") == expected


def test_a_programs_strings_make_rows_and_stay(tmp_path):
    program = '"""The old name."""\n\nSYSTEM = "You are the old name."  # what the old name is\n\n\nX = "old-name"\n'
    expected = '"""The x y."""\n\nSYSTEM = "You are the old name."  # what the x y is\n\n\nX = "x-y"\n'
    assert renamed_file(Path("dataset.py"), program, "old-name", "Old name", "x-y") == expected


def contract(root, environment, words):
    """Return pytest's run of the contract on the fork."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_contract.py", "-k", words]
    options = {"cwd": ROOT, "env": environment(GRETCHEN_ROOT=str(root)), "capture_output": True, "text": True}
    return subprocess.run(command, check=False, **options)


def test_the_contract_passes_on_it_at_once(root, forked, environment):
    done = contract(root, environment, f"({FORK} or walk) and not chain")
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout


@pytest.mark.slow
def test_it_trains_and_evaluates_at_once(root, forked, environment):
    done = contract(root, environment, f"{FORK} and chain")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "1 passed" in done.stdout


def test_it_checks_and_its_rows_are_the_origins(root, forked, gretchen, monkeypatch):
    options = {"in_": root, "GRETCHEN_ROOT": str(root), "GRETCHEN_SMOKE": "1"}
    hashes = []
    for slug in (ORIGIN, FORK):
        done = gretchen("data", f"--project={slug}", **options)
        assert done.returncode == 0, done.stderr
        card = json.loads((root / "build" / slug / "data-card.json").read_text(encoding="utf-8"))
        hashes.append(card["hash"])
    assert hashes[0] == hashes[1]
    done = gretchen("check", f"--project={FORK}", **options)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


def test_make_forks_and_asks_for_the_origin(make):
    done = make("fork", "PROJECT=x")
    assert done.returncode == 2
    assert re.search(r"error: make fork needs FROM\nhint: make fork FROM=… \(projects: .*genome-chatbot", done.stderr)
    done = make("fork", f"FROM={ORIGIN}", "PROJECT=Bad Name")
    assert "error: 'Bad Name' cannot be a project's name" in done.stderr
    assert "bad-name" in done.stderr
    assert not (paths.projects() / "bad-name").exists()
