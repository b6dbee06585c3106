"""What was forgotten: general questions to chat models, documents to an embedded base; `gretchen eval` end to end."""

import contextlib
import io
import json
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from random_models import write_adapter, write_base, write_silent
from run_records import write_run

from gretchen import cli, paths
from gretchen.models.locate import weights_hash
from gretchen.projects.build import build, data_hash
from gretchen.scoring.fixed_questions import general_knowledge
from gretchen.scoring.forgetting import knowledge_questions
from gretchen.scoring.legend import FORGOTTEN
from gretchen.scoring.plan import plan_evaluation
from gretchen.scoring.request import EvaluationRequest
from gretchen.scoring.results import read_results
from gretchen.scoring.run_list import main_scores
from gretchen.scoring.side_by_side import newest_answers
from gretchen.scoring.statistics import mcnemar
from gretchen.scoring.systems import Selection, System

FIXTURES = Path(__file__).parent / "fixtures" / "projects"
SFT, DPO = "20260101-000001-aaaa", "20260101-000002-aaaa"
LIMIT = 6
# Documents instead of held-out ones: the phrases, but not the nouns.
AS_DOCUMENT = """

def as_document(row):
    question = row["messages"][0]["content"]
    return question.removeprefix("Translate: ") + " =" if question.startswith("Translate: ") else None
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory, root):
    """Return a root with a project, its random base as embedded base and as chat model, and two runs on each."""
    copy = tmp_path_factory.mktemp("forgetting")
    shutil.copytree(FIXTURES / "phrasebook", copy / "projects" / "phrasebook")
    shutil.copytree(root / "shared_recipes" / "tiny", copy / "shared_recipes" / "tiny")
    shutil.copy(root / "shared_recipes" / "general_knowledge.yaml", copy / "shared_recipes")
    card = copy / "projects" / "phrasebook" / "project.yaml"
    card.write_text(card.read_text("utf-8").replace("laptop: a/b", "laptop: models/chat"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(copy))
        patch.setenv("WANDB_MODE", "disabled")
        patch.chdir(copy)
        write_base(copy / "models" / "chat")
        shutil.copytree(copy / "models" / "chat", copy / "projects" / "phrasebook" / "base")
        build("phrasebook", "tiny")
        for profile, model in (("tiny", "projects/phrasebook/base"), ("laptop", "models/chat")):
            write_runs(profile, model)
        yield copy


def write_runs(profile, model):
    """Write an SFT run with an adapter, and a DPO run from it that is silent."""
    base = {"model": model, "weights": weights_hash(model)}
    own = {"profile": profile, "data": data_hash("phrasebook"), "base": base}
    runs, suffix = paths.runs("phrasebook"), profile[0] * 4
    sft = write_run(runs / "sft.zephyr" / SFT.replace("aaaa", suffix), **own)
    write_adapter(paths.root() / model, sft / "adapter")
    shutil.copytree(paths.root() / model, sft / "model")
    parent = {"run": paths.shown(sft), "weights": weights_hash(sft / "model")}
    dpo = write_run(runs / "dpo.zephyr" / DPO.replace("aaaa", suffix), parent=parent, **own)
    write_silent(paths.root() / model, dpo / "model")


def run_eval(*words):
    """Return stdout and stderr of `gretchen eval`, which must succeed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(["eval", "--project=phrasebook", f"--limit={LIMIT}", *words])
    assert code == 0, err.getvalue()
    return out.getvalue(), err.getvalue()


def predictions_of(model):
    """Return the file of a model's answers, and its lines as JSON."""
    file = paths.runs("phrasebook") / "evaluations" / model["evaluation"] / "predictions.jsonl"
    return file, [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]


@pytest.fixture(scope="module")
def laptop(root):
    """Return the evaluation of the chat model as JSON."""
    return json.loads(run_eval("--profile=laptop", "--json")[0])


