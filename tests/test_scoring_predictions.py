"""Answers on disk: generated once, kept as they come, complete or not there."""

import pytest

from gretchen.errors import WorkError
from gretchen.scoring import answers as answer_files
from gretchen.scoring.answers import PromptedRow, evaluation_key
from gretchen.scoring.evaluation import PromptedSettings
from gretchen.scoring.progress import Progress
from gretchen.scoring.scored import Answer

SETTINGS = PromptedSettings(max_new_tokens=8, stop=(), samples=2, temperature=0.8, seed=0, prompting="plain")
PROMPTS = [PromptedRow({"id": f"row-{i}"}, f"prompt {i}") for i in range(5)]


def quiet(done, total):
    """Show nothing."""


def generating(calls, stop_after=None):
    """Return a `generate` that records its calls, two answers at a time, interrupted by Ctrl-C after some answers."""

    def generate(samples, on_answers):
        for start in range(0, len(samples), 2):
            if stop_after is not None and start >= stop_after:
                raise KeyboardInterrupt
            batch = samples[start : start + 2]
            calls.extend((prompt.row["id"], sample) for prompt, sample in batch)
            on_answers([Answer(p.row["id"], sample, f"{p.prompt}\u2028{sample}", True) for p, sample in batch])

    return generate


def test_what_was_generated_before_ctrl_c_is_not_generated_again(tmp_path):
    first, second = [], []
    with pytest.raises(KeyboardInterrupt):
        answer_files.collect(tmp_path, PROMPTS, 2, generating(first, stop_after=4), quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.partial.jsonl"]
    assert answer_files.complete_answers(tmp_path) is None
    answers = answer_files.collect(tmp_path, PROMPTS, 2, generating(second), quiet)
    assert first + second == [(f"row-{i}", sample) for i in range(5) for sample in range(2)]
    assert [(answer.id, answer.sample) for answer in answers] == first + second
    answer_files.write_complete(tmp_path, answers)
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.jsonl"]
    assert answer_files.complete_answers(tmp_path) == answers


def test_an_incomplete_line_is_generated_again(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        answer_files.collect(tmp_path, PROMPTS, 2, generating([], stop_after=4), quiet)
    file = tmp_path / "predictions.partial.jsonl"
    file.write_text(file.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    calls = []
    answer_files.collect(tmp_path, PROMPTS, 2, generating(calls), quiet)
    assert calls[0] == ("row-1", 1)
    assert len(calls) == 7


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path):
    def generate(samples, on_answers):
        on_answers([Answer(prompt.row["id"], sample, "…", True) for prompt, sample in samples[:3]])
        (tmp_path / "predictions.partial.jsonl").rename(tmp_path / "before")
        (tmp_path / "predictions.partial.jsonl").symlink_to("/dev/full")
        on_answers([Answer(prompt.row["id"], sample, "…", True) for prompt, sample in samples[3:]])

    with pytest.raises(WorkError, match="^error: no space left on the disk while writing .*predictions.partial.jsonl"):
        answer_files.collect(tmp_path, PROMPTS, 2, generate, quiet)
    assert len(answer_files.read_answers(tmp_path / "before")) == 3


def test_the_key_changes_with_everything_that_answers_depend_on():
    keys = [evaluation_key("weights", "template", "rows", SETTINGS)]
    for i in range(3):
        changed = ["weights", "template", "rows"]
        changed[i] += "'"
        keys.append(evaluation_key(*changed, SETTINGS))
    keys.append(evaluation_key("weights", "template", "rows", SETTINGS, simulator="code"))
    others = {
        "max_new_tokens": 9,
        "stop": ("\n",),
        "samples": 1,
        "temperature": 0.7,
        "seed": 1,
        "prompting": "document",
    }
    assert others.keys() == PromptedSettings.model_fields.keys()
    for name, value in others.items():
        keys.append(evaluation_key("weights", "template", "rows", SETTINGS.model_copy(update={name: value})))
    assert len(set(keys)) == len(keys) == 11
    assert keys[0] == evaluation_key("weights", "template", "rows", SETTINGS)


def test_the_progress_line(capsys):
    progress = Progress("base")
    progress.known = 0
    assert progress.line(0, 600, 0.1) == "base: 0/600 answers · starting"
    assert progress.line(150, 600, 30) == "base: 150/600 answers · 5.0/s · 1:30 left"
    assert progress.line(600, 600, 120) == "base: 600/600 answers · 5.0/s · in 2:00"
    assert Progress("base", "answers of pairs").line(0, 240, 0.1) == "base: 0/240 answers of pairs · starting"
    progress.on_token(99, 12)
    assert capsys.readouterr().err == "", "not on a terminal: a line every ten seconds at most"
    progress.terminal = True
    progress(0, 600)
    progress.on_token(99, 12)
    line = capsys.readouterr().err.rsplit("\x1b[K", 1)[-1]
    assert line == "base: 0/600 answers · starting · next 99: token 12"
    progress.known = 300
    assert progress.line(300, 600, 0.1) == "base: 300/600 answers · the rest of an interrupted evaluation"
