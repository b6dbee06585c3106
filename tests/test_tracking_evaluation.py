"""An evaluation as a W&B run of its own, offline: its table, summary values and config, and never twice."""

import json
import subprocess
import sys
from pathlib import Path

from hostile_text import FORMULAS, MARKS, TEXTS
from made_project import TEST, TRAIN, chats
from recorded_results import tiny_evaluation
from stored_results import store_result
from wandb_files import read_wandb_file
from wandb_recorder import EVALUATION, KEY

from gretchen import paths
from gretchen.files import write_json, write_text
from gretchen.projects.build import build

ROOT = Path(__file__).resolve().parents[1]
SLUG = "genome-chatbot"


def test_an_evaluation_is_a_run_of_its_own_and_logged_once(tmp_path, environment):
    evaluation = tiny_evaluation().to_json()
    later = evaluation | {"date": "2030-01-01T00:00:00+00:00", "git": "another"}
    for name, values in (("recorded", evaluation), ("later", later)):
        write_json(tmp_path / f"{name}.json", {"schema_version": 1, "evaluations": [values]})
    variables = environment(GRETCHEN_ROOT=str(tmp_path), WANDB_API_KEY=KEY, HOME=str(tmp_path))
    command = [sys.executable, "-c", EVALUATION, *(str(tmp_path / f"{name}.json") for name in ("recorded", "later"))]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "None"]
    folder = tmp_path / "runs" / SLUG / "evaluations" / "wandb"
    (file,) = folder.glob("offline-run-*/run-*.wandb")
    run, config, history, summary = read_wandb_file(file)
    assert (run.project, run.run_group, run.job_type) == (SLUG, SLUG, "eval")
    assert (config["data"], config["template"]) == (evaluation["data"], evaluation["template"])
    models = {model["name"]: model for model in evaluation["models"]}
    assert {name: model["weights"] for name, model in config["models"].items()} == {
        name: model.get("weights") for name, model in models.items()
    }
    (table,) = [row["evaluation/path"] for row in history if "evaluation/path" in row]
    logged = json.loads((file.parent / "files" / table).read_text())
    assert logged["columns"] == ["model", "set", "metric", "value", "low", "high", "count", "p"]
    figures = []
    for name, model in models.items():
        for set_, result in model["sets"].items():
            figures += [
                (name, set_, metric, score["value"], score["count"]) for metric, score in result["scores"].items()
            ]
        pairs = model.get("preferences")
        for metric in ("accuracy", "margin") if pairs else ():
            figures.append((name, "preferences", metric, pairs[metric]["value"], pairs["num_pairs"]))
    forgetting = evaluation["forgetting"]
    for model in forgetting["models"]:
        score = model["score"]
        figures.append((model["name"], forgetting["probe"], forgetting["metric"], score["value"], score["count"]))
    assert [(*row[:4], row[6]) for row in logged["data"]] == figures
    assert any(row[1] == "preferences" for row in figures)
    assert len(figures) >= 10
    main, last = evaluation["main_metric"], evaluation["models"][-1]
    assert summary[f"test/{main}/{last['name']}"] == last["sets"]["test"]["scores"][main]["value"]
    p = {(row[0], row[1]): row[7] for row in logged["data"] if row[2] == main}
    assert p[last["name"], "test"] == last["sets"]["test"]["against_base"]["p_value"]
    for file in (tmp_path / "runs").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_other_figures_are_another_evaluation_and_disabled_logs_none(tmp_path, environment):
    evaluation = tiny_evaluation().to_json()
    results = {"schema_version": 1, "evaluations": [evaluation]}
    write_json(tmp_path / "one.json", results)
    evaluation["models"][-1]["sets"]["test"]["scores"][evaluation["main_metric"]]["value"] = 0.123
    write_json(tmp_path / "other.json", results)
    command = [sys.executable, "-c", EVALUATION, str(tmp_path / "one.json"), str(tmp_path / "other.json")]
    folder = tmp_path / "runs" / SLUG / "evaluations" / "wandb"
    for mode, count in (("disabled", 0), ("offline", 2)):
        variables = environment(GRETCHEN_ROOT=str(tmp_path), HOME=str(tmp_path), WANDB_MODE=mode)
        subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, check=True)
        assert len(list(folder.glob("*run-*/run-*.wandb"))) == count


def test_its_predictions_are_a_table_in_which_hostile_answers_are_text(made_project, tmp_path, environment):
    texts = [TEXTS[0], *FORMULAS, *MARKS, f"the key is {KEY}"]
    rows = TEST[: len(texts)]
    made_project("def chats():\n" + chats([*TRAIN[:5], *rows]))
    score = 'def score(prediction, row):\n    return {"exact": float(prediction == "yes")}\n'
    write_text(paths.projects() / "made" / "evaluation.py", score)
    build("made", "tiny")
    hostile = dict(zip(rows, texts, strict=True))
    evaluation = store_result("made", {"base": hostile, "sft.zephyr": dict.fromkeys(rows, "yes")})
    write_json(tmp_path / "one.json", {"schema_version": 1, "evaluations": [evaluation.to_json()]})
    variables = environment(GRETCHEN_ROOT=str(tmp_path), WANDB_API_KEY=KEY, HOME=str(tmp_path))
    command = [sys.executable, "-c", EVALUATION, str(tmp_path / "one.json")]
    subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=True)
    (file,) = (tmp_path / "runs/made/evaluations/wandb").glob("offline-run-*/run-*.wandb")
    _, _, history, _ = read_wandb_file(file)
    (name,) = [row["predictions/path"] for row in history if "predictions/path" in row]
    table = json.loads((file.parent / "files" / name).read_text(encoding="utf-8"))
    models = [column for name in ("base", "sft.zephyr") for column in (name, f"{name}: score", f"{name}: finished")]
    assert table["columns"] == ["id", "set", "form", "language", "question", "reference", *models]
    answers = {row[0]: row for row in table["data"]}
    assert set(answers) == set(rows)
    assert answers[rows[0]][1:] == [
        "test", "ask", "", f"What is {rows[0]} in this row of ours?", "yes", TEXTS[0], 0.0, True, "yes", 1.0, True
    ]  # fmt: skip
    cells = [row[6] for row in table["data"]]
    assert [text for text in cells if text[1:] in FORMULAS] == [f"'{text}" for text in FORMULAS]
    assert "right\\u202eto left" in cells
    assert answers[rows[-1]][6] == "the key is [API key removed]"
