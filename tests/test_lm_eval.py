"""`make lm-eval`: the harness's own code on exported rows, on a local data set, and on bad input."""

import json
import re
import shutil
from pathlib import Path

import pytest
from made_project import MadeProject

from gretchen.commands.lm_eval import lm_eval
from gretchen.errors import GretchenError, UserError
from gretchen.exporting.lm_eval_run import harness_tasks, run_tasks
from gretchen.exporting.lm_eval_task import export_tasks, is_single_turn, tasks_dir
from gretchen.models.generate import Model, load, render
from gretchen.projects.build import build
from gretchen.projects.card import load_card
from gretchen.scoring.evaluator import load_evaluator
from gretchen.scoring.scored import Answer
from gretchen.scoring.testset import conversation, load_set

PROJECT, ROWS = "genome-chatbot", 240
WITH_SYSTEM_MESSAGES = "financial-extraction"
README = """---
configs:
- config_name: ARC-Easy
  data_files:
  - {split: train, path: test.jsonl}
  - {split: validation, path: test.jsonl}
  - {split: test, path: test.jsonl}
---
"""


@pytest.fixture(scope="module")
def model(few_rows) -> Model:
    """Return the flagship's base."""
    return load(f"projects/{PROJECT}/base")


def prepared(model, answers):
    """Return a language model of the harness that gives prepared answers by row id, and notes its prompts."""
    from lm_eval.models.huggingface import HFLM

    class Prepared(HFLM):
        def generate_until(self, requests, disable_tqdm=False):
            self.prompts = {json.loads(request.doc["row"])["id"]: request.args[0] for request in requests}
            return [answers[json.loads(request.doc["row"])["id"]] for request in requests]

    return Prepared(pretrained=model.model, tokenizer=model.tokenizer, enable_thinking=False)


def evaluated(network, project):
    """Return the harness's results on a project's exported test rows."""
    from lm_eval import simple_evaluate

    manager = harness_tasks([project], tasks_dir(project))
    return simple_evaluate(network, tasks=[project], task_manager=manager, apply_chat_template=True, bootstrap_iters=0)


@pytest.fixture(params=[PROJECT, WITH_SYSTEM_MESSAGES])
def project(few_rows, request, root) -> str:
    """Return a project with few rows built."""
    if request.param != PROJECT:
        folder = few_rows / "projects" / request.param
        shutil.copytree(root / "projects" / request.param, folder, ignore=shutil.ignore_patterns("__pycache__"))
        card = folder / "project.yaml"
        card.write_text(re.sub(r"tiny: \d+", f"tiny: {ROWS}", card.read_text("utf-8")), encoding="utf-8")
        build(request.param, "tiny")
    return request.param


def test_prompts_and_scores_are_those_of_make_eval(model, project):
    (task, *_) = export_tasks(project, None)
    card = load_card(project)
    rows = [row for row in load_set(project, "test") if is_single_turn(row) and row["form"] not in card.closed]
    assert (task.name, task.num_rows) == (project, len(rows))
    assert task.num_left_out == len(load_set(project, "test")) - len(rows)
    assert (task.num_left_out > 0) == bool(card.closed)
    # A third is right, a third is another row's answer, a third is hostile or empty.
    wrong = ["", "x" * 10_000, "\ud83d", "Ungültig: Codon 1"]
    answers = {row["id"]: [row["messages"][-1]["content"], rows[0]["messages"][-1]["content"], wrong[i % 4]][i % 3]
               for i, row in enumerate(rows)}  # fmt: skip
    network = prepared(model, answers)
    results = evaluated(network, project)["results"][project]
    evaluator = load_evaluator(project)
    scored = evaluator.score_answers(rows, [Answer(row["id"], 0, answers[row["id"]], True) for row in rows])
    expected = evaluator.aggregate(scored)
    assert 0.2 < expected[card.evaluation.main] < 0.8
    assert {name: results[f"{name},none"] for name in expected} == expected
    assert network.prompts == {row["id"]: render(model, conversation(row)) for row in rows}


def test_the_base_is_asked_the_exported_rows(model):
    """The whole way, with the base's own answers: it never saw a chat, and none is right."""
    names = [task.name for task in export_tasks(PROJECT, 4)]
    results = run_tasks(model, names, harness_tasks(names, tasks_dir(PROJECT)), chat=True)
    assert set(results["results"]) == set(names)
    assert results["results"][PROJECT]["exact,none"] == 0
    (asked,) = results["samples"][PROJECT][0]["resps"][0]
    assert isinstance(asked, str)


def test_a_task_of_the_harness_takes_its_data_set_from_a_local_folder(model, tmp_path):
    folder = tmp_path / "allenai/ai2_arc"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(README, encoding="utf-8")
    choices = {"text": ["ATG", "the sun"], "label": ["A", "B"]}
    row = {"id": "1", "question": "What starts a protein?", "choices": choices, "answerKey": "A"}
    (folder / "test.jsonl").write_text((json.dumps(row) + "\n") * 3, encoding="utf-8")
    results = run_tasks(model, ["arc_easy"], harness_tasks(["arc_easy"], None), chat=False, source=tmp_path)
    assert results["n-samples"]["arc_easy"]["effective"] == 3
    assert results["results"]["arc_easy"]["acc,none"] in (0, 1)
    assert Path.cwd() != tmp_path


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tasks": "arc_eazy"}, "unknown task 'arc_eazy'"),
        ({"source": Path("nowhere")}, "there is no folder nowhere"),
        ({"tasks": "arc_easy", "runs": "20200101-000000-aaaa"}, "20200101-000000-aaaa"),
    ],
)
def test_bad_input_is_one_sentence(few_rows, given, message):
    nothing = {"tasks": "", "source": None, "runs": "", "limit": None, "profile": "", "as_json": False}
    with pytest.raises(GretchenError) as raised:
        lm_eval(PROJECT, **nothing | given)
    assert message in str(raised.value)


def test_a_data_set_that_is_not_there_is_named(few_rows, gretchen):
    # In a process of its own: other tests close the hub's client.
    root = {"GRETCHEN_ROOT": str(few_rows), "HF_HUB_OFFLINE": "1"}
    done = gretchen("lm-eval", f"--project={PROJECT}", "--tasks=arc_easy", "--limit=1", in_=few_rows, **root)
    assert done.returncode == 1
    assert "the harness could not run arc_easy" in done.stderr
    assert "SOURCE=folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_project_evaluated_in_dialogues_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    made = MadeProject(tmp_path)
    slug = made.write("def chats():\n    yield from []\n")
    evaluation = tmp_path / "projects" / slug / "evaluation.py"
    evaluation.write_text(evaluation.read_text(encoding="utf-8") + "\n\ndef reply(row, turns):\n    return None\n")
    with pytest.raises(UserError, match="lm-evaluation-harness cannot hold"):
        export_tasks(slug, None)
