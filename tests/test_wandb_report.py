"""A report as a W&B Report: the spec of the real object, and what the real client sends to a local recorder."""

import json

import pytest
from hostile_text import TEXTS
from made_project import TEST, TRAIN, chats
from stored_results import store_result
from wandb_recorder import KEY, Recorder

from gretchen import paths
from gretchen.projects.build import build as build_data
from gretchen.reporting.files import report_file
from gretchen.reporting.page import render
from gretchen.reporting.report import make_report
from gretchen.reporting.wandb_report import build, own_results, reason
from gretchen.scoring.newest import keep, kept
from gretchen.scoring.table import markdown_table
from gretchen.tracking.secrets import REMOVED, redacted

# wandb-workspaces validates by pydantic's older decorators.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
ROWS = TEST[:6]
SCORE = 'def score(prediction, row):\n    return {"exact": float(prediction == row["messages"][-1]["content"])}\n'
OFFLINE = {"WANDB_MODE": "", "WANDB_API_KEY": "", "NETRC": "/dev/null", "WANDB_CONFIG_DIR": "/nonexistent"}


@pytest.fixture
def project(made_project):
    """A project with the result of a base and an SFT model."""
    made_project("def chats():\n" + chats(TRAIN[:5]) + chats(ROWS))
    (paths.projects() / "made" / "evaluation.py").write_text(SCORE, encoding="utf-8")
    build_data("made", "tiny")
    store_result("made", {"base": dict.fromkeys(ROWS, "no"), "sft.zephyr": dict.fromkeys(ROWS, "yes")})
    return "made"


def spec_of(report):
    """Return the spec of the real Report object, as it is sent."""
    made = build(report, "team", "made", live=False)
    return json.loads(made._to_model().spec.model_dump_json(by_alias=True, exclude_none=True))


def test_the_spec_holds_tables_curves_limits_and_commands(project):
    spec = spec_of(make_report(project))
    texts = [block["content"] for block in spec["blocks"] if block["type"] == "markdown-block"]
    (evaluation,) = kept(project)
    assert any(markdown_table(evaluation) in text for text in texts)
    assert any("### Limits" in text and "make eval PROJECT=made RECORD=1" in text for text in texts)
    (grid,) = (block for block in spec["blocks"] if block["type"] == "panel-grid")
    panels = grid["metadata"]["panelBankSectionConfig"]["panels"]
    curves = [panel["config"]["metrics"] for panel in panels]
    assert curves == [["train/loss"], ["eval/loss"], ["eval/exact"]]


def test_hostile_names_are_text_in_the_spec(project):
    (evaluation,) = kept(project)
    names = [text for text in TEXTS if len(text) < 1000]
    base = evaluation.models[0]
    models = [base, *(base.model_copy(update={"name": name, "kind": "run"}) for name in names)]
    keep(evaluation.model_copy(update={"models": models}))
    text = json.dumps(spec_of(make_report(project)), ensure_ascii=False)
    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text


def test_without_a_login_the_command_says_that_it_does_not_publish(project, monkeypatch, capsys):
    from gretchen.commands.report import report

    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)
    report(project, "")
    assert "W&B: not published: this machine is not logged in to W&B" in capsys.readouterr().out
    assert report_file(project).is_file()
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert reason() == "W&B is offline by its settings"
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    assert reason() == "the W&B server at http://127.0.0.1:9 does not answer"


@pytest.mark.slow
def test_the_real_client_publishes_once_and_then_updates(project, gretchen):
    recorder = Recorder()
    names = {"WANDB_BASE_URL": recorder.address, "WANDB_API_KEY": KEY, "WANDB_MODE": "online", "WANDB_ENTITY": "team"}
    try:
        done = [gretchen("report", "--project=made", GRETCHEN_ROOT=str(paths.root()), **names) for _ in range(2)]
    finally:
        recorder.stop()
    assert [run.returncode for run in done] == [0, 0], done[0].stderr[-2000:]
    (evaluation,) = kept(project)
    assert evaluation.report, (done[0].stdout, recorder.unknown)
    assert f"W&B: {evaluation.report}" in done[1].stdout
    (sent,) = recorder.reports.values()
    assert (sent["entityName"], sent["projectName"], sent["displayName"]) == ("team", "made", "Genome chatbot: report")
    assert "sft.zephyr" in sent["spec"]
    page = report_file(project).read_text(encoding="utf-8")
    assert evaluation.report in page
    assert KEY not in page + done[0].stdout + done[0].stderr


def test_a_fork_does_not_write_into_the_report_of_its_origin(project):
    (evaluation,) = kept(project)
    address = "https://wandb.ai/other/other/reports/x--VmlldzoxMjM="
    keep(evaluation.model_copy(update={"inherited_from": "origin", "report": address}))
    assert own_results(make_report(project)) == []


def test_keys_never_reach_a_page(project, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "my-own-secret-of-this-machine")
    fake = "hf_" + "a" * 34
    assert redacted(f"a {fake} b my-own-secret-of-this-machine") == f"a {REMOVED} b {REMOVED}"
    made = make_report(project)
    recipe = made.parts[0].recipes[0]
    object.__setattr__(recipe, "text", f"token: {fake}\nother: my-own-secret-of-this-machine\n")
    page = render("report.html", "report.js", report=made)
    assert fake not in page
    assert "my-own-secret-of-this-machine" not in page
    assert page.count(REMOVED) == 2
