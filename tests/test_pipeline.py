"""`make pipeline`: possible chains, what is not trained again, one process for all stages, and (slow) resuming."""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from network_guard import SITE, attempts, guard
from run_records import write_run

from gretchen import paths
from gretchen.errors import UserError
from gretchen.files import write_text
from gretchen.hardware import machine
from gretchen.runs.record import Run, read_record
from gretchen.runs.store import newest_run
from gretchen.training.chain import is_same, link_stages, named_recipes
from gretchen.training.job import Job
from gretchen.training.resume import find_unfinished
from gretchen.training.start import Start

SLUG = "genome-chatbot"


def chain(stages, set_=""):
    return link_stages([Job(SLUG, name, "tiny", set_, machine()) for name in named_recipes(SLUG, stages)])


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ("", "STAGES names no stage"),
        ("sft stf", "unknown recipe 'stf'"),
        ("sft dpo sft.zephyr", "STAGES names sft.zephyr twice"),
        ("sft reward dpo", "dpo.zephyr cannot start from reward.zephyr: a reward model writes no answers"),
        ("sft ppo", "ppo.zephyr uses a model of reward, which is not in the chain before it"),
        ("distill", "distill.zephyr uses a model of sft, which is not in the chain before it"),
    ],
)
def test_an_impossible_chain_is_one_sentence(stages, problem):
    with pytest.raises(UserError) as raised:
        chain(stages)
    assert raised.value.problem == problem
    assert raised.value.hint


@pytest.mark.parametrize(
    ("set_", "problem"),
    [
        ("beta=3", "SET: unknown key 'beta'"),
        ("model_name_or_path=a/b", "sft.zephyr names a model of its own, a/b: in a chain"),
    ],
)
def test_a_key_unknown_to_one_stage_is_refused_before_training(set_, problem):
    with pytest.raises(UserError) as raised:
        chain("sft dpo", set_)
    assert raised.value.problem.startswith(problem)


@pytest.mark.parametrize(
    ("stages", "parents", "uses", "default"),
    [
        ("sft dpo", [None, 0], [{}, {}], [True, True]),
        ("pretrain sft dpo", [None, 0, 1], [{}, {}, {}], [True, False, False]),
        ("dpo", [None], [{}], [False]),
        ("sft-dora dpo", [None, 0], [{}, {}], [True, False]),
        ("sft dpo kto", [None, 0, 1], [{}, {}, {}], [True, True, False]),
        ("sft reward ppo", [None, 0, 0], [{}, {}, {"reward": 1}], [True, True, True]),
        ("sft distill", [None, None], [{}, {"sft": 0}], [True, True]),
        ("sft.axolotl dpo.zephyr", [None, 0], [{}, {}], [True, False]),
    ],
)
def test_a_stage_starts_from_the_one_before_unless_it_uses_that_beside(stages, parents, uses, default):
    linked = chain(stages)
    assert [stage.parent for stage in linked] == parents
    assert [stage.uses for stage in linked] == uses
    assert [stage.is_default for stage in linked] == default