def test_a_chat_model_is_asked_all_general_questions_whatever_the_limit(laptop):
    forgetting = laptop["forgetting"]
    assert (forgetting["probe"], forgetting["metric"]) == ("general-knowledge", "right")
    assert forgetting["num_questions"] == 120
    assert [model["name"] for model in forgetting["models"]] == ["base", "sft.zephyr", "dpo.zephyr"]
    ids = [question.id for question in general_knowledge()]
    for model in forgetting["models"]:
        file, answers = predictions_of(model)
        assert [answer["id"] for answer in answers] == ids
        record = json.loads((file.parent / "evaluation.json").read_text("utf-8"))
        assert record["questions"] == "general-knowledge"
        settings = record["settings"]
        assert (settings["max_new_tokens"], settings["temperature"], settings["prompting"]) == (24, 0.0, "plain")
        assert model["score"]["count"] == 120
    assert forgetting["models"][0]["against_base"] is forgetting["models"][0]["fixed"] is None


def test_general_questions_are_not_taken_for_the_projects_rows(laptop):
    stored = {model.record.system for model in newest_answers("phrasebook", "laptop")}
    assert stored == {"base", "sft.zephyr", "dpo.zephyr"}
    scores = {run.rpartition("/")[2]: score for run, score in main_scores("phrasebook").items()}
    models = {model["run"]: model["sets"]["test"]["scores"]["chrf"]["value"] for model in laptop["models"]}
    assert scores.items() <= models.items() and len(scores) == 2


def test_fixed_broken_and_mcnemar_are_those_of_the_answers(laptop, root):
    """Give the base 60 right answers, SFT 50 of these and 3 others, DPO none: 10 broken, 3 fixed."""
    questions = general_knowledge()
    right = {"base": range(60), "sft.zephyr": [*range(50), 60, 61, 62], "dpo.zephyr": []}
    originals = {}
    for model in laptop["forgetting"]["models"]:
        file, answers = predictions_of(model)
        originals[file] = file.read_bytes()
        # An answer that the limit cut counts by what it holds.
        lines = [
            answer | {"prediction": f"It is {question.answers[0]}, or" if place in right[model["name"]] else "x"}
            for place, (answer, question) in enumerate(zip(answers, questions, strict=True))
        ]
        lines = [line | {"ended": False} for line in lines]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    try:
        out, err = run_eval("--profile=laptop")
        evaluation = json.loads(run_eval("--profile=laptop", "--json")[0])
        run_eval("--profile=laptop", "--record")
    finally:
        for file, content in originals.items():
            file.write_bytes(content)
    assert "/120 answers" not in err, "no model is asked again"
    base, sft, dpo = evaluation["forgetting"]["models"]
    assert base["score"]["value"] == 0.5 and base["score"]["method"] == "wilson"
    assert base["score"]["low"] < 0.5 < base["score"]["high"]
    assert (sft["fixed"], sft["broken"]) == (3, 10)
    assert sft["against_base"]["p_value"] == pytest.approx(mcnemar(3, 10)) == pytest.approx(0.0923, abs=1e-4)
    assert sft["against_base"]["test"] == "mcnemar"
    assert (sft["against_parent"], dpo["fixed"], dpo["broken"]) == (None, 0, 60)
    assert dpo["against_parent"]["difference"] == pytest.approx(-53 / 120)
    lines = out.splitlines()
    start = lines.index(
        "what was forgotten: 120 short questions of general knowledge (shared_recipes/general_knowledge.yaml)"
    )
    assert [line.split() for line in lines[start + 1 : start + 3]] == [
        ["model", "n", "right", "[95", "%]", "fixed", "broken", "against", "base", "against", "parent"],
        ["base", "120", "0.500", *lines[start + 2].split()[3:5], "–", "–", "–", "–"],
    ]
    assert "  3      10  −0.058, p = 0.092" in lines[start + 3]
    assert f"  {FORGOTTEN}" in lines
    assert any("McNemar's exact test" in line for line in lines)
    (recorded,) = read_results("phrasebook").evaluations
    assert recorded.to_json()["forgetting"] == evaluation["forgetting"]


