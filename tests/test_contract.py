"""What every project must keep: the same anatomy, a builder and metrics that hold, a chain that runs.

It walks projects/: a new folder is tested at once, and the walk must find at least the flagship. With
GRETCHEN_CONTRACT, as `make test PROJECT=…` sets it, it tests that project alone.
"""

import itertools
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from small_wheel import cache_small_model

from gretchen import paths
from gretchen.checks.mistakes.card import limit_mistakes
from gretchen.checks.recipes import resolve_all
from gretchen.projects.builder import Tally, builder_rows, offered_formats
from gretchen.projects.card import load_card, project_slugs
from gretchen.projects.leakage import leaks
from gretchen.projects.modules import load_dataset_module
from gretchen.recipes.find import recipes_of
from gretchen.scoring.baselines import baselines
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.results import END, START, read_results, results_file
from gretchen.scoring.scored import Answer
from gretchen.training.base_model import own_template

ROOT = Path(__file__).resolve().parents[1]
ONE = os.environ.get("GRETCHEN_CONTRACT", "")
SLUGS = [ONE] if ONE else project_slugs()
ANATOMY = ("project.yaml", "README.md", "dataset.py", "evaluation.py", "recipes", "tests")
ROWS = 800


@pytest.mark.skipif(bool(ONE), reason="one project alone")
def test_the_walk_finds_the_projects():
    assert "genome-chatbot" in SLUGS
    assert {folder.name for folder in paths.projects().iterdir() if folder.is_dir()} == set(SLUGS)


@pytest.fixture(scope="module", params=SLUGS)
def slug(request):
    return request.param


@pytest.fixture(scope="module")
def rows(slug):
    """Return {format: the first rows, with their splits}."""
    module = load_dataset_module(slug)
    return {name: list(builder_rows(module, name, ROWS, Tally())) for name in offered_formats(module)}


def test_anatomy(slug):
    folder = paths.projects() / slug
    assert [name for name in ANATOMY if not (folder / name).exists()] == []
    # Without an embedded base the card names no model for tiny, and every command's default profile is laptop.
    assert (folder / "base").is_dir() == ("tiny" in load_card(slug).models)
    assert list((folder / "recipes").glob("*.yaml"))
    for module in folder.glob("**/*.py"):
        assert '"""' in module.read_text(encoding="utf-8")[:200], f"{module} has no module docstring"


def test_the_builder_is_deterministic(slug):
    module = load_dataset_module(slug)
    for name in offered_formats(module):
        first, second = (list(itertools.islice(getattr(module, name)(), 100)) for _ in range(2))
        assert first == second, name


def test_every_format_has_every_split_and_nothing_leaks(slug, rows):
    for name, placed in rows.items():
        assert {"train", "validation", "test"} <= {row.split for row in placed}, name
    assert leaks([(name, row) for name, placed in rows.items() for row in placed], load_card(slug).closed) == []


def test_closed_forms_are_forms(slug, rows):
    forms = {placed.row["form"] for by_format in rows.values() for placed in by_format}
    assert set(load_card(slug).closed) <= forms


def test_the_references_fit_the_limits_of_card_and_recipes(slug, rows):
    resolved, _ = resolve_all(slug, list(recipes_of(slug).values()), ("tiny",))
    sample = {name: [placed.row for placed in by_format[:300]] for name, by_format in rows.items()}
    assert [problem for problem in limit_mistakes(slug, sample, resolved) if problem.level == "error"] == []


@pytest.fixture(scope="module")
def held_out(slug, rows):
    """Return the test rows as evaluation.py sees them."""
    answered = next(rows[name] for name in ("chats", "prompts", "preferences", "feedback") if name in rows)
    closed = load_card(slug).closed
    return [row.row for row in answered if row.split in ("test", "hard") and row.row["form"] not in closed]


