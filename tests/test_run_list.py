"""`make runs`, and what eval and later stages say of runs that were trained with changed values."""

import json

import pytest
from run_records import write_run

from gretchen import cli
from gretchen.errors import UserError
from gretchen.files import write_json, write_jsonl
from gretchen.models.locate import weights_hash
from gretchen.projects.card import load_card
from gretchen.recipes.resolve import Request, resolve
from gretchen.runs.locks import writer_lock
from gretchen.runs.store import earlier_runs, require_newest
from gretchen.scoring.evaluation import Estimate, ModelEvaluation, PromptedSettings, SetResult
from gretchen.scoring.request import EvaluationRequest
from gretchen.scoring.run_list import listed_runs
from gretchen.scoring.systems import select
from gretchen.training.start import resolve_start

SLUG = "genome-chatbot"
PLAIN, CHANGED, KILLED = "20260101-000000-aaaa", "20260102-000000-aaaa", "20260103-000000-aaaa"


@pytest.fixture
def runs_dir(copied):
    """Return runs/<project>/ with three runs of SFT: of its own values, with changed ones, and one that was killed."""
    base = copied / "projects" / SLUG / "base"
    write_json(base / "config.json", {})
    (base / "model.safetensors").write_bytes(b"weights")
    source = {"model": f"projects/{SLUG}/base", "weights": weights_hash(f"projects/{SLUG}/base")}
    runs = copied / "runs" / SLUG
    write_run(runs / "sft.zephyr" / PLAIN, base=source)
    write_run(runs / "sft.zephyr" / CHANGED, base=source, set="learning_rate=1e-3 seed=7")
    write_run(runs / "sft.zephyr" / KILLED, base=source, status="running")
    for name in (PLAIN, CHANGED):
        adapter = runs / "sft.zephyr" / name / "adapter"
        adapter.mkdir()
        (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    return runs


def write_evaluation(runs, run, value):
    """Write the evaluation of a run, with one estimate of the main metric."""
    estimate = Estimate(value=value, low=0.0, high=1.0, count=10, method="wilson")
    settings = dict(max_new_tokens=8, stop=(), samples=1, temperature=0.0, seed=1, prompting="plain")
    main = load_card(SLUG).evaluation.main
    scores = SetResult(scores={main: estimate}, forms={}, closed={}, against_base=None, ended=1.0)
    record = ModelEvaluation(
        project=SLUG,
        profile="tiny",
        system="sft.zephyr",
        model="m",
        run=f"runs/{SLUG}/sft.zephyr/{run}",
        weights="w",
        template="t",
        settings=PromptedSettings(**settings),
        data="d",
        rows="r",
        num_rows=10,
        device="cpu",
        dtype="float32",
        versions={},
        seconds=1.0,
        date="2026-01-01",
        sets={"test": scores},
    )
    write_json(runs / "evaluations" / "key" / "evaluation.json", record.to_json())


def test_make_runs_lists_changes_losses_metric_and_state(runs_dir, capsys):
    rows = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}, {"step": 2, "eval_loss": 1.75}]
    write_jsonl(runs_dir / "sft.zephyr" / CHANGED / "metrics.jsonl", rows)
    write_evaluation(runs_dir, CHANGED, 0.625)
    assert cli.run(["runs", f"--project={SLUG}"]) == 0
    header, plain, changed, killed, *_ = capsys.readouterr().out.splitlines()
    main = load_card(SLUG).evaluation.main
    assert header.split() == ["run", "recipe", "profile", "loss", "validation", main, "state", "changed", "values"]
    assert plain.split() == [PLAIN, "*", "sft.zephyr", "tiny", "–", "–", "–", "finished", "–"]
    values = ["1.500", "1.750", "0.625", "finished", "learning_rate=1e-3", "seed=7"]
    assert changed.split() == [CHANGED, "sft.zephyr", "tiny", *values]
    assert killed.split()[:1] + killed.split()[-2:] == [KILLED, "killed", "–"]
    with writer_lock(runs_dir / "sft.zephyr", "a run"):
        assert [run.state for run in listed_runs(SLUG)] == ["finished", "finished", "running"]
    assert cli.run(["runs", f"--project={SLUG}", "--recipe=sft", "--json"]) == 0
    assert [run["is_newest"] for run in json.loads(capsys.readouterr().out)] == [True, False, False]


def test_damaged_files_of_a_run_are_no_trace(runs_dir, capsys):
    recipe_dir = runs_dir / "sft.zephyr"
    (recipe_dir / PLAIN / "metrics.jsonl").write_text('{"loss": 1.0}\n{"lo\n', encoding="utf-8")
    (recipe_dir / CHANGED / "run.json").unlink()
    (recipe_dir / CHANGED / "run.json").mkdir()
    assert [(run.id, run.loss) for run in listed_runs(SLUG)] == [(PLAIN, None), (KILLED, None)]
    assert f"{CHANGED}/run.json cannot be read: Is a directory" in capsys.readouterr().err


def test_make_runs_without_a_run_names_the_command(copied, capsys):
    assert cli.run(["runs", f"--project={SLUG}"]) == 0
    assert capsys.readouterr().out == f"{SLUG} has no run yet: make train PROJECT={SLUG}\n"


def test_eval_lists_runs_with_changed_values(runs_dir):
    selection = select(EvaluationRequest(SLUG, "tiny"), f"projects/{SLUG}/base", "d" * 16)
    assert [system.run_id for system in selection.runs] == [PLAIN]
    assert selection.left_out == [
        f"left out: sft.zephyr {CHANGED}, trained with learning_rate=1e-3 seed=7",
        f'to compare it too: make eval PROJECT={SLUG} RUNS="{PLAIN} {CHANGED}"',
    ]
    validation = select(EvaluationRequest(SLUG, "tiny", split="validation"), f"projects/{SLUG}/base", "d" * 16)
    command = f'make eval PROJECT={SLUG} SPLIT=validation RUNS="{PLAIN} {CHANGED}"'
    assert validation.left_out[-1] == f"to compare it too: {command}"
    other_data = select(EvaluationRequest(SLUG, "tiny"), f"projects/{SLUG}/base", "e" * 16)
    assert len(other_data.left_out) == 1, "what cannot be compared is no command"


def test_a_later_stage_names_the_runs_with_changed_values(runs_dir):
    write_run(runs_dir / "sft.zephyr" / PLAIN, status="failed")
    resolved = resolve(Request(SLUG, "dpo.zephyr", "tiny"), earlier_runs(SLUG, "tiny"))
    with pytest.raises(UserError) as raised:
        resolve_start(SLUG, resolved)
    assert raised.value.problem == (
        "dpo.zephyr starts from sft.zephyr, which has no finished run with its own values under PROFILE=tiny, "
        f"only with changed ones: {CHANGED} (learning_rate=1e-3 seed=7)"
    )
    train = f"make train PROJECT={SLUG} RECIPE=sft.zephyr"
    assert raised.value.hint == f"RUN={CHANGED} takes that one; `{train}` trains the recipe as it is"
    write_run(runs_dir / "sft.zephyr" / CHANGED, status="failed")
    with pytest.raises(UserError) as raised:
        require_newest(SLUG, "sft.zephyr", "tiny")
    assert str(raised.value) == f"error: sft.zephyr of {SLUG} has no finished run under PROFILE=tiny\nhint: {train}"
