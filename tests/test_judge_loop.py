"""The whole loop by a local judge through the real HTTP server: a random model, and SmolLM2 where it is cached."""

import json
import re

import pytest
from judged_project import starred, write_project
from random_models import write_base

from gretchen import cli, feedback, paths
from gretchen.feedback.export import label_store
from gretchen.feedback.judge_labels import JudgeLabel, judge_labels_file
from gretchen.feedback.judging.verdicts import Comparison, Verdict, read_verdicts, verdicts_file
from gretchen.feedback.labels import read_labels
from gretchen.files import read_jsonl
from gretchen.models.catalogue import SMOLLM2
from gretchen.models.locate import weights_hash
from gretchen.models.pretrained import local_folder
from gretchen.projects.build import load_data_card


@pytest.fixture
def stored(made_project, monkeypatch):
    """Store three tasks of two answers; none is sampled."""
    write_project(made_project)
    monkeypatch.setattr("gretchen.feedback.judging.tasks.sample_missing", lambda *arguments: None)
    for number in range(3):
        label_store("made").add_task(starred(number, 1, 2))


def test_a_model_of_random_weights_judges_in_the_form_that_is_asked(stored, tmp_path, capsys):
    judge = tmp_path / "judge"
    write_base(judge)
    words = ["judge", "--project=made", f"--judge={judge}"]
    assert cli.run([*words, "--limit=1"]) == 0
    verdicts = list(read_verdicts(verdicts_file("made")).values())
    assert len(verdicts) == 2
    for verdict in verdicts:
        assert verdict.judge.name == "judge" and verdict.judge.weights == weights_hash(judge)
        assert verdict.completion_tokens > 0 and verdict.prompt_tokens > 100
        assert isinstance(verdict.value, Comparison)
        assert list(json.loads(verdict.replies[-1])) == ["reason", "rule", "better"]
    out = capsys.readouterr().out
    assert re.search(r"to ask      2 requests\ntokens      about [\d,]+ in prompts", out)
    assert "pairs       1 pair:" in out
    assert cli.run([*words, "--limit=1"]) == 0
    assert "to ask      0 requests, 2 verdicts known" in capsys.readouterr().out
    assert len(read_jsonl(verdicts_file("made"))) == 2


@pytest.mark.slow
def test_smollm2_judges_the_answers_of_a_projects_models(flagship, users_cache, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(users_cache))
    if local_folder(SMOLLM2.hub_id) is None:
        pytest.skip("SmolLM2 is not in the cache: `make model` fetches it")
    monkeypatch.setenv("GRETCHEN_ROOT", str(flagship))
    monkeypatch.setenv("GRETCHEN_SMOKE", "1")
    project = "genome-chatbot"
    words = ["judge", f"--project={project}", "--profile=tiny", "--judge=laptop", "--prompts=4", "--temperature=1.2"]
    words += ["--timeout=600"]
    assert cli.run([*words, "--limit=1"]) == 0
    assert cli.run([*words, "--mode=rate", "--limit=2"]) == 0
    assert cli.run([*words, "--mode=revise", "--limit=1"]) == 0
    capsys.readouterr()
    verdicts: list[Verdict] = list(read_verdicts(verdicts_file(project)).values())
    assert {"comparison", "rating", "revision"} == {verdict.kind for verdict in verdicts}
    fitting = [verdict for verdict in verdicts if verdict.value]
    assert len(fitting) >= len(verdicts) / 2
    before = load_data_card(project).hash
    exported = [cli.run([*words, f"--mode={mode}", "--limit=2", "--export"]) for mode in ("compare", "rate")]
    assert 0 in exported or "decided no pair" in capsys.readouterr().err
    labels = read_labels(judge_labels_file(project), JudgeLabel)
    builder = str(paths.projects() / project / "dataset.py")
    assert len(list(feedback.judged_preferences(builder))) <= len(labels)
    if labels:
        assert cli.run(["data", f"--project={project}", "--profile=tiny"]) == 0
        assert load_data_card(project).hash != before