def test_the_oracle_is_perfect_and_no_trivial_answer_comes_near(slug, rows, held_out):
    evaluator = load_evaluator(slug)
    metric = evaluator.settings.metrics[evaluator.main_metric]
    best = metric.range[1] if metric.better == "higher" else metric.range[0]

    def value(answers):
        return evaluator.aggregate(evaluator.score_answers(held_out, answers))[evaluator.main_metric]

    assert value([Answer(row["id"], 0, evaluator.oracle(row), True) for row in held_out]) == pytest.approx(best)
    train = [row.row for row in rows.get("chats", []) if row.split == "train"]
    for name, answers in baselines(evaluator, held_out, train).items():
        assert abs(value(answers) - best) > 0.5 * (metric.range[1] - metric.range[0]), name


def test_the_embedded_base_is_small_and_its_readme_says_how_it_was_made(slug):
    from safetensors import safe_open

    folder = paths.projects() / slug / "base"
    if not folder.is_dir():
        pytest.skip(f"{slug} has no embedded base")
    file = folder / "model.safetensors"
    assert file.stat().st_size <= 4_000_000
    with safe_open(file, "pt") as weights:
        tensors = [weights.get_slice(key) for key in weights.keys()]  # noqa: SIM118 (no mapping)
        assert {tensor.get_dtype() for tensor in tensors} == {"BF16"}
        sizes = [tensor.get_shape() for tensor in tensors]
    assert sum(shape[0] * (shape[1] if len(shape) > 1 else 1) for shape in sizes) <= 2_000_000
    card = (folder / "README.md").read_text(encoding="utf-8")
    for part in (
        r"command: `make base PROJECT=",
        r"hash `[0-9a-f]{16}`",
        r"tokens seen: [\d,]+ in",
        "hardware: ",
        "Gates: ",
    ):
        assert re.search(part, card), part
    for shared in ("config.json", "tokenizer.json", "chat_template.jinja"):
        ours = paths.shared_recipes() / "tiny" / "architecture" / shared
        if shared == "chat_template.jinja":
            ours = own_template(slug) or ours
        assert (folder / shared).read_bytes() == ours.read_bytes(), f"{shared} differs from the other bases'"


def test_the_readme_shows_the_recorded_results(slug):
    text = (paths.projects() / slug / "README.md").read_text(encoding="utf-8")
    if not results_file(slug).is_file():
        assert not text.split(START)[1].split(END)[0].strip(), "a table without results.json"
        pytest.skip(f"{slug} has no recorded result yet")
    results = read_results(slug)
    assert text.split(START)[1].split(END)[0].strip() == results.markdown().strip()
    assert results.evaluations
    for evaluation in results.evaluations:
        assert evaluation.project == slug
        assert {"baseline", "base", "few-shot", "run"} <= {model.kind for model in evaluation.models}


@pytest.fixture(scope="module")
def copy(slug, tmp_path_factory, warm):
    """Return a root of its own with the project in it, and a way to run a verb there as a smoke test."""
    root, cache = tmp_path_factory.mktemp(slug), tmp_path_factory.mktemp("cache")
    if "tiny" not in load_card(slug).models:
        cache_small_model(cache)
    shutil.copytree(paths.projects() / slug, root / "projects" / slug)
    shutil.copytree(paths.shared_recipes(), root / "shared_recipes")

    def run(*words: str) -> str:
        environment = {"GRETCHEN_ROOT": str(root), "GRETCHEN_SMOKE": "1", "XDG_CACHE_HOME": str(cache)}
        # test_tracking.py looks at what is logged.
        code, output = warm.run([*words, f"--project={slug}"], environment | {"WANDB_MODE": "disabled"})
        assert code == 0, output[-4000:]
        return output

    return root, run


def test_the_whole_chain_runs_in_smoke(slug, copy):
    """As one command, which loads the libraries once; test_train.py and test_eval.py have the commands one by one."""
    root, run = copy
    printed = run("pipeline", "--stages=sft")
    assert "built the data" in printed
    (record,) = root.glob("runs/*/*/*/run.json")
    assert json.loads(record.read_text(encoding="utf-8"))["status"] == "finished"
    assert not (record.parents[1] / "latest").exists(), "a smoke run never becomes latest"
    assert "base, few-shot" in printed
    assert f"next: make eval PROJECT={slug}" in printed
