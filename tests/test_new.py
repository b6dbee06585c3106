"""`make new`: from a team's own file to a trained and evaluated project, and what cannot become one."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_wheel import cache_small_model

from gretchen import cli
from gretchen.checks.todo import todo_lines
from gretchen.files import folder_hash
from gretchen.lifecycle.answers_shape import languages_of, metric_of
from gretchen.projects.card import load_card
from gretchen.projects.modules import load_dataset_module, load_evaluation_module

ROOT = Path(__file__).resolve().parents[1]
CSV = ROOT / "tests/fixtures/tables/chemie.csv"  # 300 rows, semicolons, cp1252, CRLF
SLUG = "chemistry-tutor"
READ = """\
read chemie.csv: CSV, delimiter ';', encoding cp1252, 300 rows
  question: column 'Frage', answer: column 'Antwort'
  left out: repeats an earlier row: lines 22, 79, 142
  left out: the question is empty: lines 35, 63
  left out: the answer is empty: lines 62, 92
  e-mail address? line 202: look before you publish
  293 rows kept: 256 train, 12 validation, 25 test
  25 test rows show only large differences: more rows, narrower intervals
  metric: exact match, because answers are short: 1 word in the median, at most 1 in 95 of 100
wrote projects/chemistry-tutor: 8 files
next: make check PROJECT=chemistry-tutor
      make train PROJECT=chemistry-tutor
      make eval PROJECT=chemistry-tutor
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a root of its own, without a project."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "shared_recipes", root / "shared_recipes")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, root)
    (root / "projects").mkdir()
    return root


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    """Return the command line in this process, in that root, as a smoke test: `run("new", …)` -> (code, out, err).

    A small model is in SmolLM2's place.
    """
    cache = tmp_path_factory.mktemp("cache")
    cache_small_model(cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(root))
        patch.setenv("GRETCHEN_SMOKE", "1")
        patch.setenv("XDG_CACHE_HOME", str(cache))
        patch.chdir(root)

        def call(*words):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = cli.run(list(words))
            return code, out.getvalue(), err.getvalue()

        yield call


@pytest.fixture(scope="module")
def created(root, run):
    """Return the folder of the project made from the CSV."""
    code, out, err = run("new", f"--project={SLUG}", f"--from-file={CSV}", "--team=Ada Löw, Ben")
    assert code == 0, err
    assert out.startswith(READ)
    return root / "projects" / SLUG