def test_a_second_evaluation_asks_no_model(laptop):
    files = list(paths.runs("phrasebook").glob("evaluations/*/predictions.jsonl"))
    before = {file: file.stat().st_mtime_ns for file in files}
    out, err = run_eval("--profile=laptop", "--json")
    assert not re.search(r"/\d+ answers", err)
    assert json.loads(out)["forgetting"] == laptop["forgetting"]
    # The questions are the same ones for the other split, and for one run alone.
    out, err = run_eval("--profile=laptop", "--split=validation", f"--runs={SFT.replace('aaaa', 'llll')}", "--json")
    assert "general questions" not in err
    assert json.loads(out)["forgetting"]["models"] == laptop["forgetting"]["models"][:2]
    assert {file: file.stat().st_mtime_ns for file in files} == before


def test_a_smoke_test_asks_a_few_evenly_over_fields(root, monkeypatch):
    selection = Selection(System("base", "base", "models/chat", "w"), [], [])
    plan = plan_evaluation(EvaluationRequest("phrasebook", "laptop"), selection)
    assert len(knowledge_questions(plan).rows) == 120
    monkeypatch.setenv("GRETCHEN_SMOKE", "1")
    fields = Counter(row["form"] for row in knowledge_questions(plan).rows)
    assert (fields.total(), len(fields), max(fields.values())) == (12, 8, 2)


def test_an_embedded_base_and_its_runs_continue_held_out_documents(root):
    evaluation = json.loads(run_eval("--json")[0])
    forgetting = evaluation["forgetting"]
    assert (forgetting["probe"], forgetting["metric"]) == ("documents", "exact_match")
    base, sft, dpo = forgetting["models"]
    assert base["score"] == evaluation["documents"]["scores"]["exact_match"]
    ids = [[answer["id"] for answer in predictions_of(model)[1]] for model in (base, sft, dpo)]
    assert len(ids[0]) == LIMIT and ids[0] == ids[1] == ids[2]
    assert predictions_of(sft)[1] != predictions_of(base)[1]
    assert {answer["prediction"] for answer in predictions_of(dpo)[1]} == {""}


def test_an_embedded_base_and_its_runs_are_asked_the_test_rows_as_documents(root):
    builder = root / "projects" / "phrasebook" / "dataset.py"
    original = builder.read_text("utf-8")
    builder.write_text(original + AS_DOCUMENT, encoding="utf-8")
    for loaded in [name for name in sys.modules if name.startswith("gretchen_project_phrasebook")]:
        del sys.modules[loaded]
    try:
        build("phrasebook", "tiny")
        shutil.rmtree(paths.runs("phrasebook") / "sft.zephyr")
        shutil.rmtree(paths.runs("phrasebook") / "dpo.zephyr")
        write_runs("tiny", "projects/phrasebook/base")
        evaluation = json.loads(run_eval("--json")[0])
    finally:
        builder.write_text(original, encoding="utf-8")
    (as_document,) = [model for model in evaluation["models"] if model["kind"] == "as-document"]
    forgetting = evaluation["forgetting"]
    assert (forgetting["probe"], forgetting["metric"]) == ("as-document", "chrf")
    base, sft, dpo = forgetting["models"]
    assert base["score"] == as_document["sets"]["test"]["scores"]["chrf"], "the base is not asked twice"
    assert base["evaluation"] == as_document["evaluation"]
    assert sft["score"]["count"] == forgetting["num_questions"] > 0
    assert {answer["id"].split("-")[0] for answer in predictions_of(sft)[1]} == {"phrase"}
    assert sft["fixed"] is sft["broken"] is None, "a measure of the corpus has no value for each row"
    assert dpo["score"]["value"] == 0
    assert dpo["against_base"]["test"] == "bootstrap"