def test_a_run_of_a_chain_is_not_the_newest_of_its_recipe(tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    recipe_dir = tmp_path / "runs" / "p" / "sft.zephyr"
    write_run(recipe_dir / "20260101-000000-aaaa")
    write_run(recipe_dir / "20260102-000000-aaaa", status="stopped")
    for name, status in (("20260103-000000-aaaa", "finished"), ("20260104-000000-aaaa", "stopped")):
        write_run(recipe_dir / name, status=status, chain=("pretrain.zephyr", "sft.zephyr"))
    assert newest_run("p", "sft.zephyr", "tiny").name == "20260101-000000-aaaa"
    assert find_unfinished("p", "sft.zephyr", "tiny").name == "20260102-000000-aaaa"
    with pytest.raises(UserError) as raised:
        find_unfinished("p", "sft.zephyr", "tiny", "20260104-000000-aaaa")
    assert 'STAGES="pretrain.zephyr sft.zephyr"' in raised.value.hint


# Run by every Python that starts, beside the network's guard.
COUNTER = "import os\nwith open(os.environ['STARTED'], 'a') as file:\n    file.write(f'{os.getpid()}\\n')\n"


class Chain:
    """Chains in a root of its own, as smoke tests; one thread, so that a busy machine does not make them wait.

    No other machine can be reached, and what tried to is recorded.
    """

    def __init__(self, root: Path, environment) -> None:
        self.root, self.started = root, root / "started"
        guarded = guard(root)
        write_text(root / "site" / "sitecustomize.py", SITE + COUNTER)
        variables = {"GRETCHEN_ROOT": str(root), "GRETCHEN_SMOKE": "1", "OMP_NUM_THREADS": "1"}
        self.environment = environment(**variables, **guarded, STARTED=str(self.started))

    def start(self, stages: str, *words: str) -> subprocess.Popen:
        self.started.unlink(missing_ok=True)
        command = [sys.executable, "-m", "gretchen", "pipeline", f"--project={SLUG}", f"--stages={stages}", *words]
        options = {"cwd": self.root, "env": self.environment, "text": True}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def run(self, stages: str, *words: str) -> str:
        process = self.start(stages, *words)
        output, _ = process.communicate(timeout=1800)
        assert process.returncode == 0, output[-4000:]
        return output

    def runs(self, recipe: str) -> list[Path]:
        return sorted((self.root / "runs" / SLUG / recipe).glob("*-*"))


def table(output: str) -> list[str]:
    """Return the lines of the last table."""
    lines = output.splitlines()
    start = max(number for number, line in enumerate(lines) if line.startswith(f"{SLUG}, profile tiny"))
    return [line for line in lines[start:] if not line.startswith("next:")]


def models(output: str) -> list[str]:
    """Return the models of the last table, in its order; those of what was forgotten stand in a table of their own."""
    lines = itertools.takewhile(lambda line: not line.startswith("what was forgotten"), table(output))
    return [re.split(r"\s{2,}", line.strip())[0] for line in lines if line.startswith("  ")][1:]


@pytest.fixture(scope="module")
def smoke(flagship, environment):
    """Return the chains' root and what `sft dpo` printed there."""
    chains = Chain(flagship, environment)
    return chains, chains.run("sft dpo"), chains.started.read_text().splitlines()


def test_a_chain_is_one_python_and_ends_in_one_table(smoke):
    chains, output, started = smoke
    assert models(output) == ["base", "base, few-shot", "base, as document", "sft.zephyr", "dpo.zephyr"]
    assert len(started) == 2, "the libraries are loaded once: the other Python builds rows for both stages"
    assert len(re.findall(r"^(?:sft|dpo).zephyr: exact 0\.\d+ \[.*\] on \d+ test rows", output, re.MULTILINE)) == 2
    (sft,), (dpo,) = chains.runs("sft.zephyr"), chains.runs("dpo.zephyr")
    first, second = read_record(sft), read_record(dpo)
    assert (first.status, first.parent, first.chain) == ("finished", None, ())
    assert (second.status, second.chain) == ("finished", ())
    assert second.parent.run == f"runs/{SLUG}/sft.zephyr/{sft.name}"
    assert (sft / "model").is_dir()
    assert f'next: make eval PROJECT={SLUG} RUNS="{sft.name} {dpo.name}"' in output


def test_a_chain_of_training_merge_and_evaluation_looks_nothing_up(smoke):
    chains, _, _ = smoke
    assert attempts(chains.root) == ""


def test_what_is_unchanged_is_not_trained_again(smoke):
    chains, output, _ = smoke
    again = chains.run("sft dpo")
    assert again.count("exists already: same recipe, data and start") == 2
    assert not re.search(r"^(training|resuming|merging) ", again, re.MULTILINE)
    assert table(again) == table(output)
    assert (len(chains.runs("sft.zephyr")), len(chains.runs("dpo.zephyr"))) == (1, 1)


def test_content_decides_what_is_the_same(smoke, monkeypatch):
    chains, _, _ = smoke
    monkeypatch.setenv("GRETCHEN_ROOT", str(chains.root))
    monkeypatch.setenv("GRETCHEN_SMOKE", "1")
    sft, dpo = (Run(path, read_record(path)) for recipe in ("sft", "dpo") for path in chains.runs(f"{recipe}.zephyr"))
    job, start = Job(SLUG, "dpo.zephyr", "tiny", "", machine()), Start.of(dpo.record)
    elsewhere = Start(start.model.replace(sft.name, "elsewhere"), start.weights, paths.root() / "runs/p/r/elsewhere")
    assert is_same(dpo, job, start)
    assert is_same(dpo, job, elsewhere), "the same weights in another folder"
    assert not is_same(dpo, job, Start(start.model, "0" * 16, start.parent))
    assert not is_same(dpo, Job(SLUG, "dpo.zephyr", "tiny", "seed=7", machine()), start)
    assert is_same(dpo, Job(SLUG, "dpo.zephyr", "tiny", "seed=42", machine()), start), "a value that it has anyhow"
    assert not is_same(sft, job, start)
    recipe = chains.root / "projects" / SLUG / "recipes" / "dpo.zephyr.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("beta: 0.5", "beta: 0.2"), encoding="utf-8")
    try:
        assert not is_same(dpo, job, start)
        assert is_same(sft, Job(SLUG, "sft.zephyr", "tiny", "", machine()), Start.of(sft.record))
    finally:
        recipe.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_chain_from_a_pretrained_model_and_a_reward_model_in_the_table(smoke):
    chains, _, _ = smoke
    output = chains.run("pretrain sft reward", "--limit=4")
    assert models(output) == ["base", "base, few-shot", "pretrain.zephyr", "sft.zephyr", "reward.zephyr"]
    assert re.search(r"^reward.zephyr: preference accuracy [01]\.\d+ \[.*\] on 4 held-out pairs$", output, re.MULTILINE)
    (pretrain,), sft = chains.runs("pretrain.zephyr"), chains.runs("sft.zephyr")[-1]
    assert read_record(sft).parent.run == f"runs/{SLUG}/pretrain.zephyr/{pretrain.name}"
    assert read_record(sft).chain == ("pretrain.zephyr", "sft.zephyr")


@pytest.mark.slow
def test_killed_at_three_random_moments_it_goes_on_to_the_same_weights_and_table(smoke, environment, tmp_path):
    chains, whole, _ = smoke
    subprocess.run(["cp", "-r", chains.root / "projects", chains.root / "shared_recipes", tmp_path], check=True)
    fresh, draw = Chain(tmp_path, environment), random.Random(0)
    # After the first of these words comes a random moment: in a training, a merge, an evaluation.
    for word in ("run: runs/", "merging", "[2/2]"):
        process = fresh.start("sft dpo")
        assert any(word in line for line in process.stdout)
        time.sleep(draw.random() * 8)
        os.kill(process.pid, signal.SIGKILL)  # the children end with it
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
    assert table(fresh.run("sft dpo")) == table(whole)
    for recipe in ("sft.zephyr", "dpo.zephyr"):
        (run,), first = fresh.runs(recipe), chains.runs(recipe)[0]
        record, reference = read_record(run), read_record(first)
        assert (record.status, record.weights) == ("finished", reference.weights), recipe