def test_the_new_project_is_small_and_whole(created):
    card = load_card(SLUG)
    assert (card.title, card.team, card.languages) == ("Chemistry tutor", ["Ada Löw", "Ben"], ["de"])
    assert (card.profiles[0], card.evaluation.main) == ("laptop", "exact")
    assert (created / "data" / "chemie.csv").read_bytes() == CSV.read_bytes()
    text = (created / "project.yaml").read_text(encoding="utf-8")
    assert text.startswith("# The course asks two questions")
    assert "TODO(team): which model, and why?" in text
    assert "TODO(team): how do you evaluate, and why so?" in text
    assert len(todo_lines(SLUG)) == 6
    assert not (created / "base").exists()
    files = [file for file in created.rglob("*") if file.suffix in (".py", ".yaml", ".md")]
    assert max(len(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()) <= 120


def test_it_is_linted_and_its_own_tests_pass(created, root, environment):
    for words in (
        ["ruff", "check", "-q"],
        ["ruff", "format", "--check", "-q"],
        ["pytest", "-q", "-p", "no:cacheprovider"],
    ):
        command = [sys.executable, "-m", *words, "projects"]
        options = {"cwd": root, "env": environment(GRETCHEN_ROOT=str(root)), "capture_output": True, "text": True}
        done = subprocess.run(command, check=False, **options)
        assert done.returncode == 0, done.stdout + done.stderr


def test_three_commands_make_a_trained_and_evaluated_project(created, root, run):
    code, out, err = run("check", f"--project={SLUG}")
    assert code == 0, out
    assert "failed" not in out
    code, out, err = run("train", f"--project={SLUG}")
    assert code == 0, out[-2000:] + err[-2000:]
    assert f"next: make eval PROJECT={SLUG}\n" in out
    (record,) = root.glob(f"runs/{SLUG}/sft.zephyr/*/run.json")
    assert json.loads(record.read_text(encoding="utf-8"))["profile"] == "laptop"
    code, out, err = run("eval", f"--project={SLUG}")
    assert code == 0, out[-2000:] + err[-2000:]
    assert "base, few-shot" in out
    assert "exact" in out
    assert "[transformers]" not in err, "a library's own warning"


def test_the_contract_holds(created, root, environment):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_contract.py"]
    command += ["-k", f"{SLUG} and not chain"]
    options = {"cwd": ROOT, "env": environment(GRETCHEN_ROOT=str(root)), "capture_output": True, "text": True}
    done = subprocess.run(command, check=False, **options)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed, 2 skipped" in done.stdout


@pytest.mark.parametrize(
    "verb", ["train", "show", "plan", "data", "inspect", "score", "merge", "answers", "explain", "eval"]
)
def test_tiny_is_refused_in_one_sentence_by_every_verb(created, run, verb):
    more = {"score": ["--predictions=x.jsonl"], "explain": ["learning_rate"]}.get(verb, [])
    code, out, err = run(verb, f"--project={SLUG}", "--profile=tiny", *more)
    assert (code, out) == (2, "")
    assert err.splitlines()[-2:] == [  # eval says before that this is a smoke test
        f"error: project '{SLUG}' has no embedded base, which profile 'tiny' trains",
        "hint: PROFILE=laptop, the default of this project, trains HuggingFaceTB/SmolLM2-135M-Instruct",
    ]


def write_rows(folder, rows):
    file = folder / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return file


TOPICS = [f"{first} {second}" for first in ("acid", "base", "salt", "metal", "gas") for second in map(str, range(40))]
KINDS = {
    "pairs": (
        [
            {"prompt": f"What of {t}?", "chosen": f"{t} is a thing of some kind, see it", "rejected": "No."}
            for t in TOPICS
        ],
        ["preferences", "chats"],
        "f1",
    ),
    "verdicts": (
        [{"prompt": f"What of {t}?", "completion": f"It: {t}", "label": n % 3 > 0} for n, t in enumerate(TOPICS)],
        ["chats", "feedback"],
        "exact",
    ),
    "classes": (
        [{"text": f"A text on {t}", "label": ["acid", "none"][n % 2]} for n, t in enumerate(TOPICS)],
        ["chats"],
        "macro_f1",
    ),
    "messages": (
        [
            {"messages": [{"role": "user", "content": f"What of {t}?"}, {"role": "assistant", "content": t}]}
            for t in TOPICS
        ],
        ["chats"],
        "exact",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_of_rows(root, run, tmp_path, kind):
    rows, formats, metric = KINDS[kind]
    slug = f"kind-{kind}"
    code, _, err = run("new", f"--project={slug}", f"--from-file={write_rows(tmp_path, rows)}")
    assert code == 0, err
    module, evaluation = load_dataset_module(slug), load_evaluation_module(slug)
    assert {name for name in ("chats", "preferences", "feedback") if hasattr(module, name)} == set(formats)
    assert load_card(slug).evaluation.main == metric
    chat = next(iter(module.chats()))
    assert evaluation.score(chat["messages"][-1]["content"], chat)["exact"] == 1.0
    for verb in ("data", "check"):
        code, out, err = run(verb, f"--project={slug}")
        assert code == 0, out + err
    shutil.rmtree(root / "projects" / slug)


def test_without_a_file_there_are_twenty_examples(root, run):
    code, out, err = run("new", "--project=examples")
    assert code == 0, err
    assert "20 rows kept: 11 train, 2 validation, 7 test" in out
    assert load_card("examples").evaluation.main == "f1"
    chat = next(iter(load_dataset_module("examples").chats()))
    scores = load_evaluation_module("examples").score("To predict the next token of any text.", chat)
    assert scores == {"f1": 1.0, "chrf": pytest.approx(100.0), "exact": 1.0}
    shutil.rmtree(root / "projects" / "examples")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--project=Bad Name"], "'Bad Name' cannot be a project's name"),
        ([f"--project={SLUG}"], f"projects/{SLUG} exists already and was not changed"),
        (["--project=x", "--from-file=nowhere.csv"], "there is no file nowhere.csv"),
        (["--project=x", "--from-file=."], ". is a folder"),
        (["--project=x", "--question=Frage"], "QUESTION and ANSWER name columns of FROM_FILE"),
        (["--project=x", f"--from-file={CSV}", "--answer=Antwrot"], "ANSWER: "),
        (["--project=x", "--from-file=few.csv"], "few.csv: none of 3 rows is in the validation split"),
        (["--project=x", "--from-file=no.csv"], "no.csv: no row can be used; line 2: the answer is empty"),
        (["--project=x", "--from-file=large.csv"], "large.csv has 2,000 MB; at most 100 MB and 500,000 rows are read"),
    ],
)
def test_what_cannot_become_a_project_is_one_sentence_and_writes_nothing(created, root, run, words, problem):
    (root / "few.csv").write_text("question,answer\na,b\nc,d\ne,f\n", encoding="utf-8")
    (root / "no.csv").write_text("question,answer\na,\n", encoding="utf-8")
    with (root / "large.csv").open("wb") as stream:
        stream.truncate(2 * 10**9)
    before = folder_hash(root / "projects")
    code, out, err = run("new", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {problem}")
    assert err.count("\n") <= 2
    assert folder_hash(root / "projects") == before
    assert [path.name for path in (root / "projects").iterdir()] == [SLUG]


def test_make_needs_a_name_and_finds_the_file(make):
    done = make("new", f"FROM_FILE={CSV}")
    assert done.returncode == 2
    assert "error: make new needs PROJECT" in done.stderr
    done = make("new", "PROJECT=Bad Name", f"FROM_FILE={CSV}")
    assert "error: 'Bad Name' cannot be a project's name" in done.stderr


def test_the_metric_fits_the_answers():
    assert metric_of([1, 1, 1, 2, 3], 5, is_classes=False)[0] == "exact"
    assert metric_of([1, 1, 2, 30, 60], 5, is_classes=False)[0] == "overlap"
    assert metric_of([1] * 50, 3, is_classes=True)[0] == "classes"
    assert metric_of([4] * 50, 50, is_classes=True)[0] == "overlap"


@pytest.mark.parametrize(
    ("answers", "languages"),
    [
        (["The salt of an acid is what it makes"], ("en",)),
        (["Das Salz der Säure ist nicht die Base"], ("de",)),
        (["The acid is", "die Säure ist"], ("en", "de")),
        (["42"], ("en",)),
    ],
)
def test_languages_are_guessed(answers, languages):
    rows = [{"messages": [{"role": "assistant", "content": answer}]} for answer in answers]
    assert languages_of(rows) == languages
