"""The JSON Schemas of run.json, evaluation.json, results.json and data-card.json, against real files."""

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from run_records import write_run

from gretchen.checks.file_schemas import FILES, MODELS, file_schema
from gretchen.projects.build import build
from gretchen.scoring.evaluation import ModelEvaluation, PromptedSettings
from gretchen.scoring.results import Results

ROOT = Path(__file__).resolve().parents[1]
RESULTS = sorted(ROOT.glob("projects/*/results.json"))


def problems(name, values):
    """Return where a file's values do not fit the schema on disk."""
    schema = json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    return sorted(error.json_path for error in validator.iter_errors(values))


@pytest.mark.parametrize("name", MODELS)
def test_the_schema_on_disk_is_the_models(name):
    schema = json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))
    assert schema == file_schema(name), "run `python -m gretchen.checks.file_schemas`"


def test_there_is_no_other_schema():
    assert {file.stem for file in FILES.glob("*.json")} == set(MODELS)


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.parent.name)
def test_recorded_results_are_valid(file):
    values = json.loads(file.read_text(encoding="utf-8"))
    assert problems("results", values) == []
    values["evaluations"][0]["models"][0]["kind"] = "prompted"
    del values["evaluations"][0]["profile"]
    assert problems("results", values) == ["$.evaluations[0]", "$.evaluations[0].models[0].kind"]


def test_the_walk_finds_recorded_results():
    assert ROOT / "projects" / "genome-chatbot" / "results.json" in RESULTS


def test_a_run_record_is_valid(tmp_path):
    run_dir = write_run(tmp_path / "runs/p/sft.zephyr/20260101-000000-aaaa", tokens=1000.0)
    values = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    assert problems("run", values) == []
    assert problems("run", values | {"status": "done", "extra": 1}) == ["$", "$.status"]


def test_a_models_evaluation_is_valid():
    results = Results.model_validate_json((ROOT / "projects/genome-chatbot/results.json").read_bytes())
    evaluation = results.evaluations[0]
    settings = PromptedSettings(**dict(evaluation.settings), prompting="few-shot")
    record = ModelEvaluation(
        project=evaluation.project,
        profile=evaluation.profile,
        system="base, few-shot",
        model=evaluation.base.model,
        run=None,
        weights=evaluation.base.weights,
        template=evaluation.template,
        settings=settings,
        data=evaluation.data,
        rows="0" * 16,
        num_rows=600,
        device="cpu",
        dtype="float32",
        versions={"python": "3.11"},
        seconds=1.5,
        date=evaluation.date,
        sets=evaluation.models[3].sets,
    )
    values = record.to_json()
    assert problems("evaluation", values) == []
    assert problems("evaluation", values | {"num_rows": -1}) == ["$.num_rows"]


def test_a_data_card_is_valid(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "tests" / "fixtures" / "projects" / "expressions", tmp_path / "projects" / "expressions")
    shutil.copytree(ROOT / "shared_recipes" / "tiny", tmp_path / "shared_recipes" / "tiny")
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    build("expressions", "tiny")
    values = json.loads((tmp_path / "build" / "expressions" / "data-card.json").read_text(encoding="utf-8"))
    assert problems("data-card", values) == []
    assert problems("data-card", values | {"rows": "all"}) == ["$.rows"]
